//! Surface texture, control frames, datum features, welds.

use cad_common::contract::reading::Reading;

use super::{check, interpret, line, page, sheet};

fn textures(reading: &Reading) -> String {
    let said = reading.symbols.iter().filter_map(|symbol| {
        let surface = symbol.surface.as_ref()?;
        Some(format!("{} {}", surface.parameter, surface.value))
    });
    said.collect::<Vec<_>>().join("; ")
}

fn frames(reading: &Reading) -> String {
    let said = reading.symbols.iter().filter_map(|symbol| {
        let frame = symbol.frame.as_ref()?;
        let mut said = vec![frame.characteristic.clone()];
        let sign = if frame.is_diameter_zone { "Ø" } else { "" };
        said.extend(frame.tolerance.map(|tolerance| format!("{sign}{tolerance}")));
        said.extend(frame.modifiers.iter().map(|modifier| format!("({modifier})")));
        said.extend(frame.datums.iter().map(|datum| match frame.datum_modifiers.get(datum) {
            Some(modifier) => format!("{datum}({modifier})"),
            None => datum.clone(),
        }));
        Some(said.join(" "))
    });
    said.collect::<Vec<_>>().join("; ")
}

#[test]
fn textures_are_read_with_their_parameter() {
    check(
        &[
            ("Ra3.2", "Ra 3.2"),
            ("Ra 3,2", "Ra 3.2"),
            ("RA 1.6", "Ra 1.6"),
            ("Ra=0.8", "Ra 0.8"),
            ("Ra MAX 3.2", "Ra 3.2"),
            ("Ra max 3.2", "Ra 3.2"),
            ("√Ra 6.3", "Ra 6.3"),
            ("Rz25", "Rz 25"),
            ("Rz 6,3", "Rz 6.3"),
            ("Rmax 10", "Rmax 10"),
            ("Rt 16", "Rt 16"),
            ("N7", "N 7"),
            ("√N8", "N 8"),
            ("U Ra 3.2 L Ra 1.6", "Ra 3.2; Ra 1.6"),
            ("Ra 3.2 Rz 12.5", "Ra 3.2; Rz 12.5"),
            ("0.008-2.5/Ra 3.2", "Ra 3.2"),
            ("其余 Ra12.5", "Ra 12.5"),
            ("Ra 3.2 (Ra 1.6)", "Ra 3.2; Ra 1.6"),
            ("63 μin Ra", "Ra 63"),
            ("Ra 63μin", "Ra 63"),
        ],
        textures,
    );
}

#[test]
fn frames_are_read_from_one_line() {
    check(
        &[
            ("⌖|⌀0.14Ⓜ|C|EⓂ", "position Ø0.14 (M) C E(M)"),
            ("⌖ Φ0.1 A B C", "position Ø0.1 A B C"),
            ("⌖|Ø0.1Ⓜ|A|B|C", "position Ø0.1 (M) A B C"),
            ("|⌖|Ø0.1|A|B|C|", "position Ø0.1 A B C"),
            ("⊥|0.04|A", "perpendicular 0.04 A"),
            ("⊥0.04A", "perpendicular 0.04 A"),
            ("∥|0,6|A", "parallel 0.6 A"),
            ("//|0.05|B", "parallel 0.05 B"),
            ("◎|⌀0.05|A", "concentricity Ø0.05 A"),
            ("◎Ø0.05A-B", "concentricity Ø0.05 A-B"),
            ("⏥|0.3", "flatness 0.3"),
            ("⏤|⌀0.02", "straightness Ø0.02"),
            ("○|0.01", "circularity 0.01"),
            ("⌭|0.01", "cylindricity 0.01"),
            ("⌒|0.1|A", "profile_line 0.1 A"),
            ("⌓|0.2|A|B", "profile_surface 0.2 A B"),
            ("∠|0.08|A", "angularity 0.08 A"),
            ("⌯|0.1|A", "symmetry 0.1 A"),
            ("≡|0.1|A", "symmetry 0.1 A"),
            ("↗|0.1|A", "runout 0.1 A"),
            ("⌰|0.1|A", "total_runout 0.1 A"),
            ("⌖|⌀0.2Ⓛ|E|FⓁ", "position Ø0.2 (L) E F(L)"),
            ("⌖|⌀.014Ⓜ|A|B|C", "position Ø0.014 (M) A B C"),
            ("⌖|SØ0.5|A|B", "position Ø0.5 A B"),
            ("⌖|⌀0.1Ⓟ25|A", "position Ø0.1 (P) A"),
            ("⌖|⌀0.1ⓂⓅ25|A", "position Ø0.1 (M) (P) A"),
            ("⏤|0.02/100", "straightness 0.02"),
            ("⏥|0.1/100x100", "flatness 0.1"),
            ("⌓|0.2CZ|A", "profile_surface 0.2 (CZ) A"),
            ("⌓|0.2 CZ|A", "profile_surface 0.2 (CZ) A"),
            ("⌓|0.2Ⓤ0.1|A", "profile_surface 0.2 (U) A"),
            ("⊥|0.1Ⓕ|A", "perpendicular 0.1 (F) A"),
            ("⌖|⌀0.1(M)|A(M)", "position Ø0.1 (M) A(M)"),
            ("2x ⌖|⌀0.1|A", "position Ø0.1 A"),
            ("垂直度 0.02 A", "perpendicular 0.02 A"),
            ("平行度公差0.02 A", "parallel 0.02 A"),
            ("PERPENDICULARITY 0.1 A", "perpendicular 0.1 A"),
            ("⌖|⌀0.5|A|B|C ⌀0.1|A", "position Ø0.5 A B C; position Ø0.1 A"),
            ("⌖|⌀0.5|A|B ⌖|⌀0.1|A", "position Ø0.5 A B; position Ø0.1 A"),
        ],
        frames,
    );
}

