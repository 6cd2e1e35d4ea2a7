//! Process requirements: heat treatment, coating, welding and general notes, with their figures.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cad_common::contract::drawing::{ProcessRequirements, Requirement};
use cad_common::contract::reading::Evidence;
use regex::{Regex, RegexBuilder};

use super::number::tidy;
use super::regions::{Regions, Role};
use super::sheet::Sheet;

/// A kind of requirement and how drawings word it.
type Wording = (&'static str, &'static str);

const HEAT: [Wording; 13] = [
    (
        "quench_temper",
        r"调质|quench(?:ed|ing)? (?:and|&) temper(?:ed|ing)?|\bQ ?& ?T\b|vergütet|vergüten",
    ),
    ("stress_relief", r"去应力|消除应力|stress[- ]reliev\w*|stress[- ]relief|spannungsarm"),
    ("induction_hardening", r"高频淬火|感应淬火|中频淬火|induction[- ]harden\w*|induktiv gehärtet"),
    ("flame_hardening", r"火焰淬火|flame[- ]harden\w*"),
    ("carburizing", r"渗碳|carburi[sz]\w*|case[- ]harden\w*|einsatzgehärtet"),
    ("nitriding", r"渗氮|氮化|nitrid\w*|nitrocarburi\w*|nitriert"),
    ("solution_treatment", r"固溶|solution[- ](?:treat\w*|anneal\w*)"),
    (
        "aging",
        r"时效|\bage[- ]harden\w*|\b(?:artificial|natural|precipitation) ag(?:e)?ing\b|\bag(?:e)?ing treatment\b",
    ),
    ("annealing", r"退火|\banneal(?:ed|ing)?\b|geglüht"),
    ("normalizing", r"正火|\bnormali[sz](?:ed|ing|e)\b|normalgeglüht"),
    (
        "quenching",
        r"淬火|淬硬|\bquench(?:ed|ing)?\b|\bthrough[- ]harden\w*|\bharden(?:ed|ing)? (?:to|and)\b|gehärtet",
    ),
    ("tempering", r"回火|\btemper(?:ed|ing)?\b|angelassen"),
    ("general_heat_treatment", r"热处理|\bheat[- ]treat\w*|wärmebehandel\w*"),
];

const SURFACE: [Wording; 14] = [
    ("galvanizing", r"镀锌|galvani[sz]\w*|\bzinc[- ]plat\w*|verzinkt"),
    (
        "chromating",
        r"镀硬?铬|\b(?:hard )?chrom(?:e|ium)[- ]?plat\w*|\bhard chrome\b|chromat(?:e|ed|ing)\b|verchromt",
    ),
    (
        "nickel_plating",
        r"镀镍|化学镍|\b(?:electroless )?nickel[- ]?plat\w*|\belectroless nickel\b|vernickelt",
    ),
    ("anodizing", r"阳极氧化|硬质氧化|anodi[sz]\w*|eloxiert"),
    ("phosphating", r"磷化|phosphat(?:e|ed|ing)\b|phosphatiert"),
    (
        "blackening",
        r"发黑|发蓝|黑色氧化|\bblack(?:en\w*| oxide\b)|\bblu(?:e|ed|ing) finish\b|brüniert",
    ),
    (
        "powder_coating",
        r"喷粉|喷塑|粉末涂|\bpowder[- ]?coat\w*|\benamel powder\b|pulverbeschichtet",
    ),
    ("electrophoretic_coating", r"电泳|\be-coat\w*|\belectrophoretic\b"),
    ("painting", r"喷漆|涂漆|油漆|防锈漆|涂装|\bpaint(?:ed|ing)?\b|lackiert"),
    ("polishing", r"抛光|镜面|\b(?:electro)?polish(?:ed|ing)?\b|poliert"),
    ("sandblasting", r"喷砂|喷丸|\b(?:sand|bead|shot|grit)[- ]?blast\w*|gestrahlt"),
    ("passivation", r"钝化|\bpassivat\w*|passiviert"),
    ("oxidation", r"氧化|\boxidi[sz]e[d]?\b"),
    ("electroplating", r"电镀|\belectroplat\w*"),
];

