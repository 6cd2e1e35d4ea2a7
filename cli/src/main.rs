//! `cad`: reads drawings, runs the whole service in one process, and talks to a running one.

mod doctor;
mod eval;
mod extract;
mod picture;
mod report;
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
    /// Checks settings, broker, store, models and versions, and says how to mend each problem.
    Doctor(doctor::Args),
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
