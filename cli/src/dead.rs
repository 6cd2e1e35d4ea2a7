//! `cad dead`: what no worker took: list it, look at it, send it again, remove it.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};
use tabled::builder::Builder;
use tabled::settings::Style;

use crate::service::{Api, Client};
use crate::terminal;

/// What `cad dead` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    api: Api,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists dead letters with their reasons.
    List {
        /// Only letters of this provider.
        #[arg(long)]
        provider: Option<String>,
        /// Letters of each provider at most.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Prints JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Shows one letter: its headers, and its message as far as it can be read.
    Show {
        /// The id of the letter or of its job.
        id: String,
    },
    /// Sends letters back to their lanes with their own headers, and opens their failed jobs again.
    Requeue(Chosen),
    /// Removes letters for good.
    Purge(Chosen),
}

/// Which letters are meant.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Chosen {
    /// Ids of letters or of their jobs.
    ids: Vec<String>,
    /// Every letter of this provider.
    #[arg(long)]
    provider: Option<String>,
    /// Every letter there is.
    #[arg(long)]
    all: bool,
}

/// Talks to the API, and prints what it says.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = args.api.client()?;
    runtime.block_on(async {
        match &args.action {
            Action::List { provider, limit, json } => {
                list(&client, provider.as_deref(), *limit, *json).await
            }
            Action::Show { id } => show(&client, id).await,
            Action::Requeue(chosen) => requeue(&client, chosen).await,
            Action::Purge(chosen) => purge(&client, chosen).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(
    client: &Client<'_>,
    provider: Option<&str>,
    limit: u32,
    is_json: bool,
) -> anyhow::Result<()> {
    let limit = limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(provider.map(|provider| ("provider", provider)));
    let answer = client.send(client.ask("/api/v1/dead", &query)?).await?;
    if is_json {
        terminal::print(&answer.to_string())?;
        return Ok(());
    }
    let letters = answer["letters"].as_array().cloned().unwrap_or_default();
    if letters.is_empty() {
        terminal::note("there are no dead letters");
        return Ok(());
    }
    let mut table = Builder::default();
    table.push_record(["letter", "provider", "lane", "reason", "attempt", "job"]);
    for letter in &letters {
        let fields = ["id", "provider", "lane", "reason", "attempt", "job_id"];
        table.push_record(fields.map(|field| word(&letter[field])));
    }
    terminal::print(&table.build().with(Style::psql()).to_string())?;
    Ok(())
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

async fn show(client: &Client<'_>, id: &str) -> anyhow::Result<()> {
    let answer = client.send(client.ask("/api/v1/dead", &[("id", id)])?).await?;
    let letters = answer["letters"].as_array().cloned().unwrap_or_default();
    if letters.is_empty() {
        bail!("there is no dead letter {id}, see `cad dead list`");
    }
    for letter in &letters {
        terminal::print(&serde_json::to_string_pretty(letter)?)?;
    }
    Ok(())
}

async fn requeue(client: &Client<'_>, chosen: &Chosen) -> anyhow::Result<()> {
    let request = client.post("/api/v1/dead/requeue").json(&body(chosen));
    let answer = client.send(request).await?;
    terminal::print(&format!("{} sent again", answer["requeued"]))?;
    for (job, state) in answer["kept"].as_object().into_iter().flatten() {
        terminal::note(&format!("kept: job {job} is {} already", word(state)));
    }
    Ok(())
}

async fn purge(client: &Client<'_>, chosen: &Chosen) -> anyhow::Result<()> {
    let request = client.post("/api/v1/dead/purge").json(&body(chosen));
    terminal::print(&format!("{} removed", client.send(request).await?["purged"]))?;
    Ok(())
}

fn body(chosen: &Chosen) -> Value {
    json!({ "ids": chosen.ids, "provider": chosen.provider, "all": chosen.all })
}
