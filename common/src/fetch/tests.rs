//! Fetches from real servers on this machine, and refusals of everything that is none of theirs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const PATIENT: Duration = Duration::from_secs(20);
const DRAWING: &str = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ndrawing";

/// A server that gives each connection the next answer; an empty one keeps the client waiting.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    _running: AbortOnDropHandle<()>,
}

impl Server {
    async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let running = tokio::spawn(async move {
            let mut waiting = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                seen.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                // A client that has seen enough may be gone.
                let _ = stream.write_all(answer.as_bytes()).await;
                if answer.is_empty() {
                    waiting.push(stream);
                }
            }
            std::future::pending::<()>().await;
        });
        Self { address, requests, _running: AbortOnDropHandle::new(running) }
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/drawing.png", self.address.port())
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn limits(allow: &[&str], max_file_bytes: usize) -> LimitsConfig {
    LimitsConfig {
        max_file_bytes,
        max_base64_bytes: 1,
        max_pages: 1,
        max_page_pixels: 1,
        fetch_allow: allow.iter().map(|network| network.parse().unwrap()).collect(),
    }
}

/// Names have these answers, one per question.
fn fetcher(allow: &[&str], answers: &[&[&str]]) -> Fetcher {
    let answers =
        answers.iter().map(|answer| answer.iter().map(|ip| ip.parse().unwrap()).collect());
    let names = Names::Scripted(Arc::new(Mutex::new(answers.collect())));
    Fetcher::with_names(&limits(allow, 1000), names).unwrap()
}

/// A fetcher for which `drawings.test` is the local server.
fn local() -> Fetcher {
    fetcher(&["127.0.0.1/32"], &[&["127.0.0.1"]])
}

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

fn word(outcome: Result<Vec<u8>, FetchError>) -> &'static str {
    outcome.map_or_else(|error| error.reason().as_str(), |_| "fetched")
}

#[tokio::test]
async fn drawing_in_an_allowed_network_is_fetched() {
    let server = Server::start(vec![DRAWING.to_owned()]).await;

    let body = local().fetch(&server.url("drawings.test"), PATIENT).await.unwrap();

    assert_eq!(body, b"drawing");
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.contains("host: drawings.test"));
    assert!(request.contains("accept-encoding: identity"));
}

