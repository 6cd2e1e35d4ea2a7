//! Fields of the title block: right when equal, or when absent and not there.

use cad_common::contract::reading::Reading;

use super::score::Score;
use super::truth::Truth;

pub(super) fn compare(truth: &Truth, reading: &Reading, score: &mut Score) {
    let block = &reading.title_block;
    let fields = [
        ("drawing_number", &block.drawing_number),
        ("revision", &block.revision),
        ("material", &block.material),
        ("part_name", &block.part_name),
        ("scale", &block.scale),
        ("sheet", &block.sheet),
        ("date", &block.date),
        ("weight", &block.weight),
        ("company", &block.company),
        ("projection", &block.projection),
    ];
    for (name, found) in fields {
        let Some(wanted) = truth.title_block.get(name) else {
            continue;
        };
        let is_right = uniform(wanted) == uniform(found.as_deref().unwrap_or_default());
        score.fields.count(is_right);
        if !is_right {
            score.remarks.push(format!("field {name}: is {wanted:?}, read {found:?}"));
        }
    }
}

/// A value without case and spaces; `1 of 2`, `1/2` and `共 2 张 第 1 张` are one.
fn uniform(value: &str) -> String {
    let spaced = value.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let of = spaced.replace(" of ", "/").replace(' ', "");
    let chinese = of.strip_prefix('共').and_then(|rest| rest.split_once("张第"));
    match chinese {
        Some((of, sheet)) => format!("{}/{of}", sheet.trim_end_matches('张')),
        None => of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_value_are_equal() {
        assert_eq!(uniform("1 OF 1"), uniform("1/1"));
        assert_eq!(uniform("共 12 张 第 5 张"), uniform("5/12"));
        assert_eq!(uniform("Sheet  2.0 Steel"), uniform("sheet 2.0 steel"));
        assert_ne!(uniform("1:2"), uniform("2:1"));
    }
}
