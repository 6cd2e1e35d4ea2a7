//! Surface texture indications: `Ra 3.2`, `Rz6,3`, `N7`.

use cad_common::contract::symbol::SurfaceTexture;

use super::cursor::Cursor;
use super::number;

/// Parameters of surface texture, longest names first.
const PARAMETERS: [&str; 7] = ["Rmax", "Rsm", "Ra", "Rz", "Rt", "Rq", "Ry"];

/// Coarsest figure of a texture, in micrometres; microinch figures stay below it too.
const COARSEST: f64 = 1000.0;

/// Reads a parameter with its figure.
pub(super) fn texture(cursor: &mut Cursor<'_>) -> Option<SurfaceTexture> {
    let mut ahead = *cursor;
    let parameter = PARAMETERS.into_iter().find(|parameter| ahead.eat_text(parameter))?;
    ahead.eat(&[':', '=']);
    ahead.skip_gap();
    ahead.eat(&['=', '≤', '<']);
    ahead.skip_gap();
    let figure = number::figure(&mut ahead)
        .filter(|figure| figure.value > 0.0 && figure.value < COARSEST)?;
    let mut unit = ahead;
    if number::length_unit(&mut unit).is_some() {
        ahead = unit;
    }
    if ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some(SurfaceTexture { parameter: parameter.to_owned(), value: figure.value, process: None })
}

/// Reads a text that is nothing but a roughness grade, `N1` to `N12`.
pub(super) fn grade(text: &str) -> Option<SurfaceTexture> {
    let digits = text.trim().strip_prefix('N')?;
    let grade: u8 =
        digits.parse().ok().filter(|grade| (1..=12).contains(grade) && !digits.starts_with('0'))?;
    Some(SurfaceTexture { parameter: "N".to_owned(), value: f64::from(grade), process: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_any_case_and_spacing() {
        for (text, parameter, value) in [
            ("Ra3.2", "Ra", 3.2),
            ("Ra 12,5", "Ra", 12.5),
            ("RA 1.6", "Ra", 1.6),
            ("Rz=6.3μm", "Rz", 6.3),
            ("Rmax 25", "Rmax", 25.0),
        ] {
            let found = texture(&mut Cursor::new(text)).unwrap();
            assert_eq!((found.parameter.as_str(), found.value), (parameter, value));
        }
    }

    #[test]
    fn words_and_radii_are_no_textures() {
        for text in ["RAL 9016", "Rafter", "R5", "Ra"] {
            assert_eq!(texture(&mut Cursor::new(text)), None, "{text}");
        }
    }

    #[test]
    fn only_whole_texts_are_grades() {
        assert_eq!(grade("N7").map(|found| found.value), Some(7.0));
        assert_eq!(grade("N13"), None);
        assert_eq!(grade("N07"), None);
    }
}
