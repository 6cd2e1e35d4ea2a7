//! Kinds of dimension, counts and remarks.

use super::{check, dimensions};

#[test]
fn lengths_are_read_in_every_spelling() {
    check(
        &[
            ("100", "length 100"),
            ("12.5", "length 12.5"),
            ("12,5", "length 12.5"),
            ("L=100", "length 100"),
            ("40,00 mm", "length 40"),
            ("2 cm", "length 20"),
            ("１２．５", "length 12.5"),
            ("t=2", "length 2"),
            ("δ=3", "length 3"),
            ("2 THK", "length 2"),
            ("THK 2", "length 2"),
            ("板厚2", "length 2"),
            ("长100", "length 100"),
            (".500\"", "length 0.5in"),
            ("1.25 in", "length 1.25in"),
            ("1 1/2\"", "length 1.5in"),
            ("3/8\"", "length 0.375in"),
            ("5'-3\"", "length 63in"),
            ("5'-3 1/2\"", "length 63.5in"),
            ("50 x 30 x 2", "length 50; length 30; length 2"),
            ("100×50", "length 100; length 50"),
            ("1.250 [31.75]", "length 1.25in"),
        ],
        dimensions,
    );
}

#[test]
fn diameters_have_many_signs() {
    check(
        &[
            ("⌀20", "diameter 20"),
            ("Ø20", "diameter 20"),
            ("ø20", "diameter 20"),
            ("Φ20", "diameter 20"),
            ("φ20", "diameter 20"),
            ("∅20", "diameter 20"),
            ("ϕ 20", "diameter 20"),
            ("Ф20", "diameter 20"),
            ("DIA 20", "diameter 20"),
            ("DIA. 20", "diameter 20"),
            ("20 DIA", "diameter 20"),
            ("20 DIA.", "diameter 20"),
            ("直径20", "diameter 20"),
            ("D=20", "diameter 20"),
            ("⌀.500\"", "diameter 0.5in"),
            ("Ø1/2\"", "diameter 0.5in"),
            ("Ø 12,5 mm", "diameter 12.5"),
        ],
        dimensions,
    );
}

#[test]
fn radii_spheres_squares_and_arcs_have_their_letter() {
    check(
        &[
            ("R5", "radius 5"),
            ("R 2.5", "radius 2.5"),
            ("R.188", "radius 0.188in"),
            ("R5 TYP", "radius 5"),
            ("5 RAD", "radius 5"),
            ("RAD 5", "radius 5"),
            ("半径5", "radius 5"),
            ("CR10", "radius 10"),
            ("R10 MAX", "radius 10 max"),
            ("SR10", "spherical 10"),
            ("SØ20", "spherical 20"),
            ("S⌀20", "spherical 20"),
            ("S φ 20", "spherical 20"),
            ("球R10", "spherical 10"),
            ("□20", "square 20"),
            ("SQ 20", "square 20"),
            ("20 SQ", "square 20"),
            ("⌒30", "arc_length 30"),
            ("⌒ 30.5", "arc_length 30.5"),
            ("30⌒", "arc_length 30"),
        ],
        dimensions,
    );
}

#[test]
fn angles_come_in_degrees_minutes_and_seconds() {
    check(
        &[
            ("45°", "angle 45"),
            ("45 °", "angle 45"),
            ("22.5°", "angle 22.5"),
            ("22,5°", "angle 22.5"),
            ("15°30'", "angle 15.5"),
            ("15° 30′", "angle 15.5"),
            ("15°30'36\"", "angle 15.51"),
            ("45º", "angle 45"),
            ("45 DEG", "angle 45"),
            ("30°±0.5°", "angle 30 symmetric 0.5/-0.5"),
            ("30°±30'", "angle 30 symmetric 0.5/-0.5"),
            ("30° +1° -0.5°", "angle 30 deviation 1/-0.5"),
            ("30°+15'/-30'", "angle 30 deviation 0.25/-0.5"),
            ("4x 90°", "angle 90 x4"),
            ("(45°)", "angle 45 reference"),
            ("∠45°", "angle 45"),
        ],
        dimensions,
    );
}

#[test]
fn chamfers_have_a_leg_and_an_angle() {
    check(
        &[
            ("C2", "chamfer 2"),
            ("C0.5", "chamfer 0.5"),
            ("2-C1", "chamfer 1 x2"),
            ("4xC2", "chamfer 2 x4"),
            ("2x45°", "chamfer 2 @45"),
            ("2×45°", "chamfer 2 @45"),
            ("2 x 45°", "chamfer 2 @45"),
            ("2X45°", "chamfer 2 @45"),
            ("2*45°", "chamfer 2 @45"),
            ("0,5x45°", "chamfer 0.5 @45"),
            ("0.5 X 45° CHAMFER", "chamfer 0.5 @45"),
            (".03 X 45°", "chamfer 0.03in @45"),
            ("45° x 2", "chamfer 2 @45"),
            ("2x 1x45°", "chamfer 1 x2 @45"),
            ("2x1x45°", "chamfer 1 x2 @45"),
            ("CHAMFER 0,2", "chamfer 0.2"),
            ("倒角C1", "chamfer 1"),
            ("倒角1×45°", "chamfer 1 @45"),
            ("FASE 1x45°", "chamfer 1 @45"),
            ("C1.5x30°", "chamfer 1.5 @30"),
            ("1.5x45° TYP", "chamfer 1.5 @45"),
            ("1x45° ±0.1", "chamfer 1 symmetric 0.1/-0.1 @45"),
            ("2x45° BOTH ENDS", "chamfer 2 x2 @45"),
            ("C1±0.2", "chamfer 1 symmetric 0.2/-0.2"),
        ],
        dimensions,
    );
}