#[tokio::test]
async fn name_that_resolves_to_loopback_is_refused_before_connecting() {
    let server = Server::start(vec![DRAWING.to_owned()]).await;
    let fetcher = Fetcher::new(&limits(&[], 1000)).unwrap();

    let error = fetcher.fetch(&server.url("localhost"), PATIENT).await.unwrap_err();

    assert_eq!(error.reason(), RejectReason::UrlForbiddenAddress);
    assert_eq!(error.code(), ErrorCode::InputError);
    assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn name_whose_answer_changes_to_a_forbidden_address_is_refused() {
    let server = Server::start(vec![redirect("/again"), DRAWING.to_owned()]).await;
    let fetcher = fetcher(&["127.0.0.1/32"], &[&["127.0.0.1"], &["127.0.0.2"]]);

    let outcome = fetcher.fetch(&server.url("rebinding.test"), PATIENT).await;

    assert_eq!(word(outcome), "url_forbidden_address");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn connection_goes_to_the_checked_address_and_not_to_a_later_answer() {
    let server = Server::start(vec![DRAWING.to_owned()]).await;
    // Nothing listens on the second address: asking again between check and connect would fail.
    let fetcher = fetcher(&["127.0.0.0/8"], &[&["127.0.0.1"], &["127.0.0.2"]]);

    assert_eq!(word(fetcher.fetch(&server.url("rebinding.test"), PATIENT).await), "fetched");
}

#[tokio::test]
async fn forbidden_addresses_of_a_mixed_answer_are_left_out() {
    let server = Server::start(vec![DRAWING.to_owned()]).await;
    let fetcher = fetcher(&["127.0.0.1/32"], &[&["169.254.169.254", "127.0.0.1", "::1"]]);

    assert_eq!(word(fetcher.fetch(&server.url("mixed.test"), PATIENT).await), "fetched");
}

#[tokio::test]
async fn redirect_to_a_forbidden_address_is_refused() {
    let targets =
        ["http://127.0.0.2/", "http://[::1]/", "http://169.254.169.254/latest/", "//10.0.0.1/"];
    for target in targets {
        let server = Server::start(vec![redirect(target), DRAWING.to_owned()]).await;

        let outcome = local().fetch(&server.url("drawings.test"), PATIENT).await;

        assert_eq!(word(outcome), "url_forbidden_address", "{target}");
    }
}

#[tokio::test]
async fn redirect_to_another_scheme_is_refused() {
    let server = Server::start(vec![redirect("file:///etc/passwd")]).await;

    let outcome = local().fetch(&server.url("drawings.test"), PATIENT).await;

    assert_eq!(word(outcome), "url_invalid_scheme");
}

#[tokio::test]
async fn three_redirects_are_followed_and_four_are_not() {
    let hops = |count: usize| [vec![redirect("/next"); count], vec![DRAWING.to_owned()]].concat();
    let (three, four) = (Server::start(hops(3)).await, Server::start(hops(4)).await);

    assert_eq!(word(local().fetch(&three.url("drawings.test"), PATIENT).await), "fetched");
    assert_eq!(word(local().fetch(&four.url("drawings.test"), PATIENT).await), "url_http_error");
    assert!(three.requests().pop().unwrap().starts_with("GET /next "));
}

#[tokio::test]
async fn encrypted_fetch_is_never_redirected_to_plain_http() {
    let from: Url = "https://drawings.test/".parse().unwrap();
    let server = Server::start(vec![redirect("http://drawings.test/plain")]).await;
    install_crypto();
    let answer = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    let response = answer.get(server.url("127.0.0.1")).send().await.unwrap();

    let error = redirect_target(&from, &response).unwrap_err();

    assert!(matches!(error, FetchError::Downgraded));
}

#[test]
fn odd_spellings_of_forbidden_addresses_are_refused() {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "１２７.0.0.1",
        "%31%32%37.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
        "[fe80::1]",
        "10.0.0.1:8080",
    ];
    for host in hosts {
        let error = check_url(&format!("http://{host}/x.png"), &limits(&[], 1)).unwrap_err();

        assert_eq!(error.reason(), RejectReason::UrlForbiddenAddress, "{host}: {error}");
    }
}

#[test]
fn urls_that_hide_their_host_or_have_none_are_refused() {
    let cases = [
        ("http://public.test@127.0.0.1/", "url_invalid_format"),
        ("http://user:secret@public.test/", "url_invalid_format"),
        ("http://127.0.0.1\\@public.test/", "url_invalid_format"),
        ("http://public.test\\x.png", "url_invalid_format"),
        ("http://public\t.test/", "url_invalid_format"),
        ("http://public.test/a\nb", "url_invalid_format"),
        ("http://[fe80::1%25eth0]/", "url_invalid_format"),
        ("http://256.256.256.256/", "url_invalid_format"),
        ("http://", "url_invalid_format"),
        ("drawing.png", "url_invalid_format"),
        ("", "url_invalid_format"),
        ("file:///etc/passwd", "url_invalid_scheme"),
        ("gopher://public.test/", "url_invalid_scheme"),
        ("data:image/png;base64,AAAA", "url_invalid_scheme"),
    ];
    for (url, expected) in cases {
        let error = check_url(url, &limits(&[], 1)).unwrap_err();

        assert_eq!(error.reason().as_str(), expected, "{url}");
        assert!(!error.to_string().contains("secret"));
    }
    assert!(
        check_url(&format!("http://public.test/{}", "x".repeat(9000)), &limits(&[], 1)).is_err()
    );
    assert!(check_url("https://public.test/x.png?a=%5C", &limits(&[], 1)).is_ok());
}

#[tokio::test]
async fn announced_length_over_the_limit_is_refused_before_the_body() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n".to_owned();
    let server = Server::start(vec![answer]).await;

    let outcome = local().fetch(&server.url("drawings.test"), PATIENT).await;

    assert_eq!(word(outcome), "url_too_large_header");
}

