//! Broken and odd picture files: every one ends in a clear error or a reading, in time, in bounds, and
//! the worker never notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cad_common::contract::job::MAX_INLINE_BYTES;
use cad_common::contract::record::JobState;
use cad_common::error_code::ErrorCode;
use cad_tests::fleet::{Fleet, Worker};
use cad_tests::publisher::Publisher;
use cad_tests::scratch::in_repository;
use cad_tests::wait::seconds;
use cad_tests::{broken, drawings, process};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Each file has this long.
const LIMIT: Duration = seconds(10);

/// Memory that no slot may reach.
const MOST_BYTES: u64 = 1_000_000_000;

/// Public test suites' files, which lie beside the repository where they are there at all.
const CORPUS: &str = "../shared/bad_images";

#[tokio::test]
async fn broken_pictures_made_here_end_in_a_clear_error_or_a_reading() {
    let files = broken::all().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();

    assert_survives(files).await;
}

#[tokio::test]
async fn every_file_of_the_public_corpus_ends_in_a_clear_error_or_a_reading() {
    let corpus = in_repository(CORPUS);
    if !corpus.is_dir() {
        eprintln!("skipped: {} is not there", corpus.display());
        return;
    }
    let mut paths = Vec::new();
    collect(&corpus, &mut paths);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        (name, fs::read(path).unwrap())
    };
    let files: Vec<_> = paths.into_iter().map(read).collect();
    assert!(files.len() > 300, "the corpus is whole");

    assert_survives(files).await;
}

/// Sends every file through the API, and past it when the API refuses it.
async fn assert_survives(files: Vec<(String, Vec<u8>)>) {
    let fleet = Fleet::start(1, &[("WORKERS", "2")]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let pid = fleet.worker().process.pid();
    let watch = MemoryWatch::start(fleet.worker());
    let (mut read, mut failed, mut refused) = (0, 0, 0);

    for (name, bytes) in &files {
        let start = Instant::now();
        let answer = fleet.client().post(name, bytes).await;
        let id = match answer.status {
            202 => answer.job().id,
            400 | 413 | 415 => {
                let (code, reason) = answer.problem();
                assert!(!code.is_empty() && !reason.is_empty(), "{name}");
                refused += 1;
                if bytes.len() > MAX_INLINE_BYTES {
                    continue;
                }
                publisher.send_drawing(bytes).await
            }
            other => panic!("{name}: {other} {}", answer.text()),
        };
        let job = fleet.client().ended(&id, LIMIT).await;
        assert!(start.elapsed() < LIMIT, "{name} took {:?}", start.elapsed());
        match job.state {
            JobState::Completed => read += 1,
            _ => {
                failed += 1;
                let error = job.error.unwrap();
                assert_ne!(error.code, ErrorCode::InternalError, "{name}: {error:?}");
                assert_ne!(error.code, ErrorCode::ProviderTimeout, "{name}: {error:?}");
                assert!(!error.detail.is_empty(), "{name}");
            }
        }
    }

    println!("{} files: {read} read, {failed} failed, {refused} refused at the door", files.len());
    let most = watch.stop().await;
    assert!(most < MOST_BYTES, "a slot took {most} bytes");
    assert_eq!(fleet.worker().process.pid(), pid);
    assert!(process::is_alive(pid), "the worker is the same process");
    let good = fleet.client().submit("good.png", &drawings::small()).await;
    fleet.client().completed(&good.id, LIMIT).await;
}

/// Samples the memory of a worker's slots.
struct MemoryWatch {
    most: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    sampling: JoinHandle<()>,
}

impl MemoryWatch {
    fn start(worker: &Worker) -> Self {
        let (most, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (sample, over, pid) = (Arc::clone(&most), Arc::clone(&is_over), worker.process.pid());
        let sampling = tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let slots = process::children(pid, " slot");
                let largest = slots.into_iter().filter_map(process::resident_bytes).max();
                sample.fetch_max(largest.unwrap_or_default(), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { most, is_over, sampling }
    }

    async fn stop(self) -> u64 {
        self.is_over.store(true, Ordering::SeqCst);
        self.sampling.await.unwrap();
        let most = self.most.load(Ordering::SeqCst);
        assert!(most > 0, "slots were watched");
        most
    }
}

/// Every file under a folder but the descriptions at its top.
fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, into);
        } else if folder != in_repository(CORPUS) {
            into.push(path);
        }
    }
    into.sort();
}
