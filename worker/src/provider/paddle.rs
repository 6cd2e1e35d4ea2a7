//! The `paddle` provider: PP-OCR models read the pages, the engine says what they mean.
//!
//! `cad extract` runs this same code, so its answer is the fleet's.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cad_common::config::shared::LimitsConfig;
use cad_common::contract::reading::{PageReading, Reading, Warning, WarningCode};
use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::provider::ProviderName;
use cad_engine::document::{Document, Page, PageLimits};
use cad_engine::drawing;
use cad_engine::error::EngineError;
use cad_engine::exact;
use cad_engine::models::ModelFiles;
use cad_engine::ocr::{Reader, ReaderOptions, Step};
use cad_engine::stop::StopSignal;

use super::{Answer, Figures, Provider, Task, job_error, pages};
use crate::config::ModelSettings;

/// Share of a page's work that finding its text takes, for the progress.
const DETECTION_SHARE: f32 = 0.2;

/// The models with their owner.
pub struct PaddleProvider {
    reader: Reader,
    limits: PageLimits,
    versions: BTreeMap<String, String>,
}

impl PaddleProvider {
    /// Checks and loads the models.
    ///
    /// # Errors
    /// A file is missing, changed or can't be loaded.
    pub fn open(models: &ModelSettings, limits: &LimitsConfig) -> Result<Self, EngineError> {
        let files = ModelFiles::verify(&models.directory, models.ort_dylib.clone())?;
        let options = ReaderOptions { threads: models.threads, ..ReaderOptions::default() };
        let limits = PageLimits {
            max_pixels: limits.max_page_pixels,
            max_pages: limits.max_pages,
            ..PageLimits::default()
        };
        Ok(Self {
            reader: Reader::new(&files, options)?,
            limits,
            versions: files.versions().clone(),
        })
    }

