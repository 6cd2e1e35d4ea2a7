//! The `deepseek_hf` provider: a remote model transcribes the pages, the engine says what they mean.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cad_common::config::shared::LimitsConfig;
use cad_common::contract::provenance::{Provenance, UNVERIFIED_CONFIDENCE};
use cad_common::contract::reading::{
    PageReading, Polygon, Reading, TextLine, TextSource, Warning, WarningCode,
};
use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::provider::ProviderName;
use cad_engine::document::{Document, Page, PageLimits};
use cad_engine::drawing;
use cad_engine::stop::StopSignal;
use image::DynamicImage;

use super::client::{Bounds, Client, Question};
use super::picture::{self, Tile};
use super::reply::Level;
use super::transcript::{self, Line, Transcript};
use super::{endpoint, mark, schema, versions};
use crate::config::remote::RemoteSettings;
use crate::provider::{Answer, Figures, Provider, Task, job_error, pages};
use crate::witness::{Witness, folded};

const NAME: ProviderName = ProviderName::DeepseekHf;

/// Changes with the prompt, so that cached answers of another one are not served.
const PROMPT_VERSION: &str = "read_v1";

/// Lettering of a line without a place, as a share of the page's height: 3.5 mm on a sheet in size A3.
const LETTER_SHARE: f32 = 0.012;

/// A model that reads drawings elsewhere.
pub(in crate::provider) struct RemoteReader {
    client: Client,
    question: Question,
    remote: RemoteSettings,
    limits: PageLimits,
    versions: BTreeMap<String, String>,
}

/// What was read so far.
struct Run<'a> {
    bounds: Bounds<'a>,
    level: Level,
    warnings: Vec<Warning>,
    /// Time spent on pixels, and waiting for the model.
    preprocess: Duration,
    infer: Duration,
    tiles: u32,
}

impl RemoteReader {
    /// A reader that has not asked anything yet.
    ///
    /// # Errors
    /// It is not set up, or this machine can't have a client.
    pub(in crate::provider) fn open(
        remote: &RemoteSettings,
        limits: &LimitsConfig,
    ) -> Result<Self, JobError> {
        let endpoint = endpoint(remote, NAME)?;
        let question = Question {
            prompt: include_str!("prompts/read_v1.txt"),
            name: "transcript",
            schema: schema(include_str!("prompts/read_v1.schema.json"))?,
        };
        let limits = PageLimits {
            max_pixels: limits.max_page_pixels,
            max_pages: limits.max_pages,
            ..PageLimits::default()
        };
        let versions = versions(&endpoint, PROMPT_VERSION);
        let client = Client::open(NAME, endpoint)?;
        Ok(Self { client, question, remote: remote.clone(), limits, versions })
    }

    /// Reads one page: what the file says itself, and beyond that what the model sees.
    fn read_page(
        &mut self,
        page: Page,
        run: &mut Run<'_>,
        on_tile: &mut dyn FnMut(usize, usize),
    ) -> Result<PageReading, JobError> {
        let mut reading = PageReading {
            number: page.number,
            width: page.image.width(),
            height: page.image.height(),
            dpi: page.dpi,
            effective_dpi: page.dpi,
            ..PageReading::default()
        };
        run.warnings.extend(page.warnings);
        let mut lines = page.text;
        if page.needs_ocr {
            let exact = Witness::of_lines(page.number, &lines);
            let picture = DynamicImage::ImageRgb8(page.image);
            let (seen, scale) = self.look(page.number, &picture, run, on_tile)?;
            lines.extend(seen.into_iter().filter(|line| !exact.confirms(&line.text)));
            reading.effective_dpi = page.dpi.map(|dpi| dpi * scale);
        }
        reading.text_lines = lines;
        Ok(reading)
    }

    /// Asks about each tile of a page; a tile whose answer can't be understood costs a warning, all of them the page.
    fn look(
        &mut self,
        number: u32,
        page: &DynamicImage,
        run: &mut Run<'_>,
        on_tile: &mut dyn FnMut(usize, usize),
    ) -> Result<(Vec<TextLine>, f32), JobError> {
        let size = (page.width(), page.height());
        let layout = picture::lay_out(size, self.remote.max_side_px, self.remote.max_tiles);
        let mut lines: Vec<TextLine> = Vec::new();
        let mut misunderstood = Vec::new();
        for (done, tile) in layout.tiles.iter().enumerate() {
            on_tile(done, layout.tiles.len());
            match self.ask(page, *tile, run) {
                Ok(transcript) => {
                    run.level = run.level.max(transcript.level);
                    if transcript.is_cut {
                        run.warnings
                            .push(partial(number, "the reply has more lines than are taken"));
                    }
                    add(&mut lines, placed(&transcript.lines, *tile));
                }
                Err(error) if error.code == ErrorCode::ParseFailed => misunderstood.push(error),
                Err(error) => return Err(error),
            }
        }
        let share = (misunderstood.len(), layout.tiles.len());
        match misunderstood.into_iter().next() {
            Some(error) if share.0 == share.1 => return Err(error),
            Some(error) => {
                let detail = format!("{} of {} parts: {}", share.0, share.1, error.detail);
                run.warnings.push(partial(number, &detail));
            }
            None => {}
        }
        #[expect(clippy::cast_possible_truncation, reason = "a scale needs no more digits")]
        let scale = layout.scale as f32;
        Ok((lines, scale))
    }

