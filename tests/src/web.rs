//! A web server of the test's own: for drawings by URL, for redirects, and as a canary.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered on a path.
#[derive(Debug, Clone)]
pub enum Page {
    /// A file.
    File(Vec<u8>),
    /// Another place.
    Redirect(String),
}

/// A running server. Paths that it does not know are 404.
#[derive(Debug)]
pub struct Web {
    address: String,
    visits: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Web {
    /// Serves pages on a free port of an address.
    ///
    /// # Panics
    /// This machine does not have the address.
    pub async fn serve(host: &str, pages: &[(&str, Page)]) -> Self {
        let listener = TcpListener::bind(format!("{host}:0")).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let pages: Arc<BTreeMap<String, Page>> =
            Arc::new(pages.iter().map(|(path, page)| ((*path).to_owned(), page.clone())).collect());
        let visits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&visits);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, Arc::clone(&pages)));
            }
        });
        Self { address, visits, serving }
    }

    /// Its `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its port.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn port(&self) -> &str {
        self.address.rsplit_once(':').unwrap().1
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Connections made to it.
    #[must_use]
    pub fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut stream: TcpStream, pages: Arc<BTreeMap<String, Page>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, header, body) = match pages.get(path) {
        Some(Page::File(bytes)) => {
            ("200 OK", "Content-Type: image/png".to_owned(), bytes.as_slice())
        }
        Some(Page::Redirect(to)) => ("302 Found", format!("Location: {to}"), [].as_slice()),
        None => ("404 Not Found", "X-Reason: none".to_owned(), [].as_slice()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // Who hangs up early is answered enough.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
}
