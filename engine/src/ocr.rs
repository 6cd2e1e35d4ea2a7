//! A page in, its lines of text out; the steps are those of [`Reader::read`], one file each.

use std::time::{Duration, Instant};

use cad_common::contract::reading::{TextLine, TextSource, Warning, WarningCode};
use image::{RgbImage, imageops};

use crate::document::Page;
use crate::error::EngineError;
use crate::models::{ModelFiles, Role};
use crate::onnx::{Model, Runtime};
use crate::stop::StopSignal;

mod arbitration;
mod boxes;
mod crop;
mod ctc;
mod detect;
mod frames;
mod order;
mod orientation;
mod recognize;
mod tiles;

use arbitration::Opinions;
use crop::Crop;
use ctc::Decoded;
use frames::Cell;
use recognize::{Form, Recognizer};

/// The characteristics of geometrical tolerances (ISO 1101).
const CHARACTERISTICS: &str = "⏤⏥○⌭⌒⌓∠⊥∥⌖◎⌯↗⌰";

/// In a cell before a tolerance there is a characteristic or, in a table, something else.
const SURE_SIGN: f32 = 0.5;

/// A line read with less than this may be read in the wrong direction.
const SURE: f32 = 0.9;

/// At this resolution the smallest lettering of drawings, 2.5 mm, is ten pixels high; below it letters run together.
const LEGIBLE_DPI: f32 = 100.0;

/// The same for pages that don't state their resolution, taken as scans at 250 dpi.
const LEGIBLE_SCALE: f32 = 0.4;

/// How pages are read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderOptions {
    /// Threads per model. One per slot uses the processor best when there are as many slots as cores.
    pub threads: usize,
    /// Pages with a longer side than this are shrunk towards it for detection, as far as lettering stays legible;
    /// recognition sees all pixels.
    ///
    /// The default is the best of 1504, 1760, 2016 and 2400 on the development drawings: letters
    /// that are too large for the network are missed as well.
    pub detection_side_px: u32,
    /// Lines that are read with less than this are taken for lines of the drawing, not of text.
    pub min_confidence: f32,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self { threads: 1, detection_side_px: 1760, min_confidence: 0.5 }
    }
}

/// Where a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looking for text on the page.
    Detect,
    /// Reading the lines that were found.
    Recognize {
        /// Lines read so far.
        done: usize,
        /// Lines found.
        total: usize,
    },
}

/// The text of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageText {
    /// In reading order.
    pub lines: Vec<TextLine>,
    /// Resolution at which text was looked for, where the page's own is known.
    pub effective_dpi: Option<f32>,
    /// What kept the page from being read in full.
    pub warnings: Vec<Warning>,
    /// Tiles of the page that were searched.
    pub tiles_read: u32,
    /// Tiles without any ink.
    pub tiles_skipped: u32,
    /// Time spent on pixels: scaling, finding outlines, cropping.
    pub preprocess: Duration,
    /// Time spent in models.
    pub infer: Duration,
}

/// The models with their one owner.
pub struct Reader {
    detection: Box<dyn Model>,
    orientation: Box<dyn Model>,
    general: Recognizer,
    specialist: Recognizer,
    options: ReaderOptions,
}

impl Reader {
    /// Loads the models.
    ///
    /// # Errors
    /// When the runtime or a model can't be loaded, or a recognition model brings no characters.
    pub fn new(files: &ModelFiles, options: ReaderOptions) -> Result<Self, EngineError> {
        let runtime = Runtime::load(files, options.threads)?;
        Ok(Self {
            detection: Box::new(runtime.open(files, Role::Detection)?),
            orientation: Box::new(runtime.open(files, Role::Orientation)?),
            general: recognizer(&runtime, files, Role::Recognition, Form::GENERAL)?,
            specialist: recognizer(&runtime, files, Role::Dimension, Form::DIMENSION)?,
            options,
        })
    }

