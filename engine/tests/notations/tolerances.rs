//! Tolerances of sizes: symmetric, deviations, limits, fits, and those of the whole sheet.

use super::{check, dimensions};

#[test]
fn symmetric_tolerances_have_one_figure() {
    check(
        &[
            ("100±0.1", "length 100 symmetric 0.1/-0.1"),
            ("100 ± 0,1", "length 100 symmetric 0.1/-0.1"),
            ("50.5±0.05", "length 50.5 symmetric 0.05/-0.05"),
            ("100+/-0.1", "length 100 symmetric 0.1/-0.1"),
            ("100 +/- .1", "length 100 symmetric 0.1/-0.1"),
            ("100±0.1mm", "length 100 symmetric 0.1/-0.1"),
            ("100mm±0.1mm", "length 100 symmetric 0.1/-0.1"),
            ("100 mm ±50μm", "length 100 symmetric 0.05/-0.05"),
            ("100(±0.1)", "length 100 symmetric 0.1/-0.1"),
            ("Ø20±0.02", "diameter 20 symmetric 0.02/-0.02"),
            ("100土0.1", "length 100 symmetric 0.1/-0.1"),
            ("4X Ø.196±.003", "diameter 0.196in x4 symmetric 0.003/-0.003"),
        ],
        dimensions,
    );
}

#[test]
fn two_deviations_come_in_any_order_and_spacing() {
    check(
        &[
            ("Φ20 +0.02 -0.01", "diameter 20 deviation 0.02/-0.01"),
            ("Φ50+0.05-0.03", "diameter 50 deviation 0.05/-0.03"),
            ("Φ50 +0.05/-0.03", "diameter 50 deviation 0.05/-0.03"),
            ("Φ50(+0.05/-0.03)", "diameter 50 deviation 0.05/-0.03"),
            ("Φ50 (+0.05, -0.03)", "diameter 50 deviation 0.05/-0.03"),
            ("Φ50 -0.03 +0.05", "diameter 50 deviation 0.05/-0.03"),
            ("50 ＋0.05／－0.03", "length 50 deviation 0.05/-0.03"),
            ("50 + 0.05 - 0.03", "length 50 deviation 0.05/-0.03"),
            ("50 +0,05 −0,03", "length 50 deviation 0.05/-0.03"),
            ("50 0 -0.021", "length 50 deviation 0/-0.021"),
            ("50 0/-0.021", "length 50 deviation 0/-0.021"),
            ("50 -0.021 0", "length 50 deviation 0/-0.021"),
            ("50 +0.021 0", "length 50 deviation 0.021/0"),
            ("50+0.021/0", "length 50 deviation 0.021/0"),
            ("50 +0.0 -0.2", "length 50 deviation 0/-0.2"),
            ("50 +0.03 +0.01", "length 50 deviation 0.03/0.01"),
            ("50 -0.01 -0.03", "length 50 deviation -0.01/-0.03"),
            ("50 -0.03 -0.01", "length 50 deviation -0.01/-0.03"),
            ("50 +.005 -.000", "length 50 deviation 0.005/0"),
            ("R5 +0.1 -0.2", "radius 5 deviation 0.1/-0.2"),
        ],
        dimensions,
    );
}

#[test]
fn one_sided_and_limit_tolerances_are_told_apart() {
    check(
        &[
            ("50 +0.1", "length 50 deviation 0.1/?"),
            ("50 -0.1", "length 50 deviation ?/-0.1"),
            ("Ø5.8-5.85", "diameter 5.85 limits 0/-0.05"),
            ("Ø5.85/5.80", "diameter 5.85 limits 0/-0.05"),
            ("Ø5.80 / Ø5.85", "diameter 5.85 limits 0/-0.05"),
            ("11.30/11.20", "length 11.3 limits 0/-0.1"),
            (".505-.500", "length 0.505in limits 0/-0.005"),
            ("Ø20.02~20.05", "diameter 20.05 limits 0/-0.03"),
            ("20.1...20.3", "length 20.3 limits 0/-0.2"),
            ("Ø.2500 .2495", "diameter 0.25in limits 0/-0.0005"),
            ("10.5 TO 10.7", "length 10.7 limits 0/-0.2"),
        ],
        dimensions,
    );
}

#[test]
fn fits_are_resolved_to_their_deviations() {
    check(
        &[
            ("Φ20H7", "diameter 20 fit H7 0.021/0"),
            ("Ø20 H7", "diameter 20 fit H7 0.021/0"),
            ("Ø20(H7)", "diameter 20 fit H7 0.021/0"),
            ("Ø20g6", "diameter 20 fit g6 -0.007/-0.02"),
            ("⌀30k6", "diameter 30 fit k6 0.015/0.002"),
            ("Ø80f8", "diameter 80 fit f8 -0.03/-0.076"),
            ("Ø50js7", "diameter 50 fit js7 0.0125/-0.0125"),
            ("Ø38H11", "diameter 38 fit H11 0.16/0"),
            ("Ø25N7", "diameter 25 fit N7 -0.007/-0.028"),
            ("Ø40P7", "diameter 40 fit P7 -0.017/-0.042"),
            ("8P9", "length 8 fit P9 -0.015/-0.051"),
            ("8N9", "length 8 fit N9 0/-0.036"),
            ("8h9", "length 8 fit h9 0/-0.036"),
            ("Ø100 H7", "diameter 100 fit H7 0.035/0"),
            ("Ø20H7/g6", "diameter 20 fit H7/g6 0.021/0"),
            ("Ø20 H7/g6", "diameter 20 fit H7/g6 0.021/0"),
            ("Ø20 H7-g6", "diameter 20 fit H7/g6 0.021/0"),
            ("Ø20H7(+0.021/0)", "diameter 20 deviation H7 0.021/0"),
            ("Ø80f8 -0.030 -0.076", "diameter 80 deviation f8 -0.03/-0.076"),
            ("4xØ6H7", "diameter 6 x4 fit H7 0.012/0"),
            ("Ø8 H7 THRU", "diameter 8 fit H7 0.015/0 through"),
            ("Ø1/2\" H7", "diameter 0.5in fit H7"),
        ],
        dimensions,
    );
}
