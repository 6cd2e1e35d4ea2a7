//! General tolerances: what the sheet grants every size that states no tolerance of its own.
//!
//! They are stated as a class of a standard (`ISO 2768-m`), as one figure (`TOLERANCE ±0.1`), or by
//! the decimals that a size is printed with (`.XX ±.01`). A sheet that states a thing twice in
//! different ways leaves it open, and then nothing is applied.

use std::sync::LazyLock;

use cad_common::contract::dimension::{Dimension, DimensionType, Tolerance, ToleranceKind, Unit};
use regex::{Captures, Regex, RegexBuilder};

use super::number;
use super::sheet::{Line, Sheet};

mod classes;

/// Most decimals that a table of decimals knows.
const MOST_DECIMALS: usize = 5;

/// Distance within which a figure belongs to the words to its left, in letter heights.
const FIGURE_GAP: f32 = 8.0;

/// What a sheet grants.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct General {
    class: Stated<Class>,
    linear: Stated<f64>,
    angular: Stated<f64>,
    /// By the number of decimals.
    decimals: [Stated<f64>; MOST_DECIMALS],
}

/// A class of a standard.
#[derive(Debug, Clone, PartialEq)]
struct Class {
    rows: &'static classes::Rows,
    /// As it is given to clients.
    name: String,
}

/// A thing that a sheet may state once, or twice in different ways.
#[derive(Debug, Clone, PartialEq, Default)]
enum Stated<T> {
    #[default]
    Not,
    Once(T),
    Unclear,
}

impl<T: PartialEq> Stated<T> {
    fn state(&mut self, value: T) {
        match self {
            Self::Not => *self = Self::Once(value),
            Self::Once(known) if *known == value => {}
            Self::Once(_) | Self::Unclear => *self = Self::Unclear,
        }
    }

    fn get(&self) -> Option<&T> {
        match self {
            Self::Once(value) => Some(value),
            Self::Not | Self::Unclear => None,
        }
    }
}

static CLASS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"(?P<standard>(?:DIN |EN |BS |SS-)*(?:ISO|EN|JIS B|GB/?T?|DIN|UNE|UNI)[- /]*(?:EN )?(?P<number>2768|22768|0?405|1804|7168))(?:[- ]*(?:1|T1|2000|1992|1989|92|79))?[^A-Za-z0-9]{0,6}(?P<class>medium|mittel|moyen\w*|fine?|fein|coarse|grob|sg|[fmcvg])(?:[HKL]|[^A-Za-z]|$)",
    )
});

static ONE_FIGURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"(?:toleran[zct]\w*|tol\.?|linear\w*|未注(?:尺寸)?(?:公差|偏差)|公差|dimensions?)[^±\d°]{0,40}(?:±|\+/-) ?(?P<figure>\d*[.,]?\d+) ?(?P<unit>mm|in\b|inch|\x22|°|deg)?",
    )
});

static ANGULAR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"(?:angular|angles?|winkel\w*|角度|angul\w+)[^±\d]{0,30}(?:±|\+/-) ?(?P<figure>\d*[.,]?\d+) ?(?P<minutes>')?",
    )
});

static DECIMALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"(?:(?:^|[ (:;=,])[X0]{0,3}[.,](?P<crosses>X{1,5}|0{1,5})|(?:(?P<word>one|two|three|four)[- ]?(?:pl|dec)|(?P<digit>[1-4])[- ]?(?:pl(?:ace)?s?\.? ?)?dec)[^±\d]{0,24}?) ?[:=]? ?(?:±|\+/-) ?(?P<figure>\d*[.,]?\d+)",
    )
});

impl General {
    /// Collects what a sheet grants, wherever it stands.
    pub(super) fn of(sheet: &Sheet<'_>) -> Self {
        let mut general = Self::default();
        let figures: Vec<&Line<'_>> =
            sheet.lines.iter().filter(|line| line.text().starts_with('±')).collect();
        for line in &sheet.lines {
            general.read(line.text());
            if let Some(joined) = with_figure(&figures, line) {
                general.read(&joined);
            }
        }
        general
    }

    /// Gives a dimension that states no tolerance the sheet's.
    pub(super) fn apply(&self, dimension: &mut Dimension, decimals: usize) {
        if dimension.tolerance.is_some() {
            return;
        }
        let granted = match dimension.kind {
            DimensionType::Angle => self.angular.get().map(|width| (*width, "stated")),
            DimensionType::Length
            | DimensionType::Diameter
            | DimensionType::Radius
            | DimensionType::Spherical
            | DimensionType::Square
            | DimensionType::Chamfer => self.of_size(dimension, decimals),
            _ => None,
        };
        if let Some((width, basis)) = granted {
            dimension.tolerance = Some(Tolerance {
                kind: ToleranceKind::General,
                upper: Some(width),
                lower: Some(-width),
                basis: Some(basis.to_owned()),
                ..Tolerance::default()
            });
        }
    }