const WELDING: [Wording; 9] = [
    ("tig_welding", r"氩弧焊|\bTIG\b|\bGTAW\b|\bWIG\b"),
    ("mig_welding", r"气保焊|气体保护焊|二保焊|\bMIG\b|\bMAG\b|\bGMAW\b"),
    ("spot_welding", r"点焊|\bspot[- ]weld\w*"),
    ("seam_welding", r"缝焊|\bseam[- ]weld\w*"),
    ("laser_welding", r"激光焊|\blaser[- ]weld\w*"),
    ("electron_beam_welding", r"电子束焊|\belectron[- ]beam weld\w*"),
    ("brazing", r"钎焊|\bbraz(?:e|ed|ing)\b"),
    ("soldering", r"锡焊|软钎焊|\bsolder(?:ed|ing)?\b"),
    ("arc_welding", r"电弧焊|手工焊|焊条|\barc[- ]weld\w*|\bSMAW\b"),
];

/// Kinds that name no more than another found beside them.
const GENERAL_KINDS: [(&str, &[&str]); 4] = [
    ("general_heat_treatment", &[]),
    ("electroplating", &["galvanizing", "chromating", "nickel_plating"]),
    ("oxidation", &["anodizing", "blackening"]),
    ("annealing", &["stress_relief"]),
];

/// Other materials and properties that use the words of a process.
const NOT_A_PROCESS: &str = r"tempered glass|temperature|flame[- ]retard\w*|nickel alloy|钢化玻璃";

const GENERAL_NOTE: &str = r"未注|去毛刺|去锐边|锐边倒钝|倒钝|裂纹|砂眼|气孔|表面不得有|不得有|调质处理|\bdeburr\b|\bburrs?\b|sharp edges|unless otherwise|general tolerance|allgemeintoleranz|grate? entfern|entgraten|kanten gebrochen";

