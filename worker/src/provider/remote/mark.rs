//! Writes onto every item of a reading who read it, by the lines that it comes from.

use std::collections::BTreeMap;

use cad_common::contract::provenance::{Provenance, UNVERIFIED_CONFIDENCE};
use cad_common::contract::reading::{Evidence, Reading};
use cad_common::provider::ProviderName;

use crate::witness::Witness;

/// The provenance of each line that a model has read, by page and index.
type Lines = BTreeMap<(u32, usize), Provenance>;

/// Marks what rests on a model's lines; what rests on exact text alone has no mark.
pub(super) fn mark(reading: &mut Reading, provider: ProviderName, exact: &Witness) {
    let lines = lines_of(reading);
    let dimensions = reading.dimensions.iter_mut().map(|item| &mut item.evidence);
    let symbols = reading.symbols.iter_mut().map(|item| &mut item.evidence);
    let notes = reading.notes.iter_mut().map(|item| &mut item.evidence);
    let tables = reading.tables.iter_mut().map(|item| &mut item.evidence);
    let requirements = reading.process_requirements.iter_mut().flat_map(|all| {
        let groups = [&mut all.heat_treatments, &mut all.surface_treatments, &mut all.welding];
        groups.into_iter().flatten().map(|item| &mut item.evidence)
    });
    for evidence in dimensions.chain(symbols).chain(notes).chain(tables).chain(requirements) {
        evidence.provenance = of_evidence(evidence, &lines);
        if evidence.provenance.is_some_and(Provenance::is_unverified) {
            evidence.confidence = evidence.confidence.map(capped);
        }
    }
    let identifiers = reading.identifiers.iter_mut().chain(reading.field_evidence.values_mut());
    for identifier in identifiers {
        if !exact.confirms(&identifier.value) {
            identifier.provenance = Some(Provenance::unverified(provider));
            identifier.confidence = identifier.confidence.map(capped);
        }
    }
}

fn lines_of(reading: &Reading) -> Lines {
    let pages = reading.pages.iter();
    let lines = pages.flat_map(|page| {
        let lines = page.text_lines.iter().enumerate();
        lines.filter_map(|(index, line)| Some(((page.number, index), line.provenance?)))
    });
    lines.collect()
}

/// An item is as good as the worst of its lines.
fn of_evidence(evidence: &Evidence, lines: &Lines) -> Option<Provenance> {
    let marks = evidence.lines.iter().filter_map(|line| lines.get(&(evidence.page, *line)));
    marks.copied().max_by_key(|mark| mark.is_unverified())
}

fn capped(confidence: f32) -> f32 {
    confidence.min(UNVERIFIED_CONFIDENCE)
}