#[test]
fn tapers_and_slopes_are_ratios() {
    check(
        &[
            ("◁1:10", "taper 0.1"),
            ("▷ 1:20", "taper 0.05"),
            ("⌲1:10", "taper 0.1"),
            ("1:20 KONUS", "taper 0.05"),
            ("KEGEL 1:10", "taper 0.1"),
            ("锥度1:5", "taper 0.2"),
            ("TAPER 1:16", "taper 0.0625"),
            ("CONICITÉ 1:10", "taper 0.1"),
            ("斜度1:50", "slope 0.02"),
            ("⌳1:100", "slope 0.01"),
            ("NEIGUNG 1:50", "slope 0.02"),
            ("SLOPE 1:100", "slope 0.01"),
            ("∠1:100", "slope 0.01"),
            ("1:2", ""),
            ("SCALE 1:2", ""),
            ("M 1:2", ""),
        ],
        dimensions,
    );
}

#[test]
fn counts_stand_before_or_behind() {
    check(
        &[
            ("4x Ø10", "diameter 10 x4"),
            ("4xØ10", "diameter 10 x4"),
            ("4X Ø10", "diameter 10 x4"),
            ("4 × ⌀10", "diameter 10 x4"),
            ("4-Ø10", "diameter 10 x4"),
            ("4－Φ10", "diameter 10 x4"),
            ("4*φ10", "diameter 10 x4"),
            ("4Ø10", "diameter 10 x4"),
            ("(4x) Ø10", "diameter 10 x4"),
            ("Ø10 (4x)", "diameter 10 x4"),
            ("Ø10 4x", "diameter 10 x4"),
            ("Ø10 4 PL", "diameter 10 x4"),
            ("Ø10 4 PLCS", "diameter 10 x4"),
            ("Ø10 4 PLACES", "diameter 10 x4"),
            ("Ø10 (4 PLACES)", "diameter 10 x4"),
            ("Ø10 4 HOLES", "diameter 10 x4"),
            ("4 HOLES Ø10", "diameter 10 x4"),
            ("4 PLACES Ø10", "diameter 10 x4"),
            ("4 LÖCHER Ø10", "diameter 10 x4"),
            ("4孔Φ10", "diameter 10 x4"),
            ("4个Φ10", "diameter 10 x4"),
            ("Φ10 4处", "diameter 10 x4"),
            ("Φ10共4处", "diameter 10 x4"),
            ("2R5", "radius 5 x2"),
            ("2xR5", "radius 5 x2"),
            ("2-R5", "radius 5 x2"),
            ("6xØ6 EQ SP", "diameter 6 x6"),
            ("6x Ø6 EQUALLY SPACED", "diameter 6 x6"),
            ("6-Φ6均布", "diameter 6 x6"),
            ("6×Φ6 EQS", "diameter 6 x6"),
            ("6xØ6 GLEICHMÄSSIG VERTEILT", "diameter 6 x6"),
            ("Ø10 TYP", "diameter 10"),
            ("Ø10 TYP.", "diameter 10"),
            ("8x 45°", "angle 45 x8"),
            ("8x45°(=360°)", "angle 45 x8; angle 360 reference"),
            ("5x 20 (=100)", "length 20 x5; length 100 reference"),
            ("3x M6", "thread 6 x3 metric M6 p1"),
        ],
        dimensions,
    );
}

#[test]
fn reference_basic_and_not_to_scale_are_told_apart() {
    check(
        &[
            ("(20)", "length 20 reference"),
            ("(Ø20)", "diameter 20 reference"),
            ("( R5 )", "radius 5 reference"),
            ("（20）", "length 20 reference"),
            ("20 REF", "length 20 reference"),
            ("20 REF.", "length 20 reference"),
            ("Ø20 参考", "diameter 20 reference"),
            ("[20]", "length 20 basic"),
            ("[Ø20]", "diameter 20 basic"),
            ("|20|", "length 20 basic"),
            ("20 BSC", "length 20 basic"),
            ("20 BASIC", "length 20 basic"),
            ("20 TED", "length 20 basic"),
            ("20 NTS", "length 20"),
            ("20 MAX", "length 20 max"),
            ("MAX 20", "length 20 max"),
            ("max. 20", "length 20 max"),
            ("5 MIN.", "length 5 min"),
            ("MIN. R2", "radius 2 min"),
            ("Ø20 max", "diameter 20 max"),
            ("≤20", "length 20 max"),
            ("≥5", "length 5 min"),
        ],
        dimensions,
    );
}
