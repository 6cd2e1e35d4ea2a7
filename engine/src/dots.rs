//! Letters of eight by eight dots: enough to label a picture, in any size and direction.

use font8x8::UnicodeFonts as _;

/// A row of dots for each line from the top, the leftmost in the lowest bit.
///
/// Signs that the font lacks are shown by their nearest kin, others by a box.
pub(crate) fn of(letter: char) -> [u8; 8] {
    let known = match letter {
        '⌀' | '∅' | 'Φ' | 'φ' => 'Ø',
        '×' => 'x',
        '–' | '—' | '−' => '-',
        '↧' => 'v',
        other => other,
    };
    let fonts = [
        font8x8::BASIC_FONTS.get(known),
        font8x8::LATIN_FONTS.get(known),
        font8x8::GREEK_FONTS.get(known),
    ];
    fonts.into_iter().flatten().next().unwrap_or([0x00, 0x7e, 0x42, 0x42, 0x42, 0x42, 0x7e, 0x00])
}
