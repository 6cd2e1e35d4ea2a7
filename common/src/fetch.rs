//! Drawings by URL: the only client of this project that goes where a stranger points it.
//!
//! It connects to public addresses only (and to those of `FETCH_ALLOW_CIDRS`). Three places see to
//! that: hosts written as an address are checked before the request, because the client asks no resolver
//! for them; names are resolved by `resolver.rs`, and the client connects to its answer;
//! redirects are followed here, so that each hop is checked like the first. The URL standard's parser
//! undoes odd spellings (`127.1`, `2130706433`, `0x7f.1`) before any check.

mod address;
mod resolver;

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use self::address::AddressRule;
use self::resolver::{CheckedResolver, Names, NoAllowedAddress};
use crate::config::shared::LimitsConfig;
use crate::error_code::ErrorCode;
use crate::inspect::reason::RejectReason;

/// Hops after the first request; shared drawings sit behind one or two.
const MAX_REDIRECTS: usize = 3;

/// Longest URL that is looked at, the usual limit of servers.
const MAX_URL_BYTES: usize = 8 * 1024;

/// Why a URL gave no drawing. The text names no address that a name resolved to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Use http or https, also where the server redirects to.
    #[error("Invalid URL scheme '{0}', use http or https")]
    InvalidScheme(String),
    /// A redirect would give up encryption: use the http URL itself, or mend the server.
    #[error("Invalid URL scheme 'http': redirected from https to http")]
    Downgraded,
    /// Send a URL with a host and without user, password, white space or backslash.
    #[error("Invalid URL format: {0}")]
    InvalidFormat(&'static str),
    /// Use a public address, or list its network in `FETCH_ALLOW_CIDRS`.
    #[error("address of '{0}' is not public, see FETCH_ALLOW_CIDRS")]
    ForbiddenAddress(String),
    /// There is no such drawing.
    #[error("HTTP {0}: drawing not found")]
    NotFound(u16),
    /// The server wants credentials, which are not sent.
    #[error("HTTP {0}: access to the drawing is forbidden")]
    Forbidden(u16),
    /// The server refuses; try again when it is a 5xx.
    #[error("HTTP {0} from the drawing's server")]
    HttpStatus(u16),
    /// Send the URL where the redirects end.
    #[error("redirected more than {MAX_REDIRECTS} times")]
    TooManyRedirects,
    /// Send a smaller drawing.
    #[error("drawing has {size} bytes, at most {most} are fetched")]
    TooLargeHeader {
        /// The announced size.
        size: u64,
        /// The limit.
        most: usize,
    },
    /// Send a smaller drawing.
    #[error("drawing has more than {0} bytes")]
    TooLargeDownload(usize),
    /// Check the URL.
    #[error("drawing is empty (0 bytes)")]
    Empty,
    /// Try again later.
    #[error("Timeout: drawing was not there in time (>{0:?})")]
    Timeout(Duration),
    /// Check the host, or try again later.
    #[error("Network error: '{host}' can't be reached")]
    Network {
        /// The host of the URL.
        host: String,
        /// What the client says.
        #[source]
        source: reqwest::Error,
    },
    /// Try again.
    #[error("download broke off")]
    Download(#[source] reqwest::Error),
    /// This machine has no certificates that servers could be checked with; no URL can be fetched.
    #[error("client for drawings by URL can't be made")]
    Setup(#[source] reqwest::Error),
}

impl FetchError {
    /// The stable word, also the metric label.
    #[must_use]
    pub const fn reason(&self) -> RejectReason {
        match self {
            Self::InvalidScheme(_) | Self::Downgraded => RejectReason::UrlInvalidScheme,
            Self::InvalidFormat(_) => RejectReason::UrlInvalidFormat,
            Self::ForbiddenAddress(_) => RejectReason::UrlForbiddenAddress,
            Self::NotFound(_) => RejectReason::UrlNotFound,
            Self::Forbidden(_) => RejectReason::UrlForbidden,
            Self::HttpStatus(_) | Self::TooManyRedirects => RejectReason::UrlHttpError,
            Self::TooLargeHeader { .. } => RejectReason::UrlTooLargeHeader,
            Self::TooLargeDownload(_) => RejectReason::UrlTooLargeDownload,
            Self::Empty => RejectReason::UrlEmpty,
            Self::Timeout(_) => RejectReason::UrlTimeout,
            Self::Network { .. } | Self::Setup(_) => RejectReason::UrlNetworkError,
            Self::Download(_) => RejectReason::UrlDownloadError,
        }
    }

    /// The error code: what another try may mend is a network error, the rest the client's.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Timeout(_) | Self::Network { .. } | Self::Download(_) => ErrorCode::NetworkError,
            Self::HttpStatus(429 | 500..=599) => ErrorCode::NetworkError,
            Self::Setup(_) => ErrorCode::InternalError,
            Self::InvalidScheme(_)
            | Self::Downgraded
            | Self::InvalidFormat(_)
            | Self::ForbiddenAddress(_)
            | Self::NotFound(_)
            | Self::Forbidden(_)
            | Self::HttpStatus(_)
            | Self::TooManyRedirects
            | Self::TooLargeHeader { .. }
            | Self::TooLargeDownload(_)
            | Self::Empty => ErrorCode::InputError,
        }
    }
}

