//! Materials that drawings name: grades, families and what to mind with them.

use std::sync::LazyLock;

use cad_common::contract::drawing::MaterialNote;
use regex::{RegexSet, RegexSetBuilder};

/// What is known of one material.
struct Entry {
    /// How drawings write it, as a regular expression.
    pattern: &'static str,
    /// Its designation.
    grade: &'static str,
    /// Its common name.
    name: &'static str,
    /// `metal` or `plastic`.
    category: &'static str,
    /// Its family.
    group: &'static str,
}

const fn entry(
    pattern: &'static str,
    grade: &'static str,
    name: &'static str,
    group: &'static str,
) -> Entry {
    let category = match group.as_bytes() {
        b"plastic" => "plastic",
        _ => "metal",
    };
    Entry { pattern, grade, name, category, group }
}

/// Grades first, families behind them: the first entry that matches a text wins.
const ENTRIES: [Entry; 73] = [
    entry(
        r"\b(?:SUS|AISI|CRES|SS) ?-?304L\b|\b304L\b|1\.4306|1\.4307|022Cr19Ni10",
        "304L",
        "stainless steel 304L",
        "stainless_steel",
    ),
    entry(
        r"\b(?:SUS|AISI|CRES|SS) ?-?304\b|1\.4301|06Cr19Ni10|X5CrNi18-10|stainless steel 304",
        "304",
        "stainless steel 304",
        "stainless_steel",
    ),
    entry(
        r"\b(?:SUS|AISI|SS) ?-?303\b|1\.4305|Y1Cr18Ni9",
        "303",
        "stainless steel 303",
        "stainless_steel",
    ),
    entry(
        r"\b(?:SUS|AISI|CRES|SS) ?-?316L\b|\b316L\b|1\.4404|022Cr17Ni12Mo2",
        "316L",
        "stainless steel 316L",
        "stainless_steel",
    ),
    entry(
        r"\b(?:SUS|AISI|CRES|SS) ?-?316\b|1\.4401|06Cr17Ni12Mo2",
        "316",
        "stainless steel 316",
        "stainless_steel",
    ),
    entry(
        r"\b(?:SUS|AISI) ?-?420\b|1\.4021|\b20Cr13\b|\b2Cr13\b",
        "420",
        "stainless steel 420",
        "stainless_steel",
    ),
    entry(
        r"\b(?:SUS|AISI) ?-?430\b|1\.4016|\b10Cr17\b",
        "430",
        "stainless steel 430",
        "stainless_steel",
    ),
    entry(
        r"\b17-4 ?PH\b|1\.4542|05Cr17Ni4Cu4Nb",
        "17-4PH",
        "stainless steel 17-4 PH",
        "stainless_steel",
    ),
    entry(r"\b1Cr18Ni9Ti\b|1\.4541|\b321\b", "321", "stainless steel 321", "stainless_steel"),
    entry(r"\bQ235[A-D]?\b|1\.0037", "Q235", "carbon structural steel Q235", "carbon_steel"),
    entry(
        r"\bQ345[A-E]?\b|\bQ355[A-E]?\b|1\.0577|\bS355\w*\b",
        "Q355",
        "low-alloy structural steel",
        "low_alloy_steel",
    ),
    entry(
        r"\bS235\w*\b|1\.0038|1\.0114|\bSt ?37\b",
        "S235",
        "structural steel S235",
        "carbon_steel",
    ),
    entry(r"\bS275\w*\b|1\.0044", "S275", "structural steel S275", "carbon_steel"),
    entry(r"\bSS400\b", "SS400", "structural steel SS400", "carbon_steel"),
    entry(r"\bDC01\b|1\.0330|\bSPCC\b", "DC01", "cold-rolled steel", "carbon_steel"),
    entry(r"\b20#|\b20 ?钢|\bC22E?\b|1\.0402", "20", "carbon steel 20", "carbon_steel"),
    entry(
        r"\b45#|\b45 ?钢|^45$|\bC45E?\b|1\.0503|1\.1191|\bS45C\b|\b1045\b",
        "45",
        "carbon steel 45",
        "carbon_steel",
    ),
    entry(r"\b1018\b", "1018", "carbon steel 1018", "carbon_steel"),
    entry(
        r"\b12L14\b|11SMn(?:Pb)?30|1\.0715|1\.0718",
        "11SMn30",
        "free-cutting steel",
        "carbon_steel",
    ),
    entry(r"\b65Mn\b", "65Mn", "spring steel 65Mn", "spring_steel"),
    entry(r"\b60Si2Mn\b", "60Si2Mn", "spring steel 60Si2Mn", "spring_steel"),
    entry(
        r"\b40Cr\b|\b41Cr4\b|1\.7035|\b5140\b|\bSCr440\b",
        "40Cr",
        "alloy steel 40Cr",
        "alloy_steel",
    ),
    entry(
        r"\b42CrMo4?\b|1\.7225|\b4140\b|\bSCM440\b",
        "42CrMo",
        "alloy steel 42CrMo",
        "alloy_steel",
    ),
    entry(
        r"\b35CrMo\b|\b34CrMo4\b|1\.7220|\bSCM435\b",
        "35CrMo",
        "alloy steel 35CrMo",
        "alloy_steel",
    ),
    entry(
        r"\b4340\b|\b34CrNiMo6\b|1\.6582|\b40CrNiMoA?\b",
        "40CrNiMo",
        "alloy steel 40CrNiMo",
        "alloy_steel",
    ),
    entry(r"\b20Cr\b", "20Cr", "case-hardening steel 20Cr", "alloy_steel"),
    entry(r"\b20CrMnTi\b", "20CrMnTi", "case-hardening steel 20CrMnTi", "alloy_steel"),
    entry(r"\b16MnCr5\b|1\.7131", "16MnCr5", "case-hardening steel 16MnCr5", "alloy_steel"),
    entry(
        r"\bGCr15\b|\b100Cr6\b|1\.3505|\b52100\b|\bSUJ2\b",
        "GCr15",
        "bearing steel",
        "bearing_steel",
    ),
    entry(
        r"\bCr12MoV\b|\bSKD11\b|1\.2379|\bD2 tool steel",
        "Cr12MoV",
        "cold-work tool steel",
        "tool_steel",
    ),
    entry(r"\bH13\b|1\.2344|4Cr5MoSiV1|\bSKD61\b", "H13", "hot-work tool steel", "tool_steel"),
    entry(r"\bP20\b|1\.2311|3Cr2Mo", "P20", "mould steel P20", "tool_steel"),
    entry(r"\bT8A?\b|\bT10A\b", "T10A", "carbon tool steel", "tool_steel"),
    entry(r"\bW18Cr4V\b|\bHSS\b|\bM2 tool steel", "HSS", "high-speed steel", "tool_steel"),
    entry(r"\bHT ?150\b|EN-GJL-150", "HT150", "grey cast iron 150", "cast_iron"),
    entry(
        r"\bHT ?200\b|EN-GJL-200|\bGG-?20\b|\bFC200\b",
        "HT200",
        "grey cast iron 200",
        "cast_iron",
    ),
    entry(
        r"\bHT ?250\b|EN-GJL-250|\bGG-?25\b|\bFC250\b",
        "HT250",
        "grey cast iron 250",
        "cast_iron",
    ),
    entry(r"\bHT ?300\b|EN-GJL-300", "HT300", "grey cast iron 300", "cast_iron"),
    entry(
        r"\bQT ?400(?:-1[58])?\b|EN-GJS-400|\bGGG-?40\b",
        "QT400",
        "ductile iron 400",
        "cast_iron",
    ),
    entry(r"\bQT ?450(?:-10)?\b", "QT450", "ductile iron 450", "cast_iron"),
    entry(r"\bQT ?500(?:-7)?\b|EN-GJS-500|\bGGG-?50\b", "QT500", "ductile iron 500", "cast_iron"),
    entry(r"\bQT ?600(?:-3)?\b|EN-GJS-600", "QT600", "ductile iron 600", "cast_iron"),
    entry(r"\bZG ?(?:230-450|270-500|310-570|45)\b", "ZG", "cast steel", "cast_steel"),
    entry(r"\b6061(?:-?T6\w*)?\b|3\.3211|AlMg1SiCu", "6061", "aluminium alloy 6061", "aluminium"),
    entry(r"\b6063(?:-?T\d\w*)?\b|3\.3206", "6063", "aluminium alloy 6063", "aluminium"),
    entry(r"\b6082(?:-?T\d\w*)?\b|3\.2315|AlSi1MgMn", "6082", "aluminium alloy 6082", "aluminium"),
    entry(
        r"\b7075(?:-?T\d\w*)?\b|3\.4365|AlZn5,?\.?5MgCu",
        "7075",
        "aluminium alloy 7075",
        "aluminium",
    ),
    entry(
        r"\b2024(?:-?T\d\w*)\b|\b(?:Al|AA|aluminium|aluminum) ?2024\b|3\.1355|\bLY12\b|\b2A12\b",
        "2024",
        "aluminium alloy 2024",
        "aluminium",
    ),
    entry(r"\b5052(?:-?H\d\w*)?\b|3\.3523", "5052", "aluminium alloy 5052", "aluminium"),
    entry(r"\b5083(?:-?H\d\w*)?\b|3\.3547", "5083", "aluminium alloy 5083", "aluminium"),
    entry(r"\bZL ?10[1-4]A?\b|\bA356\b", "ZL101", "cast aluminium alloy", "aluminium"),
    entry(r"\bADC ?12\b|\bA380\b", "ADC12", "die-cast aluminium alloy", "aluminium"),
    entry(r"\bH62\b|\bCuZn3[79]\b|2\.0321", "H62", "brass H62", "copper_alloy"),
    entry(
        r"\bHPb59-1\b|\bCuZn39Pb3\b|2\.0401|\bC3604\b",
        "HPb59-1",
        "leaded brass",
        "copper_alloy",
    ),
    entry(r"\bZCuSn10Pb?1\b|\bQSn\d\S*|\bCuSn\d+\b", "CuSn", "tin bronze", "copper_alloy"),
    entry(
        r"\bTC4\b|\bTi-?6Al-?4V\b|3\.7165|\bGrade 5 titanium",
        "Ti-6Al-4V",
        "titanium alloy grade 5",
        "titanium",
    ),
    entry(r"\bAZ91D?\b|\bAZ31B?\b", "AZ91", "magnesium alloy", "magnesium"),
    entry(r"\bInconel ?718\b|\bGH4169\b", "Inconel 718", "nickel alloy 718", "nickel_alloy"),
    entry(r"\bPOM(?:-[CH])?\b|\bDelrin\b|\bAcetal\b|聚甲醛", "POM", "polyoxymethylene", "plastic"),
    entry(r"\bPLA\b", "PLA", "polylactide", "plastic"),
    entry(r"\bPETG\b", "PETG", "glycol-modified polyester", "plastic"),
    entry(r"\bABS\b", "ABS", "acrylonitrile butadiene styrene", "plastic"),
    entry(r"\bPEEK\b", "PEEK", "polyether ether ketone", "plastic"),
    entry(r"\bPTFE\b|\bTeflon\b|聚四氟乙烯", "PTFE", "polytetrafluoroethylene", "plastic"),
    entry(r"\bPA ?6{1,2}\b|\bnylon\b|尼龙", "PA", "polyamide", "plastic"),
    entry(r"\bPC\b|\bpolycarbonate\b|聚碳酸酯", "PC", "polycarbonate", "plastic"),
    entry(r"\bPMMA\b|\bacrylic\b|有机玻璃", "PMMA", "acrylic glass", "plastic"),
    entry(
        r"\bstainless\b|不锈钢|\bEdelstahl\b|\binox\b|\bCRES\b",
        "stainless steel",
        "stainless steel",
        "stainless_steel",
    ),
    entry(r"\balumini?um\b|铝|\baluminio\b|\balluminio\b", "aluminium", "aluminium", "aluminium"),
    entry(r"\bbrass\b|黄铜|\bmessing\b|\blaiton\b", "brass", "brass", "copper_alloy"),
    entry(
        r"\bbronze\b|青铜|\bcopper\b|紫铜|\bkupfer\b",
        "copper",
        "copper or bronze",
        "copper_alloy",
    ),
    entry(r"\bcast iron\b|铸铁|\bguss(?:eisen)?\b", "cast iron", "cast iron", "cast_iron"),
    entry(
        r"\bsteel\b|钢|\bstahl\b|\bacier\b|\bacero\b|\bacciaio\b",
        "steel",
        "steel",
        "carbon_steel",
    ),
];

