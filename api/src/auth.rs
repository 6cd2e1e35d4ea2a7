//! Who is asking: an API key by its name, or anybody where no keys are set up.
//!
//! Keys are kept and compared as SHA-256 hashes in constant time, so neither the file nor the time of
//! an answer tells a key.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use cad_common::contract::record::JobRecord;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::SharedApp;
use crate::error::ApiError;

/// The header for keys, beside `Authorization: Bearer`.
const KEY_HEADER: &str = "x-api-key";

/// The keys that may use the API.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeys(Vec<ApiKey>);

#[derive(Clone, PartialEq, Eq)]
struct ApiKey {
    owner: String,
    digest: [u8; 32],
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.owner)).finish()
    }
}

/// A line of the key file that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// Write `name:sha256`.
    #[error("line {0} is not `name:sha256` with 64 hexadecimal digits")]
    Line(usize),
    /// Write a key, or unset the variable to leave the API open.
    #[error("it holds no key")]
    Empty,
}

impl ApiKeys {
    /// Reads the lines of a key file; blank lines and those that begin with `#` are skipped.
    ///
    /// A name may have several keys, so that one can be replaced without a gap.
    ///
    /// # Errors
    /// A line that is no key, or no key at all.
    pub fn parse(text: &str) -> Result<Self, InvalidKeys> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            keys.push(parse_line(line).ok_or(InvalidKeys::Line(index + 1))?);
        }
        if keys.is_empty() { Err(InvalidKeys::Empty) } else { Ok(Self(keys)) }
    }

    /// The owner of a presented key. Looks at every entry, whether one has matched or not.
    fn owner_of(&self, presented: &str) -> Option<&str> {
        let digest: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
        let mut owner = None;
        for key in &self.0 {
            if bool::from(key.digest.ct_eq(&digest)) {
                owner = Some(key.owner.as_str());
            }
        }
        owner
    }
}

fn parse_line(line: &str) -> Option<ApiKey> {
    let (owner, hex) = line.split_once(':')?;
    let (owner, hex) = (owner.trim(), hex.trim());
    let is_name =
        !owner.is_empty() && owner.len() <= 64 && owner.chars().all(|c| c.is_ascii_graphic());
    if !is_name || hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, start) in digest.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(start..start + 2)?, 16).ok()?;
    }
    Some(ApiKey { owner: owner.to_owned(), digest })
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Name of the API key; `None` where the API is open.
    pub(crate) owner: Option<String>,
    address: Option<IpAddr>,
}

impl Caller {
    #[cfg(test)]
    pub(crate) fn for_tests(owner: Option<&str>) -> Self {
        Self { owner: owner.map(str::to_owned), address: None }
    }

    /// Whether a job may be shown to this caller.
    ///
    /// A job without owner came from the queue or an open API; its random id is the secret then.
    pub(crate) fn may_see(&self, record: &JobRecord) -> bool {
        self.owner.is_none() || record.owner.is_none() || self.owner == record.owner
    }

    /// Names the caller towards the rate limit.
    ///
    /// An IPv6 user has a whole /64 to choose addresses from, so the network counts there.
    pub(crate) fn rate_key(&self) -> String {
        if let Some(owner) = &self.owner {
            return format!("key:{owner}");
        }
        match self.address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => format!("ip:{address}"),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("ip:{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => "ip:unknown".to_owned(),
        }
    }
}

/// Layer: finds out who is asking, and refuses who has no key where keys are set up.
pub(crate) async fn identify(
    State(app): State<SharedApp>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = peer.map(|ConnectInfo(peer)| peer.ip());
    let owner = match &app.config.keys {
        None => None,
        Some(keys) => {
            let presented = presented_key(request.headers()).ok_or(ApiError::NoKey)?;
            Some(keys.owner_of(presented).ok_or(ApiError::WrongKey)?.to_owned())
        }
    };
    request.extensions_mut().insert(Caller { owner, address });
    Ok(next.run(request).await)
}

fn presented_key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get(KEY_HEADER) {
        return key.to_str().ok();
    }
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf %s hunter2 | sha256sum`
    const HUNTER2: &str = "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7";

    #[test]
    fn key_is_found_by_its_hash() {
        let keys = ApiKeys::parse(&format!("# team keys\n\njoe:{HUNTER2}\n")).unwrap();

        assert_eq!(keys.owner_of("hunter2"), Some("joe"));
        assert_eq!(keys.owner_of("hunter"), None);
        assert_eq!(keys.owner_of(""), None);
    }

    #[test]
    fn garbled_line_is_named() {
        let text = format!("joe:{HUNTER2}\nann:plain-text-key");

        assert_eq!(ApiKeys::parse(&text), Err(InvalidKeys::Line(2)));
    }

    #[test]
    fn file_without_keys_does_not_open_the_api() {
        assert_eq!(ApiKeys::parse("# nothing yet\n"), Err(InvalidKeys::Empty));
    }

    #[test]
    fn debug_output_shows_names_only() {
        let keys = ApiKeys::parse(&format!("joe:{HUNTER2}")).unwrap();

        assert_eq!(format!("{keys:?}"), r#"["joe"]"#);
    }

    #[test]
    fn neighbours_in_an_ipv6_network_share_a_rate() {
        let caller = |address: &str| Caller { owner: None, address: address.parse().ok() };

        assert_eq!(caller("2001:db8::1").rate_key(), caller("2001:db8::ffff:2").rate_key());
        assert_ne!(caller("2001:db8::1").rate_key(), caller("2001:db8:0:1::1").rate_key());
        assert_eq!(caller("::ffff:10.0.0.1").rate_key(), caller("10.0.0.1").rate_key());
    }
}
