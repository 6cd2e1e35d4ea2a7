//! The annotated picture of a reading, as SVG or PNG by the name of the file.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use cad_common::contract::reading::Reading;
use cad_common::overlay as svg;
use cad_engine::document::{Document, PageLimits};
use cad_engine::overlay as raster;

/// The page that is drawn: a picture file shows one.
const SHOWN_PAGE: u32 = 1;

/// Draws the first page with its findings and writes it to `to`; `dpi` is the one it was read at.
pub(crate) fn write(
    drawing: &[u8],
    dpi: Option<u32>,
    reading: &Reading,
    to: &Path,
) -> anyhow::Result<()> {
    let document = Document::open(drawing, &PageLimits::default())?.drawn_at(dpi);
    let page = document.page(SHOWN_PAGE)?;
    let bytes = match to.extension().and_then(|extension| extension.to_str()) {
        Some("png") => raster::to_png(&raster::draw(&page.image, reading, SHOWN_PAGE))?,
        Some("svg") => {
            let background = raster::to_png(&page.image)?;
            svg::svg(reading, SHOWN_PAGE, Some(("image/png", &background))).into_bytes()
        }
        _ => bail!("--overlay {}: end the name with .png or .svg", to.display()),
    };
    fs::write(to, bytes).with_context(|| format!("can't write {}", to.display()))
}
