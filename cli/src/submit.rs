//! `cad submit`: sends a drawing to a running API, and waits for the reading when asked to.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use cad_common::contract::reading::Reading;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::service::{Api, Client};
use crate::{picture, report, terminal};

/// What `cad submit` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The drawing.
    file: PathBuf,
    #[command(flatten)]
    api: Api,
    /// Waits for the reading and prints it.
    #[arg(long)]
    wait: bool,
    /// Gives up waiting after this many seconds; the job goes on.
    #[arg(long, default_value_t = 300)]
    timeout: u64,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Writes the annotated first page to a .png or .svg file; implies --wait.
    #[arg(long, value_name = "OUT")]
    overlay: Option<PathBuf>,
    /// Provider: auto, paddle ...
    #[arg(long, default_value = "auto")]
    provider: String,
    /// Lane: high, normal or low.
    #[arg(long, default_value = "normal")]
    lane: String,
    /// Your own word for the job, echoed.
    #[arg(long)]
    tag: Option<String>,
}

/// One poll asks the API to hold the answer this long at most.
const POLL_WAIT_SECONDS: u64 = 20;

/// Submits, and prints the job or its reading.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(submit(args))
}

async fn submit(args: &Args) -> anyhow::Result<ExitCode> {
    let drawing =
        fs::read(&args.file).with_context(|| format!("can't read {}", args.file.display()))?;
    let client = args.api.client()?;
    let job = post(&client, args, drawing.clone()).await?;
    let id = text(&job, "id")?;
    terminal::note(&format!("job {id} accepted by {}", text(&job, "provider")?));
    if !args.wait && args.overlay.is_none() {
        terminal::print(&job.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let job = wait(&client, args, &id).await?;
    if text(&job, "state")? != "completed" {
        bail!(
            "job {id} ended {}: {}",
            text(&job, "state")?,
            job["error"]["detail"].as_str().unwrap_or("no reason given")
        );
    }
    show(args, &drawing, &job)?;
    Ok(ExitCode::SUCCESS)
}

async fn post(client: &Client<'_>, args: &Args, drawing: Vec<u8>) -> anyhow::Result<Value> {
    let name =
        args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut form = Form::new()
        .text("provider", args.provider.clone())
        .text("lane", args.lane.clone())
        .part("file", Part::bytes(drawing).file_name(name));
    if let Some(tag) = &args.tag {
        form = form.text("tag", tag.clone());
    }
    client.send(client.post("/api/v1/ocr/extract").multipart(form)).await
}

async fn wait(client: &Client<'_>, args: &Args, id: &str) -> anyhow::Result<Value> {
    let spinner = terminal::spinner("waiting for the reading");
    let deadline = std::time::Instant::now() + Duration::from_secs(args.timeout);
    let path = format!("/api/v1/jobs/{id}?wait={POLL_WAIT_SECONDS}");
    loop {
        let job = client.send(client.get(&path)).await?;
        let state = text(&job, "state")?;
        if !matches!(state.as_str(), "pending" | "in_progress") {
            spinner.finish_and_clear();
            return Ok(job);
        }
        if std::time::Instant::now() >= deadline {
            bail!(
                "job {id} is still {state} after {} s; poll {}/api/v1/jobs/{id}",
                args.timeout,
                args.api.url
            );
        }
        spinner.set_message(format!("job is {state}"));
    }
}

fn show(args: &Args, drawing: &[u8], job: &Value) -> anyhow::Result<()> {
    let reading: Reading = serde_json::from_value(job["result"].clone())
        .context("the api's answer holds no reading")?;
    if args.json {
        terminal::print(&job.to_string())?;
    } else {
        terminal::print(&report::tables(&reading))?;
    }
    if let Some(to) = &args.overlay {
        picture::write(drawing, None, &reading, to)?;
        terminal::note(&format!("annotated picture written to {}", to.display()));
    }
    Ok(())
}

fn text(job: &Value, field: &str) -> anyhow::Result<String> {
    let value =
        job[field].as_str().with_context(|| format!("the api's answer has no `{field}`"))?;
    Ok(value.to_owned())
}
