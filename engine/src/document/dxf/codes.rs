//! The codes inside DXF texts: `%%c`, the formatting of MTEXT, the letters of `gdt.shx`.

use crate::document::signs::sign;

/// A text of one line with its `%%` codes, `\U+` and `^` escapes undone.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = percent(rest, &mut out).or_else(|| unicode(rest, &mut out)).unwrap_or_else(|| {
            out.push(letter);
            rest.get(letter.len_utf8()..).unwrap_or_default()
        });
    }
    out
}

/// The lines of an MTEXT, without their formatting.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut reader = Formatted::default();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = reader.step(rest, letter);
    }
    reader.end_line();
    reader.lines.retain(|line| !line.is_empty());
    reader.lines
}

/// The cells of a feature control frame in one line for each frame.
pub(super) fn frames(text: &str) -> Vec<String> {
    let rows = text.replace("^J", "\\P").replace("%%v", "|").replace("%%V", "|");
    let tidy = |row: String| {
        let cells: Vec<&str> =
            row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
        cells.join(" | ")
    };
    lines(&rows).into_iter().map(tidy).filter(|row| !row.is_empty()).collect()
}

#[derive(Default)]
struct Formatted {
    lines: Vec<String>,
    line: String,
    /// Whether letters are signs of geometrical tolerances, for each open group.
    groups: Vec<bool>,
    is_of_signs: bool,
}

impl Formatted {
    /// Reads one letter or code and gives what follows it.
    fn step<'a>(&mut self, rest: &'a str, letter: char) -> &'a str {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            '{' => self.groups.push(self.is_of_signs),
            '}' => self.is_of_signs = self.groups.pop().unwrap_or(false),
            '\\' => return self.command(after),
            '^' => return self.caret(after),
            _ => {
                if let Some(after) = percent(rest, &mut self.line) {
                    return after;
                }
                let shown = if self.is_of_signs { sign(letter) } else { None };
                self.line.push(shown.unwrap_or(letter));
            }
        }
        after
    }

    fn command<'a>(&mut self, rest: &'a str) -> &'a str {
        let Some(letter) = rest.chars().next() else { return rest };
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        let (argument, beyond) = after.split_once(';').unwrap_or((after, ""));
        match letter {
            'P' | 'X' | 'N' => self.end_line(),
            '~' => self.line.push(' '),
            'S' => {
                self.stack(argument);
                return beyond;
            }
            'U' if rest.get(..2) == Some("U+") => {
                let mut shown = String::new();
                if let Some(after) = escaped(after, &mut shown) {
                    self.line.push_str(&shown);
                    return after;
                }
            }
            'f' | 'F' => {
                self.is_of_signs = argument.to_ascii_lowercase().contains("gdt");
                return beyond;
            }
            'A' | 'C' | 'c' | 'H' | 'W' | 'T' | 'Q' | 'p' => return beyond,
            'L' | 'l' | 'O' | 'o' | 'K' | 'k' => {}
            other => self.line.push(other),
        }
        after
    }

    fn caret<'a>(&mut self, rest: &'a str) -> &'a str {
        match rest.chars().next() {
            Some('J') => self.end_line(),
            Some('I' | 'M') => self.line.push(' '),
            Some(' ') => self.line.push('^'),
            _ => {
                self.line.push('^');
                return rest;
            }
        }
        rest.get(1..).unwrap_or_default()
    }

    /// Writes upper and lower of a stack behind each other, as tolerances are written in one line.
    fn stack(&mut self, argument: &str) {
        let argument = plain(argument);
        let place = argument.find(['^', '#', '/']);
        let (upper, lower) = place.map_or((argument.as_str(), ""), |at| {
            (argument.get(..at).unwrap_or_default(), argument.get(at + 1..).unwrap_or_default())
        });
        let (upper, lower) = (upper.trim(), lower.trim());
        let is_apart = !self.line.is_empty() && !self.line.ends_with(' ');
        if is_apart && !(upper.is_empty() && lower.is_empty()) {
            self.line.push(' ');
        }
        self.line.push_str(upper);
        if !upper.is_empty() && !lower.is_empty() {
            self.line.push('/');
        }
        self.line.push_str(lower);
    }

    fn end_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line).trim().to_owned());
    }
}

/// Undoes a `%%` code at the start of a text and gives what follows it.
fn percent<'a>(rest: &'a str, out: &mut String) -> Option<&'a str> {
    let code = rest.strip_prefix("%%")?;
    let letter = code.chars().next()?;
    let shown = match letter.to_ascii_lowercase() {
        'c' => "⌀",
        'd' => "°",
        'p' => "±",
        '%' => "%",
        'u' | 'o' | 'k' => "",
        '0'..='9' => {
            let number: u32 = code.get(..3)?.parse().ok()?;
            out.push(match number {
                127 => '°',
                128 => '±',
                129 => '⌀',
                other => char::from_u32(other)?,
            });
            return code.get(3..);
        }
        _ => return None,
    };
    out.push_str(shown);
    code.get(letter.len_utf8()..)
}

fn unicode<'a>(rest: &'a str, out: &mut String) -> Option<&'a str> {
    escaped(rest.strip_prefix("\\U")?, out)
}

/// Reads `+2205` as the sign of that number.
fn escaped<'a>(rest: &'a str, out: &mut String) -> Option<&'a str> {
    let digits = rest.strip_prefix('+')?;
    let number = u32::from_str_radix(digits.get(..4)?, 16).ok()?;
    out.push(char::from_u32(number)?);
    digits.get(4..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_codes_are_signs() {
        assert_eq!(plain("4x%%C20%%p0.1 45%%d 50%%%"), "4x⌀20±0.1 45° 50%");
        assert_eq!(plain("%%uTITLE%%u \\U+2205%%06512"), "TITLE ∅A12");
        assert_eq!(plain("100%"), "100%");
    }

    #[test]
    fn formatting_is_taken_off() {
        let text = "{\\fArial|b0|i0;\\H2.5x;NOTES:\\P1. \\LAll\\l edges R1}\\PM8\\~x\\~1\\\\2";

        assert_eq!(lines(text), ["NOTES:", "1. All edges R1", "M8 x 1\\2"]);
    }

    #[test]
    fn stacks_are_written_in_one_line() {
        assert_eq!(lines("\\A1;%%c25{\\H0.7x;\\S+0.1^-0.2;}"), ["⌀25 +0.1/-0.2"]);
        assert_eq!(lines("10\\S 0^-0.1;"), ["10 0/-0.1"]);
        assert_eq!(lines("3\\S1/2;"), ["3 1/2"]);
    }

    #[test]
    fn frames_of_tolerances_become_cells() {
        let text = "{\\Fgdt;j}%%v{\\Fgdt;n}0.14{\\Fgdt;m}%%vA%%vB%%v%%v^J";

        assert_eq!(frames(text), ["⌖ | ⌀0.14Ⓜ | A | B"]);
    }

    #[test]
    fn codes_cut_off_do_not_panic() {
        for text in ["%%", "%%1", "\\", "\\U+12", "\\S", "^", "{\\f", "%%é1"] {
            let _ = (plain(text), lines(text), frames(text));
        }
    }
}