/// Chooses the TLS implementation of this process; every client of `reqwest` needs it first.
pub fn install_crypto() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Checks what can be known of a URL without a connection, so that it can be refused at once.
///
/// # Errors
/// The form, the scheme, or an address in place of a name.
pub fn check_url(url: &str, limits: &LimitsConfig) -> Result<(), FetchError> {
    let rule = AddressRule { allow: limits.fetch_allow.clone() };
    parse(url).and_then(|parsed| check(&parsed, &rule))
}

/// Fetches drawings by URL.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    rule: AddressRule,
    max_bytes: usize,
}

impl Fetcher {
    /// A fetcher with the limits of this process.
    ///
    /// # Errors
    /// [`FetchError::Setup`].
    pub fn new(limits: &LimitsConfig) -> Result<Self, FetchError> {
        Self::with_names(limits, Names::System)
    }

    fn with_names(limits: &LimitsConfig, names: Names) -> Result<Self, FetchError> {
        install_crypto();
        let rule = AddressRule { allow: limits.fetch_allow.clone() };
        let client = Client::builder()
            .dns_resolver(CheckedResolver { names, rule: rule.clone() })
            .redirect(Policy::none())
            // A proxy would connect in our place, unchecked.
            .no_proxy()
            // Every fetch resolves and connects anew: no connection outlives the check it came from.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("cad/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(FetchError::Setup)?;
        Ok(Self { client, rule, max_bytes: limits.max_file_bytes })
    }

    /// Fetches a drawing within a time.
    ///
    /// # Errors
    /// See [`FetchError`]; its code says whether another try may help.
    pub async fn fetch(&self, url: &str, deadline: Duration) -> Result<Vec<u8>, FetchError> {
        let fetched = tokio::time::timeout(deadline, self.follow(url)).await;
        fetched.unwrap_or(Err(FetchError::Timeout(deadline)))
    }

    async fn follow(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let mut url = parse(url)?;
        for _ in 0..=MAX_REDIRECTS {
            check(&url, &self.rule)?;
            let response = self.request(&url).await?;
            if !response.status().is_redirection() {
                return self.body(response).await;
            }
            url = redirect_target(&url, &response)?;
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn request(&self, url: &Url) -> Result<Response, FetchError> {
        // A compressed answer could unpack to more than the limit.
        let request = self.client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
        request.send().await.map_err(|error| {
            let host = url.host_str().unwrap_or_default().to_owned();
            if is_refused(&error) {
                return FetchError::ForbiddenAddress(host);
            }
            FetchError::Network { host, source: error.without_url() }
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        match response.status().as_u16() {
            200..=299 => {}
            status @ (404 | 410) => return Err(FetchError::NotFound(status)),
            status @ (401 | 403) => return Err(FetchError::Forbidden(status)),
            status => return Err(FetchError::HttpStatus(status)),
        }
        let most = self.max_bytes;
        let announced = response.content_length().filter(|size| *size > most as u64);
        if let Some(size) = announced {
            return Err(FetchError::TooLargeHeader { size, most });
        }
        let mut body = Vec::new();
        let broke_off = |error: reqwest::Error| FetchError::Download(error.without_url());
        while let Some(chunk) = response.chunk().await.map_err(broke_off)? {
            if body.len() + chunk.len() > most {
                return Err(FetchError::TooLargeDownload(most));
            }
            body.extend_from_slice(&chunk);
        }
        if body.is_empty() { Err(FetchError::Empty) } else { Ok(body) }
    }
}

/// Parses a URL as browsers do, but refuses what they would silently mend.
fn parse(text: &str) -> Result<Url, FetchError> {
    let text = text.trim();
    if text.len() > MAX_URL_BYTES {
        return Err(FetchError::InvalidFormat("longer than 8 KiB"));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(FetchError::InvalidFormat("white space or backslash in it"));
    }
    Url::parse(text).map_err(|_| FetchError::InvalidFormat("not a URL"))
}

fn check(url: &Url, rule: &AddressRule) -> Result<(), FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::InvalidScheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::InvalidFormat("user or password in it"));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or(FetchError::InvalidFormat("no host in it"))?;
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    if literal.is_some_and(|address| !rule.allows(address)) {
        return Err(FetchError::ForbiddenAddress(host.to_owned()));
    }
    Ok(())
}

fn redirect_target(from: &Url, response: &Response) -> Result<Url, FetchError> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or(FetchError::HttpStatus(status))?;
    let to = from.join(location).map_err(|_| FetchError::InvalidFormat("redirected to no URL"))?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(FetchError::Downgraded);
    }
    Ok(to)
}

/// Whether the resolver's refusal is among the causes.
fn is_refused(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NoAllowedAddress>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

#[cfg(test)]
mod tests;
