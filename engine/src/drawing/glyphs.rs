//! One alphabet for the many ways in which drawings and recognisers write the same sign.
//!
//! Every character maps to one character, and each byte of the result knows where it came from, so
//! that a fact found in the uniform text can still quote the printed one.

use std::ops::Range;

/// A text in the uniform alphabet with the way back to its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Uniform {
    /// The text in the uniform alphabet.
    pub(super) text: String,
    /// For each byte of `text`, and one past it, the byte offset in the source.
    origin: Vec<usize>,
}

impl Uniform {
    /// Rewrites a source text.
    pub(super) fn new(source: &str) -> Self {
        Self::rewritten(source, canonical)
    }

    /// Rewrites a source text, taking letters inside figures for the digits they resemble.
    pub(super) fn repaired(source: &str) -> Self {
        let characters: Vec<char> = source.chars().map(canonical).collect();
        let repaired: Vec<char> =
            (0..characters.len()).map(|position| repaired_at(&characters, position)).collect();
        let mut next = repaired.into_iter();
        Self::rewritten(source, |original| next.next().unwrap_or(original))
    }

    /// The source's bytes behind a range of the uniform text.
    pub(super) fn source_range(&self, range: &Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.origin.get(byte).or(self.origin.last()).copied().unwrap_or(0);
        at(range.start)..at(range.end)
    }

    fn rewritten(source: &str, mut rewrite: impl FnMut(char) -> char) -> Self {
        let mut text = String::with_capacity(source.len());
        let mut origin = Vec::with_capacity(source.len() + 1);
        for (offset, original) in source.char_indices() {
            let character = rewrite(original);
            text.push(character);
            origin.extend(std::iter::repeat_n(offset, character.len_utf8()));
        }
        origin.push(source.len());
        Self { text, origin }
    }
}

/// The uniform spelling of one character.
fn canonical(character: char) -> char {
    match character {
        '⌀' | 'Φ' | 'φ' | '∅' | 'ø' | 'ϕ' | 'Ф' | 'ф' | '⍉' | '⦰' => 'Ø',
        '×' | '✕' | '✖' | '╳' | 'х' | 'Х' => 'x',
        '−' | '–' | '—' | '‒' | '‐' | '‑' | '﹣' => '-',
        '﹢' => '+',
        'º' | '˚' | '゜' => '°',
        '′' | '’' | '‘' | '´' | '`' => '\'',
        '″' | '”' | '“' | '〃' => '"',
        '⤓' | '⭳' | '⇩' | '↓' => '↧',
        '⊔' => '⌴',
        '◻' | '☐' | '⎕' | '▢' => '□',
        '⊕' => '⌖',
        '⟂' => '⊥',
        '‖' | '⫽' => '∥',
        '▱' => '⏥',
        '◯' => '○',
        '≡' => '⌯',
        '≧' | '⩾' => '≥',
        '≦' | '⩽' => '≤',
        'µ' => 'μ',
        '、' => ',',
        '。' => '.',
        '\u{3000}' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' | '\n' | '\r' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xff01 + u32::from('!')).unwrap_or(character)
        }
        other => other,
    }
}

/// A character, or what it must be because figures surround it.
fn repaired_at(characters: &[char], position: usize) -> char {
    let at = |index: Option<usize>| {
        index.and_then(|index| characters.get(index)).copied().unwrap_or(' ')
    };
    let (before, here, after) =
        (at(position.checked_sub(1)), at(Some(position)), at(Some(position + 1)));
    let stands_after_figure = before.is_ascii_digit() || matches!(before, '.' | ',');
    let stands_before_figure = after.is_ascii_digit() || matches!(after, '.' | ',');
    let far_after = at(Some(position + 2));
    let follows_word = matches!(before, 'U' | 'u');
    match here {
        '丁' | 'T' if is_between_figures(characters, position) => '↧',
        'L' | 'U' if (stands_after_figure || follows_word) && stands_before_figure => '⌴',
        'L' if (stands_after_figure || follows_word)
            && matches!(after, 'J' | 'I')
            && far_after.is_ascii_digit() =>
        {
            '⌴'
        }
        'J' | 'I' if before == 'L' && after.is_ascii_digit() => ' ',
        'O' | 'o' | 'Q' | '@' if stands_before_figure && !stands_after_figure => 'Ø',
        'O' | 'o' | 'Q' | 'D' if stands_after_figure => '0',
        'l' | 'I' | 'i' if stands_after_figure || stands_before_figure => '1',
        // a bar at one side of a figure is the border of a cell
        '|' if stands_after_figure && stands_before_figure => '1',
        'S' | 's' if stands_after_figure && (stands_before_figure || after == ' ') => '5',
        'B' if stands_after_figure && stands_before_figure => '8',
        other => other,
    }
}

/// Whether figures or a thread's class stand on both sides, with or without a space.
fn is_between_figures(characters: &[char], position: usize) -> bool {
    let (before, after) = characters.split_at(position);
    let last = before.iter().rev().find(|character| **character != ' ');
    let next = after.iter().skip(1).find(|character| **character != ' ');
    last.is_some_and(|last| last.is_ascii_digit() || matches!(last, 'H' | 'U'))
        && next.is_some_and(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_diameter_sign_becomes_one() {
        for sign in ['Ø', '⌀', 'Φ', 'φ', '∅', 'ø'] {
            assert_eq!(Uniform::new(&format!("{sign}20")).text, "Ø20");
        }
    }

    #[test]
    fn full_width_text_becomes_ascii() {
        assert_eq!(Uniform::new("４×Φ１０＋０．０２").text, "4xØ10+0.02");
    }

    #[test]
    fn a_range_leads_back_to_the_printed_text() {
        let source = "深⌀20±0.1";
        let uniform = Uniform::new(source);
        let start = uniform.text.find('Ø').unwrap();

        let range = uniform.source_range(&(start..uniform.text.len()));

        assert_eq!(&source[range], "⌀20±0.1");
    }

    #[test]
    fn letters_are_digits_only_inside_figures() {
        assert_eq!(Uniform::repaired("O6.6").text, "Ø6.6");
        assert_eq!(Uniform::repaired("1O.5").text, "10.5");
        assert_eq!(Uniform::repaired("SOLID").text, "SOLID");
    }

    #[test]
    fn letters_between_figures_are_the_signs_that_they_resemble() {
        assert_eq!(Uniform::repaired("M3X0.5THRUL4.0T4.0").text, "M3X0.5THRU⌴4.0↧4.0");
        assert_eq!(Uniform::repaired("6,80丁26,25").text, "6,80↧26,25");
        assert_eq!(Uniform::repaired("05.0THRULJ6.25T7.5").text, "05.0THRU⌴ 6.25↧7.5");
    }
}
