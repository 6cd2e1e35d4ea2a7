//! Surface texture indications: `Ra 3.2`, `Rz6,3`, `N7`.

use cad_common::contract::symbol::SurfaceTexture;

use super::cursor::Cursor;
use super::number;

/// Parameters of surface texture, longest names first.
const PARAMETERS: [&str; 7] = ["Rmax", "Rsm", "Ra", "Rz", "Rt", "Rq", "Ry"];

/// Coarsest figure of a texture, in micrometres; microinch figures stay below it too.
const COARSEST: f64 = 1000.0;

/// Words for every surface that has no indication of its own.
const REST: [&str; 9] = [
    "其余",
    "其它",
    "未注",
    "REST",
    "ALL OVER",
    "UNLESS OTHERWISE",
    "ALLSEITS",
    "SONST",
    "ОСТАЛЬНОЕ",
];

/// Words for how a surface is made, with the contract's word; longer ones first.
const PROCESSES: [(&str, &str); 22] = [
    ("cylindrical ground", "ground"),
    ("surface ground", "ground"),
    ("ground", "ground"),
    ("grind", "ground"),
    ("geschliffen", "ground"),
    ("磨", "ground"),
    ("milled", "milled"),
    ("gefräst", "milled"),
    ("铣", "milled"),
    ("turned", "turned"),
    ("gedreht", "turned"),
    ("车", "turned"),
    ("lapped", "lapped"),
    ("geläppt", "lapped"),
    ("研磨", "lapped"),
    ("honed", "honed"),
    ("gehont", "honed"),
    ("珩磨", "honed"),
    ("polished", "polished"),
    ("poliert", "polished"),
    ("reamed", "reamed"),
    ("gerieben", "reamed"),
];

/// Reads a parameter with its figure, `Ra 3.2`, or a figure under the mark of a surface, `√3.2`.
pub(super) fn texture(cursor: &mut Cursor<'_>) -> Option<SurfaceTexture> {
    let mut ahead = *cursor;
    let has_mark = ahead.eat(&['√']);
    ahead.eat(&[' ']);
    let (parameter, is_maximum, value) =
        parameter_first(&mut ahead).or_else(|| figure_first(&mut ahead)).or_else(|| {
            let value = figure(&mut ahead).filter(|_| has_mark)?;
            // a mark without parameter has always meant Ra
            Some(("Ra", false, value))
        })?;
    if ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some(SurfaceTexture {
        parameter: parameter.to_owned(),
        value,
        is_maximum,
        ..SurfaceTexture::default()
    })
}

fn parameter_first(cursor: &mut Cursor<'_>) -> Option<(&'static str, bool, f64)> {
    let mut ahead = *cursor;
    let parameter = PARAMETERS.into_iter().find(|parameter| ahead.eat_text(parameter))?;
    let is_maximum = maximum(&mut ahead);
    ahead.eat(&[':', '=']);
    ahead.skip_gap();
    ahead.eat(&['=', '≤', '<']);
    ahead.skip_gap();
    let value = figure(&mut ahead)?;
    *cursor = ahead;
    Some((parameter, is_maximum, value))
}

/// Reads `63 μin Ra`.
fn figure_first(cursor: &mut Cursor<'_>) -> Option<(&'static str, bool, f64)> {
    let mut ahead = *cursor;
    let value = figure(&mut ahead)?;
    ahead.skip_gap();
    let start = ahead.at();
    let parameter = PARAMETERS.into_iter().find(|parameter| ahead.eat_text(parameter))?;
    // `3.2Ra` glued may be the end of something else, and `2 Ra 3.2` counts the texture behind
    let is_behind = start > cursor.at() && !follows_figure(ahead);
    if !is_behind || ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some((parameter, false, value))
}

fn follows_figure(mut cursor: Cursor<'_>) -> bool {
    cursor.skip_gap();
    number::figure(&mut cursor).is_some()
}

fn maximum(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let found = ahead.eat_word(&["max.", "max"]);
    if found {
        *cursor = ahead;
    }
    found
}

fn figure(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    let figure = number::figure(&mut ahead)
        .filter(|figure| figure.value > 0.0 && figure.value < COARSEST)?;
    let mut unit = ahead;
    unit.eat(&[' ']);
    if unit.eat_word(&["μin"]) || number::length_unit(&mut unit).is_some() {
        ahead = unit;
    }
    *cursor = ahead;
    Some(figure.value)
}

/// Reads a text that is nothing but a roughness grade, `N1` to `N12`, under its mark or not.
pub(super) fn grade(text: &str) -> Option<SurfaceTexture> {
    let digits = text.trim_matches(['√', ' ', '(', ')']).strip_prefix('N')?;
    let grade: u8 =
        digits.parse().ok().filter(|grade| (1..=12).contains(grade) && !digits.starts_with('0'))?;
    Some(SurfaceTexture {
        parameter: "N".to_owned(),
        value: f64::from(grade),
        ..SurfaceTexture::default()
    })
}

/// Adds what the rest of the text says of a texture: how the surface is made, where it holds.
pub(super) fn describe(texture: &mut SurfaceTexture, text: &str) {
    let lower = text.to_lowercase();
    let process = PROCESSES.iter().find(|(word, _)| lower.contains(word));
    texture.process = process.map(|(_, process)| (*process).to_owned());
    texture.is_general = REST.iter().any(|word| lower.contains(&word.to_lowercase()));
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
