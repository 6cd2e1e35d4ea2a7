//! Whether what one reader says is also in what another one has read, letter by letter.
//!
//! Readers mix up letters that look alike and put spaces where they like; that is no contradiction. What is only part
//! of another word or figure is no proof: `10` is not borne out by `M100`.

use cad_common::contract::reading::{PageReading, TextLine};

/// Text that others are compared with.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    lines: Vec<Heard>,
}

#[derive(Debug)]
struct Heard {
    place: Place,
    letters: Vec<char>,
}

/// A line of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1-based.
    pub(crate) page: u32,
    /// Index into the page's lines.
    pub(crate) line: usize,
}

impl Witness {
    /// Listens to the lines of pages.
    pub(crate) fn of(pages: &[PageReading]) -> Self {
        let lines = pages.iter().flat_map(|page| {
            let lines = page.text_lines.iter().enumerate();
            lines.map(|(line, text)| Heard {
                place: Place { page: page.number, line },
                letters: folded(&text.text),
            })
        });
        Self { lines: lines.collect() }
    }

    /// Listens to the lines of one page.
    pub(crate) fn of_lines(page: u32, lines: &[TextLine]) -> Self {
        let heard = lines
            .iter()
            .enumerate()
            .map(|(line, text)| Heard { place: Place { page, line }, letters: folded(&text.text) });
        Self { lines: heard.collect() }
    }

    /// The lines that say a text as a whole; of pages in order. None for a text without letters.
    pub(crate) fn places_of(&self, text: &str) -> Vec<Place> {
        let sought = folded(text);
        if sought.is_empty() {
            return Vec::new();
        }
        let saying = self.lines.iter().filter(|heard| says(&heard.letters, &sought));
        saying.map(|heard| heard.place).collect()
    }

    /// Whether some line says a text as a whole.
    pub(crate) fn confirms(&self, text: &str) -> bool {
        !self.places_of(text).is_empty()
    }
}

/// Whether a text stands in another with no letter or figure running on at its ends.
fn says(heard: &[char], sought: &[char]) -> bool {
    let runs_on = |inner: Option<&char>, outer: Option<&char>| {
        let is_word = |letter: Option<&char>| letter.is_some_and(|it| it.is_alphanumeric());
        let is_figure = |letter: Option<&char>| letter.is_some_and(char::is_ascii_digit);
        let splits_figure = is_figure(inner) && outer == Some(&'.');
        (is_word(inner) && is_word(outer)) || splits_figure
    };
    heard.windows(sought.len()).enumerate().any(|(start, window)| {
        let before = start.checked_sub(1).and_then(|place| heard.get(place));
        let after = heard.get(start + sought.len());
        window == sought && !runs_on(sought.first(), before) && !runs_on(sought.last(), after)
    })
}

/// A text without spaces and with one letter for those that look alike.
pub(crate) fn folded(text: &str) -> Vec<char> {
    let letters = text.chars().filter(|letter| !letter.is_whitespace());
    letters.flat_map(|letter| halved(letter).to_uppercase()).map(alike).collect()
}

/// Full-width forms are the same letters.
fn halved(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

const fn alike(letter: char) -> char {
    match letter {
        'Ø' | 'Φ' | '∅' | '⌀' => '⌀',
        '×' => 'X',
        'O' => '0',
        'I' | 'L' | '|' => '1',
        ',' => '.',
        '−' | '–' | '—' => '-',
        'º' | '˚' => '°',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(texts: &[&str]) -> Witness {
        let lines: Vec<TextLine> = texts
            .iter()
            .map(|text| TextLine { text: (*text).to_owned(), ..TextLine::default() })
            .collect();
        Witness::of_lines(1, &lines)
    }

    #[test]
    fn spaces_and_look_alikes_are_no_contradiction() {
        let witness = witness(&["4X Φ2O H7", "MATERIAL: AISI 304", "R０，5"]);

        for said in ["4x ⌀20H7", "⌀20 H7", "aisi 304", "R0.5"] {
            assert!(witness.confirms(said), "{said}");
        }
    }

    #[test]
    fn a_part_of_a_figure_or_word_proves_nothing() {
        let witness = witness(&["M100", "12.5", "BASEPLATE"]);

        for said in ["10", "M10", "12", "2.5", "BASE", "", " "] {
            assert!(!witness.confirms(said), "{said}");
        }
    }

    #[test]
    fn a_place_is_a_page_and_a_line() {
        let witness = witness(&["R5", "20", "R5"]);

        let places = witness.places_of("R 5");

        assert_eq!(places, [Place { page: 1, line: 0 }, Place { page: 1, line: 2 }]);
    }
}
