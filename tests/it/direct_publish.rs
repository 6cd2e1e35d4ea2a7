//! A batch system in another language publishes to the queue with `docs/examples/publish.py`.

use std::fs;

use cad_tests::drawings;
use cad_tests::fleet::Fleet;
use cad_tests::scratch::{Scratch, in_repository};
use cad_tests::wait::seconds;
use cad_tests::web::{Page, Web};
use serde_json::Value;
use tokio::process::Command;

#[tokio::test]
async fn drawing_inside_a_messagepack_message_is_answered_on_the_reply_queue() {
    let fleet = Fleet::start(1, &[]).await;
    let folder = Scratch::new("publish");
    let file = folder.write("part.png", &drawings::small());

    let published = publish(&fleet, &["--file", file.to_str().unwrap()]).await;

    assert_same_over_http(&fleet, &published).await;
}

#[tokio::test]
async fn drawing_inside_a_json_message_is_answered_on_the_reply_queue() {
    let fleet = Fleet::start(1, &[]).await;
    let folder = Scratch::new("publish");
    let file = folder.write("part.png", &drawings::small());

    let published = publish(&fleet, &["--file", file.to_str().unwrap(), "--json"]).await;

    assert_same_over_http(&fleet, &published).await;
}

#[tokio::test]
async fn drawing_by_url_is_fetched_and_answered_on_the_reply_queue() {
    let fleet = Fleet::start(1, &[("FETCH_ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let file = fs::read(in_repository("tests/drawings/odri_frame_barrier.png")).unwrap();
    let web = Web::serve("127.0.0.1", &[("/drawing.png", Page::File(file))]).await;

    let published = publish(&fleet, &["--url", &web.url("/drawing.png"), "--lane", "high"]).await;

    assert_eq!(web.visits(), 1);
    assert_same_over_http(&fleet, &published).await;
}

#[tokio::test]
async fn message_for_a_provider_without_a_queue_is_an_error_for_the_publisher() {
    let fleet = Fleet::start(1, &[]).await;
    let folder = Scratch::new("publish");
    let file = folder.write("part.png", &drawings::small());

    let output = script(&fleet, &["--file", file.to_str().unwrap(), "--provider", "nobody"]).await;

    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("no queue takes ocr.nobody.normal"), "{complaint}");
    assert!(!complaint.contains("Traceback"), "{complaint}");
}

/// What the script printed: the job's id, and the answer.
struct Published {
    job_id: String,
    answer: Value,
}

async fn publish(fleet: &Fleet, arguments: &[&str]) -> Published {
    let output = script(fleet, arguments).await;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaint}");
    let words: Vec<&str> = complaint.split_whitespace().collect();
    let ["job", job_id, "published"] = words.as_slice() else { panic!("{complaint}") };
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(uuid::Uuid::try_parse(printed["correlation_id"].as_str().unwrap()).is_ok());
    Published { job_id: (*job_id).to_owned(), answer: printed["answer"].clone() }
}

async fn script(fleet: &Fleet, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new("python3");
    command
        .arg(in_repository("docs/examples/publish.py"))
        .args(arguments)
        .args(["--timeout", "60"])
        .env("PYTHONPATH", in_repository("target/tools/python"))
        .envs(fleet.addresses().settings());
    command.output().await.expect("python3 is installed, and pika and msgpack by `make tools`")
}

/// The same job polls over HTTP as completed, with the same result.
async fn assert_same_over_http(fleet: &Fleet, published: &Published) {
    assert_eq!(published.answer["state"], "completed", "{}", published.answer);
    assert_eq!(published.answer["job_id"], published.job_id.as_str());
    let job = fleet.client().completed(&published.job_id, seconds(5)).await;
    assert_eq!(job.result.unwrap(), published.answer["result"]);
    let lines = &published.answer["result"]["pages"][0]["text_lines"];
    assert!(!lines.as_array().unwrap().is_empty(), "the drawing has text on it");
}