#[test]
fn a_frame_whose_sign_is_missing_is_told_by_its_cells() {
    check(
        &[
            ("|⌀0.14Ⓜ|C|EⓂ", "unknown Ø0.14 (M) C E(M)"),
            ("⌀0.14Ⓜ|C|EⓂ", "unknown Ø0.14 (M) C E(M)"),
            ("0,6 A", "unknown 0.6 A"),
            ("0.25 M EM", "unknown 0.25 (M) E(M)"),
            ("0.25M E", "unknown 0.25 (M) E"),
            ("0.04|A", "unknown 0.04 A"),
            ("□|0.04|A", "unknown 0.04 A"),
        ],
        frames,
    );
}

#[test]
fn the_cells_of_a_frame_may_be_lines_side_by_side() {
    let cells = |texts: &[&str]| {
        let mut left = 400.0;
        let lines = texts.iter().map(|text| {
            let cell = line(text, [left, 300.0]);
            left = cell.polygon[1][0] + 22.0;
            cell
        });
        frames(&interpret(vec![page(lines.collect())]))
    };

    assert_eq!(cells(&["⌖", "⌀0.14Ⓜ", "C", "EⓂ"]), "position Ø0.14 (M) C E(M)");
    assert_eq!(cells(&["⌖", "⌀0.1", "A", "B", "C"]), "position Ø0.1 A B C");
    assert_eq!(cells(&["⊥", "0.04", "A"]), "perpendicular 0.04 A");
    assert_eq!(cells(&["⏥", "0.3"]), "flatness 0.3");
    assert_eq!(cells(&["⌖", "⌀0.14Ⓜ C", "EⓂ"]), "position Ø0.14 (M) C E(M)");
    assert_eq!(cells(&["⌖|⌀0.14Ⓜ", "C|EⓂ"]), "position Ø0.14 (M) C E(M)");
    assert_eq!(cells(&["⌀0.14Ⓜ", "C", "EⓂ"]), "unknown Ø0.14 (M) C E(M)");
    assert_eq!(cells(&["0.04", "A"]), "unknown 0.04 A");
}

#[test]
fn a_composite_frame_has_two_tolerances_under_one_sign() {
    let mut lines = vec![line("⌖", [400.0, 318.0])];
    for (row, texts) in [["⌀0.5", "A", "B"], ["⌀0.1", "A", ""]].iter().enumerate() {
        for (column, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let left = [440.0, 540.0, 580.0][column];
            lines.push(line(text, [left, 300.0 + row as f32 * 36.0]));
        }
    }

    let said = frames(&interpret(vec![page(lines)]));

    assert_eq!(said, "position Ø0.5 A B; position Ø0.1 A");
}

#[test]
fn a_frame_states_no_dimension() {
    for text in ["⌖|⌀0.14Ⓜ|C|EⓂ", "⌀0.14Ⓜ|C|EⓂ", "⊥0.04A", "⏥|0.3", "⌖|⌀0.1Ⓟ25|A", "⏤|0.02/100"]
    {
        assert_eq!(sheet(&[text]).dimensions, [], "{text}");
    }
}
