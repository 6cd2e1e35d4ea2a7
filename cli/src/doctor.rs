//! `cad doctor`: each thing the service needs, whether it is there, and what to do when it isn't.

use std::process::ExitCode;

use cad_api::config::ApiConfig;
use cad_common::config::shared::{BrokerConfig, StoreConfig, TelemetryConfig};
use cad_common::config::{ConfigError, Env, redact_url};
use cad_common::queue::Queue;
use cad_common::queue::rabbit::RabbitQueue;
use cad_common::store::Store;
use cad_common::store::redis::RedisStore;
use cad_engine::models::ModelFiles;
use cad_engine::onnx::Runtime;
use cad_worker::config::{ModelSettings, WorkerConfig};

use crate::terminal;

/// What `cad doctor` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Checks only what `cad up` and `cad extract` need: no broker, no store.
    #[arg(long)]
    embedded: bool,
}

/// What came of one check.
enum Finding {
    /// As it should be; what was seen.
    Good(String),
    /// Works, but something can be lost.
    Risk(String),
    /// Doesn't work; what is wrong and what to do.
    Bad { problem: String, fix: String },
}

/// Prints a line for each check; fails when one is bad.
pub(crate) fn run(args: &Args, env: &Env<'_>) -> anyhow::Result<ExitCode> {
    let mut findings = vec![
        ("version", Finding::Good(env!("CARGO_PKG_VERSION").to_owned())),
        ("settings", settings(env)),
        ("models", models(env)),
    ];
    if !args.embedded {
        let runtime = tokio::runtime::Runtime::new()?;
        findings.push(("broker", runtime.block_on(broker(env))));
        findings.extend(runtime.block_on(store(env)).into_iter().map(|finding| ("store", finding)));
    }
    let mut exit = ExitCode::SUCCESS;
    for (name, finding) in &findings {
        if matches!(finding, Finding::Bad { .. }) {
            exit = ExitCode::FAILURE;
        }
        terminal::print(&line(name, finding))?;
    }
    Ok(exit)
}

fn line(name: &str, finding: &Finding) -> String {
    match finding {
        Finding::Good(seen) => format!("ok    {name:9} {seen}"),
        Finding::Risk(risk) => format!("risk  {name:9} {risk}"),
        Finding::Bad { problem, fix } => {
            format!("bad   {name:9} {problem}\n      {:9} fix: {fix}", "")
        }
    }
}

fn settings(env: &Env<'_>) -> Finding {
    match read_settings(env) {
        Ok(()) => Finding::Good("all settings are valid".to_owned()),
        Err(error) => Finding::Bad {
            problem: error.to_string(),
            fix: format!("correct or unset {}", error.name),
        },
    }
}

fn read_settings(env: &Env<'_>) -> Result<(), ConfigError> {
    TelemetryConfig::from_env(env)?;
    BrokerConfig::from_env(env)?;
    StoreConfig::from_env(env)?;
    ApiConfig::from_env(env)?;
    WorkerConfig::from_env(env)?;
    Ok(())
}

fn models(env: &Env<'_>) -> Finding {
    let fix = || "run `make models`".to_owned();
    let settings = match ModelSettings::from_env(env) {
        Ok(settings) => settings,
        Err(error) => {
            return Finding::Bad {
                problem: error.to_string(),
                fix: format!("correct {}", error.name),
            };
        }
    };
    let loaded = ModelFiles::verify(&settings.directory, settings.ort_dylib.clone())
        .and_then(|files| Runtime::load(&files, 1).map(|_| files));
    match loaded {
        Ok(files) => {
            let versions: Vec<&str> = files.versions().values().map(String::as_str).collect();
            let folder = settings.directory.display();
            Finding::Good(format!("{folder} match their hashes and load: {}", versions.join(", ")))
        }
        Err(error) => Finding::Bad { problem: error.to_string(), fix: fix() },
    }
}

async fn broker(env: &Env<'_>) -> Finding {
    let Ok(config) = BrokerConfig::from_env(env) else {
        return unset("AMQP_URL");
    };
    let address = redact_url(config.url.reveal());
    let queue = Queue::Rabbit(RabbitQueue::connect(&config, "cad-doctor"));
    let outcome = queue.check().await;
    queue.close().await;
    match outcome {
        Ok(()) => {
            Finding::Good(format!("{address} takes messages and has the queues of the fleet"))
        }
        Err(error) => Finding::Bad {
            problem: format!("{address}: {:#}", anyhow::Error::from(error)),
            fix: "start RabbitMQ (`docker compose up -d rabbitmq`) or set AMQP_URL".to_owned(),
        },
    }
}

async fn store(env: &Env<'_>) -> Vec<Finding> {
    let Ok(config) = StoreConfig::from_env(env) else {
        return vec![unset("REDIS_URL")];
    };
    let address = redact_url(config.url.reveal());
    let outcome = match RedisStore::connect(&config) {
        Ok(store) => Store::Redis(store).check().await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(health) => {
            let version = health.version.map(|version| format!(", Redis {version}"));
            let seen = format!("{address} answers{}", version.unwrap_or_default());
            let mut findings = vec![Finding::Good(seen)];
            findings.extend(health.risks.into_iter().map(Finding::Risk));
            findings
        }
        Err(error) => vec![Finding::Bad {
            problem: format!("{address}: {:#}", anyhow::Error::from(error)),
            fix: "start Redis (`docker compose up -d redis`) or set REDIS_URL".to_owned(),
        }],
    }
}

fn unset(name: &str) -> Finding {
    Finding::Bad {
        problem: format!("{name} is not valid"),
        fix: format!("correct or unset {name}"),
    }
}
