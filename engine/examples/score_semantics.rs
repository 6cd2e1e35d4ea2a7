//! Scores the semantics on drawings with truth files: `score_semantics [--lines READ.jsonl] TRUTH.json...`.
//!
//! Without `--lines` on the true texts; with it on recognised ones, as the example `read` prints them.

use std::io::Write as _;
use std::path::Path;

use cad_common::contract::reading::{PageReading, TextLine};
use cad_engine::drawing::interpret;

#[path = "../tests/support/score.rs"]
mod score;

use score::{Score, Truth};

fn main() {
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    let recognised = (paths.first().is_some_and(|first| first == "--lines")).then(|| {
        let lines = std::fs::read_to_string(&paths[1]).unwrap();
        paths.drain(..2);
        lines
    });
    let mut out = std::io::stdout().lock();
    let mut total = Score::default();
    for path in paths {
        let truth = Truth::load(Path::new(&path));
        let page = match &recognised {
            Some(lines) => recognised_page(&truth, lines),
            None => truth.page(),
        };
        let score = score::score(&truth, &interpret(vec![page]));
        writeln!(out, "{:24} {}", truth.name, score.summary()).unwrap();
        for remark in &score.remarks {
            writeln!(out, "    {remark}").unwrap();
        }
        total.add(&score);
    }
    writeln!(out, "{:24} {}", "total", total.summary()).unwrap();
}

/// The page with the lines that were recognised on this drawing's picture.
fn recognised_page(truth: &Truth, lines: &str) -> PageReading {
    let mut text_lines: Vec<TextLine> = Vec::new();
    for document in
        lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
    {
        let file = document["file"].as_str().unwrap_or("");
        if Path::new(file).file_stem().is_some_and(|stem| stem == truth.name.as_str()) {
            text_lines =
                serde_json::from_value(document["result"]["pages"][0]["text_lines"].clone())
                    .unwrap();
        }
    }
    PageReading { text_lines, ..truth.page() }
}
