//! A page in, its lines of text out; the steps are those of [`Reader::read`], one file each.

use std::time::{Duration, Instant};

use cad_common::contract::reading::{TextLine, TextSource, Warning, WarningCode};

use crate::document::Page;
use crate::error::EngineError;
use crate::models::{ModelFiles, Role};
use crate::onnx::{Model, Runtime};
use crate::stop::StopSignal;

mod boxes;
mod crop;
mod ctc;
mod detect;
mod order;
mod orientation;
mod recognize;

use crop::Crop;
use ctc::Dictionary;

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
    /// Pages with a longer side than this are shrunk to it for detection; recognition sees all pixels.
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
    /// Time spent on pixels: scaling, finding outlines, cropping.
    pub preprocess: Duration,
    /// Time spent in models.
    pub infer: Duration,
}

/// The three models with their one owner.
pub struct Reader {
    detection: Box<dyn Model>,
    orientation: Box<dyn Model>,
    recognition: Box<dyn Model>,
    dictionary: Dictionary,
    options: ReaderOptions,
}

impl Reader {
    /// Loads the models.
    ///
    /// # Errors
    /// When the runtime or a model can't be loaded, or the recognition model brings no characters.
    pub fn new(files: &ModelFiles, options: ReaderOptions) -> Result<Self, EngineError> {
        let runtime = Runtime::load(files, options.threads)?;
        let recognition = runtime.open(files, Role::Recognition)?;
        let characters = recognition.metadata("character").ok_or_else(|| EngineError::Model {
            path: files.path(Role::Recognition).to_path_buf(),
            problem: "holds no list of characters".to_owned(),
        })?;
        Ok(Self {
            detection: Box::new(runtime.open(files, Role::Detection)?),
            orientation: Box::new(runtime.open(files, Role::Orientation)?),
            recognition: Box::new(recognition),
            dictionary: Dictionary::new(&characters),
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
        let view = detect::View::of_page(&page.image, self.options.detection_side_px)?;
        clock.preprocessed();
        let text_map = detect::run(self.detection.as_mut(), &view, stop)?;
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
        order::sort(&mut lines);
        clock.preprocessed();

        Ok(PageText {
            effective_dpi: page.dpi.map(|dpi| dpi * view.scale()),
            warnings: warnings(page, &view, &lines),
            lines,
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
        let model = self.recognition.as_mut();
        let mut direction = crop.text_box;
        let mut read = recognize::run(model, &crop.picture, &self.dictionary, stop)?;
        clock.inferred();
        let other_way = direction.across().filter(|_| read.confidence < SURE);
        if let Some(across) = other_way {
            let turned = Crop::cut(&page.image, across)?;
            clock.preprocessed();
            let read_across = recognize::run(model, &turned.picture, &self.dictionary, stop)?;
            clock.inferred();
            if read_across.confidence > read.confidence {
                (direction, read) = (across, read_across);
            }
        }
        let line = TextLine {
            text: read.text,
            polygon: direction.polygon(),
            rotation: direction.rotation(),
            confidence: read.confidence,
            source: TextSource::Ocr,
        };
        Ok(Some(line).filter(|line| line.confidence >= self.options.min_confidence))
    }
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
