//! How much of a drawing was found, and whether a person should look at it.
//!
//! The formulas are the original's, so that its clients see the scores they know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use cad_common::contract::drawing::{
    EngineeringSignals, FieldCoverage, Identifier, ProcessRequirements, ReviewHints,
};
use cad_common::contract::symbol::Symbol;
use regex::Regex;

use super::labels::Field;

/// The fields no drawing should lack.
const CRITICAL: [Field; 4] =
    [Field::DrawingNumber, Field::Revision, Field::PartName, Field::Material];

/// Scores from which on a drawing is ready without a person, and ready in part.
const BANDS: (f64, f64) = (0.75, 0.45);

static STANDARD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)(?:GB/T|GB|ISO|DIN|ANSI|ASME|ASTM|JIS|EN)(?: ?(?:EN|ISO))?[-/ ]? ?[A-Z]{0,2}\d[A-Za-z0-9]*(?:\.\d+)*(?:-[A-Za-z0-9]+)?").ok()
});

/// How many of the ten fields were found.
pub(super) fn coverage(evidence: &BTreeMap<String, Identifier>) -> FieldCoverage {
    let (recognized, missing): (Vec<Field>, Vec<Field>) =
        Field::ALL.into_iter().partition(|field| evidence.contains_key(field.name()));
    let names = |fields: &[Field]| fields.iter().map(|field| field.name().to_owned()).collect();
    let (found, total) = (count(recognized.len()), count(Field::ALL.len()));
    FieldCoverage {
        recognized_count: found,
        total_fields: total,
        coverage_ratio: to_four_places(f64::from(found) / f64::from(total)),
        recognized_keys: names(&recognized),
        missing_keys: names(&missing),
    }
}

/// Standards named in texts, each once.
pub(super) fn standards<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let Some(pattern) = STANDARD.as_ref() else {
        return Vec::new();
    };
    let found: BTreeSet<String> = texts
        .flat_map(|text| pattern.find_iter(text))
        .map(|found| found.as_str().trim().to_owned())
        .collect();
    found.into_iter().collect()
}

/// Counts and kinds of what was found.
pub(super) fn signals(
    dimensions: usize,
    symbols: &[Symbol],
    requirements: Option<&ProcessRequirements>,
    materials: Vec<String>,
    standards: Vec<String>,
) -> EngineeringSignals {
    let kinds: BTreeSet<&str> = symbols.iter().map(|symbol| symbol.kind.as_str()).collect();
    let geometrical: BTreeSet<&str> = symbols
        .iter()
        .filter(|symbol| is_geometrical(symbol))
        .map(|symbol| symbol.kind.as_str())
        .collect();
    let counts = |requirements: &ProcessRequirements| {
        [
            ("heat_treatments", requirements.heat_treatments.len()),
            ("surface_treatments", requirements.surface_treatments.len()),
            ("welding", requirements.welding.len()),
            ("general_notes", requirements.general_notes.len()),
        ]
    };
    let none = ProcessRequirements::default();
    EngineeringSignals {
        dimension_count: count(dimensions),
        symbol_count: count(symbols.len()),
        has_surface_finish: symbols.iter().any(|symbol| symbol.surface.is_some()),
        has_gdt: !geometrical.is_empty(),
        symbol_types: kinds.into_iter().map(str::to_owned).collect(),
        gdt_symbol_types: geometrical.into_iter().map(str::to_owned).collect(),
        process_requirement_counts: counts(requirements.unwrap_or(&none))
            .into_iter()
            .map(|(group, found)| (group.to_owned(), count(found)))
            .collect(),
        materials_detected: materials,
        standards_candidates: standards,
    }
}

