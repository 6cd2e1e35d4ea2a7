//! General notes: numbered statements that hold for the whole part.

use std::sync::LazyLock;

use cad_common::contract::reading::Note;
use regex::{Regex, RegexBuilder};

use super::regions::{Regions, Role};
use super::sheet::{Area, Sheet};
use super::statements;

/// Widest gap between a note's lines and between notes, in letter heights.
const LINE_GAP: f32 = 2.2;

/// How far a line may start left or right of the note above it, in letter heights.
const INDENT: f32 = 4.0;

/// Widest gap between a note and its number, in letter heights.
const NUMBER_GAP: f32 = 2.0;

/// Words in a line from which on it is a sentence.
const SENTENCE_WORDS: usize = 5;

static HEADING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "general notes|notes?|technical requirements|技术要求|技术说明|说明|注|anmerkung(?:en)?|hinweise?|bemerkung(?:en)?|remarques?|notas?|note generali";
    RegexBuilder::new(&format!(r"^(?:{words}) ?:?$")).case_insensitive(true).build().ok()
});

static NUMBERED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(\d{1,2})(?:[.)][^\d]|,\s*[^\d]|\s+[\p{L}*(])").ok());

/// The lines that belong to general notes.
pub(super) fn lines(sheet: &Sheet<'_>, roles: &[Role]) -> Vec<usize> {
    let is_open = |index: &usize| roles.get(*index) == Some(&Role::View);
    let starts: Vec<usize> = (0..sheet.lines.len())
        .filter(is_open)
        .filter(|index| is_heading(sheet, *index) || is_listed(sheet, *index))
        .collect();
    let mut members: Vec<usize> = starts;
    members
        .extend((0..sheet.lines.len()).filter(is_open).filter(|index| is_sentence(sheet, *index)));
    members.sort_unstable();
    members.dedup();
    let mut next = 0;
    while let Some(member) = members.get(next).copied() {
        for index in (0..sheet.lines.len()).filter(is_open) {
            if !members.contains(&index) && continues(sheet, member, index) {
                members.push(index);
            }
        }
        next += 1;
    }
    let numbers: Vec<usize> = (0..sheet.lines.len())
        .filter(is_open)
        .filter(|index| members.iter().any(|member| is_number_of(sheet, *index, *member)))
        .collect();
    members.extend(numbers);
    members.sort_unstable();
    members.dedup();
    members
}

/// Reads the notes of a sheet in their order.
pub(super) fn read(sheet: &Sheet<'_>, regions: &Regions) -> Vec<Note> {
    let mut notes: Vec<Vec<usize>> = Vec::new();
    let mut members: Vec<usize> =
        (0..sheet.lines.len()).filter(|index| regions.is(*index, Role::Note)).collect();
    members.sort_by(|first, second| top(sheet, *first).total_cmp(&top(sheet, *second)));
    let numbers: Vec<usize> = members
        .iter()
        .copied()
        .filter(|index| members.iter().any(|member| is_number_of(sheet, *index, *member)))
        .collect();
    for index in members
        .iter()
        .copied()
        .filter(|index| !is_heading(sheet, *index) && !numbers.contains(index))
    {
        if let Some(number) = numbers.iter().find(|number| is_number_of(sheet, **number, index)) {
            notes.push(vec![*number, index]);
            continue;
        }
        let owner = notes.iter_mut().find(|note| {
            let is_new = number(sheet, index).is_some();
            !is_new && note.last().is_some_and(|last| is_below(sheet, *last, index))
        });
        match owner {
            Some(note) => note.push(index),
            None => notes.push(vec![index]),
        }
    }
    notes.iter().map(|lines| note(sheet, lines)).collect()
}

