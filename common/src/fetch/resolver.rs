//! Names to addresses, only those that may be connected to.
//!
//! The client connects to nothing but what is returned here, so an answer that changes between check
//! and connect changes nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressRule;

/// Every address of a name is one that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("name has no address that may be connected to")]
pub(super) struct NoAllowedAddress;

/// Where answers come from.
#[derive(Debug, Clone)]
pub(super) enum Names {
    /// The operating system.
    System,
    /// A script, one answer per question; the last one stays.
    #[cfg(test)]
    Scripted(std::sync::Arc<std::sync::Mutex<Vec<Vec<IpAddr>>>>),
}

impl Names {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let addresses = tokio::net::lookup_host((name, 0)).await?;
                Ok(addresses.map(|address| address.ip()).collect())
            }
            #[cfg(test)]
            Self::Scripted(answers) => {
                let mut answers = answers.lock().unwrap();
                let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
                Ok(answer)
            }
        }
    }
}

/// The client's resolver.
#[derive(Debug, Clone)]
pub(super) struct CheckedResolver {
    /// Where answers come from.
    pub(super) names: Names,
    /// Which of them count.
    pub(super) rule: AddressRule,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.names.lookup(name.as_str()).await?;
            let is_known = !addresses.is_empty();
            let allowed: Vec<_> = addresses
                .into_iter()
                .filter(|address| resolver.rule.allows(*address))
                // The client puts the URL's port in.
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if allowed.is_empty() && is_known {
                return Err(NoAllowedAddress.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
