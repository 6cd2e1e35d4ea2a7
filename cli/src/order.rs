//! `cad circuit` and `cad queue`: orders that every worker of a provider follows within a second.

use std::process::ExitCode;

use crate::service::Api;
use crate::terminal;

/// What `cad circuit` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct CircuitArgs {
    #[command(subcommand)]
    action: CircuitAction,
    #[command(flatten)]
    api: Api,
}

#[derive(Debug, clap::Subcommand)]
enum CircuitAction {
    /// Closes the circuit of a provider on every worker.
    Reset {
        /// The provider, such as paddle.
        provider: String,
    },
}

/// What `cad queue` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    action: QueueAction,
    #[command(flatten)]
    api: Api,
}

#[derive(Debug, clap::Subcommand)]
enum QueueAction {
    /// Lets the jobs of a provider wait in the queue; those that run are finished.
    Pause {
        /// The provider, such as paddle.
        provider: String,
    },
    /// Lets the workers take the jobs of a provider again.
    Resume {
        /// The provider, such as paddle.
        provider: String,
    },
}

/// Resets a circuit.
pub(crate) fn circuit(args: &CircuitArgs) -> anyhow::Result<ExitCode> {
    let CircuitAction::Reset { provider } = &args.action;
    give(&args.api, &format!("/api/v1/circuits/{provider}/reset"))
}

/// Pauses or resumes a queue.
pub(crate) fn queue(args: &QueueArgs) -> anyhow::Result<ExitCode> {
    let path = match &args.action {
        QueueAction::Pause { provider } => format!("/api/v1/queues/{provider}/pause"),
        QueueAction::Resume { provider } => format!("/api/v1/queues/{provider}/resume"),
    };
    give(&args.api, &path)
}

fn give(api: &Api, path: &str) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = api.client()?;
    let answer = runtime.block_on(client.send(client.post(path)))?;
    let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    terminal::print(&format!("{} {}", word("provider"), word("order")))?;
    Ok(ExitCode::SUCCESS)
}
