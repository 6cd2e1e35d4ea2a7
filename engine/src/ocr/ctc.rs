//! Columns of probabilities to text: the likeliest class of each column, repeats and blanks left out.

use ndarray::ArrayView2;

/// The class that stands between characters.
const BLANK: usize = 0;

/// With more classes than a specialist has, weighing every one of them costs more than it tells.
const MOST_WEIGHED: usize = 1000;

/// What the recognition model's classes mean.
#[derive(Debug, Clone)]
pub(super) struct Dictionary {
    characters: Vec<String>,
}

/// A line as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Mean probability of the characters; 0 for none.
    pub(super) confidence: f32,
    /// The likeliest character that was left out: high when a point or a sign may have been dropped.
    pub(super) left_out: f32,
}

impl Dictionary {
    /// Takes the characters that the model brings, one a line; blank comes before them, the space after.
    pub(super) fn new(characters: &str) -> Self {
        let mut all = vec![String::new()];
        all.extend(characters.lines().map(str::to_owned));
        all.push(" ".to_owned());
        Self { characters: all }
    }

    /// How many classes the model must have.
    pub(super) fn classes(&self) -> usize {
        self.characters.len()
    }

    /// Decodes an answer of (columns, classes).
    #[expect(clippy::needless_pass_by_value, reason = "a view is a reference already")]
    pub(super) fn decode(&self, columns: ArrayView2<'_, f32>) -> Decoded {
        let mut text = String::new();
        let (mut sum, mut count) = (0.0, 0.0);
        let mut last = BLANK;
        for column in columns.rows() {
            let (class, probability) = likeliest(column.as_slice().unwrap_or_default());
            if class != BLANK && class != last {
                text.push_str(self.characters.get(class).map_or("", String::as_str));
                sum += probability;
                count += 1.0;
            }
            last = class;
        }
        let trimmed = text.trim();
        let confidence = if trimmed.is_empty() { 0.0 } else { sum / count };
        Decoded { text: trimmed.to_owned(), confidence, left_out: self.left_out(&columns) }
    }

    /// The likeliest of some characters in any column, with its probability.
    #[expect(clippy::needless_pass_by_value, reason = "a view is a reference already")]
    pub(super) fn strongest(
        &self,
        columns: ArrayView2<'_, f32>,
        among: &str,
    ) -> Option<(char, f32)> {
        let mut best: Option<(char, f32)> = None;
        for character in among.chars() {
            let mut letter = [0; 4];
            let letter: &str = character.encode_utf8(&mut letter);
            let class = self.characters.iter().position(|known| known == letter)?;
            let highest = columns.column(class).iter().copied().fold(0.0, f32::max);
            if best.is_none_or(|(_, so_far)| highest > so_far) {
                best = Some((character, highest));
            }
        }
        best
    }

    /// The highest probability of a character where a blank was read, besides those read next to it.
    fn left_out(&self, columns: &ArrayView2<'_, f32>) -> f32 {
        if self.characters.len() > MOST_WEIGHED {
            return 0.0;
        }
        let read: Vec<usize> = columns
            .rows()
            .into_iter()
            .map(|column| likeliest(column.as_slice().unwrap_or_default()).0)
            .collect();
        let mut highest = 0.0_f32;
        for (place, column) in columns.rows().into_iter().enumerate() {
            if read.get(place) != Some(&BLANK) {
                continue;
            }
            let (before, after) = read.split_at(place);
            let left = before.iter().rev().find(|class| **class != BLANK);
            let right = after.iter().find(|class| **class != BLANK);
            for (class, &probability) in column.iter().enumerate() {
                let is_neighbour = left == Some(&class) || right == Some(&class);
                if class != BLANK && class + 1 != self.characters.len() && !is_neighbour {
                    highest = highest.max(probability);
                }
            }
        }
        highest
    }
}

fn likeliest(classes: &[f32]) -> (usize, f32) {
    // Two passes: the first has no branches, and there are 18,710 classes to a column.
    let highest = classes.iter().copied().fold(0.0, f32::max);
    (classes.iter().position(|&p| p >= highest).unwrap_or(BLANK), highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn decode(classes: &[usize]) -> Decoded {
        let dictionary = Dictionary::new("a\nb");
        let mut columns = Array2::from_elem((classes.len(), dictionary.classes()), 0.1);
        for (column, &class) in classes.iter().enumerate() {
            columns[(column, class)] = 0.7;
        }
        dictionary.decode(columns.view())
    }

    #[test]
    fn repeats_are_one_character_unless_a_blank_is_between() {
        assert_eq!(decode(&[1, 1, 0, 1, 2, 2]).text, "aab");
    }

    #[test]
    fn a_character_that_was_nearly_read_is_told() {
        let dictionary = Dictionary::new("a\nb");
        let mut columns = Array2::from_elem((3, 4), 0.01);
        (columns[(0, 1)], columns[(1, 0)], columns[(2, 1)]) = (0.9, 0.6, 0.9);
        columns[(1, 2)] = 0.38;

        let read = dictionary.decode(columns.view());

        assert_eq!(read.text, "aa");
        assert!((read.left_out - 0.38).abs() < 1e-6, "the b in the middle: {}", read.left_out);
    }

    #[test]
    fn space_is_the_last_class() {
        assert_eq!(decode(&[1, 3, 2]).text, "a b");
        assert_eq!(decode(&[3, 1, 3]).text, "a");
    }

    #[test]
    fn confidence_is_the_mean_of_the_characters_and_nothing_has_none() {
        assert!((decode(&[1, 0, 2]).confidence - 0.7).abs() < 1e-6);
        let nothing = decode(&[0, 0]);
        assert_eq!((nothing.text.as_str(), nothing.confidence), ("", 0.0));
        assert_eq!(decode(&[3]).confidence, 0.0);
        assert_eq!(decode(&[]).text, "");
    }
}