    fn of_size(&self, dimension: &Dimension, decimals: usize) -> Option<(f64, &str)> {
        let by_decimals = decimals
            .checked_sub(1)
            .and_then(|place| self.decimals.get(place))
            .and_then(Stated::get);
        if let Some(width) = by_decimals.or(self.linear.get()) {
            return Some((*width, "stated"));
        }
        let class = self.class.get().filter(|_| dimension.unit == Unit::Mm)?;
        let is_broken_edge =
            matches!(dimension.kind, DimensionType::Radius | DimensionType::Chamfer);
        let width = if is_broken_edge {
            class.rows.edge(dimension.value)
        } else {
            class.rows.length(dimension.value)
        };
        width.map(|width| (width, class.name.as_str()))
    }

    fn read(&mut self, text: &str) {
        if !may_grant(text) {
            return;
        }
        if let Some(found) = captures(&CLASS, text) {
            let number = found.name("number").map_or("", |number| number.as_str());
            let letter = found.name("class").map_or("", |class| class.as_str());
            if let Some((letter, rows)) = classes::class(number, letter) {
                let standard = found.name("standard").map_or("", |standard| standard.as_str());
                let name = format!("{}-{letter}", standard.trim());
                // the same class by its German and international number is no contradiction
                let is_known = self.class.get().is_some_and(|known| known.rows == rows);
                if !is_known {
                    self.class.state(Class { rows, name });
                }
            }
        }
        let mut is_table = false;
        if let Some(pattern) = DECIMALS.as_ref() {
            for found in pattern.captures_iter(text) {
                let place = places(&found).and_then(|places| places.checked_sub(1));
                let slot = place.and_then(|place| self.decimals.get_mut(place));
                if let (Some(slot), Some(width)) = (slot, figure(&found)) {
                    slot.state(width);
                    is_table = true;
                }
            }
        }
        if let Some(found) = captures(&ANGULAR, text)
            && let Some(width) = figure(&found)
        {
            let minutes = found.name("minutes").map_or(1.0, |_| 60.0);
            self.angular.state(number::tidy(width / minutes));
        } else if let Some(found) = captures(&ONE_FIGURE, text).filter(|_| !is_table)
            && let Some(width) = figure(&found)
            && !is_fraction(text, &found)
        {
            let is_angle =
                found.name("unit").is_some_and(|unit| matches!(unit.as_str(), "°" | "deg"));
            if is_angle {
                self.angular.state(width);
            } else {
                self.linear.state(width);
            }
        }
    }
}

/// Whether a text grants lengths without a tolerance anything.
pub(super) fn is_note(text: &str) -> bool {
    let mut general = General::default();
    general.read(text);
    general.angular = Stated::Not;
    general != General::default()
}

/// Cheap words without which no pattern matches, so that most lines are not searched.
fn may_grant(text: &str) -> bool {
    ["±", "+/-", "2768", "405", "1804", "7168"].iter().any(|word| text.contains(word))
}

/// Whether the figure found is the upper half of `1/64`, which is about fractions alone.
fn is_fraction(text: &str, found: &Captures<'_>) -> bool {
    let end = found.name("figure").map_or(0, |figure| figure.end());
    text.get(end..).is_some_and(|rest| rest.starts_with('/'))
}

/// The places that a row of a decimals table is about.
fn places(found: &Captures<'_>) -> Option<usize> {
    if let Some(crosses) = found.name("crosses") {
        return Some(crosses.as_str().len());
    }
    if let Some(digit) = found.name("digit") {
        return digit.as_str().parse().ok();
    }
    let word = found.name("word")?.as_str().to_ascii_lowercase();
    ["one", "two", "three", "four"].iter().position(|name| word == *name).map(|place| place + 1)
}

fn figure(found: &Captures<'_>) -> Option<f64> {
    found.name("figure")?.as_str().replace(',', ".").parse().ok().filter(|width| *width > 0.0)
}

fn captures<'t>(pattern: &LazyLock<Option<Regex>>, text: &'t str) -> Option<Captures<'t>> {
    pattern.as_ref()?.captures(text)
}

/// A caption joined with the `±` figure to its right, which recognisers give as a line of its own.
fn with_figure(figures: &[&Line<'_>], line: &Line<'_>) -> Option<String> {
    let is_caption =
        line.text().ends_with(|last: char| last.is_alphabetic() || matches!(last, ':' | '='));
    if !is_caption {
        return None;
    }
    let height = line.letter_height();
    let is_beside = |other: &&Line<'_>| {
        let gap = other.place.left - line.place.right;
        (other.place.middle_y() - line.place.middle_y()).abs() < height * 0.5
            && gap > -height
            && gap < height * FIGURE_GAP
    };
    let beside = figures.iter().copied().filter(is_beside);
    let nearest = beside.min_by(|first, second| first.place.left.total_cmp(&second.place.left))?;
    Some(format!("{} {}", line.text(), nearest.text()))
}

