//! The command line, as people use it.

use std::process::Output;

use cad_tests::client::Client;
use cad_tests::fleet::Settings;
use cad_tests::process::Process;
use cad_tests::scratch::Scratch;
use cad_tests::services::{Shared, free_port};
use cad_tests::wait::seconds;
use cad_tests::{broken, drawings};
use serde_json::Value;
use tokio::process::Command;

#[tokio::test]
async fn extract_prints_tables_for_people_and_draws_the_picture() {
    let folder = Scratch::new("extract");
    let drawing = folder.write("part.png", &drawings::small());
    let picture = folder.path().join("out.png");

    let output =
        cad(&["extract", drawing.to_str().unwrap(), "--overlay", picture.to_str().unwrap()]).await;

    let text = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(text.contains("Dimensions") && text.contains("text lines"), "{text}");
    let drawn = image::open(picture).unwrap().into_rgb8();
    assert!(
        drawn.pixels().any(|pixel| pixel.0[0].abs_diff(pixel.0[1]) > 60),
        "boxes are in colour"
    );
}

#[tokio::test]
async fn extract_reports_a_bad_file_and_reads_the_others() {
    let folder = Scratch::new("extract");
    let text = folder.write("text.png", &broken::text_named_png());
    let truncated = folder.write("truncated.png", &broken::truncated_png());
    let good = folder.write("good.png", &drawings::small());
    let absent = folder.path().join("absent.png");
    let files = [&text, &truncated, &good, &absent].map(|path| path.to_str().unwrap());

    let output = cad(&[&["extract", "--json"], files.as_slice()].concat()).await;

    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "the good file is read");
    assert_eq!(lines[0]["result"]["success"], true);
    let complaints = stderr(&output);
    for name in ["text.png: Unsupported MIME type", "truncated.png: ", "absent.png: can't be read"]
    {
        assert!(complaints.contains(name), "{name}: {complaints}");
    }
    assert!(!complaints.contains("panicked"), "{complaints}");
}

#[tokio::test]
async fn service_in_one_process_reads_what_submit_sends() {
    let (shared, folder) = (Shared::new(), Scratch::new("up"));
    let drawing = folder.write("part.png", &drawings::small());
    let mut command = Settings::new(shared.addresses()).command("cad");
    command.args(["up", "--port", "0"]);
    let mut up = Process::start("cad-up", command);
    let address = up.logged("api listening on ", seconds(20)).await;
    let url = format!("http://{}", address.split_whitespace().next().unwrap());

    let sent = cad(&["submit", drawing.to_str().unwrap(), "--url", &url, "--wait", "--json"]).await;
    let read = cad(&["extract", drawing.to_str().unwrap(), "--json"]).await;

    assert!(sent.status.success(), "{}", stderr(&sent));
    let job: Value = serde_json::from_str(&stdout(&sent)).unwrap();
    let reading: Value = serde_json::from_str(&stdout(&read)).unwrap();
    assert_eq!(job["state"], "completed");
    for part in ["pages", "dimensions", "title_block", "symbols", "notes"] {
        assert_eq!(job["result"][part], reading["result"][part], "{part}");
    }
    up.terminate();
    assert_eq!(up.ended(seconds(10)).await.code(), Some(0));
}

#[tokio::test]
async fn submit_without_an_api_says_so() {
    let folder = Scratch::new("submit");
    let drawing = folder.write("part.png", &drawings::small());
    let url = format!("http://127.0.0.1:{}", free_port());

    let output = cad(&["submit", drawing.to_str().unwrap(), "--url", &url]).await;

    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("start one with `cad up`"), "{}", stderr(&output));
}

#[tokio::test]
async fn doctor_finds_everything_well_where_it_is() {
    let shared = Shared::new();
    let mut command = Command::from(Settings::new(shared.addresses()).command("cad"));

    let output = command.arg("doctor").output().await.unwrap();

    let text = stdout(&output);
    assert!(output.status.success(), "{text}");
    for line in ["ok    version", "ok    settings", "ok    models", "ok    broker", "ok    store"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("guest:guest"), "the password is not shown: {text}");
}

#[tokio::test]
async fn doctor_names_each_problem_with_its_fix() {
    let (shared, nothing) = (Shared::new(), Scratch::new("doctor"));
    let settings = Settings::new(shared.addresses())
        .with("AMQP_URL", format!("amqp://me:secret@127.0.0.1:{}/%2f", free_port()))
        .with("REDIS_URL", format!("redis://127.0.0.1:{}", free_port()))
        .with("MODELS_DIR", nothing.path().to_str().unwrap());

    let output = Command::from(settings.command("cad")).arg("doctor").output().await.unwrap();

    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in [
        "bad   broker",
        "start RabbitMQ",
        "bad   store",
        "start Redis",
        "bad   models",
        "make models",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("secret"), "the password is not shown: {text}");
}

#[tokio::test]
async fn service_in_one_process_stops_when_asked_while_it_reads() {
    let shared = Shared::new();
    let mut command =
        Settings::new(shared.addresses()).with("SHUTDOWN_GRACE_MS", "500").command("cad");
    command.args(["up", "--port", "0"]);
    let mut up = Process::start("cad-up", command);
    let address = up.logged("api listening on ", seconds(20)).await;
    let client = Client::new(address.split_whitespace().next().unwrap());
    let job = client.submit("long.tif", &drawings::long(4)).await;
    client.reached(&job.id, cad_common::contract::record::JobState::InProgress, seconds(20)).await;

    up.terminate();

    assert_eq!(up.ended(seconds(10)).await.code(), Some(0));
}

/// Runs `cad` under the tests' settings.
async fn cad(arguments: &[&str]) -> Output {
    let shared = Shared::new();
    let mut command = Command::from(Settings::new(shared.addresses()).command("cad"));
    command.args(arguments).output().await.unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
