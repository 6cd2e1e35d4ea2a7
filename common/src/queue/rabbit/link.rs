//! One named connection to the broker, made when it is first needed and again after a loss.
//!
//! `lapin` could recover by itself, but a consumer may then go silent without any error; so that is
//! off, and a lost connection is replaced for the next caller who needs one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_lapin::{Config, CreatePoolError, Hook, HookError, PoolConfig, PoolError, Runtime};
use lapin::uri::AMQPUri;
use lapin::{Channel, ConnectionProperties, ConnectionStatus};

use super::topology::{self, Object};
use super::within;
use crate::config::Secret;
use crate::queue::QueueError;

/// A dead peer is noticed after two missed ones; the broker's own default is a minute.
const HEARTBEAT_SECONDS: u16 = 10;

/// Connecting and declaring the whole topology takes some thirty answers of the broker; on a slow network that is
/// longer than a single caller should wait.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

/// A connection that is there when it is needed.
#[derive(Clone)]
pub(super) struct Link {
    name: String,
    uri: Secret,
    topology: Arc<[Object]>,
    /// Holds one connection at most: a broken one is replaced, never joined by a second.
    pool: deadpool_lapin::Pool,
}

impl fmt::Debug for Link {
    /// Without the pool, which would show the URI and the password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Link {
    /// A connection under a name that operators see; every new one declares the topology first.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(super) fn new(uri: Secret, name: String, topology: Vec<Object>) -> Self {
        let topology: Arc<[Object]> = topology.into();
        let pool = pool(&uri, &name, Arc::clone(&topology));
        Self { name, uri, topology, pool }
    }

    /// A connection of its own to the same broker, for one who endangers the others.
    pub(super) fn apart(&self, suffix: &str) -> Self {
        Self::new(self.uri.clone(), format!("{} {suffix}", self.name), self.topology.to_vec())
    }

    /// Opens a channel; the status is that of its connection.
    pub(super) async fn channel(&self) -> Result<(Channel, ConnectionStatus), QueueError> {
        let connection = self.connection().await?;
        if connection.status().blocked() {
            // Nothing can be written, so the channel would never open.
            return Err(QueueError::Blocked);
        }
        let channel = within(connection.create_channel()).await?;
        Ok((channel, connection.status().clone()))
    }

    /// Declares objects on a channel of its own.
    pub(super) async fn declare(&self, objects: &[Object]) -> Result<(), QueueError> {
        let connection = self.connection().await?;
        match tokio::time::timeout(CONNECT_LIMIT, topology::declare(&connection, objects)).await {
            Ok(outcome) => outcome.map_err(|error| QueueError::Unreachable(Box::new(error))),
            Err(_) => Err(QueueError::Timeout(CONNECT_LIMIT)),
        }
    }

    /// Declares again what every new connection declares.
    pub(super) async fn declare_topology(&self) -> Result<(), QueueError> {
        self.declare(&self.topology).await
    }

    /// Closes the connection for good; channels in use hold it open until they are dropped.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    async fn connection(&self) -> Result<deadpool_lapin::Object, QueueError> {
        let pool = self.pool.clone();
        // It goes on when the caller's patience ends: on a slow network the next caller finds it made.
        let making =
            tokio::spawn(async move { tokio::time::timeout(CONNECT_LIMIT, pool.get()).await });
        match tokio::time::timeout(super::TIME_LIMIT, making).await {
            Ok(Ok(Ok(Ok(connection)))) => Ok(connection),
            Ok(Ok(Ok(Err(PoolError::Closed)))) => Err(QueueError::Closed),
            Ok(Ok(Ok(Err(error)))) => Err(QueueError::NoConnection(Box::new(error))),
            Ok(Ok(Err(_)) | Err(_)) => Err(QueueError::Timeout(CONNECT_LIMIT)),
            Err(_) => Err(QueueError::Timeout(super::TIME_LIMIT)),
        }
    }
}

#[expect(clippy::expect_used, reason = "fails for other runtimes and for pool timeouts only")]
fn pool(uri: &Secret, name: &str, topology: Arc<[Object]>) -> deadpool_lapin::Pool {
    let name = name.to_owned();
    let properties =
        move || ConnectionProperties::default().with_connection_name(name.as_str().into());
    let declaring = Hook::async_fn(move |connection, _| {
        let topology = Arc::clone(&topology);
        Box::pin(async move {
            let outcome = topology::declare(connection, &topology).await;
            outcome.map_err(HookError::Backend)
        })
    });
    let config = Config { url: Some(complete(uri.reveal())), pool: Some(PoolConfig::new(1)) };
    let builder = config.builder(properties, Runtime::Tokio1).map_err(CreatePoolError::Config);
    let pool = builder
        .and_then(|builder| builder.post_create(declaring).build().map_err(CreatePoolError::Build));
    pool.expect("a pool on tokio without timeouts")
}

/// Adds what the URI leaves open. One that can't be read stays as it is, and fails when connecting.
fn complete(uri: &str) -> String {
    let Ok(mut parsed) = uri.parse::<AMQPUri>() else {
        return uri.to_owned();
    };
    parsed.query.heartbeat = parsed.query.heartbeat.or(Some(HEARTBEAT_SECONDS));
    if parsed.vhost.is_empty() {
        // A slash at the end names the virtual host "", which nobody has and nobody means.
        "/".clone_into(&mut parsed.vhost);
    }
    parsed.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_gets_a_heartbeat_unless_it_has_one() {
        assert_eq!(complete("amqp://u:p@mq:5673/%2f"), "amqp://u:p@mq:5673/%2F?heartbeat=10");
        assert_eq!(complete("amqp://u:p@mq/v?heartbeat=3"), "amqp://u:p@mq:5672/v?heartbeat=3");
    }

    #[test]
    fn a_slash_at_the_end_means_the_default_virtual_host() {
        assert_eq!(complete("amqp://u:p@mq/"), complete("amqp://u:p@mq"));
    }

    #[tokio::test]
    async fn a_link_never_shows_its_password() {
        let uri = Secret::from("amqp://fleet:hunter2@127.0.0.1:1".to_owned());
        let link = Link::new(uri, "api publish".to_owned(), Vec::new());

        let error = link.channel().await.unwrap_err();

        assert!(!format!("{link:?} {error:?} {error}").contains("hunter2"));
    }
}
