//! DXF drawings: their texts exactly as written, and a picture to look at; no OCR runs on them.
//!
//! The model is one page and the sheet that is laid out on paper another, where the file has both.

use cad_common::contract::reading::{Warning, WarningCode};

use super::{Page, PageLimits, vector};
use crate::error::EngineError;

mod binary;
mod codes;
mod dimension;
mod file;
mod lettering;
mod shapes;
mod sheet;
mod tags;
mod walk;

use file::File;
use sheet::Sheet;
use walk::{Seen, Space};

/// A drawing whose entities have been placed.
#[derive(Debug)]
pub(super) struct Dxf {
    spaces: Vec<Seen>,
    /// Whether the file has its end.
    is_whole: bool,
}

impl Dxf {
    /// Reads the whole file; gives the number of its pages too.
    pub(super) fn open(bytes: &[u8]) -> Result<(Self, u32), EngineError> {
        let text = tags::text_of(bytes)
            .ok_or_else(|| damaged("the binary DXF ends before its first section"))?;
        let tags = tags::tags(&text);
        let file = File::read(&tags);
        let spaces = [Space::Model, Space::Paper].map(|space| walk::space(&file, space));
        let spaces: Vec<Seen> = spaces.into_iter().filter(|seen| !seen.is_empty()).collect();
        if spaces.is_empty() {
            let problem = if file.is_whole {
                "the DXF has neither lines nor text"
            } else {
                "the DXF ends before its first entity"
            };
            return Err(damaged(problem));
        }
        let pages = u32::try_from(spaces.len()).unwrap_or(1);
        Ok((Self { spaces, is_whole: file.is_whole }, pages))
    }

    /// Draws one space, at a resolution where it has the size of paper.
    pub(super) fn page(
        &self,
        number: u32,
        dpi: u32,
        limits: &PageLimits,
    ) -> Result<Page, EngineError> {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let seen = self.spaces.get(index).ok_or_else(|| EngineError::NoSuchPage {
            page: number,
            pages: u32::try_from(self.spaces.len()).unwrap_or(1),
        })?;
        let extent = seen.extent().ok_or_else(|| damaged("nothing of the DXF has a place"))?;
        let sheet = Sheet::of(seen, extent, dpi, limits);
        limits.check(number, (sheet.size.0.into(), sheet.size.1.into()), 4)?;
        let image = vector::on_paper(&sheet.scene(seen))?;
        let mut page = Page::of_pixels(number, image, sheet.dpi.map(vector::narrowed));
        page.needs_ocr = false;
        page.text =
            seen.texts.iter().map(|text| text.clone().placed(sheet.place).into_line()).collect();
        if let Some(drawn) = sheet.dpi.filter(|_| sheet.is_shrunk) {
            page.warnings.push(vector::other_dpi(Some(number), dpi, vector::rounded(drawn)));
        }
        if !self.is_whole || seen.is_cut {
            page.warnings.push(partial(number, seen.is_cut));
        }
        Ok(page)
    }
}

fn partial(page: u32, is_cut: bool) -> Warning {
    let detail = if is_cut {
        "the DXF inserts more blocks than are followed; what lies behind them was not read"
    } else {
        "the DXF ends before its end mark; what was cut off was not read"
    };
    Warning { code: WarningCode::PartialReading, detail: detail.to_owned(), page: Some(page) }
}

fn damaged(detail: &str) -> EngineError {
    EngineError::Damaged { page: 1, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests;
