//! Small PDFs, written here object by object.

use cad_common::contract::job::DEFAULT_VECTOR_DPI;
use cad_common::contract::reading::{TextSource, WarningCode};

use super::*;
use crate::document::Document;

/// A page of 144 by 72 points, two inches by one, unless `page` says otherwise.
struct Sketch<'s> {
    content: &'s str,
    /// More entries of the page's dictionary.
    page: &'s str,
    /// More entries of the trailer.
    trailer: &'s str,
    copies: usize,
}

impl Default for Sketch<'_> {
    fn default() -> Self {
        Self { content: "", page: "/MediaBox [0 0 144 72]", trailer: "", copies: 1 }
    }
}

fn pdf(sketch: &Sketch<'_>) -> Vec<u8> {
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 3 0 R >> >> {} >>",
        sketch.page
    );
    let kids: String = (0..sketch.copies).map(|copy| format!("{} 0 R ", 5 + copy)).collect();
    let content = sketch.content;
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", sketch.copies),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    objects.extend(std::iter::repeat_n(page, sketch.copies));
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(&objects) {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
    }
    let start = file.len();
    let size = objects.len() + 1;
    let trailer = sketch.trailer;
    let end =
        format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(table.as_bytes());
    file.extend_from_slice(end.as_bytes());
    file
}

fn page(sketch: &Sketch<'_>) -> Page {
    let bytes = pdf(sketch);
    let (pdf, _) = Pdf::open(&bytes).unwrap();
    pdf.page(1, DEFAULT_VECTOR_DPI, &PageLimits::default()).unwrap()
}

#[test]
fn a_page_is_drawn_at_its_resolution_with_its_text() {
    let content = "1 0 0 rg 0 0 36 36 re f 0 g BT /F 12 Tf 72 36 Td (25 H7) Tj ET";

    let page = page(&Sketch { content, ..Sketch::default() });

    assert_eq!(page.image.dimensions(), (400, 200));
    assert_eq!((page.dpi, page.needs_ocr), (Some(200.0), true));
    assert_eq!(page.image.get_pixel(50, 150).0, [255, 0, 0]);
    assert_eq!(page.image.get_pixel(150, 50).0, [255; 3]);
    let line = &page.text[0];
    assert_eq!((line.text.as_str(), line.source), ("25 H7", TextSource::PdfText));
    let [left, top, width, height] = line.bbox();
    assert!((200..=204).contains(&left) && (74..=78).contains(&top), "{:?}", line.bbox());
    assert!((85..=100).contains(&width) && (22..=28).contains(&height), "{:?}", line.bbox());
}

#[test]
fn text_follows_the_rotation_of_the_page() {
    let content = "BT /F 12 Tf 10 20 Td (UP) Tj ET";

    let page =
        page(&Sketch { content, page: "/MediaBox [0 0 144 72] /Rotate 270", ..Sketch::default() });

    assert_eq!(page.image.dimensions(), (200, 400));
    assert_eq!(page.text[0].rotation, 90.0);
}

#[test]
fn the_text_that_a_scanner_hides_behind_its_picture_is_not_believed() {
    let content = "BT 3 Tr /F 12 Tf 10 20 Td (gue55ed) Tj ET";

    assert!(page(&Sketch { content, ..Sketch::default() }).text.is_empty());
}

#[test]
fn text_beside_the_page_is_not_read() {
    let content = "BT /F 12 Tf 500 20 Td (outside) Tj ET";

    assert!(page(&Sketch { content, ..Sketch::default() }).text.is_empty());
}

#[test]
fn two_hundred_pages_are_read_up_to_the_limit() {
    let bytes = pdf(&Sketch { copies: 200, ..Sketch::default() });
    let limits = PageLimits { max_pages: 20, ..PageLimits::default() };

    let document = Document::open(&bytes, &limits).unwrap();

    assert_eq!(document.page_count(), 20);
    assert_eq!(document.warnings()[0].code, WarningCode::PageLimitReached);
    assert_eq!(document.page(20).unwrap().number, 20);
}

#[test]
fn a_huge_page_is_drawn_smaller_and_says_so() {
    let sketch = Sketch { page: "/MediaBox [0 0 14400 14400]", ..Sketch::default() };
    let limits = PageLimits { max_pixels: 1_000_000, ..PageLimits::default() };
    let bytes = pdf(&sketch);
    let (pdf, _) = Pdf::open(&bytes).unwrap();

    let page = pdf.page(1, 200, &limits).unwrap();

    assert_eq!(page.image.dimensions(), (1000, 1000));
    assert_eq!(page.dpi, Some(5.0));
    assert_eq!(page.warnings[0].code, WarningCode::LowEffectiveDpi);
}

#[test]
fn a_page_without_end_or_without_area_is_an_error_or_a_page() {
    for size in ["[0 0 1e30 1e30]", "[0 0 0 0]", "[0 0 -5 nan]", "[0 0 1e9 1]", "[5 5 1 1]"] {
        let sketch = format!("/MediaBox {size}");
        let bytes = pdf(&Sketch { page: &sketch, ..Sketch::default() });

        let read = Document::open(&bytes, &PageLimits::default())
            .and_then(|document| document.drawn_at(Some(36)).page(1));

        if let Err(error) = read {
            assert!(!error.code().opens_circuit(), "{size}: {error}");
        }
    }
}

#[test]
fn a_resolution_out_of_range_is_changed_with_a_warning() {
    let bytes = pdf(&Sketch::default());

    let document =
        Document::open(&bytes, &PageLimits::default()).unwrap().drawn_at(Some(1_000_000));

    assert_eq!(document.warnings()[0].code, WarningCode::LowEffectiveDpi);
    assert_eq!(document.page(1).unwrap().image.dimensions(), (2400, 1200));
}

#[test]
fn an_encrypted_pdf_says_what_to_do() {
    let trailer = "/ID [<00> <00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 \
         /O <0000000000000000000000000000000000000000000000000000000000000000> \
         /U <0000000000000000000000000000000000000000000000000000000000000000> >>";
    let bytes = pdf(&Sketch { trailer, ..Sketch::default() });

    let error = Pdf::open(&bytes).unwrap_err();

    assert!(matches!(error, EngineError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("send it again"));
}

#[test]
fn what_only_begins_like_a_pdf_is_damaged() {
    for bytes in [&b"%PDF-1.7\n"[..], b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"] {
        let error = Document::open(bytes, &PageLimits::default()).unwrap_err();

        assert!(matches!(error, EngineError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_pdf_cut_anywhere_never_panics() {
    let content = "BT /F 12 Tf 72 36 Td (25 H7) Tj ET";
    let whole = pdf(&Sketch { content, ..Sketch::default() });
    for length in (0..whole.len()).step_by(7) {
        let read = Document::open(&whole[..length], &PageLimits::default())
            .and_then(|document| document.page(1));

        if let Err(error) = read {
            assert!(!error.code().opens_circuit(), "cut at {length}: {error}");
        }
    }
}
