//! The way to Redis: a bounded pool of connections, made on demand and replaced when one goes bad.
//!
//! The crate's `ConnectionManager` is not used: it keeps an error of the handshake (a server that still
//! loads, or has no client left) for ever, and answers the first call after an outage with the outage.

use std::io;
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, Pool, PoolError, QueueMode, RecycleResult};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError,
    RedisResult, ScriptInvocation, cmd,
};
use tokio::time::{Instant, timeout, timeout_at};

use crate::store::StoreError;

/// The most that a call takes, its wait for a connection included. Enough for a drawing of 50 MB at
/// 100 Mbit/s, which the crate's own 500 ms are not.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// A host that swallows packets must not use up the whole call.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// A connection that was unused for so long is asked whether it still lives: Redis may have been
/// restarted, or a balancer may have dropped it.
const IDLE_LIMIT: Duration = Duration::from_secs(1);

/// An idle connection that takes longer to answer is replaced.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// The pool. A call has a connection to itself, so a large drawing holds up no small command.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pool: Pool<Dialer>,
}

impl Link {
    /// Prepares up to `count` connections to `url`; the first is made by the first call.
    ///
    /// # Errors
    /// The URL can't be read.
    pub(super) fn prepare(url: &str, count: usize) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| StoreError::Address(Box::new(error)))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(CALL_LIMIT));
        let pool = Pool::builder(Dialer { client, config })
            .max_size(count)
            // The ones in use stay warm, the others are left alone.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|_| away(io::ErrorKind::Unsupported, "connections can't be pooled"))?;
        Ok(Self { pool })
    }

    /// Runs a command about `key`.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        key: &str,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        self.ask(key, Request::Command(command)).await
    }

    /// Runs commands, the first of which is about `key`.
    pub(super) async fn run_all<T: FromRedisValue>(
        &self,
        key: &str,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.ask(key, Request::Commands(commands)).await
    }

    /// Runs a script about `key`; one that the server has forgotten is loaded again.
    pub(super) async fn invoke<T: FromRedisValue>(
        &self,
        key: &str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.ask(key, Request::Script(script)).await
    }

    async fn ask<T: FromRedisValue>(
        &self,
        key: &str,
        request: Request<'_>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + CALL_LIMIT;
        let mut connection = match timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(PoolError::Backend(error))) => return Err(sorted(key, error)),
            Ok(Err(_)) | Err(_) => {
                return Err(away(io::ErrorKind::TimedOut, "no connection came free"));
            }
        };
        let Ok(reply) = timeout_at(deadline, request.send(&mut connection)).await else {
            drop(Object::take(connection));
            return Err(away(io::ErrorKind::TimedOut, "redis does not answer"));
        };
        if let Err(error) = &reply
            && (error.is_io_error() || error.is_unrecoverable_error())
        {
            drop(Object::take(connection));
        }
        reply.map_err(|error| sorted(key, error))
    }
}

/// What can be sent.
enum Request<'a> {
    Command(&'a Cmd),
    Commands(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

impl Request<'_> {
    async fn send<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Commands(pipeline) => pipeline.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

/// Makes connections for the pool, and says whether one can be used again.
#[derive(Debug)]
struct Dialer {
    client: Client,
    config: AsyncConnectionConfig,
}

impl managed::Manager for Dialer {
    type Type = MultiplexedConnection;
    type Error = RedisError;

    async fn create(&self) -> RedisResult<MultiplexedConnection> {
        self.client.get_multiplexed_async_connection_with_config(&self.config).await
    }

    async fn recycle(
        &self,
        connection: &mut MultiplexedConnection,
        metrics: &Metrics,
    ) -> RecycleResult<RedisError> {
        if metrics.last_used() < IDLE_LIMIT {
            return Ok(());
        }
        let ping = timeout(PING_LIMIT, cmd("PING").query_async::<()>(connection)).await;
        Ok(ping.map_err(|_| managed::RecycleError::message("no answer to PING"))??)
    }
}

/// What the caller can do about an error of the server or of the way to it.
fn sorted(key: &str, error: RedisError) -> StoreError {
    // Some servers wrap the word of a script's failed command into a sentence.
    let is_wrong_type = error.to_string().contains("WRONGTYPE");
    match error.kind() {
        _ if is_wrong_type => StoreError::Corrupt { key: key.to_owned() },
        ErrorKind::UnexpectedReturnType => StoreError::Corrupt { key: key.to_owned() },
        ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::AuthenticationFailed => {
            StoreError::Refused(error.to_string())
        }
        _ => StoreError::Unreachable(Box::new(error)),
    }
}

fn away(kind: io::ErrorKind, reason: &'static str) -> StoreError {
    StoreError::Unreachable(Box::new(io::Error::new(kind, reason).into()))
}
