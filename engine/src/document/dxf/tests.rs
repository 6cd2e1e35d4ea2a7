//! Small DXFs, written here pair by pair.

use cad_common::contract::reading::TextSource;

use super::*;

/// Pairs of code and value, written `8 0|10 5.0`, as a file with these blocks and entities.
fn dxf(blocks: &str, entities: &str) -> Vec<u8> {
    let section = |name: &str, body: &str| format!("0 SECTION|2 {name}|{body}0 ENDSEC|");
    let pairs = format!("{}{}0 EOF|", section("BLOCKS", blocks), section("ENTITIES", entities));
    let line = |pair: &str| match pair.split_once(' ') {
        Some((code, value)) => format!("{code}\n{value}\n"),
        None => String::new(),
    };
    pairs.split('|').map(line).collect::<String>().into_bytes()
}

fn page(bytes: &[u8]) -> Page {
    let (dxf, pages) = Dxf::open(bytes).unwrap();
    assert_eq!(pages, 1);
    dxf.page(1, 200, &PageLimits::default()).unwrap()
}

fn texts(bytes: &[u8]) -> Vec<String> {
    page(bytes).text.into_iter().map(|line| line.text).collect()
}

/// A frame of 420 by 297: an A3 sheet in millimetres.
const A3: &str = "0 LWPOLYLINE|70 1|10 0|20 0|10 420|20 0|10 420|20 297|10 0|20 297|";

#[test]
fn a_text_is_read_exactly_at_its_place() {
    let entities = format!("{A3}0 TEXT|10 25.4|20 254|40 5|1 %%C20 H7|");

    let page = page(&dxf("", &entities));

    assert_eq!((page.image.width(), page.image.height()), (3307, 2339));
    assert!((page.dpi.unwrap() - 200.0).abs() < 0.01 && !page.needs_ocr);
    let line = &page.text[0];
    assert_eq!(
        (line.text.as_str(), line.source, line.confidence),
        ("⌀20 H7", TextSource::Dxf, 1.0)
    );
    let [left, bottom] = line.polygon[3];
    assert!((left - 200.0).abs() < 2.0 && (bottom - 338.6).abs() < 2.0, "{left} {bottom}");
}

#[test]
fn lines_curves_and_areas_are_drawn() {
    let shapes = [
        ("0 LINE|10 10|20 100|11 400|21 100|", (200.0, 100.0)),
        ("0 CIRCLE|10 200|20 150|40 50|", (250.0, 150.0)),
        ("0 ARC|10 200|20 150|40 50|50 90|51 270|", (150.0, 150.0)),
        ("0 ELLIPSE|10 200|20 150|11 80|21 0|40 0.5|41 0|42 6.283185|", (200.0, 190.0)),
        ("0 SOLID|10 100|20 100|11 200|21 100|12 100|22 200|13 200|23 200|", (150.0, 150.0)),
        ("0 LWPOLYLINE|70 0|10 100|20 150|42 1|10 200|20 150|", (150.0, 100.0)),
        ("0 POLYLINE|70 0|0 VERTEX|10 100|20 50|0 VERTEX|10 300|20 50|0 SEQEND|", (200.0, 50.0)),
        (
            "0 SPLINE|70 8|71 2|40 0|40 0|40 0|40 1|40 1|40 1|10 100|20 100|10 200|20 200|10 300|20 100|",
            (200.0, 150.0),
        ),
    ];

    for (shape, (x, y)) in shapes {
        let image = page(&dxf("", &format!("{A3}{shape}"))).image;

        let px = |mm: f64| (mm / 25.4 * 200.0) as u32;
        let (x, y) = (px(x), px(297.0 - y));
        let around = (x - 4..x + 4).flat_map(|x| (y - 4..y + 4).map(move |y| (x, y)));
        let is_inked = around.into_iter().any(|(x, y)| image.get_pixel(x, y).0[0] < 128);
        assert!(is_inked, "{shape}");
    }
}

#[test]
fn a_turned_text_says_so() {
    let entities = format!("{A3}0 TEXT|10 50|20 50|40 5|50 90|1 33|");

    assert_eq!(page(&dxf("", &entities)).text[0].rotation, 90.0);
}

#[test]
fn texts_of_inserted_blocks_stand_where_the_block_stands() {
    let blocks = "0 BLOCK|2 B|10 10|20 0|0 TEXT|10 10|20 0|40 3|1 IN|0 ENDBLK|";
    let insert =
        "0 INSERT|2 B|10 100|20 100|41 2|42 2|50 90|0 ATTRIB|10 7|20 7|40 3|1 VALUE|70 0|0 SEQEND|";
    let entities = format!("{A3}{insert}");

    let page = page(&dxf(blocks, &entities));

    assert_eq!(page.text[0].text, "IN");
    assert_eq!(page.text[0].rotation, 90.0);
    let [x, y] = page.text[0].polygon[3];
    assert!((x - 787.4).abs() < 2.0 && (y - 1551.0).abs() < 3.0, "{x} {y}");
    assert_eq!(page.text[1].text, "VALUE");
}

