//! A provider for tests and benchmarks: does what the drawing's bytes say, be it to take its slot down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cad_common::contract::reading::{PageReading, Reading, TextLine};
use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_engine::stop::StopSignal;

use super::{Answer, Figures, Provider, Task};

/// The smallest picture that is let through the inspection; what follows it is the order to the fake.
pub const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\
    \x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\x9c\x63\x60\x00\x00\x00\
    \x02\x00\x01\x48\xaf\xa4\x71\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// The last chunk of every PNG.
const PNG_END: &[u8] = b"IEND\xae\x42\x60\x82";

/// A drawing that makes the fake do something.
#[must_use]
pub fn drawing(order: &str) -> Vec<u8> {
    [PNG, order.as_bytes()].concat()
}

/// Does what it is told by the first word of the drawing, and reads it otherwise.
#[derive(Debug, Default)]
pub struct Fake {
    versions: BTreeMap<String, String>,
    runs: u32,
    has_failed: Arc<AtomicBool>,
    /// What it does, whatever the drawing says.
    order: Option<&'static str>,
}

impl Provider for Fake {
    fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    fn run(
        &mut self,
        task: &Task,
        stop: &StopSignal,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Answer, JobError> {
        self.runs += 1;
        let of_drawing = String::from_utf8_lossy(after_picture(&task.document));
        let order = self.order.map_or(of_drawing.into_owned(), str::to_owned);
        match order.split(' ').next().unwrap_or_default() {
            "nap" => {
                wait_for(NAP, || stop.is_stopped());
                Ok(self.answer())
            }
            "bad" => {
                Err(JobError::new(ErrorCode::InputError, "not a drawing").at(Stage::Preprocess))
            }
            "slowbad" => {
                wait_for(Duration::from_millis(400), || stop.is_stopped());
                Err(JobError::new(ErrorCode::InputError, "not a drawing").at(Stage::Preprocess))
            }
            "slow" => {
                wait_for(Duration::from_millis(700), || stop.is_stopped());
                Ok(self.answer())
            }
            "fault" if order.ends_with("once") && self.has_failed.swap(true, Ordering::Relaxed) => {
                Ok(self.answer())
            }
            "doubt" => Ok(reading(&order, 0.4)),
            "fault" => Err(JobError::new(ErrorCode::InternalError, "defect").at(Stage::Infer)),
            #[expect(clippy::panic, reason = "as a defect of a provider would")]
            "panic" => panic!("told to"),
            "abort" => std::process::abort(),
            "hog" => Err(hog()),
            "wait" => {
                report(Progress {
                    stage: Stage::Infer,
                    page: 1,
                    pages: 1,
                    done: 1,
                    total: 2,
                    ratio: 0.5,
                });
                wait_for(LONG, || stop.is_stopped());
                Err(JobError::new(ErrorCode::ProviderTimeout, "stopped"))
            }
            "hang" => {
                wait_for(LONG, || false);
                Err(JobError::new(ErrorCode::InternalError, "woke up"))
            }
            _ => Ok(self.answer()),
        }
    }
}

impl Fake {
    /// Fakes that share a memory of the faults that happen once.
    #[must_use]
    pub fn sharing(has_failed: Arc<AtomicBool>) -> Self {
        Self { has_failed, ..Self::default() }
    }

    /// Fakes that do always the same.
    #[must_use]
    pub fn told(order: &'static str) -> Self {
        Self { order: Some(order), ..Self::default() }
    }

    fn answer(&self) -> Answer {
        Answer {
            result: format!(r#"{{"run":{}}}"#, self.runs).into_bytes(),
            figures: Figures { pages: 1, ..Figures::default() },
            ..Answer::default()
        }
    }
}

/// What a benchmark's job takes at least, so that jobs are in hand when something is killed.
const NAP: Duration = Duration::from_millis(5);

/// Takes memory until the slot is killed for it.
fn hog() -> JobError {
    let mut blocks = Vec::new();
    for _ in 0..1024 {
        blocks.push(vec![1_u8; 16 * 1024 * 1024]);
    }
    let taken = blocks.len();
    JobError::new(ErrorCode::InternalError, format!("{taken} blocks were not too many"))
}

/// A reading with one line, the order, and a confidence.
fn reading(order: &str, confidence: f32) -> Answer {
    let line = TextLine { text: order.to_owned(), confidence, ..TextLine::default() };
    let page = PageReading { number: 1, text_lines: vec![line], ..PageReading::default() };
    let reading = Reading { confidence: Some(confidence), pages: vec![page], ..Reading::default() };
    Answer {
        result: serde_json::to_vec(&reading).unwrap_or_default(),
        figures: Figures { confidence: Some(confidence), pages: 1, ..Figures::default() },
        ..Answer::default()
    }
}

/// So that a failing test ends.
const LONG: Duration = Duration::from_secs(10);

/// What follows the end of a picture.
fn after_picture(document: &[u8]) -> &[u8] {
    let end = document.windows(PNG_END.len()).rposition(|bytes| bytes == PNG_END);
    end.and_then(|at| document.get(at + PNG_END.len()..)).unwrap_or(document)
}

/// Holds this thread until something is so, or the time is up.
fn wait_for(limit: Duration, is_over: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_over() && begin.elapsed() < limit {
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