    fn ask(
        &mut self,
        page: &DynamicImage,
        tile: Tile,
        run: &mut Run<'_>,
    ) -> Result<Transcript, JobError> {
        let begin = Instant::now();
        let png = picture::encode(page, tile, self.remote.max_side_px)?;
        run.preprocess += begin.elapsed();
        let begin = Instant::now();
        let reply = self.client.ask(&self.question, &png, run.bounds);
        run.infer += begin.elapsed();
        run.tiles += 1;
        transcript::understand(NAME, &reply?)
    }

    fn read_pages(
        &mut self,
        task: &Task,
        run: &mut Run<'_>,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Vec<PageReading>, JobError> {
        let document = Document::open(&task.document, &self.limits)
            .map_err(|error| job_error(&error))?
            .drawn_at(task.options.dpi);
        let chosen = pages::choose(task.options.pages.as_deref(), document.page_count())?;
        run.warnings.extend_from_slice(document.warnings());
        let mut readings = Vec::with_capacity(chosen.len());
        let mut first_damage = None;
        for (place, number) in chosen.iter().enumerate() {
            let begin = Instant::now();
            let page = document.page(*number);
            run.preprocess += begin.elapsed();
            match page {
                Ok(page) => {
                    let mut on_tile = |done, total| {
                        report(progress(*number, (place, chosen.len()), (done, total)));
                    };
                    readings.push(self.read_page(page, run, &mut on_tile)?);
                }
                Err(error) if error.code() == ErrorCode::InputError => {
                    run.warnings.push(partial(*number, &error.to_string()));
                    first_damage.get_or_insert(error);
                }
                Err(error) => return Err(job_error(&error)),
            }
        }
        match first_damage {
            Some(error) if readings.is_empty() => Err(job_error(&error)),
            _ => Ok(readings),
        }
    }
}

