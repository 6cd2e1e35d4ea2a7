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
    /// For each letter, whether a space stood before it.
    begins_word: Vec<bool>,
}

impl Heard {
    fn new(place: Place, text: &str) -> Self {
        let mut begins_word = Vec::new();
        for word in text.split_whitespace() {
            let letters = folded(word).len();
            begins_word.extend((0..letters).map(|letter| letter == 0));
        }
        Self { place, letters: folded(text), begins_word }
    }

    /// Whether it says a text with no letter or figure running on at its ends.
    fn says(&self, sought: &[char]) -> bool {
        let begins_word = |place: usize| self.begins_word.get(place).copied().unwrap_or(true);
        self.letters.windows(sought.len()).enumerate().any(|(start, window)| {
            let end = start + sought.len();
            let before = start.checked_sub(1).and_then(|place| self.letters.get(place));
            let before = before.filter(|_| !begins_word(start));
            let after = self.letters.get(end).filter(|_| !begins_word(end));
            window == sought && !runs_on(sought.first(), before) && !runs_on(sought.last(), after)
        })
    }
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
        let lines = pages.iter().flat_map(|page| heard(page.number, &page.text_lines));
        Self { lines: lines.collect() }
    }

    /// Listens to the lines of one page.
    pub(crate) fn of_lines(page: u32, lines: &[TextLine]) -> Self {
        Self { lines: heard(page, lines).collect() }
    }

    /// The lines that say a text as a whole; of pages in order. None for a text without letters.
    pub(crate) fn places_of(&self, text: &str) -> Vec<Place> {
        let sought = folded(text);
        if sought.is_empty() {
            return Vec::new();
        }
        let saying = self.lines.iter().filter(|heard| heard.says(&sought));
        saying.map(|heard| heard.place).collect()
    }

    /// Whether some line says a text as a whole.
    pub(crate) fn confirms(&self, text: &str) -> bool {
        !self.places_of(text).is_empty()
    }
}

fn heard(page: u32, lines: &[TextLine]) -> impl Iterator<Item = Heard> {
    let placed = lines.iter().enumerate();
    placed.map(move |(line, text)| Heard::new(Place { page, line }, &text.text))
}

/// Whether a word or a figure goes on from an end of a text to its neighbour.
fn runs_on(inner: Option<&char>, outer: Option<&char>) -> bool {
    let is_word = |letter: Option<&char>| letter.is_some_and(|it| it.is_alphanumeric());
    let is_figure = |letter: Option<&char>| letter.is_some_and(char::is_ascii_digit);
    (is_word(inner) && is_word(outer)) || (is_figure(inner) && outer == Some(&'.'))
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

        for said in ["4x ⌀20H7", "⌀20 H7", "⌀20", "aisi 304", "304", "R0.5"] {
            assert!(witness.confirms(said), "{said}");
        }
    }

    #[test]
    fn a_part_of_a_figure_or_word_proves_nothing() {
        let witness = witness(&["M100", "12.5", "BASEPLATE", "⌀20H7"]);

        for said in ["10", "M10", "12", "2.5", "BASE", "⌀20", "", " "] {
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