static PATTERNS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    // a Latin word may touch a Chinese one, so its bounds are those of ASCII
    let patterns = ENTRIES.map(|entry| entry.pattern.replace(r"\b", r"(?-u:\b)"));
    RegexSetBuilder::new(patterns).case_insensitive(true).build().ok()
});

/// Looks a stated material up; a note that says so where it is not known.
pub(super) fn look_up(stated: &str) -> MaterialNote {
    let Some(entry) = find(stated) else {
        return MaterialNote {
            warnings: vec!["the material is not in the table of known grades".to_owned()],
            ..MaterialNote::default()
        };
    };
    let text = |value: &str| Some(value.to_owned());
    MaterialNote {
        found: true,
        grade: text(entry.grade),
        name: text(entry.name),
        category: text(entry.category),
        group: text(entry.group),
        warnings: if is_family(entry) {
            vec!["only a family of materials is named, no grade".to_owned()]
        } else {
            Vec::new()
        },
        recommendations: advice(entry.group).map(str::to_owned).into_iter().collect(),
    }
}

/// The designation of the first known material in a text.
pub(super) fn grade(text: &str) -> Option<&'static str> {
    find(text).map(|entry| entry.grade)
}

fn find(text: &str) -> Option<&'static Entry> {
    let first = PATTERNS.as_ref()?.matches(text).into_iter().next()?;
    ENTRIES.get(first)
}