fn compiled(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> General {
        let mut general = General::default();
        for text in texts {
            general.read(text);
        }
        general
    }

    fn granted(texts: &[&str], kind: DimensionType, value: f64, decimals: usize) -> Option<f64> {
        let mut dimension = Dimension { kind, value, ..Dimension::default() };
        read(texts).apply(&mut dimension, decimals);
        dimension.tolerance.and_then(|tolerance| tolerance.upper)
    }

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&CLASS, &ONE_FIGURE, &ANGULAR, &DECIMALS] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn classes_of_standards_grant_by_size() {
        for text in [
            "ISO 2768-mK",
            "ISO 2768-m",
            "ISO2768 - m",
            "DIN ISO 2768-1 m",
            "General tolerance DIN ISO 2768 - medium.",
            "Allgemeintoleranzen ISO 2768-mittel",
            "未注公差按GB/T 1804-m",
            "未注公差按GB/T1804-2000 m级",
            "DIN 7168 m",
            "JIS B 0405-m",
        ] {
            assert_eq!(granted(&[text], DimensionType::Length, 100.0, 0), Some(0.3), "{text}");
        }
        assert_eq!(granted(&["ISO 2768-fH"], DimensionType::Diameter, 20.0, 0), Some(0.1));
        assert_eq!(granted(&["GB/T 1804-c级"], DimensionType::Length, 20.0, 0), Some(0.5));
        assert_eq!(granted(&["ISO 2768-m"], DimensionType::Radius, 5.0, 0), Some(0.5));
        assert_eq!(granted(&["DIN 7168 sg"], DimensionType::Length, 500.0, 0), Some(3.0));
    }

    #[test]
    fn other_standards_grant_nothing() {
        for text in ["ISO 2768", "ISO 8015", "DIN 912 M6", "GB/T 1804", "ISO 2768-K", "ISO 4762"] {
            assert_eq!(granted(&[text], DimensionType::Length, 100.0, 0), None, "{text}");
        }
    }

    #[test]
    fn one_figure_holds_for_all_sizes() {
        for text in [
            "TOLERANCE ±0.1",
            "General tolerances ±0.1mm",
            "UNLESS OTHERWISE SPECIFIED TOLERANCES ARE ±0.1",
            "Toleranzen: ±0,1",
            "TOL. +/- 0.1",
            "LINEAR: ±0.1",
            "未注公差±0.1",
        ] {
            assert_eq!(granted(&[text], DimensionType::Length, 100.0, 0), Some(0.1), "{text}");
        }
    }

    #[test]
    fn decimals_tables_grant_by_the_printed_places() {
        for text in [
            ".X ±.1 .XX ±.01 .XXX ±.005",
            "X.X ±0.1  X.XX ±0.01  X.XXX ±0.005",
            ".0 ±.1; .00 ±.01; .000 ±.005",
        ] {
            let of = |decimals| granted(&[text], DimensionType::Length, 1.5, decimals);
            assert_eq!(
                (of(0), of(1), of(2), of(3)),
                (None, Some(0.1), Some(0.01), Some(0.005)),
                "{text}"
            );
        }
        let lines = [
            "FRACTIONAL ±1/64",
            "ANGULAR ±0.5°",
            "TWO PLACE DECIMAL ±.01",
            "THREE PLACE DECIMAL ±.005",
        ];
        assert_eq!(granted(&lines, DimensionType::Length, 1.5, 2), Some(0.01));
        assert_eq!(granted(&lines, DimensionType::Diameter, 0.196, 3), Some(0.005));
        assert_eq!(granted(&lines, DimensionType::Length, 1.0, 1), None);
        assert_eq!(granted(&lines, DimensionType::Angle, 45.0, 0), Some(0.5));
    }

    #[test]
    fn a_contradiction_grants_nothing() {
        let texts = ["ISO 2768-m", "ISO 2768-c"];

        assert_eq!(granted(&texts, DimensionType::Length, 100.0, 0), None);
    }

    #[test]
    fn a_stated_tolerance_stays() {
        let mut dimension = Dimension {
            value: 100.0,
            tolerance: Some(Tolerance { kind: ToleranceKind::Basic, ..Tolerance::default() }),
            ..Dimension::default()
        };

        read(&["ISO 2768-m"]).apply(&mut dimension, 0);

        assert_eq!(dimension.tolerance.map(|tolerance| tolerance.kind), Some(ToleranceKind::Basic));
    }
}
