//! URL sources that lead to addresses of the inside are refused before a connection is made.

use cad_common::error_code::ErrorCode;
use cad_tests::drawings;
use cad_tests::fleet::Fleet;
use cad_tests::publisher::Publisher;
use cad_tests::wait::seconds;
use cad_tests::web::{Page, Web};
use serde_json::json;

/// What a refused source fails with.
const FORBIDDEN: &str = "url_forbidden_address";

#[tokio::test]
async fn addresses_of_the_inside_are_refused_in_every_spelling() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let canary = Web::serve("127.0.0.1", &[("/a.png", Page::File(drawings::small()))]).await;
    let hosts = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "[::]",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
    ];

    for host in hosts {
        let id = publisher
            .send_job(&json!({ "url": format!("http://{host}:{}/a.png", canary.port()) }))
            .await;
        let error = fleet.client().failed(&id, seconds(10)).await;

        assert_eq!(error.code, ErrorCode::InputError, "{host}: {error:?}");
        assert_eq!(error.reason.as_deref(), Some(FORBIDDEN), "{host}: {error:?}");
        if host == "localhost" {
            assert!(!error.detail.contains("127"), "the answer tells no addresses: {error:?}");
        }
    }
    assert_eq!(canary.visits(), 0);
    let rejected = fleet.worked("ocr_input_rejected_total", &[("reason", FORBIDDEN)]).await;
    assert_eq!(rejected, f64::from(u32::try_from(hosts.len()).unwrap()));
}

#[tokio::test]
async fn url_with_a_user_in_it_is_refused_before_anything_is_resolved() {
    let fleet = Fleet::start(1, &[("FETCH_ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let canary = Web::serve("127.0.0.1", &[("/a.png", Page::File(drawings::small()))]).await;

    let url = format!("http://user@127.0.0.1:{}/a.png", canary.port());
    let id = publisher.send_job(&json!({ "url": url })).await;

    let error = fleet.client().failed(&id, seconds(10)).await;
    assert_eq!(error.reason.as_deref(), Some("url_invalid_format"), "{error:?}");
    assert_eq!(canary.visits(), 0);
}

#[tokio::test]
async fn redirect_from_an_allowed_server_to_a_refused_address_is_not_followed() {
    let fleet = Fleet::start(1, &[("FETCH_ALLOW_CIDRS", "127.0.0.2/32")]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let canary = Web::serve("127.0.0.1", &[("/a.png", Page::File(drawings::small()))]).await;
    let lure = Web::serve(
        "127.0.0.2",
        &[
            ("/direct", Page::Redirect(canary.url("/a.png"))),
            ("/twice", Page::Redirect("/direct".to_owned())),
            ("/number", Page::Redirect(format!("http://2130706433:{}/a.png", canary.port()))),
        ],
    )
    .await;

    for path in ["/direct", "/twice", "/number"] {
        let id = publisher.send_job(&json!({ "url": lure.url(path) })).await;
        let error = fleet.client().failed(&id, seconds(10)).await;

        assert_eq!(error.code, ErrorCode::InputError, "{path}: {error:?}");
        assert_eq!(error.reason.as_deref(), Some(FORBIDDEN), "{path}: {error:?}");
    }
    assert!(lure.visits() >= 4, "the lure was asked");
    assert_eq!(canary.visits(), 0);
}

#[tokio::test]
async fn redirect_within_allowed_addresses_is_followed_and_an_endless_one_is_not() {
    let fleet = Fleet::start(1, &[("FETCH_ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let web = Web::serve(
        "127.0.0.1",
        &[
            ("/a.png", Page::File(drawings::small())),
            ("/moved", Page::Redirect("/a.png".to_owned())),
            ("/circle", Page::Redirect("/circle".to_owned())),
        ],
    )
    .await;

    let moved = publisher.send_job(&json!({ "url": web.url("/moved") })).await;
    let circle = publisher.send_job(&json!({ "url": web.url("/circle") })).await;

    fleet.client().completed(&moved, seconds(20)).await;
    fleet.client().failed(&circle, seconds(20)).await;
    assert!(web.visits() < 10, "a circle is left after some rounds");
}

#[tokio::test]
async fn schemes_other_than_http_are_refused() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;

    for url in [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:image/png;base64,AAAA",
        "no url",
    ] {
        let id = publisher.send_job(&json!({ "url": url })).await;
        let error = fleet.client().failed(&id, seconds(10)).await;

        assert_eq!(error.code, ErrorCode::InputError, "{url}: {error:?}");
        let reason = error.reason.unwrap();
        assert!(
            ["url_invalid_scheme", "url_invalid_format"].contains(&reason.as_str()),
            "{url}: {reason}"
        );
    }
}
