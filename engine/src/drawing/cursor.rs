//! A place in a text that reads forward and can be set back by copying it.

/// A position in a text; copy it to remember a place, assign the copy to return there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

/// Widest gap inside one callout, in spaces; wider ones separate two statements.
const WIDEST_GAP: usize = 12;

impl<'t> Cursor<'t> {
    /// Stands before the first character.
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte offset.
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// What is still to be read.
    pub(super) fn rest(self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Whether nothing is left.
    pub(super) fn is_done(self) -> bool {
        self.rest().is_empty()
    }

    /// The next character.
    pub(super) fn peek(self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character after the next one.
    pub(super) fn peek_second(self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// The character just read.
    pub(super) fn previous(self) -> Option<char> {
        self.text.get(..self.at).and_then(|read| read.chars().next_back())
    }

    /// Reads one character.
    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads the next character if it is one of these.
    pub(super) fn eat(&mut self, wanted: &[char]) -> bool {
        let found = self.peek().is_some_and(|next| wanted.contains(&next));
        if found {
            self.bump();
        }
        found
    }

    /// Reads a text, whatever the case of its letters.
    pub(super) fn eat_text(&mut self, wanted: &str) -> bool {
        let found = self.rest().get(..wanted.len()).is_some_and(|start| {
            start.eq_ignore_ascii_case(wanted) || !wanted.is_ascii() && is_same_word(start, wanted)
        });
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Reads the first of these words that stands here as a whole word.
    pub(super) fn eat_word(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| {
            let mut ahead = *self;
            let found = ahead.eat_text(word) && !(is_letter_end(word) && ahead.is_at_letter());
            if found {
                *self = ahead;
            }
            found
        })
    }

    /// Reads spaces; false if there are more than one callout may hold.
    pub(super) fn skip_gap(&mut self) -> bool {
        let spaces = self.rest().len() - self.rest().trim_start_matches(' ').len();
        self.at += spaces;
        spaces <= WIDEST_GAP
    }

    /// Reads ASCII digits.
    pub(super) fn digits(&mut self) -> &'t str {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    /// Whether a letter or digit of the Latin alphabet comes next, so that a word goes on.
    pub(super) fn is_inside_word(self) -> bool {
        self.peek().is_some_and(is_wordy)
    }

    fn is_at_letter(self) -> bool {
        self.peek().is_some_and(|next| next.is_ascii_alphabetic())
    }
}

/// Whether two words differ in nothing but the case of letters such as `É`.
fn is_same_word(first: &str, second: &str) -> bool {
    first.chars().flat_map(char::to_lowercase).eq(second.chars().flat_map(char::to_lowercase))
}

/// Whether a character makes words in the Latin alphabet.
pub(super) fn is_wordy(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn is_letter_end(word: &str) -> bool {
    word.ends_with(|last: char| last.is_ascii_alphabetic())
}