    /// Reads the chosen pages; one that can't be decoded costs the others nothing but a warning.
    fn read_pages(
        &mut self,
        task: &Task,
        stop: &StopSignal,
        report: &mut dyn FnMut(Progress),
        clock: &mut Clock,
    ) -> Result<(Vec<PageReading>, Vec<Warning>), JobError> {
        let document = Document::open(&task.document, &self.limits)
            .map_err(|error| job_error(&error))?
            .drawn_at(task.options.dpi);
        let chosen = pages::choose(task.options.pages.as_deref(), document.page_count())?;
        clock.book(Stage::Load);
        let mut warnings = document.warnings().to_vec();
        let mut readings = Vec::with_capacity(chosen.len());
        let mut first_damage = None;
        for (place, number) in chosen.iter().enumerate() {
            let page = match document.page(*number) {
                Ok(page) => page,
                Err(error) if error.code() == ErrorCode::InputError => {
                    warnings.push(unread(*number, &error));
                    first_damage.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(job_error(&error)),
            };
            let mut on_step = |step| report(progress(step, *number, place, chosen.len()));
            let (reading, page_warnings) = self.read_page(page, stop, &mut on_step, clock)?;
            warnings.extend(page_warnings);
            readings.push(reading);
        }
        match first_damage {
            Some(error) if readings.is_empty() => Err(job_error(&error)),
            _ => Ok((readings, warnings)),
        }
    }
}

impl PaddleProvider {
    /// Reads one page: what the file says itself, and what only the models see.
    fn read_page(
        &mut self,
        page: Page,
        stop: &StopSignal,
        on_step: &mut dyn FnMut(Step),
        clock: &mut Clock,
    ) -> Result<(PageReading, Vec<Warning>), JobError> {
        let mut reading = PageReading {
            number: page.number,
            width: page.image.width(),
            height: page.image.height(),
            dpi: page.dpi,
            effective_dpi: page.dpi,
            ..PageReading::default()
        };
        let mut warnings = page.warnings.clone();
        if page.needs_ocr {
            let text = self.reader.read(&page, stop, on_step).map_err(|error| job_error(&error))?;
            clock.book_read(text.preprocess, text.infer);
            clock.tiles.0 += text.tiles_read;
            clock.tiles.1 += text.tiles_skipped;
            reading.effective_dpi = text.effective_dpi;
            reading.text_lines = text.lines;
            // That OCR found nothing says nothing about a page that brought its text.
            let is_true = |warning: &Warning| {
                warning.code != WarningCode::NoTextFound || page.text.is_empty()
            };
            warnings.extend(text.warnings.into_iter().filter(is_true));
        } else {
            clock.book(Stage::Preprocess);
        }
        reading.text_lines = exact::merge(page.text, reading.text_lines);
        Ok((reading, warnings))
    }
}

impl Provider for PaddleProvider {
    fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    fn run(
        &mut self,
        task: &Task,
        stop: &StopSignal,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Answer, JobError> {
        let mut clock = Clock::start();
        let (pages, page_warnings) = self.read_pages(task, stop, report, &mut clock)?;
        let mut reading = drawing::interpret(pages);
        clock.book(Stage::Parse);
        reading.warnings = merged(page_warnings, reading.warnings);
        reading.provider = ProviderName::Paddle.as_str().to_owned();
        reading.model_versions.clone_from(&self.versions);
        reading.processing_time_ms = u64::try_from(clock.total().as_millis()).unwrap_or(u64::MAX);
        reading.stages_latency_ms = clock.in_ms();
        let figures = figures(&reading, &clock);
        let result = serde_json::to_vec(&reading).map_err(|error| {
            JobError::new(
                ErrorCode::InternalError,
                format!("the reading can't be written: {error}"),
            )
            .at(Stage::Postprocess)
        })?;
        Ok(Answer { result, warnings: reading.warnings, figures })
    }
}

/// Reader and interpretation may both notice that a page has no text; the reader knows more about why.
fn merged(pages: Vec<Warning>, drawing: Vec<Warning>) -> Vec<Warning> {
    let mut warnings = pages;
    for warning in drawing {
        let is_said =
            warnings.iter().any(|said| said.code == warning.code && said.page == warning.page);
        if !is_said {
            warnings.push(warning);
        }
    }
    warnings
}

#[expect(clippy::cast_precision_loss, reason = "a share for people; pages and lines are few")]
fn progress(step: Step, number: u32, place: usize, pages: usize) -> Progress {
    let (stage, done, total, share) = match step {
        Step::Detect => (Stage::Preprocess, 0, 0, 0.0),
        Step::Recognize { done, total } => {
            let read = done as f32 / total.max(1) as f32;
            (Stage::Infer, done, total, DETECTION_SHARE + (1.0 - DETECTION_SHARE) * read)
        }
    };
    Progress {
        stage,
        page: number,
        pages: count(pages),
        done: count(done),
        total: count(total),
        ratio: (place as f32 + share) / pages.max(1) as f32,
    }
}

fn unread(number: u32, error: &EngineError) -> Warning {
    Warning {
        code: WarningCode::PartialReading,
        detail: format!("page {number} was not read: {error}"),
        page: Some(number),
    }
}

fn figures(reading: &Reading, clock: &Clock) -> Figures {
    let stages = clock.stages.values().copied().collect();
    Figures { stages, tiles: clock.tiles, ..Figures::of(reading) }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Books the time since the last booking to a stage, and the tiles that it went into.
struct Clock {
    begin: Instant,
    since: Instant,
    stages: BTreeMap<&'static str, (Stage, Duration)>,
    /// Searched, and skipped as empty.
    tiles: (u32, u32),
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self { begin: now, since: now, stages: BTreeMap::new(), tiles: (0, 0) }
    }

    fn book(&mut self, stage: Stage) {
        let now = Instant::now();
        self.add(stage, now.duration_since(self.since));
        self.since = now;
    }

    /// What the reader did not spend in models or on pixels went into decoding the page: pixels too.
    fn book_read(&mut self, preprocess: Duration, infer: Duration) {
        let now = Instant::now();
        let whole = now.duration_since(self.since);
        self.since = now;
        self.add(Stage::Infer, infer);
        self.add(Stage::Preprocess, preprocess.max(whole.saturating_sub(infer)));
    }

    fn add(&mut self, stage: Stage, elapsed: Duration) {
        self.stages.entry(stage.as_str()).or_insert((stage, Duration::ZERO)).1 += elapsed;
    }

    fn total(&self) -> Duration {
        self.begin.elapsed()
    }

    fn in_ms(&self) -> BTreeMap<String, f64> {
        let in_ms = |elapsed: Duration| (elapsed.as_secs_f64() * 1e5).round() / 1e2;
        self.stages
            .iter()
            .map(|(name, (_, elapsed))| ((*name).to_owned(), in_ms(*elapsed)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_grows_to_the_end_over_all_pages() {
        let steps = [
            (Step::Detect, 0),
            (Step::Recognize { done: 0, total: 4 }, 0),
            (Step::Recognize { done: 4, total: 4 }, 0),
            (Step::Detect, 1),
            (Step::Recognize { done: 4, total: 4 }, 1),
        ];

        let ratios: Vec<f32> =
            steps.iter().map(|(step, place)| progress(*step, 1, *place, 2).ratio).collect();

        assert!(ratios.is_sorted(), "{ratios:?}");
        assert_eq!((ratios[0], ratios[4]), (0.0, 1.0));
    }
}
