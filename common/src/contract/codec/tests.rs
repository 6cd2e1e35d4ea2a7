//! Messages of this project, of foreign publishers, and of nobody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use serde_json::json;

use super::*;
use crate::contract::job::{BlobHash, Options, Source};

const MESSAGE_PACK: Option<&str> = Some("application/msgpack");
const JSON: Option<&str> = Some("application/json");

fn message(source: Source) -> JobMessage {
    JobMessage {
        v: 1,
        job_id: Some("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
        kind: "ocr.extract".to_owned(),
        provider: "paddle".to_owned(),
        options: Options { pages: Some("1,3-5".to_owned()), dpi: Some(300) },
        source,
        filename: Some("деталь 图纸.png".to_owned()),
        content_type: None,
        tag: None,
        submitted_at: Some("2026-11-23T10:00:00Z".parse().unwrap()),
        deadline: None,
        callback_url: None,
        auto: false,
    }
}

fn sources() -> [Source; 3] {
    [
        Source::Inline(ByteBuf::from(vec![0, 159, 146, 150, 255])),
        Source::Blob(BlobHash::of(b"drawing")),
        Source::Url("https://drawings.example/a.png".to_owned()),
    ]
}

fn reason(body: &[u8], content_type: Option<&str>) -> &'static str {
    decode_job(body, content_type).unwrap_err().reason()
}

#[test]
fn every_source_survives_both_formats() {
    for source in sources() {
        let message = message(source);
        let packed = to_messagepack(&message).unwrap();
        let text = serde_json::to_vec(&message).unwrap();

        assert_eq!(decode_job(&packed, MESSAGE_PACK).unwrap(), message);
        assert_eq!(decode_job(&packed, None).unwrap(), message);
        assert_eq!(decode_job(&text, JSON).unwrap(), message);
    }
}

#[test]
fn inline_bytes_are_raw_in_message_pack_and_base64_in_json() {
    let message = message(Source::Inline(ByteBuf::from(vec![0xab; 1000])));

    let packed = to_messagepack(&message).unwrap();
    assert!(packed.len() < 1300, "{} bytes: an array of numbers", packed.len());
    let text = serde_json::to_value(&message).unwrap();
    assert_eq!(text["source"]["inline"], STANDARD.encode(vec![0xab; 1000]));
}

#[test]
fn foreign_publishers_need_name_only_what_matters() {
    let body = json!({
        "v": 1, "kind": "ocr.extract", "provider": "paddle",
        "source": {"url": "https://drawings.example/a.png"},
    });

    for (bytes, content_type) in [
        (serde_json::to_vec(&body).unwrap(), Some("application/json; charset=utf-8")),
        (rmp_serde::to_vec_named(&body).unwrap(), Some("application/x-msgpack")),
    ] {
        let message = decode_job(&bytes, content_type).unwrap();
        assert_eq!(message.job_id, None);
        assert_eq!(message.options, Options::default());
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let mut body = serde_json::to_value(message(sources()[2].clone())).unwrap();
    body["invented_later"] = json!({"deep": [1, 2, 3]});
    body["options"]["colour"] = json!("blue");

    assert!(decode_job(&serde_json::to_vec(&body).unwrap(), JSON).is_ok());
    assert!(decode_job(&rmp_serde::to_vec_named(&body).unwrap(), None).is_ok());
}

#[test]
fn message_of_another_version_decodes_so_that_its_version_can_be_named() {
    let body = json!({"v": 9, "kind": "x", "provider": "y", "source": {"url": "z"}});

    assert_eq!(decode_job(&serde_json::to_vec(&body).unwrap(), JSON).unwrap().v, 9);
}

#[test]
fn positional_array_is_no_message() {
    let array = rmp_serde::to_vec(&message(sources()[1].clone())).unwrap();

    assert!(matches!(decode_job(&array, None), Err(DecodeError::NotAMap)));
}

#[test]
fn bytes_after_the_message_are_refused_in_both_formats() {
    let message = message(sources()[1].clone());
    let mut packed = to_messagepack(&message).unwrap();
    packed.push(0xc0);
    let mut text = serde_json::to_vec(&message).unwrap();
    text.extend_from_slice(b" {}");

    assert!(matches!(decode_job(&packed, None), Err(DecodeError::TrailingBytes)));
    assert_eq!(reason(&text, JSON), "invalid_message");
}

#[test]
fn garbage_has_a_reason() {
    for body in [&b""[..], b"\xc1", b"\x81\xa1v", b"\xdf\xff\xff\xff\xff", b"hello", b"{\"v\":1}"] {
        assert_eq!(reason(body, MESSAGE_PACK), "invalid_message", "{body:?}");
        assert_eq!(reason(body, JSON), "invalid_message", "{body:?}");
    }
    assert_eq!(reason(b"<job/>", Some("application/xml")), "unknown_content_type");
}

#[test]
fn message_over_the_limit_is_refused_unread() {
    let body = vec![0xc1; MAX_MESSAGE_BYTES + 1];

    assert_eq!(reason(&body, None), "message_too_large");
}

#[test]
fn largest_inline_drawing_fits_into_a_message_of_either_format() {
    let message = message(Source::Inline(ByteBuf::from(vec![7; MAX_INLINE_BYTES])));

    assert!(to_messagepack(&message).unwrap().len() <= MAX_MESSAGE_BYTES);
    assert!(serde_json::to_vec(&message).unwrap().len() <= MAX_MESSAGE_BYTES);
}

#[test]
fn deep_nesting_is_refused_without_exhausting_the_stack() {
    let array = vec![0x91; 200_000];
    let body = [&b"\x81\xa1x"[..], &array].concat();

    assert_eq!(reason(&body, None), "invalid_message");
    let text = format!("{{\"x\":{}", "[".repeat(200_000));
    assert_eq!(reason(text.as_bytes(), JSON), "invalid_message");
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_job(&body, MESSAGE_PACK);
        let _ = decode_job(&body, JSON);
    }

    #[test]
    fn message_with_one_byte_changed_is_a_message_or_refused(
        at in any::<prop::sample::Index>(), value in any::<u8>(),
    ) {
        let mut body = to_messagepack(&message(sources()[0].clone())).unwrap();
        let at = at.index(body.len());
        body[at] = value;

        let _ = decode_job(&body, MESSAGE_PACK);
    }

    #[test]
    fn any_inline_drawing_survives_both_formats(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let message = message(Source::Inline(ByteBuf::from(bytes)));
        let packed = to_messagepack(&message).unwrap();
        let text = serde_json::to_vec(&message).unwrap();

        prop_assert_eq!(&decode_job(&packed, None).unwrap(), &message);
        prop_assert_eq!(&decode_job(&text, JSON).unwrap(), &message);
    }
}
