//! The `pages` option: `1,3-5` becomes page numbers.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use cad_common::contract::record::JobError;
use cad_common::error_code::{ErrorCode, Stage};

/// Chooses pages in ascending order, each once; all of them when nothing is said.
///
/// # Errors
/// Text that is no list of pages, or a page that the document doesn't have.
pub(super) fn choose(text: Option<&str>, page_count: u32) -> Result<Vec<u32>, JobError> {
    let Some(text) = text else {
        return Ok((1..=page_count).collect());
    };
    let mut chosen = BTreeSet::new();
    for part in text.split(',') {
        let range = range(part.trim()).ok_or_else(|| {
            invalid(
                "invalid_pages",
                format!("pages `{}` is not understood, write them like 1,3-5", shortened(text)),
            )
        })?;
        if *range.start() == 0 || *range.end() > page_count {
            let asked = shortened(part);
            let detail = format!(
                "pages {asked} were asked for, but of this document 1 to {page_count} can be read"
            );
            return Err(invalid("pages_out_of_range", detail));
        }
        chosen.extend(range);
    }
    Ok(chosen.into_iter().collect())
}

fn range(part: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let first: u32 = first.trim().parse().ok()?;
    let last: u32 = last.trim().parse().ok()?;
    (first <= last).then_some(first..=last)
}

fn invalid(reason: &str, detail: String) -> JobError {
    JobError::new(ErrorCode::ValidationFailed, detail).with_reason(reason).at(Stage::Load)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_become_sorted_pages() {
        let cases: [(Option<&str>, &[u32]); 6] = [
            (None, &[1, 2, 3, 4, 5, 6]),
            (Some("2"), &[2]),
            (Some("1,3-5"), &[1, 3, 4, 5]),
            (Some(" 5 , 1 - 2 "), &[1, 2, 5]),
            (Some("3,3,2-4"), &[2, 3, 4]),
            (Some("1-6"), &[1, 2, 3, 4, 5, 6]),
        ];

        for (text, expected) in cases {
            assert_eq!(choose(text, 6).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_list_of_pages_is_refused_in_words() {
        for text in ["", ",", "a", "1-", "-2", "3-1", "1;2", "1,,2", "1.5", "99999999999"] {
            let error = choose(Some(text), 6).unwrap_err();
            assert_eq!(error.code, ErrorCode::ValidationFailed, "{text}");
            assert_eq!(error.reason.as_deref(), Some("invalid_pages"), "{text}");
        }
    }

    #[test]
    fn pages_that_are_not_there_are_refused_without_counting_to_them() {
        for text in ["0", "7", "1-7", "1-4294967295"] {
            let error = choose(Some(text), 6).unwrap_err();
            assert_eq!(error.reason.as_deref(), Some("pages_out_of_range"), "{text}");
        }
    }
}
