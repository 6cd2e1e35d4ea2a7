//! `cad extract`: the worker's own reading, without queue, store or network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use cad_common::config::Env;
use cad_common::config::shared::LimitsConfig;
use cad_common::contract::job::{Options, VECTOR_DPI};
use cad_common::contract::reading::Reading;
use cad_common::inspect::inspect;
use cad_engine::stop::StopSignal;
use cad_worker::config::ModelSettings;
use cad_worker::provider::paddle::PaddleProvider;
use cad_worker::provider::{Provider, Task};
use serde::Serialize;

use crate::{picture, report, terminal};

/// What `cad extract` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Drawings to read: PNG, JPEG, TIFF, BMP, WebP, GIF, PDF or DXF.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Prints `{"result": ...}`, one line for each drawing, instead of tables.
    #[arg(long)]
    json: bool,
    /// Writes the annotated first page to a .png or .svg file.
    #[arg(long, value_name = "OUT")]
    overlay: Option<PathBuf>,
    /// Pages to read, such as `1,3-5`.
    #[arg(long)]
    pages: Option<String>,
    /// Resolution at which pages of a PDF or DXF are drawn, in dots per inch; 200 when not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(i64::from(*VECTOR_DPI.start())..=i64::from(*VECTOR_DPI.end())))]
    dpi: Option<u32>,
}

/// The line of `--json`.
#[derive(Serialize)]
struct Output<'a> {
    result: &'a Reading,
}

/// Reads each drawing; a bad one is reported and doesn't stop the others.
pub(crate) fn run(args: &Args, env: &Env<'_>) -> anyhow::Result<ExitCode> {
    if args.overlay.is_some() && args.files.len() > 1 {
        bail!("--overlay takes one drawing at a time");
    }
    let limits = LimitsConfig::from_env(env)?;
    let mut provider = PaddleProvider::open(&ModelSettings::from_env(env)?, &limits)?;
    let mut exit = ExitCode::SUCCESS;
    for file in &args.files {
        if let Err(error) = read(file, args, &limits, &mut provider) {
            terminal::complain(&error.context(file.display().to_string()));
            exit = ExitCode::FAILURE;
        }
    }
    Ok(exit)
}

fn read(
    file: &Path,
    args: &Args,
    limits: &LimitsConfig,
    provider: &mut PaddleProvider,
) -> anyhow::Result<()> {
    let document = fs::read(file).context("can't be read")?;
    inspect(&document, limits)?;
    let options = Options { pages: args.pages.clone(), dpi: args.dpi };
    let task = Task { options, document };

    let spinner = terminal::spinner(&format!("reading {}", file.display()));
    let answer = provider.run(&task, &StopSignal::new(), &mut |_| {});
    spinner.finish_and_clear();
    let answer =
        answer.map_err(|error| anyhow::anyhow!("{}: {}", error.code.as_str(), error.detail))?;

    let reading: Reading = serde_json::from_slice(&answer.result)?;
    if args.json {
        // Not by way of `json!`, which would print every figure with more digits than the fleet does.
        terminal::print(&serde_json::to_string(&Output { result: &reading })?)?;
    } else {
        terminal::print(&report::tables(&reading))?;
    }
    if let Some(to) = &args.overlay {
        picture::write(&task.document, args.dpi, &reading, to)?;
        terminal::note(&format!("annotated picture written to {}", to.display()));
    }
    Ok(())
}
