//! The tolerance classes of ISO 2768-1:1989 (GB/T 1804, JIS B 0405, EN 22768-1) and DIN 7168:1981.

/// Upper ends of the steps of lengths, in millimetres; below the first no class grants anything.
const LENGTH_STEPS: [f64; 8] = [3.0, 6.0, 30.0, 120.0, 400.0, 1000.0, 2000.0, 4000.0];

/// Upper ends of the steps of radii and chamfers.
const EDGE_STEPS: [f64; 3] = [3.0, 6.0, f64::INFINITY];

/// Smallest size that a class speaks of.
const SMALLEST_MM: f64 = 0.5;

/// One class, both ways, in millimetres; 0 where it grants nothing.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    lengths: [f64; 8],
    edges: [f64; 3],
}

const FINE: Rows =
    Rows { lengths: [0.05, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.0], edges: [0.2, 0.5, 1.0] };
const MEDIUM: Rows =
    Rows { lengths: [0.1, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0], edges: [0.2, 0.5, 1.0] };
const COARSE: Rows =
    Rows { lengths: [0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 4.0], edges: [0.4, 1.0, 2.0] };
const VERY_COARSE: Rows =
    Rows { lengths: [0.0, 0.5, 1.0, 1.5, 2.5, 4.0, 6.0, 8.0], edges: [0.4, 1.0, 2.0] };
const GROB: Rows =
    Rows { lengths: [0.15, 0.2, 0.5, 0.8, 1.2, 2.0, 3.0, 4.0], edges: [0.2, 1.0, 2.0] };
const SEHR_GROB: Rows =
    Rows { lengths: [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0], edges: [0.2, 1.0, 2.0] };

/// The class of a standard by its letter or word, with the letter.
pub(super) fn class(number: &str, word: &str) -> Option<(&'static str, &'static Rows)> {
    let word = word.to_ascii_lowercase();
    let is_old = number == "7168";
    Some(match word.as_str() {
        "f" | "fin" | "fine" | "fein" => ("f", &FINE),
        "m" | "medium" | "mittel" => ("m", &MEDIUM),
        moyen if moyen.starts_with("moyen") => ("m", &MEDIUM),
        "g" | "grob" if is_old => ("g", &GROB),
        "sg" if is_old => ("sg", &SEHR_GROB),
        "c" | "coarse" | "grob" if !is_old => ("c", &COARSE),
        "v" if !is_old => ("v", &VERY_COARSE),
        _ => return None,
    })
}

impl Rows {
    /// What it grants a length.
    pub(super) fn length(&self, value: f64) -> Option<f64> {
        granted(&LENGTH_STEPS, &self.lengths, value)
    }

    /// What it grants a radius or chamfer.
    pub(super) fn edge(&self, value: f64) -> Option<f64> {
        granted(&EDGE_STEPS, &self.edges, value)
    }
}

fn granted(steps: &[f64], widths: &[f64], value: f64) -> Option<f64> {
    let step = steps.iter().position(|up_to| value <= *up_to).filter(|_| value >= SMALLEST_MM)?;
    widths.get(step).copied().filter(|width| *width > 0.0)
}