    /// Reads one page.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] soon after `stop`, or what a model reports.
    pub fn read(
        &mut self,
        page: &Page,
        stop: &StopSignal,
        progress: &mut dyn FnMut(Step),
    ) -> Result<PageText, EngineError> {
        let mut clock = Clock::start();
        progress(Step::Detect);
        let view = detect::View::of_page(&page.image, page.dpi, self.options.detection_side_px)?;
        clock.preprocessed();
        let (text_map, tiles) = detect::run(self.detection.as_mut(), &view, stop)?;
        clock.inferred();
        let found = boxes::find(&text_map);
        let mut crops = crop::all(&page.image, found, stop)?;
        clock.preprocessed();
        orientation::settle(self.orientation.as_mut(), &mut crops, stop)?;
        clock.inferred();

        let mut lines = Vec::with_capacity(crops.len());
        for (done, crop) in crops.iter().enumerate() {
            progress(Step::Recognize { done, total: crops.len() });
            lines.extend(self.read_line(page, crop, stop, &mut clock)?);
        }
        self.read_frames(page, &mut lines, stop, &mut clock)?;
        order::sort(&mut lines);
        clock.preprocessed();

        Ok(PageText {
            effective_dpi: page.dpi.map(|dpi| dpi * view.scale()),
            warnings: warnings(page, &view, &lines),
            lines,
            tiles_read: tiles.read,
            tiles_skipped: tiles.skipped,
            preprocess: clock.preprocess,
            infer: clock.infer,
        })
    }

    /// Reads one line, and where that makes little sense also across; none where there is no text.
    fn read_line(
        &mut self,
        page: &Page,
        crop: &Crop,
        stop: &StopSignal,
        clock: &mut Clock,
    ) -> Result<Option<TextLine>, EngineError> {
        let mut direction = crop.text_box;
        let read = match direction.across() {
            None => self.recognize(&crop::trimmed(&crop.picture), &crop.picture, stop)?,
            Some(across) => {
                let mut opinions = self.ask_both(&crop.picture, stop)?;
                clock.inferred();
                if !(opinions.agree() && opinions.general.confidence >= SURE) {
                    let turned = Crop::cut(&page.image, across)?;
                    clock.preprocessed();
                    let opinions_across = self.ask_both(&turned.picture, stop)?;
                    if opinions_across.weight() > opinions.weight() {
                        (direction, opinions) = (across, opinions_across);
                    }
                }
                opinions.choose()
            }
        };
        clock.inferred();
        let line = TextLine {
            text: read.text,
            polygon: direction.polygon(),
            rotation: direction.rotation(),
            confidence: read.confidence,
            source: TextSource::Ocr,
            ..TextLine::default()
        };
        Ok(Some(line).filter(|line| line.confidence >= self.options.min_confidence))
    }

    /// Reads the feature control frames around tolerances cell by cell, the sign first, in place of what was read.
    fn read_frames(
        &mut self,
        page: &Page,
        lines: &mut Vec<TextLine>,
        stop: &StopSignal,
        clock: &mut Clock,
    ) -> Result<(), EngineError> {
        let frames: Vec<Vec<Cell>> =
            lines.iter().filter_map(|line| frames::around(&page.image, line)).collect();
        clock.preprocessed();
        let mut done: Vec<Cell> = Vec::new();
        for cells in frames {
            let Some((sign, others)) = cells.split_first().filter(|(sign, _)| !done.contains(sign))
            else {
                continue;
            };
            let picture = cut(&page.image, sign.inside());
            let read = self.specialist.sign(&picture, CHARACTERISTICS, stop)?;
            let Some((character, confidence)) = read.filter(|(_, sure)| *sure >= SURE_SIGN) else {
                continue;
            };
            let mut content = vec![line_in(*sign, character.to_string(), confidence)];
            for cell in others {
                let Some(inked) = cell.content(&page.image) else { continue };
                let picture = cut(&page.image, inked);
                let read = self.recognize(&picture, &picture, stop)?;
                content.push(line_in(*cell, read.text, read.confidence));
            }
            clock.inferred();
            lines.retain(|line| !cells.iter().any(|cell| cell.holds(line)));
            lines.extend(content.into_iter().filter(|line| !line.text.is_empty()));
            done.push(*sign);
        }
        Ok(())
    }

