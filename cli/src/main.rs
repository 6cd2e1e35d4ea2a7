//! `cad`: reads drawings, runs the whole service in one process, and talks to a running one.

mod bench;
mod dead;
mod doctor;
mod eval;
mod extract;
mod order;
mod picture;
mod report;
mod service;
mod settings;
mod submit;
mod terminal;
mod up;

use std::process::ExitCode;

use cad_common::config::{ConfigError, EXIT_BAD_CONFIG, Env};
use clap::{Parser, Subcommand};

/// Reads engineering drawings: dimensions, threads, tolerances, title block, notes.
#[derive(Debug, Parser)]
#[command(name = "cad", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads drawings here and now, without any service.
    Extract(extract::Args),
    /// Runs API and worker in one process, with queue and store inside it.
    Up(up::Args),
    /// Sends a drawing to a running API.
    Submit(submit::Args),
    /// Measures how well drawings are read against what they truly say.
    Eval(eval::Args),
    /// Deals with messages that no worker took.
    Dead(dead::Args),
    /// Closes a provider's circuit.
    Circuit(order::CircuitArgs),
    /// Lets a provider's jobs wait, or run again.
    Queue(order::QueueArgs),
    /// Checks settings, broker, store, models and versions, and says how to mend each problem.
    Doctor(doctor::Args),
    /// Measures the fleet: soak.
    Bench(bench::Args),
    /// A slot of a benchmark's worker; the worker starts it.
    #[command(hide = true)]
    Slot(bench::SlotArgs),
    /// Prints the table of settings as Markdown, for README.
    #[command(hide = true)]
    Settings,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let env = Env::of_process();
    let outcome = match cli.command {
        Command::Extract(args) => extract::run(&args, &env),
        Command::Up(args) => up::run(&args, &env),
        Command::Submit(args) => submit::run(&args),
        Command::Eval(args) => eval::run(&args, &env),
        Command::Dead(args) => dead::run(&args),
        Command::Circuit(args) => order::circuit(&args),
        Command::Queue(args) => order::queue(&args),
        Command::Bench(args) => bench::run(&args, &env),
        Command::Slot(args) => bench::slot(&args, &env),
        Command::Doctor(args) => doctor::run(&args, &env),
        Command::Settings => settings::print_table(),
    };
    outcome.unwrap_or_else(|error| {
        terminal::complain(&error);
        match error.downcast_ref::<ConfigError>() {
            Some(_) => ExitCode::from(EXIT_BAD_CONFIG),
            None => ExitCode::FAILURE,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
