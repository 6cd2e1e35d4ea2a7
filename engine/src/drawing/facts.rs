//! Turns the blocks of a sheet's views into dimensions and symbols.

use cad_common::contract::dimension::{
    Dimension, DimensionType, HoleFeature, Tolerance, ToleranceKind, Unit,
};
use cad_common::contract::reading::Evidence;
use cad_common::contract::symbol::Symbol;

use super::callout::Callout;
use super::compose::{self, Block};
use super::general::General;
use super::glyphs::Uniform;
use super::habits::{Habits, is_size, restore_sign};
use super::number::MM_PER_INCH;
use super::regions::{Regions, Role};
use super::sheet::Sheet;
use super::statements::{self, Found, Statement};
use super::{fits, marks};

/// The smallest plain length believed, in millimetres; smaller figures are tolerances of frames
/// whose sign was not recognised.
const SMALLEST_LENGTH_MM: f64 = 0.15;

/// Confidence from which on a single digit is believed; arrows and line ends are read as one.
const SURE_CHARACTER: f32 = 0.9;

/// What the views of a sheet state.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Dimensions in reading order.
    pub(super) dimensions: Vec<Dimension>,
    /// Symbols in reading order.
    pub(super) symbols: Vec<Symbol>,
}

/// A dimension as read, before the sheet's habits are known.
struct Candidate {
    callout: Callout,
    raw: String,
    evidence: Evidence,
}

/// Reads the views of a sheet.
pub(super) fn read(sheet: &Sheet<'_>, regions: &Regions) -> Facts {
    let mut candidates = Vec::new();
    let mut facts = Facts::default();
    for mut block in compose::blocks(sheet, regions) {
        for found in statements_of(&mut block) {
            let raw = block.printed(&found.range).to_owned();
            let evidence = block.evidence(sheet, &found.range);
            match found.statement {
                Statement::Dimension(callout) => {
                    candidates.push(Candidate { callout: *callout, raw, evidence })
                }
                Statement::Frame(frame) => facts.symbols.push(Symbol {
                    kind: if frame.characteristic == super::frame::UNKNOWN {
                        "geometrical_tolerance".to_owned()
                    } else {
                        frame.characteristic.clone()
                    },
                    value: raw,
                    normalized_form: Some(frame.characteristic.clone()),
                    // a sign or word alone names a characteristic but controls nothing
                    frame: Some(frame).filter(|frame| frame.tolerance.is_some()),
                    surface: None,
                    evidence,
                }),
                Statement::Texture(texture) => facts.symbols.push(Symbol {
                    kind: "surface_roughness".to_owned(),
                    value: texture.value.to_string(),
                    normalized_form: Some(format!("{} {}", texture.parameter, texture.value)),
                    frame: None,
                    surface: Some(texture),
                    evidence,
                }),
            }
        }
    }
    facts.symbols.dedup_by(|second, first| is_name_of(first, second));
    let unit = sheet_unit(sheet, &candidates);
    let habits = Habits::of(candidates.iter().map(|candidate| &candidate.callout));
    for candidate in &mut candidates {
        habits.restore_decimals(&mut candidate.callout);
        restore_sign(&mut candidate.callout);
    }
    let is_kept = |candidate: &Candidate| is_believed(candidate, unit, habits);
    let footnotes = reference_footnotes(sheet, regions);
    let general = General::of(sheet);
    facts.dimensions = candidates
        .into_iter()
        .filter(is_kept)
        .map(|candidate| {
            let decimals = candidate.callout.decimals;
            let mut dimension = dimension(candidate, unit, &footnotes);
            resolve_fit(&mut dimension);
            general.apply(&mut dimension, decimals);
            dimension
        })
        .collect();
    facts.symbols.extend(marks::read(sheet, regions, &facts.symbols));
    facts
}

/// Gives a fit the deviations that ISO 286 gives it; the standard is metric.
fn resolve_fit(dimension: &mut Dimension) {
    let (value, unit) = (dimension.value, dimension.unit);
    let Some(tolerance) = dimension.tolerance.as_mut() else {
        return;
    };
    let is_open = tolerance.upper.is_none() && tolerance.lower.is_none();
    let resolved = tolerance
        .fit
        .as_deref()
        .filter(|_| is_open && unit == Unit::Mm)
        .and_then(|fit| fits::deviations(fit, value));
    if let Some((upper, lower)) = resolved {
        tolerance.upper = Some(upper);
        tolerance.lower = Some(lower);
    }
}

