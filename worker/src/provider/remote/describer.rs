//! The `deepseek_vl` provider: a remote model says in words what is to be seen on the first page that was asked for.
//!
//! Figures in its words are compared with the text that the file states itself; where there is none, nothing here can
//! bear them out.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cad_common::config::shared::LimitsConfig;
use cad_common::contract::description::{DescribedDrawing, Description, Detail};
use cad_common::contract::provenance::Provenance;
use cad_common::contract::reading::{RESULT_VERSION, Warning, WarningCode};
use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::provider::ProviderName;
use cad_engine::document::{Document, Page, PageLimits};
use cad_engine::stop::StopSignal;
use image::DynamicImage;
use regex::Regex;
use serde_json::Value;

use super::client::{Bounds, Client, Question};
use super::picture;
use super::reply::{self, Found, Level};
use super::{endpoint, schema, versions};
use crate::config::remote::RemoteSettings;
use crate::provider::{Answer, Figures, Provider, Task, job_error, pages};
use crate::witness::Witness;

const NAME: ProviderName = ProviderName::DeepseekVl;

/// Changes with the prompt, so that cached answers of another one are not served.
const PROMPT_VERSION: &str = "describe_v1";

/// Longest text that is taken, the original's limit for a reply without JSON.
const MAX_CHARS: usize = 500;

/// Most facts that are taken; more are repetitions.
const MAX_DETAILS: usize = 100;

static FIGURE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[⌀ØΦφ∅RM]?\s?\d+(?:[.,]\d+)?").ok());

/// A model that describes drawings elsewhere.
pub(in crate::provider) struct Describer {
    client: Client,
    question: Question,
    remote: RemoteSettings,
    limits: PageLimits,
    versions: BTreeMap<String, String>,
}

