//! Two readings of one drawing become one, in which the better founded one always wins.
//!
//! The base is the reading made on this machine, whichever came first: its facts stay as they are. A remote model may
//! fill its gaps with facts whose text the base has read too and not understood; each takes the place and the measured
//! confidence of that text and the mark `verified`. What nothing here bears out is listed for a person to look at, but is
//! no part of the result. So a model that talks nonsense changes nothing.

use cad_common::contract::dimension::{Dimension, DimensionType, ToleranceKind};
use cad_common::contract::drawing::Identifier;
use cad_common::contract::provenance::{Provenance, SecondReading, UnverifiedItem};
use cad_common::contract::reading::{Evidence, Reading, TextLine, Warning};
use cad_common::contract::symbol::Symbol;
use cad_common::provider::ProviderName;
use cad_engine::drawing;

use super::handover::Draft;
use crate::provider::Answer;
use crate::witness::{Place, Witness, folded};

/// Shorter texts are on every sheet, so that finding one proves nothing.
const SHORTEST_PROOF: usize = 3;

/// A person looks at a few; a model that invents writes hundreds.
const MAX_UNVERIFIED: usize = 50;

/// Joins a first reading with the second one of another provider.
///
/// What can't be read as a reading changes nothing: the first answer stays.
pub(super) fn join(draft: Draft, second_provider: ProviderName, second: &Answer) -> Answer {
    let Draft { provider, reason, answer: first } = draft;
    let (Some(first_reading), Some(second_reading)) = (read(&first), read(second)) else {
        return first;
    };
    let level = second_reading.fallback_level.clone();
    let second_is_base = provider.is_remote() && !second_provider.is_remote();
    let (mut base, other, figures, other_provider) = if second_is_base {
        (second_reading, first_reading, &second.figures, provider)
    } else {
        (first_reading, second_reading, &first.figures, second_provider)
    };
    let (added, unverified, figures) = if is_blank(&base) && !is_blank(&other) {
        let count = other.dimensions.len() + other.symbols.len() + other.identifiers.len();
        base = other;
        let of_other = if second_is_base { &first.figures } else { &second.figures };
        (count, Vec::new(), of_other.clone())
    } else {
        let (added, unverified) = fill(&mut base, &other, other_provider);
        (added, unverified, figures.clone())
    };
    base.fallback_level = Some(reason.level().to_owned());
    base.second_reading = Some(SecondReading {
        provider: second_provider,
        reason,
        level,
        added: u32::try_from(added).unwrap_or(u32::MAX),
        unverified,
    });
    written(base, figures).unwrap_or(first)
}

/// The same answer with one more warning, in the record and in the result.
pub(super) fn with_warning(answer: Answer, warning: Warning) -> Answer {
    let mut noted = answer;
    noted.warnings.push(warning.clone());
    let Some(mut reading) = read(&noted) else { return noted };
    reading.warnings.push(warning);
    if let Ok(result) = serde_json::to_vec(&reading) {
        noted.result = result;
    }
    noted
}

fn read(answer: &Answer) -> Option<Reading> {
    serde_json::from_slice(&answer.result).ok()
}

fn written(reading: Reading, figures: crate::provider::Figures) -> Option<Answer> {
    let result = serde_json::to_vec(&reading).ok()?;
    Some(Answer { result, warnings: reading.warnings, figures })
}

fn is_blank(reading: &Reading) -> bool {
    reading.pages.iter().all(|page| page.text_lines.is_empty())
}

/// Fills the gaps of a reading from another one; says how many, and what nothing bears out.
fn fill(
    base: &mut Reading,
    other: &Reading,
    provider: ProviderName,
) -> (usize, Vec<UnverifiedItem>) {
    let ground = Ground::of(base);
    let mut unverified = Vec::new();
    let mut doubt = |field: &str, text: &str| {
        if unverified.len() < MAX_UNVERIFIED {
            unverified.push(UnverifiedItem { field: field.to_owned(), text: text.to_owned() });
        }
    };
    let mut dimensions = Vec::new();
    for dimension in other.dimensions.iter().filter(|item| !has_dimension(base, item)) {
        match ground.unused(&dimension.raw) {
            Some(place) if is_telling(dimension) => dimensions.push(Dimension {
                evidence: ground.evidence(place, provider),
                ..dimension.clone()
            }),
            _ => doubt("dimension", &dimension.raw),
        }
    }
    let mut symbols = Vec::new();
    for symbol in other.symbols.iter().filter(|item| !has_symbol(base, item)) {
        let text = text_of(other, &symbol.evidence);
        match ground.unused(&text) {
            Some(place) => symbols
                .push(Symbol { evidence: ground.evidence(place, provider), ..symbol.clone() }),
            None => doubt("symbol", &text),
        }
    }
    let mut identifiers = Vec::new();
    for (field, identifier) in &other.field_evidence {
        if base.field_evidence.contains_key(field) {
            continue;
        }
        match ground.place(&identifier.value) {
            Some(place) => identifiers.push(ground.identifier(identifier, place, provider)),
            None => doubt(field, &identifier.value),
        }
    }
    let added = dimensions.len() + symbols.len() + identifiers.len();
    if added > 0 {
        base.dimensions.extend(dimensions);
        base.symbols.extend(symbols);
        base.identifiers.extend(identifiers);
        drawing::sum_up(base);
    }
    (added, unverified)
}

