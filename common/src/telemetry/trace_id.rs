//! The id that follows one request through headers, queue, log lines and webhook.

use std::fmt;

use uuid::Uuid;

/// Longest id that is taken over from a client.
const MAX_LENGTH: usize = 128;

/// Names one request everywhere it leaves a trace; safe to print and to put into a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceId(String);

impl TraceId {
    /// Takes over an id that a client chose: letters, digits, `-`, `_`, `.` and `:`, 128 at most.
    #[must_use]
    pub fn accept(text: &str) -> Option<Self> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let is_id = !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(is_safe);
        is_id.then(|| Self(text.to_owned()))
    }

    /// Makes a new id: 32 hexadecimal digits that sort by time, as W3C trace context has them.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }

    /// Reads the trace id out of a W3C `traceparent` header.
    #[must_use]
    pub fn from_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let version = parts.next().filter(|text| is_hex(text, 2) && *text != "ff")?;
        let id = parts.next().filter(|text| is_trace(text))?;
        parts.next().filter(|text| is_hex(text, 16) && !is_zero(text))?;
        parts.next().filter(|text| is_hex(text, 2))?;
        // Later versions may append fields, version 0 has none.
        let is_whole = version != "00" || parts.next().is_none();
        is_whole.then(|| Self(id.to_owned()))
    }

    /// Writes a W3C `traceparent` header with a new span id.
    ///
    /// An id of another form than W3C's is hashed into one, always into the same.
    #[must_use]
    pub fn to_traceparent(&self) -> String {
        let trace = if is_trace(&self.0) { self.0.clone() } else { hashed(&self.0) };
        // Bits of a version 4 UUID are random, and its version digit is never zero.
        let (span, _) = Uuid::new_v4().as_u64_pair();
        format!("00-{trace}-{span:016x}-01")
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hashed(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
}

fn is_trace(text: &str) -> bool {
    is_hex(text, 32) && !is_zero(text)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn runbooks_trace_id_is_taken_over() {
        assert_eq!(TraceId::accept("debug-123").unwrap().as_str(), "debug-123");
    }

    #[test]
    fn ids_that_could_forge_a_header_or_a_line_are_refused() {
        let long = "a".repeat(129);
        for text in ["", "a b", "a\nERROR", "a\r\nSet-Cookie: x", "\u{1b}[31m", "ä", &long] {
            assert_eq!(TraceId::accept(text), None, "{text:?}");
        }
    }

    #[test]
    fn traceparent_is_read_and_written() {
        let id = TraceId::from_traceparent(HEADER).unwrap();
        assert_eq!(id.as_str(), "4bf92f3577b34da6a3ce929d0e0e4736");

        let written = id.to_traceparent();
        assert!(written.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert_eq!(TraceId::from_traceparent(&written), Some(id));
    }

    #[test]
    fn broken_traceparents_are_ignored() {
        let broken = [
            "",
            "00-4bf9-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        ];
        for header in broken {
            assert_eq!(TraceId::from_traceparent(header), None, "{header}");
        }
    }

    #[test]
    fn chosen_id_always_becomes_the_same_w3c_trace() {
        let id = TraceId::accept("debug-123").unwrap();
        let trace = || TraceId::from_traceparent(&id.to_traceparent()).unwrap();

        assert_eq!(trace(), trace());
    }

    #[test]
    fn generated_ids_are_w3c_and_differ() {
        let (first, second) = (TraceId::generate(), TraceId::generate());

        assert_ne!(first, second);
        assert!(first.to_traceparent().contains(first.as_str()));
    }
}