impl Describer {
    /// A describer that has not asked anything yet.
    ///
    /// # Errors
    /// It is not set up, or this machine can't have a client.
    pub(in crate::provider) fn open(
        remote: &RemoteSettings,
        limits: &LimitsConfig,
    ) -> Result<Self, JobError> {
        let endpoint = endpoint(remote, NAME)?;
        let question = Question {
            prompt: include_str!("prompts/describe_v1.txt"),
            name: "description",
            schema: schema(include_str!("prompts/describe_v1.schema.json"))?,
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

    /// Opens the first page that was asked for.
    fn page(&self, task: &Task) -> Result<(Page, Vec<Warning>), JobError> {
        let document = Document::open(&task.document, &self.limits)
            .map_err(|error| job_error(&error))?
            .drawn_at(task.options.dpi);
        let chosen = pages::choose(task.options.pages.as_deref(), document.page_count())?;
        let number = chosen.first().copied().unwrap_or(1);
        let page = document.page(number).map_err(|error| job_error(&error))?;
        let mut warnings = document.warnings().to_vec();
        warnings.extend(page.warnings.iter().cloned());
        if chosen.len() > 1 {
            warnings.push(Warning {
                code: WarningCode::PartialReading,
                detail: format!("only page {number} is described; ask for the others by `pages`"),
                page: None,
            });
        }
        Ok((page, warnings))
    }
}

impl Provider for Describer {
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
        let (page, mut warnings) = self.page(task)?;
        let exact = Witness::of_lines(page.number, &page.text);
        let number = page.number;
        let picture = DynamicImage::ImageRgb8(page.image);
        let layout =
            picture::lay_out((picture.width(), picture.height()), self.remote.max_side_px, 1);
        let tile = layout.tiles.first().copied().ok_or_else(|| {
            JobError::new(ErrorCode::InputError, "the page has no pixels").at(Stage::Preprocess)
        })?;
        let png = picture::encode(&picture, tile, self.remote.max_side_px)?;
        let preprocess = begin.elapsed();
        report(Progress {
            stage: Stage::Infer,
            page: number,
            pages: 1,
            done: 0,
            total: 1,
            ratio: 0.0,
        });
        let reply = self.client.ask(&self.question, &png, Bounds { deadline, stop })?;
        let infer = begin.elapsed().saturating_sub(preprocess);
        let (level, said) = understand(&reply)?;
        let description = checked(said, &exact);
        warnings.push(unverified());
        let stages = [(Stage::Preprocess, preprocess), (Stage::Infer, infer)];
        let drawing = DescribedDrawing {
            v: RESULT_VERSION,
            success: true,
            provider: NAME.as_str().to_owned(),
            description,
            fallback_level: Some(level.as_str().to_owned()),
            processing_time_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
            stages_latency_ms: in_ms(&stages),
            model_versions: self.versions.clone(),
            warnings,
        };
        answer(drawing, stages.to_vec())
    }
}

fn answer(drawing: DescribedDrawing, stages: Vec<(Stage, Duration)>) -> Result<Answer, JobError> {
    let result = serde_json::to_vec(&drawing).map_err(|error| {
        let detail = format!("the description can't be written: {error}");
        JobError::new(ErrorCode::InternalError, detail).at(Stage::Postprocess)
    })?;
    let figures = Figures { stages, pages: 1, ..Figures::default() };
    Ok(Answer { result, warnings: drawing.warnings, figures })
}

/// A summary and its details, as said.
type Said = (String, Vec<String>);

/// Climbs down the ladder; plain words are a summary.
fn understand(reply: &str) -> Result<(Level, Said), JobError> {
    let failed = |reason: &str, what: &str| {
        JobError::new(ErrorCode::ParseFailed, format!("{NAME} can't be understood: {what}"))
            .with_reason(reason)
            .at(Stage::Parse)
    };
    match reply::read(reply, said) {
        Found::Fitting(level, said) => Ok((level, said)),
        Found::OtherForm => Err(failed("wrong_schema", "its reply has another form")),
        Found::Words(words) => match plain(&words) {
            summary if summary.is_empty() => Err(failed("empty_reply", "its reply is empty")),
            summary => Ok((Level::Text, (summary, Vec::new()))),
        },
    }
}

fn said(value: &Value) -> Option<Said> {
    let summary = plain(value.get("summary")?.as_str()?);
    let details = value.get("details").and_then(Value::as_array).map(Vec::as_slice);
    let details = details.unwrap_or_default().iter().filter_map(Value::as_str).map(plain);
    let details = details.filter(|detail| !detail.is_empty()).take(MAX_DETAILS).collect();
    (!summary.is_empty()).then_some((summary, details))
}

fn plain(text: &str) -> String {
    let letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    letters.take(MAX_CHARS).collect::<String>().trim().to_owned()
}

/// Marks each fact: borne out when it has figures and the file states all of them.
fn checked((summary, details): Said, exact: &Witness) -> Description {
    let details = details.into_iter().map(|text| {
        let is_verified = FIGURE.as_ref().is_some_and(|pattern| {
            let mut figures = pattern.find_iter(&text).map(|found| found.as_str()).peekable();
            figures.peek().is_some() && figures.all(|figure| exact.confirms(figure))
        });
        let provenance =
            if is_verified { Provenance::verified(NAME) } else { Provenance::unverified(NAME) };
        Detail { text, provenance: Some(provenance) }
    });
    // A model's own word for its certainty is no measurement.
    Description { summary, details: details.collect(), confidence: None }
}

fn unverified() -> Warning {
    Warning {
        code: WarningCode::Unverified,
        detail: format!(
            "{NAME} alone has seen what is marked `unverified`; compare it with the drawing"
        ),
        page: None,
    }
}

fn in_ms(stages: &[(Stage, Duration)]) -> BTreeMap<String, f64> {
    let rounded = |elapsed: Duration| (elapsed.as_secs_f64() * 1e5).round() / 1e2;
    stages.iter().map(|(stage, time)| (stage.as_str().to_owned(), rounded(*time))).collect()
}

#[cfg(test)]
mod tests {
    use cad_common::contract::reading::TextLine;

    use super::*;

    #[test]
    fn words_are_a_summary_as_the_original_has_it() {
        let (level, (summary, details)) = understand("A plate with four holes.").unwrap();

        assert_eq!((level, summary.as_str()), (Level::Text, "A plate with four holes."));
        assert!(details.is_empty());
    }

    #[test]
    fn json_of_another_form_is_not_understood() {
        for reply in [r#"{"text": "a plate"}"#, r#"{"summary": 7}"#, r#"{"summary": " "}"#] {
            assert_eq!(understand(reply).unwrap_err().reason.as_deref(), Some("wrong_schema"));
        }
    }

    #[test]
    fn only_facts_whose_figures_stand_in_the_file_are_verified() {
        let line = |text: &str| TextLine { text: text.to_owned(), ..TextLine::default() };
        let exact = Witness::of_lines(1, &[line("⌀20 H7"), line("R5")]);
        let details = ["hole ⌀20 with R5", "hole ⌀20 with R6", "made of steel"].map(str::to_owned);

        let description = checked(("a plate".to_owned(), details.to_vec()), &exact);

        let marks: Vec<bool> = description
            .details
            .iter()
            .map(|detail| detail.provenance.is_some_and(Provenance::is_unverified))
            .collect();
        assert_eq!(marks, [false, true, true]);
        assert_eq!(description.confidence, None);
    }
}
