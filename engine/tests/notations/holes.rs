//! Holes: depth, through, counterbore, countersink, spotface.

use super::{check, dimensions};

#[test]
fn depths_are_named_by_sign_or_word() {
    check(
        &[
            ("Ø10 ↧20", "diameter 10 deep 20"),
            ("Ø10↧20", "diameter 10 deep 20"),
            ("Ø10 ⤓ 20", "diameter 10 deep 20"),
            ("Ø10 x 20 DEEP", "diameter 10 deep 20"),
            ("Ø10 20 DEEP", "diameter 10 deep 20"),
            ("Ø10 DEEP 20", "diameter 10 deep 20"),
            ("Ø10 DP 20", "diameter 10 deep 20"),
            ("Ø10 DEPTH 20", "diameter 10 deep 20"),
            ("Ø10 20 TIEF", "diameter 10 deep 20"),
            ("Ø10 TIEFE 20", "diameter 10 deep 20"),
            ("Ø10深20", "diameter 10 deep 20"),
            ("Φ10 深度 20", "diameter 10 deep 20"),
            ("Φ10孔深20", "diameter 10 deep 20"),
            ("Ø10 PROF. 20", "diameter 10 deep 20"),
            ("Ø10 PROFONDEUR 20", "diameter 10 deep 20"),
            ("Ø10 ГЛУБ. 20", "diameter 10 deep 20"),
            ("Ø10 DJUP 20", "diameter 10 deep 20"),
            ("Ø10H7 ↧20", "diameter 10 fit H7 0.015/0 deep 20"),
            ("Ø.250 ↧.75", "diameter 0.25in deep 0.75"),
            ("Ø10±0.1↧20±0.5", "diameter 10 symmetric 0.1/-0.1 deep 20"),
        ],
        dimensions,
    );
}

#[test]
fn through_holes_have_many_words() {
    check(
        &[
            ("Ø10 THRU", "diameter 10 through"),
            ("Ø10 THRU ALL", "diameter 10 through"),
            ("Ø10 THROUGH", "diameter 10 through"),
            ("Ø10 THRU HOLE", "diameter 10 through"),
            ("Ø10 通孔", "diameter 10 through"),
            ("4-Φ10通", "diameter 10 x4 through"),
            ("Φ10贯穿", "diameter 10 through"),
            ("Φ10 完全贯穿", "diameter 10 through"),
            ("Ø10 DURCHGEHEND", "diameter 10 through"),
            ("Ø10 DURCH ALLES", "diameter 10 through"),
            ("Ø10 DÉBOUCHANT", "diameter 10 through"),
            ("Ø10 PASSANTE", "diameter 10 through"),
            ("Ø10 PASANTE", "diameter 10 through"),
            ("Ø10 СКВОЗНОЕ", "diameter 10 through"),
            ("Ø10 GENOMGÅENDE", "diameter 10 through"),
            ("M6 THRU", "thread 6 metric M6 p1 through"),
            ("4x Ø6.6 THRU ALL ⌴ Ø11 ↧6", "diameter 6.6 x4 through bore 11/6"),
        ],
        dimensions,
    );
}

#[test]
fn counterbores_and_spotfaces_keep_their_own_figures() {
    check(
        &[
            ("Ø6.6 ⌴Ø11↧6", "diameter 6.6 bore 11/6"),
            ("Ø6.6 ⌴ Ø11 ↧ 6", "diameter 6.6 bore 11/6"),
            ("Ø6.6 C'BORE Ø11 x 6 DEEP", "diameter 6.6 bore 11/6"),
            ("Ø6.6 C’BORE Ø11 DEEP 6", "diameter 6.6 bore 11/6"),
            ("Ø6.6 CBORE Ø11 6 DP", "diameter 6.6 bore 11/6"),
            ("Ø6.6 THRU C-BORE Ø11 X 6 DP", "diameter 6.6 through bore 11/6"),
            ("Ø6.6 COUNTERBORE Ø11 DEPTH 6", "diameter 6.6 bore 11/6"),
            ("Ø6.6 SF Ø11", "diameter 6.6 bore 11"),
            ("Ø6.6 SFACE Ø11", "diameter 6.6 bore 11"),
            ("Ø6.6 SPOTFACE Ø11 1 DEEP", "diameter 6.6 bore 11/1"),
            ("Ø6.6 S'FACE Ø11", "diameter 6.6 bore 11"),
            ("Ø6.6 SPOT FACE Ø11", "diameter 6.6 bore 11"),
            ("Φ6.6沉孔Φ11深6", "diameter 6.6 bore 11/6"),
            ("Φ6.6 沉头孔 Φ11 深6", "diameter 6.6 bore 11/6"),
            ("Φ6.6 锪平Φ11", "diameter 6.6 bore 11"),
            ("4xØ6.6 THRU ⌴Ø11 ↧6", "diameter 6.6 x4 through bore 11/6"),
            ("M6 ↧12 ⌴Ø11 ↧1", "thread 6 metric M6 p1 deep 12 bore 11/1"),
            ("⌴Ø11 ↧6", "diameter 11 bore 11/6"),
        ],
        dimensions,
    );
}

#[test]
fn countersinks_keep_diameter_and_angle() {
    check(
        &[
            ("Ø5.5 ⌵Ø10×90°", "diameter 5.5 sink 10/90"),
            ("Ø5.5 ⌵ Ø10 X 90°", "diameter 5.5 sink 10/90"),
            ("Ø5.5 CSK Ø10 x 90°", "diameter 5.5 sink 10/90"),
            ("Ø5.5 CSK Ø10 90°", "diameter 5.5 sink 10/90"),
            ("Ø5.5 CSK 90° Ø10", "diameter 5.5 sink 10/90"),
            ("Ø5.5 CSK 82° TO Ø10", "diameter 5.5 sink 10/82"),
            ("Ø5.5 THRU CSINK Ø10 X 82°", "diameter 5.5 through sink 10/82"),
            ("Ø5.5 C'SINK Ø10 X 82°", "diameter 5.5 sink 10/82"),
            ("Ø5.5 COUNTERSINK Ø10", "diameter 5.5 sink 10"),
            ("Φ5.5 锪锥孔Φ10×90°", "diameter 5.5 sink 10/90"),
            ("Ø5.5 SENKUNG 90° Ø10", "diameter 5.5 sink 10/90"),
            ("⌵Ø10×90°", "diameter 10 sink 10/90"),
            ("M5 ⌵Ø6 90°", "thread 5 metric M5 p0.8 sink 6/90"),
        ],
        dimensions,
    );
}
