//! The text of a dimension that has no block to show it: its override, or what it measures.

use super::codes;
use super::lettering::{self, Lettering};
use super::tags::Record;

/// A style that does not say how high its text is.
const USUAL_HEIGHT: f64 = 2.5;

/// The kinds of dimension by their number in the file.
const ANGULAR: [i64; 2] = [2, 5];
const DIAMETER: i64 = 3;
const RADIUS: i64 = 4;

/// Writes the dimension's text at the place where the program would.
pub(super) fn texts(entity: Record<'_>, style: Option<Record<'_>>) -> Vec<Lettering> {
    let Some(at) = entity.point(11).or_else(|| entity.point(10)) else {
        return Vec::new();
    };
    let styled = |code| style.and_then(|style: Record<'_>| style.number(code));
    let scale = styled(40).filter(|scale| *scale > 0.0).unwrap_or(1.0);
    let height = styled(140).filter(|height| *height > 0.0).unwrap_or(USUAL_HEIGHT) * scale;
    let degrees = entity.number(53).unwrap_or(0.0);
    let lines = codes::lines(&text(entity, style));
    // 5 is the middle of the text, which is what code 11 states.
    lettering::block(lines, at, height, degrees, (5, 1.0))
}

/// `<>` in an override stands for the measured value; one space stands for no text at all.
fn text(entity: Record<'_>, style: Option<Record<'_>>) -> String {
    let measured = || measured(entity, style).unwrap_or_default();
    match entity.text(1).unwrap_or_default() {
        "" => measured(),
        given if given.contains("<>") => given.replace("<>", &measured()),
        given => given.to_owned(),
    }
}

fn measured(entity: Record<'_>, style: Option<Record<'_>>) -> Option<String> {
    let styled = |code| style.and_then(|style: Record<'_>| style.number(code));
    let kind = entity.flags(70) & 15;
    let is_angle = ANGULAR.contains(&kind);
    let mut value = entity.number(42)?;
    if is_angle {
        value = value.to_degrees();
    } else {
        value *= styled(144).filter(|factor| *factor != 0.0).map_or(1.0, f64::abs);
    }
    let places = styled(if is_angle { 179 } else { 271 }).unwrap_or(2.0);
    let figure = rounded(value, places);
    let figure = match kind {
        DIAMETER => format!("%%c{figure}"),
        RADIUS => format!("R{figure}"),
        _ if is_angle => format!("{figure}%%d"),
        _ => figure,
    };
    let (upper, lower) = (styled(47).unwrap_or(0.0), styled(48).unwrap_or(0.0));
    let has_tolerance =
        styled(71).is_some_and(|is_on| is_on != 0.0) && (upper, lower) != (0.0, 0.0);
    let tolerance_places = styled(272).unwrap_or(places);
    let tolerance = match has_tolerance {
        false => String::new(),
        true if upper.to_bits() == lower.to_bits() => {
            format!("%%p{}", rounded(upper, tolerance_places))
        }
        true => {
            format!(" {}/{}", signed(upper, tolerance_places), signed(-lower, tolerance_places))
        }
    };
    let post = style.and_then(|style| style.text(3)).unwrap_or_default().trim();
    Some(if post.contains("<>") {
        post.replace("<>", &format!("{figure}{tolerance}"))
    } else {
        format!("{figure}{tolerance}{post}")
    })
}

/// A number without the zeros at its end.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 8")]
fn rounded(value: f64, places: f64) -> String {
    let text = format!("{value:.*}", places.clamp(0.0, 8.0) as usize);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn signed(value: f64, places: f64) -> String {
    let text = rounded(value.abs(), places);
    match value {
        _ if text == "0" => text,
        0.0.. => format!("+{text}"),
        _ => format!("-{text}"),
    }
}