#[tokio::test]
async fn body_is_cut_at_the_limit_whatever_was_announced() {
    let chunk = format!("3e8\r\n{}\r\n", "x".repeat(1000));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let at_limit = Server::start(vec![format!("{head}{chunk}0\r\n\r\n")]).await;
    let over = Server::start(vec![format!("{head}{chunk}1\r\nx\r\n0\r\n\r\n")]).await;

    assert_eq!(word(local().fetch(&at_limit.url("drawings.test"), PATIENT).await), "fetched");
    assert_eq!(
        word(local().fetch(&over.url("drawings.test"), PATIENT).await),
        "url_too_large_download"
    );
}

#[tokio::test]
async fn body_that_breaks_off_may_be_tried_again() {
    let server =
        Server::start(vec!["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndraw".to_owned()]).await;

    let error = local().fetch(&server.url("drawings.test"), PATIENT).await.unwrap_err();

    assert_eq!(error.reason(), RejectReason::UrlDownloadError);
    assert_eq!(error.code(), ErrorCode::NetworkError);
}

#[tokio::test]
async fn server_faults_may_be_tried_again_and_client_faults_not() {
    let codes = [
        (500, ErrorCode::NetworkError),
        (429, ErrorCode::NetworkError),
        (400, ErrorCode::InputError),
    ];
    for (status, code) in codes {
        let answer = format!("HTTP/1.1 {status} Status\r\nContent-Length: 0\r\n\r\n");
        let server = Server::start(vec![answer]).await;

        let error = local().fetch(&server.url("drawings.test"), PATIENT).await.unwrap_err();

        assert_eq!((error.reason(), error.code()), (RejectReason::UrlHttpError, code), "{status}");
    }
}

#[tokio::test]
async fn port_that_nobody_listens_on_is_a_network_error() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://drawings.test:{}/?token=secret", closed.port());

    let error = local().fetch(&url, PATIENT).await.unwrap_err();

    assert_eq!(error.reason(), RejectReason::UrlNetworkError);
    let causes = format!("{error} {:?}", error.source());
    assert!(!causes.contains("secret"), "{causes}");
}

/// What the original's tests expect of URLs; `answer` is what the server says, null is silence.
#[derive(Debug, Deserialize)]
struct Case {
    source: String,
    url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    answer: Option<Option<String>>,
    reason: Option<String>,
    detail: Option<String>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[tokio::test]
async fn originals_url_cases_hold() {
    let lines = include_str!("../inspect/original_cases.jsonl").lines();
    let cases = lines.map(|line| serde_json::from_str::<Case>(line).unwrap());
    for case in cases {
        let Some(url) = case.url else { continue };
        let answers = case.answer.iter().map(|answer| answer.clone().unwrap_or_default()).collect();
        let server = Server::start(answers).await;
        let is_served = case.answer.is_some();
        let fetcher = fetcher(&["127.0.0.1/32"], &[if is_served { &["127.0.0.1"] } else { &[] }]);
        let url = url.replace("drawings.test", &format!("drawings.test:{}", server.address.port()));

        let error = fetcher.fetch(&url, SECOND / 4).await.unwrap_err();

        assert_eq!(Some(error.reason().as_str()), case.reason.as_deref(), "{}", case.source);
        let detail = case.detail.unwrap_or_default();
        assert!(error.to_string().contains(&detail), "{}: {error}", case.source);
    }
}

proptest! {
    #[test]
    fn any_text_is_checked_without_a_panic(text in "\\PC{0,80}") {
        let _ = check_url(&text, &limits(&[], 1));
        let _ = check_url(&format!("http://{text}"), &limits(&[], 1));
    }

    #[test]
    fn loopback_is_refused_as_any_number(low in 0_u32..0x0100_0000) {
        let number = 0x7f00_0000 | low;
        for host in [format!("{number}"), format!("{number:#x}"), format!("0{number:o}")] {
            let error = check_url(&format!("http://{host}/"), &limits(&[], 1)).unwrap_err();
            prop_assert_eq!(error.reason(), RejectReason::UrlForbiddenAddress);
        }
    }
}
