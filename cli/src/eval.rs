//! `cad eval`: how well drawings are read, measured against what they truly say.
//!
//! `docs/evaluation.md` defines each figure; the order here is read, score, sum up, report.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use cad_common::config::Env;
use cad_common::config::shared::LimitsConfig;
use cad_common::contract::job::Options;
use cad_common::contract::reading::Reading;
use cad_engine::drawing;
use cad_engine::stop::StopSignal;
use cad_worker::config::ModelSettings;
use cad_worker::provider::paddle::PaddleProvider;
use cad_worker::provider::{Provider, Task};

use crate::terminal;

mod calibration;
mod dimensions;
mod report;
mod score;
mod symbols;
mod texts;
mod title_block;
mod truth;

use score::Score;
use truth::Truth;

/// What `cad eval` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of drawings with their truth files beside them (NAME.png and NAME.json).
    folder: PathBuf,
    /// Prints the figures as JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Says of each drawing what was missed, wrong or inexact.
    #[arg(long)]
    details: bool,
    /// Only drawings whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Interprets the true texts instead of reading the pictures: what is lost then is lost by understanding.
    #[arg(long)]
    true_texts: bool,
    /// Appends the totals with the time and the models to this file, a JSON line each run.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
}

/// Reads and scores every drawing of the folder.
pub(crate) fn run(args: &Args, env: &Env<'_>) -> anyhow::Result<ExitCode> {
    let truths = truth::all_in(&args.folder, &args.only)?;
    if truths.is_empty() {
        bail!("{} holds no truth files (NAME.json beside NAME.png)", args.folder.display());
    }
    let mut reader =
        if args.true_texts { Eyes::Truth } else { Eyes::Models(Box::new(Models::open(env)?)) };
    let mut scores = Vec::with_capacity(truths.len());
    for truth in &truths {
        let spinner = terminal::spinner(&format!("reading {}", truth.name));
        let reading = reader.read(truth, &args.folder);
        spinner.finish_and_clear();
        scores.push(score::score(truth, &reading.with_context(|| truth.name.clone())?));
    }
    let total = score::total(&scores);
    if args.json {
        terminal::print(&serde_json::to_string(&report::figures(&scores, &total))?)?;
    } else {
        terminal::print(&report::tables(&scores, &total, args.details))?;
    }
    if let Some(file) = &args.history {
        remember(file, &total)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the text of a drawing comes from.
enum Eyes {
    Models(Box<Models>),
    Truth,
}

struct Models {
    provider: PaddleProvider,
}

impl Models {
    fn open(env: &Env<'_>) -> anyhow::Result<Self> {
        let limits = LimitsConfig::from_env(env)?;
        Ok(Self { provider: PaddleProvider::open(&ModelSettings::from_env(env)?, &limits)? })
    }
}

impl Eyes {
    fn read(&mut self, truth: &Truth, folder: &Path) -> anyhow::Result<Reading> {
        let Self::Models(models) = self else {
            return Ok(drawing::interpret(vec![truth.page()]));
        };
        let path = folder.join(&truth.image);
        let document =
            fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let task = Task { options: Options::default(), document };
        let answer = models
            .provider
            .run(&task, &StopSignal::new(), &mut |_| {})
            .map_err(|error| anyhow::anyhow!("{}: {}", error.code.as_str(), error.detail))?;
        Ok(serde_json::from_slice(&answer.result)?)
    }
}

/// One line for each run: when, and what was measured.
fn remember(file: &Path, total: &Score) -> anyhow::Result<()> {
    let line = serde_json::json!({
        "at": jiff::Timestamp::now(),
        "version": env!("CARGO_PKG_VERSION"),
        "total": report::totals(total),
    });
    let mut history = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .with_context(|| format!("{} can't be written", file.display()))?;
    writeln!(history, "{line}")?;
    Ok(())
}