    /// Asks both readers, where it matters which way a picture is read.
    fn ask_both(&mut self, picture: &RgbImage, stop: &StopSignal) -> Result<Opinions, EngineError> {
        let specialist = self.specialist.read(&crop::trimmed(picture), stop)?;
        let general = self.general.read(picture, stop)?;
        Ok(Opinions { specialist, general })
    }

    /// Reads one upright line with the reader that knows its kind of text; each wants its own margin.
    fn recognize(
        &mut self,
        tight: &RgbImage,
        loose: &RgbImage,
        stop: &StopSignal,
    ) -> Result<Decoded, EngineError> {
        let specialist = self.specialist.read(tight, stop)?;
        if let Some(read) = arbitration::settled(&specialist) {
            return Ok(read);
        }
        let general = self.general.read(loose, stop)?;
        Ok(Opinions { specialist, general }.choose())
    }
}

/// A rectangle of a page as a picture of its own.
fn cut(page: &RgbImage, cell: Cell) -> RgbImage {
    let (width, height) = (cell.right - cell.left, cell.bottom - cell.top);
    imageops::crop_imm(page, cell.left, cell.top, width, height).to_image()
}

#[expect(clippy::cast_precision_loss, reason = "sides of pages are below 2^24")]
fn line_in(cell: Cell, text: String, confidence: f32) -> TextLine {
    let (left, top) = (cell.left as f32, cell.top as f32);
    let (right, bottom) = (cell.right as f32, cell.bottom as f32);
    TextLine {
        text,
        polygon: [[left, top], [right, top], [right, bottom], [left, bottom]],
        rotation: 0.0,
        confidence,
        source: TextSource::Ocr,
        ..TextLine::default()
    }
}

fn recognizer(
    runtime: &Runtime,
    files: &ModelFiles,
    role: Role,
    form: Form,
) -> Result<Recognizer, EngineError> {
    let model = runtime.open(files, role)?;
    let characters = model.metadata("character").ok_or_else(|| EngineError::Model {
        path: files.path(role).to_path_buf(),
        problem: "holds no list of characters".to_owned(),
    })?;
    Ok(Recognizer::new(Box::new(model), &characters, form))
}

fn warnings(page: &Page, view: &detect::View, lines: &[TextLine]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let is_coarse = match page.dpi {
        Some(dpi) => view.scale() < 1.0 && dpi * view.scale() < LEGIBLE_DPI,
        None => view.scale() < LEGIBLE_SCALE,
    };
    if is_coarse {
        let (width, height) = page.image.dimensions();
        let percent = view.scale() * 100.0;
        let detail = format!(
            "the page of {width} x {height} pixels was searched for text at {percent:.0} percent of its size; \
             small text may be missing: send parts of the sheet as pages of their own"
        );
        warnings.push(Warning {
            code: WarningCode::LowEffectiveDpi,
            detail,
            page: Some(page.number),
        });
    }
    if lines.is_empty() {
        let detail =
            "no text was found; is the page blank, or its text smaller than ten pixels?".to_owned();
        warnings.push(Warning { code: WarningCode::NoTextFound, detail, page: Some(page.number) });
    }
    warnings
}

/// Books the time since the last booking.
struct Clock {
    since: Instant,
    preprocess: Duration,
    infer: Duration,
}

impl Clock {
    fn start() -> Self {
        Self { since: Instant::now(), preprocess: Duration::ZERO, infer: Duration::ZERO }
    }

    fn preprocessed(&mut self) {
        let lap = self.lap();
        self.preprocess += lap;
    }

    fn inferred(&mut self) {
        let lap = self.lap();
        self.infer += lap;
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now.duration_since(self.since);
        self.since = now;
        lap
    }
}