impl Provider for RemoteReader {
    fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    fn run(
        &mut self,
        task: &Task,
        stop: &StopSignal,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Answer, JobError> {
        let begin = Instant::now();
        let deadline = tokio::time::Instant::now() + self.remote.timeout;
        let mut run = Run {
            bounds: Bounds { deadline, stop },
            level: Level::Strict,
            warnings: Vec::new(),
            preprocess: Duration::ZERO,
            infer: Duration::ZERO,
            tiles: 0,
        };
        let pages = self.read_pages(task, &mut run, report)?;
        let parsing = Instant::now();
        let exact = Witness::of(&exact_alone(&pages));
        let mut reading = drawing::interpret(pages);
        mark::mark(&mut reading, NAME, &exact);
        let stages = [
            (Stage::Preprocess, run.preprocess),
            (Stage::Infer, run.infer),
            (Stage::Parse, parsing.elapsed()),
        ];
        if has_unverified(&reading) {
            run.warnings.push(unverified());
        }
        reading.warnings.splice(0..0, run.warnings);
        reading.provider = NAME.as_str().to_owned();
        // Exact text alone asks no model, so that there is no reply to tell of.
        reading.fallback_level = (run.tiles > 0).then(|| run.level.as_str().to_owned());
        reading.model_versions.clone_from(&self.versions);
        reading.processing_time_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        reading.stages_latency_ms = in_ms(&stages);
        answer(reading, stages.to_vec(), run.tiles)
    }
}

fn answer(
    reading: Reading,
    stages: Vec<(Stage, Duration)>,
    tiles: u32,
) -> Result<Answer, JobError> {
    let result = serde_json::to_vec(&reading).map_err(|error| {
        let detail = format!("the reading can't be written: {error}");
        JobError::new(ErrorCode::InternalError, detail).at(Stage::Postprocess)
    })?;
    let figures = Figures { stages, tiles: (tiles, 0), ..Figures::of(&reading) };
    Ok(Answer { result, warnings: reading.warnings, figures })
}

/// The pages with the lines alone that the file states itself.
fn exact_alone(pages: &[PageReading]) -> Vec<PageReading> {
    let mut exact = pages.to_vec();
    for page in &mut exact {
        page.text_lines.retain(|line| line.source != TextSource::Model);
    }
    exact
}

fn has_unverified(reading: &Reading) -> bool {
    let mut lines = reading.pages.iter().flat_map(|page| &page.text_lines);
    lines.any(|line| line.source == TextSource::Model)
}

fn unverified() -> Warning {
    Warning {
        code: WarningCode::Unverified,
        detail: format!(
            "{NAME} alone has read what is marked `unverified`; compare it with the drawing, or let `auto` do so"
        ),
        page: None,
    }
}

fn partial(number: u32, what: &str) -> Warning {
    Warning {
        code: WarningCode::PartialReading,
        detail: format!("page {number} was not read in full: {what}"),
        page: Some(number),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people; pages and tiles are few")]
fn progress(
    number: u32,
    (place, pages): (usize, usize),
    (done, total): (usize, usize),
) -> Progress {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let share = done as f32 / total.max(1) as f32;
    Progress {
        stage: Stage::Infer,
        page: number,
        pages: count(pages),
        done: count(done),
        total: count(total),
        ratio: (place as f32 + share) / pages.max(1) as f32,
    }
}

fn in_ms(stages: &[(Stage, Duration)]) -> BTreeMap<String, f64> {
    let rounded = |elapsed: Duration| (elapsed.as_secs_f64() * 1e5).round() / 1e2;
    stages.iter().map(|(stage, time)| (stage.as_str().to_owned(), rounded(*time))).collect()
}

/// The lines of a tile in the pixels of its page; those without a place stand below each other.
#[expect(clippy::cast_precision_loss, reason = "sides of pages are below 2^24")]
fn placed(lines: &[Line], tile: Tile) -> Vec<TextLine> {
    let (left, top) = (tile.left as f32, tile.top as f32);
    let (width, height) = (tile.width as f32, tile.height as f32);
    let unplaced = lines.iter().filter(|line| line.place.is_none()).count();
    let row = height / (unplaced + 1) as f32;
    let letter = (height * LETTER_SHARE).min(row / 2.0).max(1.0);
    let mut rows = 0;
    let lines = lines.iter().map(|line| {
        let [from_x, from_y, to_x, to_y] = line.place.map_or_else(
            || {
                rows += 1;
                let y = top + row * rows as f32;
                let length = letter * 0.6 * line.text.chars().count().max(1) as f32;
                [left, y - letter, left + length.min(width), y]
            },
            |[x, y, end_x, end_y]| {
                [left + x * width, top + y * height, left + end_x * width, top + end_y * height]
            },
        );
        text_line(line.text.clone(), [from_x, from_y, to_x, to_y])
    });
    lines.collect()
}

/// A line in an upright box; text in a box that is much higher than wide runs upwards.
fn text_line(text: String, [left, top, right, bottom]: [f32; 4]) -> TextLine {
    let (width, height) = (right - left, bottom - top);
    let runs_up = text.chars().count() > 1 && height > 1.5 * width;
    let level: Polygon = [[left, top], [right, top], [right, bottom], [left, bottom]];
    let upward: Polygon = [[left, bottom], [left, top], [right, top], [right, bottom]];
    TextLine {
        text,
        polygon: if runs_up { upward } else { level },
        rotation: if runs_up { 90.0 } else { 0.0 },
        confidence: UNVERIFIED_CONFIDENCE,
        source: TextSource::Model,
        provenance: Some(Provenance::unverified(NAME)),
    }
}

/// Adds the lines of a tile, but for those of the overlap that its neighbour has read too.
fn add(known: &mut Vec<TextLine>, lines: Vec<TextLine>) {
    let before = known.len();
    for line in lines {
        let letters = folded(&line.text);
        let of_neighbours = known.get(..before).unwrap_or_default();
        let is_known = of_neighbours
            .iter()
            .any(|other| overlaps(other, &line) && folded(&other.text) == letters);
        if !is_known {
            known.push(line);
        }
    }
}

fn overlaps(one: &TextLine, other: &TextLine) -> bool {
    let ([left, top, width, height], [x, y, w, h]) = (one.bbox(), other.bbox());
    left < x + w && x < left + width && top < y + h && y < top + height
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILE: Tile = Tile { left: 1000, top: 500, width: 1000, height: 500 };

    fn line(text: &str, place: Option<[f32; 4]>) -> Line {
        Line { text: text.to_owned(), place }
    }

    #[test]
    fn lines_stand_in_the_pixels_of_the_page() {
        let lines = placed(&[line("R5", Some([0.1, 0.2, 0.2, 0.24]))], TILE);

        assert_eq!(lines[0].bbox(), [1100, 600, 100, 20]);
        assert_eq!(lines[0].rotation, 0.0);
        assert_eq!(lines[0].confidence, UNVERIFIED_CONFIDENCE);
    }

    #[test]
    fn text_in_a_high_box_runs_upwards() {
        let lines = placed(&[line("120 ±0.1", Some([0.5, 0.2, 0.52, 0.6]))], TILE);

        assert_eq!(lines[0].rotation, 90.0);
        assert_eq!(lines[0].polygon[0], [1500.0, 800.0], "it begins at the foot");
    }

    #[test]
    fn lines_without_a_place_do_not_touch() {
        let lines = placed(&[line("R5", None), line("R6", None), line("R7", None)], TILE);

        for pair in lines.windows(2) {
            assert!(!overlaps(&pair[0], &pair[1]));
        }
        assert!(lines.iter().all(|line| line.bbox()[1] >= 500 && line.bbox()[1] < 1000));
    }

    #[test]
    fn the_overlap_of_two_tiles_is_read_once() {
        let place = Some([0.0, 0.0, 0.1, 0.1]);
        let mut known = placed(&[line("⌀20 H7", place)], TILE);

        add(&mut known, placed(&[line("Ø20H7", place), line("R5", place)], TILE));

        let texts: Vec<&str> = known.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["⌀20 H7", "R5"]);
    }
}