/// The text of a reading, on which additions must stand.
struct Ground {
    witness: Witness,
    lines: Vec<(Place, TextLine)>,
    /// Lines that the reading has understood already.
    used: Vec<Place>,
}

impl Ground {
    fn of(base: &Reading) -> Self {
        let pages = base.pages.iter();
        let lines = pages.flat_map(|page| {
            let lines = page.text_lines.iter().enumerate();
            lines.map(|(line, text)| (Place { page: page.number, line }, text.clone()))
        });
        let dimensions = base.dimensions.iter().map(|item| &item.evidence);
        let symbols = base.symbols.iter().map(|item| &item.evidence);
        let tables = base.tables.iter().map(|item| &item.evidence);
        let notes = base.notes.iter().map(|item| &item.evidence);
        let used = dimensions.chain(symbols).chain(tables).chain(notes).flat_map(|evidence| {
            evidence.lines.iter().map(|line| Place { page: evidence.page, line: *line })
        });
        Self { used: used.collect(), witness: Witness::of(&base.pages), lines: lines.collect() }
    }

    /// Where a text stands that is long enough to prove something.
    fn place(&self, text: &str) -> Option<Place> {
        if folded(text).len() < SHORTEST_PROOF {
            return None;
        }
        self.witness.places_of(text).first().copied()
    }

    /// The same among the lines that the reading has made nothing of.
    fn unused(&self, text: &str) -> Option<Place> {
        if folded(text).len() < SHORTEST_PROOF {
            return None;
        }
        self.witness.places_of(text).into_iter().find(|place| !self.used.contains(place))
    }

    fn evidence(&self, place: Place, provider: ProviderName) -> Evidence {
        let line = self.lines.iter().find(|(at, _)| *at == place).map(|(_, line)| line);
        Evidence {
            page: place.page,
            bbox: line.map(TextLine::bbox).unwrap_or_default(),
            confidence: line.map(|line| line.confidence),
            lines: vec![place.line],
            provenance: Some(Provenance::verified(provider)),
        }
    }

    fn identifier(
        &self,
        identifier: &Identifier,
        place: Place,
        provider: ProviderName,
    ) -> Identifier {
        let evidence = self.evidence(place, provider);
        Identifier {
            page: place.page,
            bbox: Some(evidence.bbox),
            confidence: evidence.confidence,
            source: "provider_json".to_owned(),
            provenance: evidence.provenance,
            ..identifier.clone()
        }
    }
}

/// Whether a dimension says more than a bare figure, of which every sheet has some that are none.
fn is_telling(dimension: &Dimension) -> bool {
    let is_stated = |kind| kind != ToleranceKind::General;
    let has_tolerance = dimension.tolerance.as_ref().is_some_and(|it| is_stated(it.kind));
    dimension.kind != DimensionType::Length || has_tolerance
}

fn has_dimension(base: &Reading, sought: &Dimension) -> bool {
    base.dimensions.iter().any(|known| {
        let is_same = known.kind == sought.kind && (known.value - sought.value).abs() < 1e-6;
        is_same || folded(&known.raw) == folded(&sought.raw)
    })
}

fn has_symbol(base: &Reading, sought: &Symbol) -> bool {
    base.symbols
        .iter()
        .any(|known| known.kind == sought.kind && folded(&known.value) == folded(&sought.value))
}

/// The lines that an item comes from, as one text.
fn text_of(reading: &Reading, evidence: &Evidence) -> String {
    let page = reading.pages.iter().find(|page| page.number == evidence.page);
    let lines = page.map(|page| page.text_lines.as_slice()).unwrap_or_default();
    let texts = evidence.lines.iter().filter_map(|line| lines.get(*line));
    texts.map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