#[test]
fn a_dimension_speaks_through_its_block_once() {
    let blocks = "0 BLOCK|2 *D1|10 0|20 0|0 MTEXT|10 5|20 5|40 3|71 5|1 \\A1;%%c25{\\H0.7x;\\S+0.1^-0.2;}|0 ENDBLK|";
    let dimension = "0 DIMENSION|2 *D1|70 3|42 25.0|11 5|21 5|1 |";

    assert_eq!(texts(&dxf(blocks, &format!("{A3}{dimension}"))), ["⌀25 +0.1/-0.2"]);
}

#[test]
fn a_dimension_without_a_block_is_written_from_what_it_measures() {
    let dimension = |kind: u8, value: f64, text: &str| {
        format!("0 DIMENSION|70 {kind}|42 {value}|11 50|21 50|1 {text}|")
    };
    let entities = [
        dimension(0, 12.5, ""),
        dimension(3, 8.0, ""),
        dimension(4, 2.25, "4x <>"),
        dimension(2, std::f64::consts::FRAC_PI_4, ""),
        dimension(0, 7.0, "M6"),
        dimension(0, 7.0, " "),
    ];

    let texts = texts(&dxf("", &format!("{A3}{}", entities.concat())));

    assert_eq!(texts, ["12.5", "⌀8", "4x R2.25", "45°", "M6"]);
}

#[test]
fn a_frame_of_tolerances_is_read_with_its_signs() {
    let frame =
        "0 TOLERANCE|10 50|20 50|11 1|21 0|1 {\\Fgdt;j}%%v{\\Fgdt;n}0.14{\\Fgdt;m}%%vA%%vB%%v|";

    assert_eq!(texts(&dxf("", &format!("{A3}{frame}"))), ["⌖ | ⌀0.14Ⓜ | A | B"]);
}

#[test]
fn old_files_are_read_in_their_code_page() {
    let mut file = b"0\nSECTION\n2\nHEADER\n9\n$DWGCODEPAGE\n3\nANSI_936\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n".to_vec();
    file.extend_from_slice(b"0\nTEXT\n10\n0\n20\n0\n40\n5\n1\n");
    file.extend_from_slice(&[0xb2, 0xc4, 0xc1, 0xcf]);
    file.extend_from_slice(b"\n0\nENDSEC\n0\nEOF\n");

    assert_eq!(texts(&file), ["材料"]);
}

#[test]
fn a_block_that_inserts_itself_ends() {
    let blocks = "0 BLOCK|2 B|0 INSERT|2 B|10 1|20 1|0 INSERT|2 B|10 2|20 2|0 LINE|10 0|20 0|11 9|21 9|0 ENDBLK|";
    let page = page(&dxf(blocks, &format!("{A3}0 INSERT|2 B|10 0|20 0|70 50|71 50|")));

    assert_eq!(page.warnings[0].code, WarningCode::PartialReading);
}

#[test]
fn a_file_cut_off_is_read_with_a_warning_or_is_damaged() {
    let whole = dxf("", &format!("{A3}0 TEXT|10 1|20 1|40 5|1 A|0 TEXT|10 9|20 9|40 5|1 B|"));
    let cut = whole.len() - 40;

    assert_eq!(page(&whole[..cut]).warnings[0].code, WarningCode::PartialReading);
    assert!(matches!(Dxf::open(&whole[..30]), Err(EngineError::Damaged { .. })));
    for length in 0..whole.len() {
        let _ =
            Dxf::open(&whole[..length]).map(|(dxf, _)| dxf.page(1, 200, &PageLimits::default()));
    }
}

#[test]
fn frozen_layers_are_not_read() {
    let mut file = b"0\nSECTION\n2\nTABLES\n0\nLAYER\n2\nOLD\n70\n1\n62\n7\n0\nENDSEC\n".to_vec();
    file.extend(dxf(
        "",
        &format!("{A3}0 TEXT|8 OLD|10 1|20 1|40 5|1 gone|0 TEXT|8 0|10 1|20 1|40 5|1 here|"),
    ));

    assert_eq!(texts(&file), ["here"]);
}

#[test]
fn a_bomb_of_size_stays_inside_the_limits() {
    let entities = "0 LINE|10 -1e300|20 0|11 1e300|21 1|0 TEXT|10 0|20 0|40 1e5|1 A|";
    let file = dxf("", entities);
    let Ok((dxf, _)) = Dxf::open(&file) else { return };

    let _ = dxf.page(1, 1200, &PageLimits::default());
}
