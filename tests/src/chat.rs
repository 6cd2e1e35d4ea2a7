//! A server that speaks the chat-completions protocol and says what a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is said to one request.
#[derive(Debug, Clone)]
pub enum Says {
    /// A completion with this text.
    Text(String),
    /// A completion whose text does not come before so much time is over.
    Late(Duration, String),
    /// A status with a header, and a short body.
    Status(u16, &'static str, String),
    /// A completion if the form of the reply was not prescribed, else 400.
    TextWithoutSchema(String),
    /// A body of so many bytes.
    Flood(usize),
    /// Nothing: the connection ends in the middle of the answer.
    Cut,
}

/// A running server. Its last word is repeated.
#[derive(Debug)]
pub struct Chat {
    address: String,
    script: Arc<Mutex<VecDeque<Says>>>,
    requests: Arc<Mutex<Vec<Asked>>>,
    serving: JoinHandle<()>,
}

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The head, with the request line.
    pub head: String,
    /// The body.
    pub body: Value,
}

impl Chat {
    /// Serves on a free port.
    ///
    /// # Panics
    /// There is none.
    pub async fn serve(script: &[Says]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let script: Arc<Mutex<VecDeque<Says>>> =
            Arc::new(Mutex::new(script.iter().cloned().collect()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (next, noted) = (Arc::clone(&script), Arc::clone(&requests));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&next), Arc::clone(&noted)));
            }
        });
        Self { address, script, requests, serving }
    }

    /// The base URL of the API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Says something else from now on.
    ///
    /// # Panics
    /// Never.
    pub fn say(&self, says: Says) {
        *self.script.lock().unwrap() = VecDeque::from([says]);
    }

    /// The requests so far.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The lines of a transcript as a model writes them.
#[must_use]
pub fn transcript(lines: &[(&str, [u32; 4])]) -> String {
    let lines: Vec<Value> =
        lines.iter().map(|(text, place)| json!({ "text": text, "box": place })).collect();
    json!({ "lines": lines }).to_string()
}

async fn answer(
    mut stream: TcpStream,
    script: Arc<Mutex<VecDeque<Says>>>,
    requests: Arc<Mutex<Vec<Asked>>>,
) {
    while let Some(asked) = read(&mut stream).await {
        let says = {
            let mut script = script.lock().unwrap();
            let is_last = script.len() < 2;
            if is_last { script.front().cloned() } else { script.pop_front() }
        };
        let has_schema = asked.body.get("response_format").is_some();
        requests.lock().unwrap().push(asked);
        let response = match says.expect("the server has something to say") {
            Says::Text(text) => completion(&text),
            Says::Late(time, text) => {
                tokio::time::sleep(time).await;
                completion(&text)
            }
            Says::TextWithoutSchema(_) if has_schema => {
                response("400 Bad Request", "X-Reason: response_format", b"{}")
            }
            Says::TextWithoutSchema(text) => completion(&text),
            Says::Status(status, name, value) => {
                response(&format!("{status} No"), &format!("{name}: {value}"), b"{}")
            }
            Says::Flood(size) => response("200 OK", "X-Reason: flood", &vec![b' '; size]),
            Says::Cut => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{").await;
                return;
            }
        };
        // Who hangs up early is answered enough.
        if stream.write_all(&response).await.is_err() {
            return;
        }
    }
}

/// Reads one request; `None` when the client has gone.
async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned)
        })
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { head, body: serde_json::from_slice(&body).unwrap_or_default() })
}

fn completion(text: &str) -> Vec<u8> {
    let body = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{
            "index": 0,
            "finish_reason": "stop",
            "message": { "role": "assistant", "content": text },
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    });
    response("200 OK", "Content-Type: application/json", body.to_string().as_bytes())
}

fn response(status: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
