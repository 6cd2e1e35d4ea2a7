//! The fonts of CAD programs that hide the signs of geometrical tolerances behind letters.

/// The sign behind a letter of `gdt.shx` and of the fonts made after it.
pub(super) fn sign(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '∠',
        'b' => '⊥',
        'c' => '⏥',
        'd' => '⌓',
        'e' => '○',
        'f' => '∥',
        'g' => '⌭',
        'h' => '↗',
        'i' => '⌯',
        'j' => '⌖',
        'k' => '⌒',
        'l' => 'Ⓛ',
        'm' => 'Ⓜ',
        'n' => '⌀',
        'o' => '□',
        'p' => 'Ⓟ',
        'r' => '◎',
        's' => 'Ⓢ',
        't' => '⌰',
        'u' => '⏤',
        'v' => '⌴',
        'w' => '⌵',
        'x' => '↧',
        _ => return None,
    })
}