struct Patterns {
    heat: Vec<(&'static str, Regex)>,
    surface: Vec<(&'static str, Regex)>,
    welding: Vec<(&'static str, Regex)>,
    not_a_process: Option<Regex>,
    general_note: Option<Regex>,
    hardness: Option<Regex>,
    depth: Option<Regex>,
    thickness: Option<Regex>,
    leg: Option<Regex>,
    filler: Option<Regex>,
    clause_number: Option<Regex>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    heat: wordings(&HEAT),
    surface: wordings(&SURFACE),
    welding: wordings(&WELDING),
    not_a_process: pattern(NOT_A_PROCESS),
    general_note: pattern(GENERAL_NOTE),
    hardness: pattern(
        r"(?P<unit>HRC|HRA|HBW|HBS|HB|HV)\d{0,2}? ?(?P<low>(?:≥|>=|min\.? ?)?\d{2,4}(?:\.\d)?)(?: ?[-~] ?(?P<high>\d{2,4}(?:\.\d)?))?|(?P<low2>(?:≥|>=)?\d{2,4}(?:\.\d)?)(?: ?[-~] ?(?P<high2>\d{2,4}(?:\.\d)?))? ?(?P<unit2>HRC|HRA|HBW|HBS|HB|HV)\b",
    ),
    depth: pattern(
        r"(?:层深度?|深度?|depth|cht|ehd|nht) ?[:=]? ?(?:≥|>=)? ?(?P<low>\d+(?:\.\d+)?) ?(?:[-~] ?(?P<high>\d+(?:\.\d+)?))? ?(?P<unit>mm|μm|in\b|inch|\x22)?",
    ),
    thickness: pattern(
        r"(?:厚度?|thick(?:ness)?\.?) ?[:=]? ?(?:≥|>=)? ?(?P<low>\d+(?:\.\d+)?) ?(?:[-~] ?(?P<high>\d+(?:\.\d+)?))? ?(?P<unit>μm|um|microns?|mm|丝)?|(?P<low2>\d+(?:\.\d+)?) ?(?:[-~] ?(?P<high2>\d+(?:\.\d+)?))? ?(?P<unit2>μm|um|microns?)",
    ),
    leg: pattern(r"(?:焊脚(?:高度?|尺寸)?|焊缝高度?|leg(?: size)?) ?[:=]? ?(?P<low>\d+(?:\.\d+)?)"),
    filler: pattern(
        r"\b(?P<low>E[RN]? ?\d{2,4}[A-Z]{0,2}(?:-[A-Z]?\d{0,2}[A-Z]?)?|H\d{2}Mn2?Si[A-Z]?)\b",
    ),
    clause_number: Regex::new(r"^\s*\d{1,2} ?[.,)] ?").ok(),
});

/// Reads the requirements of all sheets; none where nothing is required.
pub(super) fn read(sheets: &[(Sheet<'_>, Regions)]) -> Option<ProcessRequirements> {
    let mut requirements = ProcessRequirements::default();
    let mut texts: Vec<&str> = Vec::new();
    for (sheet, regions) in sheets {
        for (index, line) in
            sheet.lines.iter().enumerate().filter(|(index, _)| !regions.is(*index, Role::Zone))
        {
            let before = count(&requirements);
            for clause in line.text().split([';', '\n']).flat_map(|part| part.split(". ")) {
                read_clause(clause, &sheet.evidence(&[index]), &mut requirements);
            }
            if count(&requirements) > before {
                texts.push(line.source.text.trim());
            }
        }
    }
    if texts.is_empty() {
        return None;
    }
    requirements.raw_text = Some(texts.join("\n"));
    Some(requirements)
}

fn count(requirements: &ProcessRequirements) -> usize {
    requirements.heat_treatments.len()
        + requirements.surface_treatments.len()
        + requirements.welding.len()
        + requirements.general_notes.len()
}

fn read_clause(clause: &str, evidence: &Evidence, requirements: &mut ProcessRequirements) {
    let patterns = &*PATTERNS;
    let numbered =
        patterns.clause_number.as_ref().map_or(clause.into(), |number| number.replace(clause, ""));
    let text = numbered.trim().trim_end_matches(['.', ',', ':']);
    let worded =
        patterns.not_a_process.as_ref().map_or(text.into(), |other| other.replace_all(text, " "));
    let group = |wordings: &[(&'static str, Regex)],
                 figures: BTreeMap<String, String>|
     -> Vec<Requirement> {
        kinds(&worded, wordings)
            .into_iter()
            .map(|kind| Requirement {
                kind: kind.to_owned(),
                parameters: figures.clone(),
                source_text: text.to_owned(),
                evidence: evidence.clone(),
            })
            .collect()
    };
    requirements.heat_treatments.extend(group(&patterns.heat, heat_figures(text)));
    requirements.surface_treatments.extend(group(&patterns.surface, surface_figures(text)));
    requirements.welding.extend(group(&patterns.welding, welding_figures(text)));
    let is_note = patterns.general_note.as_ref().is_some_and(|note| note.is_match(text));
    if is_note && !requirements.general_notes.iter().any(|known| known == text) {
        requirements.general_notes.push(text.to_owned());
    }
}

/// The kinds that a text words, without those that another one makes plain.
fn kinds(text: &str, wordings: &[(&'static str, Regex)]) -> Vec<&'static str> {
    let mut rest = text.to_owned();
    let mut found: Vec<&'static str> = Vec::new();
    for (kind, wording) in wordings {
        if wording.is_match(&rest) {
            found.push(kind);
            // a special word contains the general one: induction hardening is no second quenching
            rest = wording.replace_all(&rest, " ").into_owned();
        }
    }
    let all = found.clone();
    found.retain(|kind| {
        let general = GENERAL_KINDS.iter().find(|(general, _)| general == kind);
        general.is_none_or(|(_, special)| {
            let others = all.iter().filter(|other| other != &kind);
            if special.is_empty() {
                all.len() == 1
            } else {
                !others.into_iter().any(|other| special.contains(other))
            }
        })
    });
    found
}

fn heat_figures(text: &str) -> BTreeMap<String, String> {
    let mut figures = BTreeMap::new();
    if let Some(found) = PATTERNS.hardness.as_ref().and_then(|hardness| hardness.captures(text)) {
        let part = |first: &str, second: &str| {
            found.name(first).or(found.name(second)).map(|part| part.as_str())
        };
        let (low, high) = (part("low", "low2").unwrap_or(""), part("high", "high2"));
        let range = high.map_or(low.to_owned(), |high| format!("{low}-{high}"));
        figures.insert("hardness".to_owned(), range);
        let unit = part("unit", "unit2").unwrap_or("").to_uppercase();
        figures.insert("hardness_unit".to_owned(), unit);
    }
    if let Some((depth, unit)) = PATTERNS.depth.as_ref().and_then(|depth| mean_of(depth, text)) {
        let in_mm = match unit.as_str() {
            "μm" => depth / 1000.0,
            "in" | "inch" | "\"" => depth * 25.4,
            _ => depth,
        };
        figures.insert("depth_mm".to_owned(), tidy(in_mm).to_string());
    }
    figures
}

fn surface_figures(text: &str) -> BTreeMap<String, String> {
    let mut figures = BTreeMap::new();
    if let Some((thickness, unit)) =
        PATTERNS.thickness.as_ref().and_then(|thickness| mean_of(thickness, text))
    {
        let in_um = match unit.as_str() {
            "mm" => thickness * 1000.0,
            "丝" => thickness * 10.0,
            _ => thickness,
        };
        figures.insert("thickness_um".to_owned(), tidy(in_um).to_string());
    }
    figures
}

fn welding_figures(text: &str) -> BTreeMap<String, String> {
    let mut figures = BTreeMap::new();
    if let Some((leg, _)) = PATTERNS.leg.as_ref().and_then(|leg| mean_of(leg, text)) {
        figures.insert("leg_mm".to_owned(), leg.to_string());
    }
    let filler = PATTERNS
        .filler
        .as_ref()
        .and_then(|filler| filler.captures(text))
        .and_then(|found| found.name("low"));
    if let Some(filler) = filler {
        figures.insert("filler".to_owned(), filler.as_str().to_owned());
    }
    figures
}

/// The middle of a stated range, or its one figure, with the unit behind it in lower case.
fn mean_of(pattern: &Regex, text: &str) -> Option<(f64, String)> {
    let found = pattern.captures(text)?;
    let part = |names: [&str; 2]| {
        names.into_iter().find_map(|name| found.name(name)).map(|part| part.as_str())
    };
    let low: f64 = part(["low", "low2"])?.parse().ok()?;
    let high: f64 = part(["high", "high2"]).and_then(|high| high.parse().ok()).unwrap_or(low);
    Some((tidy(f64::midpoint(low, high)), part(["unit", "unit2"]).unwrap_or("").to_lowercase()))
}

fn wordings(table: &[Wording]) -> Vec<(&'static str, Regex)> {
    table
        .iter()
        .filter_map(|(kind, words)| pattern(words).map(|pattern| (*kind, pattern)))
        .collect()
}

/// Compiles words; a Latin word may touch a Chinese one, so its bounds are those of ASCII.
fn pattern(words: &str) -> Option<Regex> {
    RegexBuilder::new(&words.replace(r"\b", r"(?-u:\b)")).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> ProcessRequirements {
        let mut requirements = ProcessRequirements::default();
        read_clause(text, &Evidence::default(), &mut requirements);
        requirements
    }

    fn heat(text: &str) -> Vec<String> {
        of(text).heat_treatments.into_iter().map(|found| found.kind).collect()
    }

    #[test]
    fn every_pattern_compiles() {
        let patterns = &*PATTERNS;

        assert_eq!(
            (patterns.heat.len(), patterns.surface.len(), patterns.welding.len()),
            (HEAT.len(), SURFACE.len(), WELDING.len())
        );
        let figures = [
            &patterns.hardness,
            &patterns.depth,
            &patterns.thickness,
            &patterns.leg,
            &patterns.filler,
        ];
        assert!(figures.into_iter().all(Option::is_some));
        assert!(
            patterns.not_a_process.is_some()
                && patterns.general_note.is_some()
                && patterns.clause_number.is_some()
        );
    }

    #[test]
    fn hardness_is_read_on_both_sides_of_its_scale() {
        for text in ["淬火 HRC58-62", "淬火 58-62HRC", "quenched 58~62 HRC"] {
            let found = of(text).heat_treatments;
            assert_eq!(found[0].parameters["hardness"], "58-62", "{text}");
            assert_eq!(found[0].parameters["hardness_unit"], "HRC", "{text}");
        }
    }

    #[test]
    fn words_for_other_things_are_no_process() {
        for text in
            ["temperature 25C", "tempered glass", "flame retardant", "nickel alloy", "Image 4"]
        {
            let found = of(text);
            assert_eq!(
                (found.heat_treatments.len(), found.surface_treatments.len()),
                (0, 0),
                "{text}"
            );
        }
    }

    #[test]
    fn a_general_word_beside_a_special_one_says_nothing_more() {
        assert_eq!(heat("热处理：调质"), ["quench_temper"]);
        assert_eq!(heat("Heat treat to 40 HRC"), ["general_heat_treatment"]);
        assert_eq!(heat("去应力退火"), ["stress_relief"]);
    }

    #[test]
    fn english_and_chinese_coatings_are_known() {
        let kinds = |text: &str| {
            of(text).surface_treatments.into_iter().map(|found| found.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds("Black oxide"), ["blackening"]);
        assert_eq!(kinds("电泳"), ["electrophoretic_coating"]);
        assert_eq!(kinds("PASSIVATE PER ASTM A967"), ["passivation"]);
        assert_eq!(kinds("Coating: enamel powder white"), ["powder_coating"]);
    }

    #[test]
    fn a_filler_keeps_its_whole_name() {
        assert_eq!(of("MIG焊 焊丝ER70S-6").welding[0].parameters["filler"], "ER70S-6");
    }
}
