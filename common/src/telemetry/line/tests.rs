//! Lines as the runbook's greps and a JSON reader see them.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::{error, info, info_span};
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl io::Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines_of(is_json: bool, work: impl FnOnce()) -> String {
    let memory = Memory::default();
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(memory.clone());
    let lines = Lines::new(is_json, vec![writer]);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
    drop(guard);
    let bytes = memory.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn failed_job() {
    let span = info_span!("job", trace_id = "debug-123", provider = "paddle", attempt = 1);
    let _entered = span.enter();
    error!(code = "PROVIDER_TIMEOUT", latency_ms = 30_001, provider = "onnx", "job failed");
}

#[test]
fn fifth_column_of_an_error_is_its_code() {
    let text = lines_of(false, failed_job);

    let columns: Vec<_> = text.split_ascii_whitespace().collect();
    assert_eq!(columns[1], "ERROR");
    assert_eq!(columns[3], "debug-123");
    assert_eq!(columns[4], "PROVIDER_TIMEOUT");
    let stamp = columns[0];
    assert!(stamp.parse::<Timestamp>().is_ok() && stamp.len() == 24, "{stamp}");
}

#[test]
fn fields_are_greppable_and_the_innermost_counts() {
    let text = lines_of(false, failed_job);

    assert!(text.ends_with(" job failed provider=onnx attempt=1 latency_ms=30001\n"), "{text}");
    assert!(!text.contains("provider=paddle"));
}

#[test]
fn latency_is_a_bare_number_that_awk_can_sum() {
    let text =
        lines_of(false, || info!(latency_ms = 12.5, provider = "paddle", "request answered"));

    let after = text.split("latency_ms=").nth(1).unwrap();
    assert_eq!(after.split(' ').next().unwrap().parse(), Ok(12.5));
}

#[test]
fn columns_that_are_absent_keep_their_place() {
    let text = lines_of(false, || info!("api listening on {}", "127.0.0.1:8000"));

    assert!(text.contains(" INFO "));
    assert!(text.ends_with(" - - api listening on 127.0.0.1:8000\n"), "{text}");
}

#[test]
fn text_of_users_can_neither_forge_a_line_nor_colour_it() {
    let evil = "x\n2026 ERROR forged \u{1b}[31m \u{202e}\" code=FORGED";

    let text = lines_of(false, || info!(filename = evil, "uploaded {evil}"));

    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    assert!(
        text.contains(r#"filename="x\n2026 ERROR forged \u{1b}[31m \u{202e}\" code=FORGED""#),
        "{text}"
    );
}

#[test]
fn empty_text_is_seen_as_empty() {
    let text = lines_of(false, || info!(tag = "", "taken"));

    assert!(text.ends_with("taken tag=\"\"\n"), "{text}");
}

#[test]
fn error_tells_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("store is not reachable")]
    struct Outer(#[source] io::Error);
    let cause = Outer(io::Error::other("connection refused"));

    let text = lines_of(false, || {
        error!(error = &cause as &(dyn std::error::Error + 'static), "not stored");
    });

    assert!(text.contains("error=\"store is not reachable: connection refused\""), "{text}");
}

#[test]
fn fields_recorded_later_are_on_later_lines() {
    let text = lines_of(false, || {
        let span = info_span!("job", worker = tracing::field::Empty);
        let _entered = span.enter();
        info!("first");
        span.record("worker", "w1");
        info!("second");
    });

    assert!(text.contains("first\n"));
    assert!(text.contains("second worker=w1\n"));
}

#[test]
fn json_lines_keep_numbers_and_escape_text() {
    let text = lines_of(true, || {
        failed_job();
        info!(filename = "a\n\"b", is_cached = true, "taken");
    });

    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let failed = lines.next().unwrap();
    assert_eq!(failed["level"], "ERROR");
    assert_eq!(failed["message"], "job failed");
    assert_eq!(failed["trace_id"], "debug-123");
    assert_eq!(failed["code"], "PROVIDER_TIMEOUT");
    assert_eq!(failed["latency_ms"], 30_001);
    let taken = lines.next().unwrap();
    assert_eq!(taken["filename"], "a\n\"b");
    assert_eq!(taken["is_cached"], true);
    assert_eq!(lines.next(), None);
}
