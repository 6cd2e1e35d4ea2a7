//! A slot in a child process, seen from the worker: for the fleet.
//!
//! Whatever native code does in there (crash, hang, take all memory) ends one process and one attempt. The child
//! gets no address or password of broker and store, nor another provider's key, and a process group of its own: a Ctrl-C in the terminal
//! stops the worker, which then lets its children finish.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use cad_common::config::shared::{AMQP_URL, REDIS_URL};
use cad_common::contract::record::{JobError, Progress};
use cad_common::provider::ProviderName;
use tokio::io::BufReader;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::frame::{self, FrameError, MAX_ANSWER_BYTES, Ready, Reply, Request};
use super::{Control, SlotFailure, unstartable};
use crate::config::remote::keys_of_others;
use crate::memory::resident_bytes;
use crate::provider::{Answer, Task};

/// How often the memory of a running child is looked at.
const MEMORY_INTERVAL: Duration = Duration::from_millis(200);

/// A killed process is gone at once, unless the kernel itself hangs.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// The child process.
pub(super) struct ProcessSlot {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Memory in bytes at which it is killed.
    max_bytes: u64,
    is_killed: bool,
}

impl ProcessSlot {
    /// Starts the process and waits until its models are loaded.
    pub(super) async fn launch(
        program: &Path,
        max_bytes: u64,
        provider: ProviderName,
    ) -> Result<(Self, Ready), JobError> {
        let mut command = Command::new(program);
        for key in keys_of_others(provider) {
            command.env_remove(key.name);
        }
        let mut child = command
            .args(["slot", "--provider", provider.as_str()])
            .env_remove(AMQP_URL.name)
            .env_remove(REDIS_URL.name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                unstartable(format!("{} can't be started: {error}", program.display()))
            })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(unstartable("a slot's process has no pipes".to_owned()));
        };
        let mut output = BufReader::new(output);
        match receive(&mut output).await {
            Ok(Reply::Ready(ready)) => {
                Ok((Self { child, input, output, max_bytes, is_killed: false }, ready))
            }
            Ok(Reply::Refused(error)) => Err(error),
            Ok(_) => Err(unstartable("a slot's process speaks another language".to_owned())),
            Err(error) => {
                let end = how_it_ended(&mut child).await;
                Err(unstartable(format!(
                    "a slot's process ended before its models were loaded ({end}): {error}"
                )))
            }
        }
    }

    /// Runs a task until its end, its deadline, its stop or its memory limit.
    pub(super) async fn run(
        &mut self,
        task: Task,
        control: &Control,
        stop: &CancellationToken,
    ) -> Result<Answer, SlotFailure> {
        let pid = self.child.id();
        let exchange = exchange(&mut self.input, &mut self.output, task, &control.progress);
        let outcome = tokio::select! {
            answer = exchange => answer,
            () = tokio::time::sleep_until(control.deadline) => Err(SlotFailure::TimedOut),
            () = stop.cancelled() => Err(SlotFailure::Stopped),
            () = outgrows(pid, self.max_bytes) => {
                Err(SlotFailure::OutOfMemory { limit_mib: self.max_bytes / 1024 / 1024 })
            }
        };
        match outcome {
            Ok(_) | Err(SlotFailure::Failed(_)) => outcome,
            Err(SlotFailure::Crashed(symptom)) => {
                let end = how_it_ended(&mut self.child).await;
                self.kill().await;
                Err(SlotFailure::Crashed(format!("{end}: {symptom}")))
            }
            Err(failure) => {
                self.kill().await;
                Err(failure)
            }
        }
    }

    /// Whether it must be replaced: it is gone, or keeps so much memory that the next task may not fit.
    pub(super) fn is_spent(&self) -> bool {
        let mark = self.max_bytes / 4 * 3;
        self.is_killed || resident_bytes(self.child.id()).is_none_or(|bytes| bytes > mark)
    }

    /// Waits until the process has ended by itself.
    pub(super) async fn died(&mut self) {
        if let Err(error) = self.child.wait().await {
            tracing::error!(%error, "a slot's process can't be waited for");
        }
    }

    async fn kill(&mut self) {
        self.is_killed = true;
        match tokio::time::timeout(KILL_LIMIT, self.child.kill()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a slot's process can't be killed"),
            Err(_) => tracing::error!("a slot's process does not end when killed"),
        }
    }
}

/// One task over the pipe. After an error, or when dropped, the pipe is out of step and the child must go.
async fn exchange(
    input: &mut ChildStdin,
    output: &mut BufReader<ChildStdout>,
    task: Task,
    progress: &watch::Sender<Option<Progress>>,
) -> Result<Answer, SlotFailure> {
    let request =
        frame::encode(&Request { options: task.options }).map_err(|error| crashed(&error))?;
    frame::send_frame(input, &request).await.map_err(|error| crashed(&error))?;
    frame::send_frame(input, &task.document).await.map_err(|error| crashed(&error))?;
    loop {
        match receive(output).await.map_err(|error| crashed(&error))? {
            Reply::Progress(newest) => {
                progress.send_replace(Some(newest));
            }
            Reply::Done(answer) => return Ok(*answer),
            Reply::Failed(error) => return Err(SlotFailure::Failed(error)),
            Reply::Ready(_) | Reply::Refused(_) => {
                return Err(SlotFailure::Crashed("it started anew within a task".to_owned()));
            }
        }
    }
}

async fn receive(output: &mut BufReader<ChildStdout>) -> Result<Reply, FrameError> {
    frame::decode(&frame::receive_frame(output, MAX_ANSWER_BYTES).await?)
}

fn crashed(error: &FrameError) -> SlotFailure {
    SlotFailure::Crashed(error.to_string())
}

/// Says how a child ended whose pipe has broken; it may still be about to.
async fn how_it_ended(child: &mut Child) -> String {
    match tokio::time::timeout(Duration::from_secs(1), child.wait()).await {
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "still running".to_owned(),
    }
}

/// Waits until a process is over its limit.
async fn outgrows(pid: Option<u32>, max_bytes: u64) {
    let mut ticks = tokio::time::interval(MEMORY_INTERVAL);
    loop {
        ticks.tick().await;
        if resident_bytes(pid).is_some_and(|bytes| bytes > max_bytes) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let launched =
            ProcessSlot::launch(Path::new("/no/such/program"), 1 << 30, ProviderName::Paddle).await;

        let error = launched.err().unwrap();
        assert!(error.detail.starts_with("/no/such/program can't be started"), "{}", error.detail);
    }

    #[tokio::test]
    async fn a_program_that_ends_at_once_is_told_with_its_status() {
        let launched =
            ProcessSlot::launch(Path::new("/bin/false"), 1 << 30, ProviderName::Paddle).await;

        let error = launched.err().unwrap();
        assert!(error.detail.contains("exit status: 1"), "{}", error.detail);
    }

    #[tokio::test]
    async fn a_program_that_speaks_no_frames_is_refused() {
        let launched =
            ProcessSlot::launch(Path::new("/bin/echo"), 1 << 30, ProviderName::Paddle).await;

        let error = launched.err().unwrap();
        assert!(error.detail.contains("before its models were loaded"), "{}", error.detail);
    }
}
