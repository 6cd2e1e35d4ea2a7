//! Prints the text lines of pictures as JSON, one document per line. For measuring.
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use cad_engine::document::{Document, PageLimits};
use cad_engine::models::ModelFiles;
use cad_engine::ocr::{Reader, ReaderOptions};
use cad_engine::stop::StopSignal;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let files = ModelFiles::verify(Path::new(&args[0]), None).unwrap();
    let side: u32 = args[1].parse().unwrap();
    let mut reader =
        Reader::new(&files, ReaderOptions { detection_side_px: side, ..Default::default() })
            .unwrap();
    let mut out = std::io::stdout().lock();
    for file in &args[2..] {
        let bytes = std::fs::read(file).unwrap();
        let cpu = cpu_ms();
        let wall = Instant::now();
        let document = match Document::open(&bytes, &PageLimits::default()) {
            Ok(d) => d,
            Err(e) => {
                writeln!(out, "{}", serde_json::json!({"file": file, "error": e.to_string()}))
                    .unwrap();
                continue;
            }
        };
        let mut lines = Vec::new();
        let mut error = None;
        let (mut pre, mut inf) = (0.0, 0.0);
        for n in 1..=document.page_count() {
            match document.page(n).and_then(|p| reader.read(&p, &StopSignal::new(), &mut |_| {})) {
                Ok(t) => {
                    pre += t.preprocess.as_secs_f64();
                    inf += t.infer.as_secs_f64();
                    lines.extend(t.lines)
                }
                Err(e) => error = Some(e.to_string()),
            }
        }
        writeln!(out, "{}", serde_json::json!({"result": {"pages": [{"text_lines": lines}]}, "file": file, "error": error, "pages": document.page_count(),
            "cpu_ms": cpu_ms() - cpu, "wall_ms": wall.elapsed().as_secs_f64()*1e3, "pre": pre*1e3, "infer": inf*1e3, "rss_mb": rss()})).unwrap();
    }
}
fn cpu_ms() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(") ").next().unwrap().split(' ').collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) * 10.0
}
fn rss() -> f64 {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    let l = s.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    l.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}
