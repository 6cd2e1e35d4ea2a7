//! The Prometheus text format, as far as tests ask it.

use std::collections::BTreeMap;

/// The samples of one scrape.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Vec<Sample>);

/// One line of it.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// Reads a scrape.
    ///
    /// # Panics
    /// A line is no sample.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            lines.map(|line| sample(line).unwrap_or_else(|| panic!("no sample: {line}"))).collect(),
        )
    }

    /// The sum of all samples of a name that have at least these labels; `None` without any.
    #[must_use]
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |sample: &&Sample| {
            let matches =
                |(key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|is| is == value);
            sample.name == name && labels.iter().all(matches)
        };
        let mut values = self.0.iter().filter(has).map(|sample| sample.value).peekable();
        values.peek().is_some().then(|| values.sum())
    }

    /// As [`Metrics::get`], zero without any.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.get(name, labels).unwrap_or_default()
    }
}

/// Label values of this project hold no quotes and no commas.
fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        None => (series, ""),
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
    };
    let pairs = labels.split(',').filter(|pair| !pair.is_empty());
    let labels = pairs.map(|pair| {
        let (key, value) = pair.split_once('=')?;
        Some((key.to_owned(), value.trim_matches('"').to_owned()))
    });
    Some(Sample {
        name: name.to_owned(),
        labels: labels.collect::<Option<_>>()?,
        value: value.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_by_some_of_their_labels() {
        let metrics = Metrics::parse(
            "# TYPE a counter\na{x=\"1\",y=\"2\"} 3\na{x=\"1\",y=\"3\"} 4\n\nb 0.5\n",
        );

        assert_eq!(metrics.get("a", &[("x", "1")]), Some(7.0));
        assert_eq!(metrics.get("a", &[("x", "1"), ("y", "3")]), Some(4.0));
        assert_eq!(metrics.get("a", &[("x", "2")]), None);
        assert_eq!(metrics.get("b", &[]), Some(0.5));
    }
}
