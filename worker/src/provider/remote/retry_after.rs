//! The `Retry-After` header of a busy server: seconds, or a date.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// What is waited when a server says that it is busy but not for how long.
const DEFAULT_S: u64 = 5;

/// The seconds to wait.
pub(super) fn seconds(header: Option<&str>) -> u64 {
    let Some(text) = header.map(str::trim) else {
        return DEFAULT_S;
    };
    if let Ok(seconds) = text.parse() {
        return seconds;
    }
    let Ok(date) = rfc2822::DateTimeParser::new().parse_timestamp(text) else {
        return DEFAULT_S;
    };
    u64::try_from(date.duration_since(Timestamp::now()).as_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(seconds(Some("7")), 7);
        assert_eq!(seconds(Some("Wed, 21 Oct 2015 07:28:00 GMT")), 0);
        assert!(seconds(Some("Fri, 31 Dec 2100 23:59:59 GMT")) > 1_000_000);
        assert_eq!(seconds(Some("soon")), DEFAULT_S);
        assert_eq!(seconds(None), DEFAULT_S);
    }
}
