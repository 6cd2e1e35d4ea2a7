//! Models that are missing or changed: the worker stays, is not ready, and says what to do.

use std::fs;

use cad_tests::fleet::{Fleet, Settings, copy_models};
use cad_tests::process;
use cad_tests::scratch::Scratch;
use cad_tests::services::Shared;
use cad_tests::wait::{self, seconds};
use serde_json::Value;
use tokio::process::Command;

/// The model that the tests spoil.
const MODEL: &str = "PP-OCRv6_det_small.onnx";

#[tokio::test]
async fn changed_model_keeps_the_worker_from_being_ready_and_says_which_file() {
    let (shared, models) = (Shared::new(), spoiled_models());
    let settings =
        Settings::new(shared.addresses()).with("MODELS_DIR", models.path().to_str().unwrap());
    let mut fleet = Fleet::starting(1, settings).await;

    let problem = problem_of(&fleet).await;

    assert!(problem.contains(MODEL), "the file is named: {problem}");
    assert!(problem.contains("make models"), "the fix is named: {problem}");
    let metrics = fleet.worker().admin.metrics().await;
    assert_eq!(metrics.get("ocr_model_loaded", &[("provider", "paddle")]), Some(0.0));
    let worker = fleet.workers.first_mut().unwrap();
    assert!(worker.process.is_running());
    assert!(!worker.process.log().contains("panicked"));
}

#[tokio::test]
async fn missing_models_keep_the_worker_from_being_ready_and_say_how_to_get_them() {
    let (shared, nothing) = (Shared::new(), Scratch::new("no-models"));
    let settings =
        Settings::new(shared.addresses()).with("MODELS_DIR", nothing.path().to_str().unwrap());
    let fleet = Fleet::starting(1, settings).await;

    let problem = problem_of(&fleet).await;

    assert!(problem.contains(nothing.path().to_str().unwrap()), "{problem}");
    assert!(problem.contains("make models"), "{problem}");
}

#[tokio::test]
async fn cad_extract_with_a_changed_model_fails_with_the_file_and_the_fix() {
    let (shared, models) = (Shared::new(), spoiled_models());
    let settings =
        Settings::new(shared.addresses()).with("MODELS_DIR", models.path().to_str().unwrap());
    let drawing = models.write("a.png", &cad_tests::drawings::small());

    let output =
        Command::from(settings.command("cad")).arg("extract").arg(drawing).output().await.unwrap();

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(MODEL) && said.contains("make models"), "{said}");
}

/// All models, one with a byte more.
fn spoiled_models() -> Scratch {
    let folder = Scratch::new("models");
    copy_models(folder.path());
    let path = folder.path().join(MODEL);
    let mut bytes = fs::read(&path).unwrap();
    bytes.push(0);
    fs::write(path, bytes).unwrap();
    folder
}

async fn problem_of(fleet: &Fleet) -> String {
    let worker = fleet.worker();
    let has_problem = async || {
        let answer = worker.admin.get("/ready").await;
        let check: Value = answer.json()["models"]["paddle"].clone();
        let problem =
            check["problem"].as_str().filter(|problem| problem.contains("models"))?.to_owned();
        (answer.status == 503).then_some(problem)
    };
    let problem = wait::until("/ready tells of the models", seconds(20), has_problem).await;
    assert!(process::is_alive(worker.process.pid()));
    problem
}
