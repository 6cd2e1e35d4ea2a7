//! Messages to jobs, ids and hashes.

use super::*;

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn message() -> JobMessage {
    JobMessage {
        v: MESSAGE_VERSION,
        job_id: Some(ID.to_owned()),
        kind: "ocr.extract".to_owned(),
        provider: "paddle".to_owned(),
        options: Options::default(),
        source: Source::Inline(ByteBuf::from(b"drawing".to_vec())),
        filename: None,
        content_type: None,
        tag: Some("batch 7".to_owned()),
        submitted_at: None,
        deadline: None,
        callback_url: None,
        auto: false,
    }
}

fn refusal(message: JobMessage) -> &'static str {
    message.parse(None).unwrap_err().reason()
}

#[test]
fn message_becomes_a_job_and_the_same_message_again() {
    let job = message().parse(None).unwrap();

    assert_eq!((job.kind, job.provider), (Kind::OcrExtract, ProviderName::Paddle));
    assert_eq!(job.id.to_string(), ID);
    assert_eq!(JobMessage::from(job), message());
}

#[test]
fn message_id_names_the_job_when_the_body_does_not() {
    let unnamed = JobMessage { job_id: None, ..message() };

    assert_eq!(unnamed.clone().parse(Some(ID)).unwrap().id.to_string(), ID);
    assert_eq!(refusal(unnamed), "missing_job_id");
}

#[test]
fn job_id_of_the_body_goes_before_the_message_id() {
    let other = JobId::generate().to_string();

    assert_eq!(message().parse(Some(&other)).unwrap().id.to_string(), ID);
}

#[test]
fn each_wrong_word_has_its_dead_letter_reason() {
    let text = str::to_owned;
    assert_eq!(refusal(JobMessage { v: 2, ..message() }), "unknown_version");
    assert_eq!(refusal(JobMessage { job_id: Some(text("seven")), ..message() }), "invalid_job_id");
    assert_eq!(refusal(JobMessage { job_id: Some(text("")), ..message() }), "invalid_job_id");
    assert_eq!(refusal(JobMessage { kind: text("ocr.extract "), ..message() }), "unknown_kind");
    assert_eq!(
        refusal(JobMessage { provider: text("tesseract"), ..message() }),
        "unknown_provider"
    );
}

#[test]
fn provider_of_another_kind_of_work_is_unknown_to_this_kind() {
    let wrong = JobMessage { provider: "onnx".to_owned(), ..message() };

    assert_eq!(refusal(wrong), "unknown_provider");
}

#[test]
fn inline_drawing_is_taken_up_to_its_limit() {
    let inline =
        |size| JobMessage { source: Source::Inline(ByteBuf::from(vec![0; size])), ..message() };

    assert!(inline(MAX_INLINE_BYTES).parse(None).is_ok());
    assert_eq!(refusal(inline(MAX_INLINE_BYTES + 1)), "inline_too_large");
}

#[test]
fn generated_ids_sort_by_the_time_they_were_made() {
    let ids: Vec<_> = (0..50).map(|_| JobId::generate()).collect();

    assert!(ids.is_sorted());
    assert!(ids.iter().all(|id| id.to_string().parse() == Ok(*id)));
}

#[test]
fn blob_is_named_by_64_lowercase_digits_and_nothing_else() {
    let hash = BlobHash::of(b"drawing");
    assert_eq!(BlobHash::try_from(hash.as_str().to_owned()), Ok(hash.clone()));

    let upper = hash.as_str().to_uppercase();
    let long = format!("{}0", hash.as_str());
    for text in ["", "*", "../../etc/passwd", &upper, &long] {
        assert_eq!(BlobHash::try_from(text.to_owned()), Err(NotABlobHash), "{text}");
    }
}

#[test]
fn words_on_the_wire_are_the_words_in_names() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        assert_eq!(kind.message_type(), format!("cad.{}.v1", kind.as_str()));
    }
    for lane in Lane::ALL {
        assert_eq!(serde_json::to_value(lane).unwrap(), lane.as_str());
        assert_eq!(lane.as_str().parse(), Ok(lane));
    }
    assert!("urgent".parse::<Lane>().is_err());
}