/// Whether a person should look, and at what.
pub(super) fn hints(
    coverage: &FieldCoverage,
    has_identifiers: bool,
    signals: &EngineeringSignals,
) -> ReviewHints {
    let is_present = |field: &Field| coverage.recognized_keys.iter().any(|key| key == field.name());
    let (present, missing): (Vec<Field>, Vec<Field>) = CRITICAL.into_iter().partition(is_present);
    let names =
        |fields: &[Field]| fields.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>();
    let has_process = signals.process_requirement_counts.values().any(|found| *found > 0);
    let has_standards = !signals.standards_candidates.is_empty();
    let has_context = has_process || has_standards || !signals.materials_detected.is_empty();
    let (has_dimensions, has_symbols) = (signals.dimension_count > 0, signals.symbol_count > 0);
    let score = to_four_places(
        0.45 * coverage.coverage_ratio
            + share(has_identifiers, 0.2)
            + share(has_dimensions, 0.15)
            + share(has_symbols, 0.1)
            + share(has_context, 0.1),
    );
    let findings = [
        (!missing.is_empty(), "missing_critical_fields", "fill_critical_title_block_fields"),
        (!has_identifiers, "no_identifiers", "verify_or_extract_identifiers"),
        (!has_dimensions, "no_dimensions", "verify_dimensions"),
        (
            !has_context && !has_symbols,
            "limited_engineering_context",
            "extract_process_requirements",
        ),
        (score < BANDS.1, "low_readiness_score", "manual_review_gate"),
    ];
    let found = || findings.iter().filter(|(applies, _, _)| *applies);
    let reasons: Vec<String> = found().map(|(_, reason, _)| (*reason).to_owned()).collect();
    let band = match score {
        high if high >= BANDS.0 => "high",
        medium if medium >= BANDS.1 => "medium",
        _ => "low",
    };
    let priority = match reasons.is_empty() {
        _ if !missing.is_empty() || band == "low" => "high",
        true => "low",
        false => "medium",
    };
    ReviewHints {
        critical_fields: names(&CRITICAL),
        present_critical_fields: names(&present),
        missing_critical_fields: names(&missing),
        has_identifiers,
        has_dimensions,
        has_symbols,
        has_process_requirements: has_process,
        has_standards_candidates: has_standards,
        review_recommended: !reasons.is_empty(),
        primary_gap: Some(reasons.first().map_or("ready", String::as_str).to_owned()),
        review_priority: priority.to_owned(),
        automation_ready: reasons.is_empty() && band == "high",
        recommended_actions: found().map(|(_, _, action)| (*action).to_owned()).collect(),
        review_reasons: reasons,
        readiness_score: score,
        readiness_band: band.to_owned(),
    }
}

/// Whether a symbol names a geometrical characteristic, with a tolerance or without.
fn is_geometrical(symbol: &Symbol) -> bool {
    symbol.surface.is_none() && !matches!(symbol.kind.as_str(), "datum_feature" | "weld")
}

fn share(applies: bool, weight: f64) -> f64 {
    if applies { weight } else { 0.0 }
}

fn count(found: usize) -> u32 {
    u32::try_from(found).unwrap_or(u32::MAX)
}

fn to_four_places(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(fields: &[Field]) -> FieldCoverage {
        let evidence =
            fields.iter().map(|field| (field.name().to_owned(), Identifier::default())).collect();
        coverage(&evidence)
    }

    #[test]
    fn a_blank_sheet_is_a_high_priority_for_review() {
        let signals = signals(0, &[], None, Vec::new(), Vec::new());

        let hints = hints(&covered(&[]), false, &signals);

        assert_eq!((hints.readiness_score, hints.readiness_band.as_str()), (0.0, "low"));
        assert_eq!(hints.review_priority, "high");
        assert_eq!(
            hints.review_reasons,
            [
                "missing_critical_fields",
                "no_identifiers",
                "no_dimensions",
                "limited_engineering_context",
                "low_readiness_score"
            ]
        );
        assert_eq!(hints.primary_gap.as_deref(), Some("missing_critical_fields"));
    }

    #[test]
    fn a_drawing_with_its_core_evidence_needs_no_review() {
        let requirements = ProcessRequirements {
            general_notes: vec!["按GB/T 1804执行".to_owned()],
            ..ProcessRequirements::default()
        };
        let signals = signals(
            1,
            &[],
            Some(&requirements),
            Vec::new(),
            standards(["按GB/T 1804执行"].into_iter()),
        );
        let tracked_alone = FieldCoverage { coverage_ratio: 1.0, ..covered(&CRITICAL) };

        let hints = hints(&tracked_alone, true, &signals);

        assert!(!hints.review_recommended && hints.automation_ready);
        assert_eq!(hints.primary_gap.as_deref(), Some("ready"));
        assert_eq!(
            (hints.review_priority.as_str(), hints.readiness_band.as_str()),
            ("low", "high")
        );
    }

    #[test]
    fn standards_keep_their_part_and_class() {
        let texts = [
            "未注公差按GB/T1804-m执行",
            "General tolerance DIN ISO 2768 - medium",
            "PER ASTM A967.",
            "PREVISION 12",
        ];

        assert_eq!(standards(texts.into_iter()), ["ASTM A967", "DIN ISO 2768", "GB/T1804-m"]);
    }
}
