//! Threads: metric, unified, pipe, trapezoidal, Acme.

use super::{check, dimensions};

#[test]
fn metric_threads_keep_pitch_class_hand_and_depth() {
    check(
        &[
            ("M10×1.5", "thread 10 metric M10 p1.5"),
            ("M10x1.5", "thread 10 metric M10 p1.5"),
            ("M10X1.5", "thread 10 metric M10 p1.5"),
            ("M10*1.5", "thread 10 metric M10 p1.5"),
            ("M 10 x 1,25", "thread 10 metric M10 p1.25"),
            ("M10-1.5", "thread 10 metric M10 p1.5"),
            ("M10xP1.5", "thread 10 metric M10 p1.5"),
            ("M2.5", "thread 2.5 metric M2.5 p0.45"),
            ("M2.5x0.45", "thread 2.5 metric M2.5 p0.45"),
            ("M2,5", "thread 2.5 metric M2.5 p0.45"),
            ("M10", "thread 10 metric M10 p1.5"),
            ("M8-6H", "thread 8 metric M8 p1.25 6H"),
            ("M10×1.5-6g", "thread 10 metric M10 p1.5 6g"),
            ("M10 - 6H", "thread 10 metric M10 p1.5 6H"),
            ("M10 6g", "thread 10 metric M10 p1.5 6g"),
            ("M10x1-5g6g", "thread 10 metric M10 p1 5g6g"),
            ("M20x2-6H/6g", "thread 20 metric M20 p2 6H/6g"),
            ("M10×1.5-6g LH", "thread 10 metric M10 p1.5 6g left"),
            ("M10×1.5LH", "thread 10 metric M10 p1.5 left"),
            ("M10x1.5-LH", "thread 10 metric M10 p1.5 left"),
            ("M10×1左", "thread 10 metric M10 p1 left"),
            ("M10x1.5-6g-LH", "thread 10 metric M10 p1.5 6g left"),
            ("M14x1.5-6g-S", "thread 14 metric M14 p1.5 6g"),
            ("2×M8", "thread 8 x2 metric M8 p1.25"),
            ("4-M6", "thread 6 x4 metric M6 p1"),
            ("4xM6-6H↧12", "thread 6 x4 metric M6 p1 6H deep 12"),
            ("M6x12", "thread 6 metric M6 p1 deep 12"),
            ("M6 ↧12", "thread 6 metric M6 p1 deep 12"),
            ("M6深12", "thread 6 metric M6 p1 deep 12"),
            ("M6-6H深12孔深15", "thread 6 metric M6 p1 6H deep 12"),
            ("M6 DEEP 12", "thread 6 metric M6 p1 deep 12"),
            ("M6x1 - 6H THRU", "thread 6 metric M6 p1 6H through"),
            ("M6 x 1 ↧ 12", "thread 6 metric M6 p1 deep 12"),
            ("MJ10x1.5", "thread 10 metric MJ10 p1.5"),
            ("M64x4", "thread 64 metric M64 p4"),
        ],
        dimensions,
    );
}

#[test]
fn inch_threads_give_their_pitch_in_millimetres() {
    check(
        &[
            ("1/4-20 UNC", "thread 0.25in unc 1/4-20 UNC p1.27"),
            ("1/4-20UNC-2B", "thread 0.25in unc 1/4-20UNC p1.27 2B"),
            ("1/4\"-20 UNC-2B", "thread 0.25in unc 1/4\"-20 UNC p1.27 2B"),
            ("1/4-20 UNC 2A LH", "thread 0.25in unc 1/4-20 UNC p1.27 2A left"),
            ("10-32 UNF", "thread 0.19in unf 10-32 UNF p0.79375"),
            ("#10-32 UNF", "thread 0.19in unf #10-32 UNF p0.79375"),
            ("No.8-32 UNC", "thread 0.164in unc No.8-32 UNC p0.79375"),
            ("#4-40 UNC-2B", "thread 0.112in unc #4-40 UNC p0.635 2B"),
            ("1-8 UNC", "thread 1in unc 1-8 UNC p3.175"),
            ("1 1/4-7 UNC", "thread 1.25in unc 1 1/4-7 UNC p3.628571"),
            ("1-1/4-7 UNC", "thread 1.25in unc 1-1/4-7 UNC p3.628571"),
            (".250-28 UNF-3A", "thread 0.25in unf .250-28 UNF p0.907143 3A"),
            ("1/4-32 UNEF", "thread 0.25in unef 1/4-32 UNEF p0.79375"),
            ("4X 1/4-20 UNC ↧.50", "thread 0.25in x4 unc 1/4-20 UNC p1.27 deep 0.5"),
            ("1/4 UNC", "thread 0.25in unc 1/4 UNC p1.27"),
            ("UNC 1/4-20", "thread 0.25in unc UNC 1/4-20 p1.27"),
            ("5/16-18", "thread 0.3125in unc 5/16-18 p1.411111"),
            ("1/2 - 13 UNC - 2B THRU", "thread 0.5in unc 1/2 - 13 UNC p1.953846 2B through"),
        ],
        dimensions,
    );
}

#[test]
fn pipe_trapezoidal_and_acme_threads_are_read() {
    check(
        &[
            ("G1/2", "thread 0.5in g G1/2 p1.814286"),
            ("G 1/2\" A", "thread 0.5in g G 1/2 p1.814286 A"),
            ("G1/2-LH", "thread 0.5in g G1/2 p1.814286 left"),
            ("G1 1/4", "thread 1.25in g G1 1/4 p2.309091"),
            ("G3/4B", "thread 0.75in g G3/4 p1.814286 B"),
            ("R1/2", "thread 0.5in r R1/2 p1.814286"),
            ("Rc1/2", "thread 0.5in rc Rc1/2 p1.814286"),
            ("RC 3/8", "thread 0.375in rc RC 3/8 p1.336842"),
            ("Rp1/2", "thread 0.5in rp Rp1/2 p1.814286"),
            ("PT1/4", "thread 0.25in r PT1/4 p1.336842"),
            ("ZG1/2\"", "thread 0.5in r ZG1/2 p1.814286"),
            ("1/4 NPT", "thread 0.25in npt 1/4 NPT p1.411111"),
            ("1/4-18 NPT", "thread 0.25in npt 1/4-18 NPT p1.411111"),
            ("1/4\" NPTF", "thread 0.25in nptf 1/4\" NPTF p1.411111"),
            ("NPT 1/4", "thread 0.25in npt NPT 1/4 p1.411111"),
            ("NPT1/2", "thread 0.5in npt NPT1/2 p1.814286"),
            ("1/2 BSPP", "thread 0.5in g 1/2 BSPP p1.814286"),
            ("1/2 BSPT", "thread 0.5in r 1/2 BSPT p1.814286"),
            ("Tr40x7", "thread 40 tr Tr40x7 p7"),
            ("Tr40×7-7H", "thread 40 tr Tr40x7 p7 7H"),
            ("Tr40x14(P7)LH-7e", "thread 40 tr Tr40x14 p7 7e left"),
            ("TR20x4", "thread 20 tr Tr20x4 p4"),
            ("1-5 ACME", "thread 1in acme 1-5 ACME p5.08"),
            ("1 1/2-4 ACME-2G", "thread 1.5in acme 1 1/2-4 ACME p6.35 2G"),
            ("1.000-5 ACME-2G-LH", "thread 1in acme 1.000-5 ACME p5.08 2G left"),
            ("B40x7", "thread 40 b B40x7 p7"),
            ("S40x7", "thread 40 b B40x7 p7"),
        ],
        dimensions,
    );
}