/// The statements of a block; those of its text with misread characters repaired, where only that
/// makes sense of the whole text.
fn statements_of(block: &mut Block) -> Vec<Found> {
    let found = statements::find(&block.uniform.text);
    let has_figure = block.uniform.text.contains(|digit: char| digit.is_ascii_digit());
    if !has_figure || !found.is_empty() && statements::unrelated_words(&block.uniform.text) == 0 {
        return found;
    }
    let repaired = Uniform::repaired(&block.raw);
    let found_in_repaired = statements::find(&repaired.text);
    if found_in_repaired.is_empty() || statements::unrelated_words(&repaired.text) > 0 {
        return found;
    }
    block.uniform = repaired;
    found_in_repaired
}

/// Whether a bare name repeats the symbol before it, as in `垂直度 ⊥`.
fn is_name_of(first: &Symbol, second: &Symbol) -> bool {
    let has_tolerance = |symbol: &Symbol| symbol.frame.is_some() || symbol.surface.is_some();
    first.kind == second.kind
        && first.evidence.lines == second.evidence.lines
        && !has_tolerance(first)
        && !has_tolerance(second)
}

/// The unit of figures that state none: as the sheet says, else as its figures look.
fn sheet_unit(sheet: &Sheet<'_>, candidates: &[Candidate]) -> Unit {
    for line in &sheet.lines {
        let text = line.text().to_ascii_lowercase();
        let speaks_of_dimensions = text.contains("dimension")
            || text.contains("unit")
            || text.contains("tolerance")
            || text.contains("maße");
        if speaks_of_dimensions && (text.contains("inch") || text.ends_with('"')) {
            return Unit::Inch;
        }
        if speaks_of_dimensions && (text.contains("millimet") || text.contains("mm")) {
            return Unit::Mm;
        }
    }
    let bare = candidates.iter().filter(|candidate| candidate.callout.is_bare).count();
    if bare > 0 && bare * 4 >= candidates.len() { Unit::Inch } else { Unit::Mm }
}

fn is_believed(candidate: &Candidate, unit: Unit, habits: Habits) -> bool {
    let callout = &candidate.callout;
    if habits.decimals.is_some() && is_size(callout) && callout.decimals == 0 {
        return false;
    }
    if callout.is_signed || callout.tolerance.is_some() {
        return true;
    }
    let in_mm = match callout.unit.unwrap_or(unit) {
        Unit::Inch => callout.value * MM_PER_INCH,
        _ => callout.value,
    };
    let is_guess = candidate.raw.chars().count() == 1
        && candidate.evidence.confidence.is_some_and(|confidence| confidence < SURE_CHARACTER);
    in_mm >= SMALLEST_LENGTH_MM && !is_guess && (callout.unit.is_some() || !habits.prints_unit)
}

/// Numbers of asterisks whose note says that the dimension is for reference.
fn reference_footnotes(sheet: &Sheet<'_>, regions: &Regions) -> Vec<usize> {
    let notes = sheet.lines.iter().enumerate().filter(|(index, _)| !regions.is(*index, Role::View));
    let texts = notes.map(|(_, line)| {
        line.text().trim_start_matches(|start: char| start.is_ascii_digit() || start == ' ')
    });
    texts
        .filter(|text| text.to_ascii_lowercase().contains("reference"))
        .map(|text| text.chars().take_while(|character| *character == '*').count())
        .filter(|asterisks| *asterisks > 0)
        .collect()
}

fn dimension(candidate: Candidate, unit: Unit, footnotes: &[usize]) -> Dimension {
    let Candidate { callout, raw, evidence } = candidate;
    let is_reference = footnotes.contains(&callout.footnote) && callout.footnote > 0;
    let tolerance = if is_reference {
        Some(Tolerance { kind: ToleranceKind::Reference, ..callout.tolerance.unwrap_or_default() })
    } else {
        callout.tolerance
    };
    Dimension {
        kind: callout.kind,
        value: callout.value,
        raw,
        unit: callout.unit.unwrap_or(if callout.kind == DimensionType::Angle {
            Unit::Deg
        } else {
            unit
        }),
        count: callout.count,
        tolerance,
        thread: callout.thread,
        hole: Some(callout.hole).filter(|hole| *hole != HoleFeature::default()),
        angle: callout.angle,
        qualifiers: callout.qualifiers.into_iter().map(str::to_owned).collect(),
        evidence,
    }
}