fn note(sheet: &Sheet<'_>, lines: &[usize]) -> Note {
    let texts: Vec<&str> = lines
        .iter()
        .filter_map(|index| sheet.lines.get(*index))
        .map(|line| line.source.text.trim())
        .collect();
    let joined = texts.join(" ");
    let number = number_of(&joined);
    let text = match number {
        Some(_) => joined
            .trim_start_matches(|digit: char| digit.is_ascii_digit())
            .trim_start_matches(['.', ')', '、', ' ', ',', '．']),
        None => joined.as_str(),
    };
    Note { number, text: text.to_owned(), evidence: sheet.evidence(lines) }
}

fn text<'s>(sheet: &'s Sheet<'_>, index: usize) -> &'s str {
    sheet.lines.get(index).map_or("", |line| line.text())
}

fn place(sheet: &Sheet<'_>, index: usize) -> Option<Area> {
    sheet.lines.get(index).filter(|line| line.is_level()).map(|line| line.place)
}

fn top(sheet: &Sheet<'_>, index: usize) -> f32 {
    place(sheet, index).map_or(0.0, |place| place.top)
}

fn is_heading(sheet: &Sheet<'_>, index: usize) -> bool {
    HEADING.as_ref().is_some_and(|heading| heading.is_match(text(sheet, index)))
}

/// Whether a line is the number of the note to the right of it.
fn is_number_of(sheet: &Sheet<'_>, index: usize, note: usize) -> bool {
    let (Some(line), Some(note)) = (sheet.lines.get(index), place(sheet, note)) else {
        return false;
    };
    let is_short =
        line.text().trim_end_matches('.').chars().count() <= 2 && !line.text().contains('*');
    let gap = note.left - line.place.right;
    let is_left = gap > -note.height() * 0.3 && gap < note.height() * NUMBER_GAP;
    let is_on_row = (line.place.middle_y() - note.middle_y()).abs() < note.height() * 0.5;
    is_short && is_left && is_on_row
}

/// The number in front of a note.
fn number(sheet: &Sheet<'_>, index: usize) -> Option<u32> {
    number_of(text(sheet, index))
}

fn number_of(text: &str) -> Option<u32> {
    let number = NUMBERED.as_ref()?.captures(text)?.get(1)?.as_str().parse().ok()?;
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    (letters >= 4).then_some(number)
}

/// Whether a numbered line has its neighbour in the list above or below it, or a heading above.
fn is_listed(sheet: &Sheet<'_>, index: usize) -> bool {
    let Some(own) = number(sheet, index) else {
        return false;
    };
    (0..sheet.lines.len()).filter(|other| *other != index).any(|other| {
        let is_neighbour = number(sheet, other).is_some_and(|number| number.abs_diff(own) == 1)
            || is_heading(sheet, other);
        is_neighbour && (is_near(sheet, index, other, 4.0) || is_near(sheet, other, index, 4.0))
    })
}

/// Whether a line is running text.
fn is_sentence(sheet: &Sheet<'_>, index: usize) -> bool {
    let text = text(sheet, index);
    let words = text
        .split(' ')
        .filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() >= 2);
    words.count() >= SENTENCE_WORDS && statements::unrelated_words(text) >= SENTENCE_WORDS
}

/// Whether a line of words goes on with a note directly above it.
fn continues(sheet: &Sheet<'_>, note: usize, index: usize) -> bool {
    let letters = text(sheet, index).chars().filter(|character| character.is_alphabetic()).count();
    letters >= 4 && is_below(sheet, note, index)
}

fn is_below(sheet: &Sheet<'_>, above: usize, below: usize) -> bool {
    is_near(sheet, above, below, LINE_GAP * 0.6)
}

fn is_near(sheet: &Sheet<'_>, above: usize, below: usize, gap: f32) -> bool {
    let (Some(above), Some(below)) = (place(sheet, above), place(sheet, below)) else {
        return false;
    };
    let height = above.height().min(below.height());
    let distance = below.top - above.bottom;
    distance > -height * 0.5
        && distance < height * gap
        && (below.left - above.left).abs() < height * INDENT
}
