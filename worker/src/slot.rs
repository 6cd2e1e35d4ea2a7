//! A slot's process, from the inside: owns one provider, reads tasks from stdin, writes answers to stdout.
//!
//! It holds no connection, so nothing but one answer is lost with it. It is made to die easily: with its worker,
//! before its worker when memory runs short, and without a core dump, which would hold customers' drawings.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use cad_common::config::shared::LimitsConfig;
use cad_common::contract::record::{JobError, Progress};
use cad_common::provider::ProviderName;
use cad_engine::stop::StopSignal;
use rustix::process::{Resource, Rlimit};

use crate::config::ModelSettings;
use crate::pool::frame::{self, FrameError, MAX_REQUEST_BYTES, Ready, Reply, Request};
use crate::provider::{self, Provider, Task};

/// A client looks a few times a second at most.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Above the worker's own, which is 0, so that the kernel takes a slot when the machine is short of memory.
const OOM_SCORE: &str = "500";

/// Models and the pipe take about twenty; a leak must not reach the machine's limit.
const MOST_FILES: u64 = 256;

/// Serves the worker that started this process, until it closes the pipe.
///
/// # Errors
/// The process can't be set up, or the pipe broke.
pub fn run(name: ProviderName, models: &ModelSettings, limits: &LimitsConfig) -> io::Result<()> {
    run_with(limits.max_file_bytes, || provider::build(name, models, limits))
}

/// As [`run`], with a provider that `make` makes.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    max_document_bytes: usize,
    make: impl FnOnce() -> Result<Box<dyn Provider>, JobError>,
) -> io::Result<()> {
    let output = isolate()?;
    serve(&mut io::stdin().lock(), output, max_document_bytes, make).map_err(io::Error::other)
}

/// Ties this process to its worker, and keeps the frames' pipe to itself: what a library prints goes to stderr.
fn isolate() -> io::Result<File> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    for (resource, most) in [(Resource::Core, 0), (Resource::Nofile, MOST_FILES)] {
        rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE) {
        tracing::debug!(%error, "the kernel will choose by size when memory runs short");
    }
    let output = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(output))
}

fn serve(
    input: &mut impl Read,
    mut output: impl Write,
    max_document_bytes: usize,
    make: impl FnOnce() -> Result<Box<dyn Provider>, JobError>,
) -> Result<(), FrameError> {
    let begin = Instant::now();
    let mut provider = match make() {
        Ok(provider) => provider,
        Err(error) => return send(&mut output, &Reply::Refused(error)),
    };
    let ready = Ready { versions: provider.versions().clone(), load_time: begin.elapsed() };
    send(&mut output, &Reply::Ready(ready))?;
    loop {
        let request: Request = match frame::read_frame(input, MAX_REQUEST_BYTES) {
            Ok(content) => frame::decode(&content)?,
            Err(FrameError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        };
        let document = frame::read_frame(input, max_document_bytes)?;
        let task = Task { options: request.options, document };
        let reply = answer(provider.as_mut(), &task, &mut output)?;
        send(&mut output, &reply)?;
    }
}

/// Runs a task and reports its progress; a worker that doesn't listen any more ends it.
fn answer(
    provider: &mut dyn Provider,
    task: &Task,
    output: &mut impl Write,
) -> Result<Reply, FrameError> {
    let stop = StopSignal::new();
    let mut last_report: Option<Instant> = None;
    let mut broken = None;
    let mut report = |progress: Progress| {
        if last_report.is_some_and(|at| at.elapsed() < PROGRESS_INTERVAL) {
            return;
        }
        last_report = Some(Instant::now());
        if let Err(error) = send(output, &Reply::Progress(progress)) {
            broken = Some(error);
            stop.stop();
        }
    };
    let outcome = provider.run(task, &stop, &mut report);
    match (broken, outcome) {
        (Some(error), _) => Err(error),
        (None, Ok(answer)) => Ok(Reply::Done(Box::new(answer))),
        (None, Err(error)) => Ok(Reply::Failed(error)),
    }
}

fn send(output: &mut impl Write, reply: &Reply) -> Result<(), FrameError> {
    frame::write_frame(output, &frame::encode(reply)?)
}

#[cfg(test)]
mod tests {
    use cad_common::contract::job::Options;
    use cad_common::error_code::ErrorCode;

    use super::*;
    use crate::provider::fake::Fake;

    const LIMIT: usize = 1024;

    fn asked(documents: &[&[u8]]) -> Vec<u8> {
        let mut pipe = Vec::new();
        for document in documents {
            frame::write_frame(
                &mut pipe,
                &frame::encode(&Request { options: Options::default() }).unwrap(),
            )
            .unwrap();
            frame::write_frame(&mut pipe, document).unwrap();
        }
        pipe
    }

    fn served(input: &[u8]) -> (Result<(), FrameError>, Vec<Reply>) {
        let mut output = Vec::new();
        let outcome = serve(&mut &input[..], &mut output, LIMIT, || Ok(Box::new(Fake::default())));
        let mut replies = Vec::new();
        let mut rest = output.as_slice();
        while let Ok(content) = frame::read_frame(&mut rest, usize::MAX) {
            replies.push(frame::decode(&content).unwrap());
        }
        (outcome, replies)
    }

    #[test]
    fn it_answers_task_after_task_until_the_pipe_closes() {
        let (outcome, replies) = served(&asked(&[b"read", b"bad", b"read"]));

        outcome.unwrap();
        let [Reply::Ready(_), Reply::Done(_), Reply::Failed(error), Reply::Done(_)] =
            replies.as_slice()
        else {
            panic!("{replies:?}")
        };
        assert_eq!(error.code, ErrorCode::InputError);
    }

    #[test]
    fn it_refuses_a_document_over_the_limit() {
        let (outcome, replies) = served(&asked(&[&[0; LIMIT + 1]]));

        assert!(matches!(outcome, Err(FrameError::TooLong { .. })), "{outcome:?}");
        assert!(matches!(replies.as_slice(), [Reply::Ready(_)]), "{replies:?}");
    }

    #[test]
    fn it_ends_on_garbage() {
        let (outcome, _) = served(b"\0\0\0\x03abc");

        assert!(matches!(outcome, Err(FrameError::Garbled(_))), "{outcome:?}");
    }

    #[test]
    fn it_says_why_the_models_were_not_loaded() {
        let mut output = Vec::new();
        let refusal = JobError::new(ErrorCode::ModelLoadError, "models/x.onnx is missing");

        serve(&mut &[][..], &mut output, LIMIT, || Err(refusal.clone())).unwrap();

        let content = frame::read_frame(&mut output.as_slice(), LIMIT).unwrap();
        assert_eq!(frame::decode::<Reply>(&content).unwrap(), Reply::Refused(refusal));
    }
}