/// A family is named in words, a grade by a code.
fn is_family(entry: &Entry) -> bool {
    entry.category == "metal"
        && entry.grade.chars().all(|letter| letter.is_ascii_lowercase() || letter == ' ')
}

fn advice(group: &str) -> Option<&'static str> {
    match group {
        "stainless_steel" => Some("mind work hardening and galling; passivate after machining"),
        "titanium" => Some("mind heat and galling; use sharp tools and much coolant"),
        "magnesium" => Some("mind the fire risk of chips; no water-based coolant"),
        "cast_iron" => Some("relieve stress before finishing where flatness matters"),
        "alloy_steel" | "tool_steel" | "bearing_steel" => {
            Some("state the heat treatment and leave stock for grinding")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_of_several_standards_are_known() {
        for (text, grade) in [
            ("CRES 304 PER ASTM A240", "304"),
            ("HT200", "HT200"),
            ("Sheet 2.0 Steel EN 1.0114", "S235"),
            ("45钢", "45"),
            ("Aluminium 7075", "7075"),
            ("POM", "POM"),
            ("Stainless Steel", "stainless steel"),
            ("AISI 304, ANNEALED", "304"),
        ] {
            assert_eq!(super::grade(text), Some(grade), "{text}");
        }
    }

    #[test]
    fn an_unknown_material_is_said_to_be_unknown() {
        let note = look_up("UNOBTAINIUM 9");

        assert!(!note.found);
        assert_eq!(note.grade, None);
        assert_eq!(note.warnings.len(), 1);
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }
}
