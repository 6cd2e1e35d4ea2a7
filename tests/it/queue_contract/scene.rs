//! Runs one test over both queues, on the broker in a namespace of its own that is gone afterwards.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use cad_common::config::shared::BrokerConfig;
use cad_common::contract::job::{JobId, Kind, Lane};
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::embedded::EmbeddedQueue;
use cad_common::queue::rabbit::RabbitQueue;
use cad_common::queue::{Delivery, Envelope, Queue, QueueError, Subscription, Wait};
use futures_util::FutureExt;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, ExchangeDeleteOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// Longer than any answer takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Long enough for a message that must not come to have come.
pub(crate) const QUIET: Duration = Duration::from_millis(400);

/// The provider whose queues the tests use.
pub(crate) const PROVIDER: ProviderName = ProviderName::Paddle;

/// One queue under test.
pub(crate) struct Scene {
    pub(crate) queue: Queue,
    pub(crate) namespace: String,
    embedded: Option<EmbeddedQueue>,
}

/// Runs a test over the embedded queue, then over the broker.
pub(crate) async fn over_both(test: impl AsyncFn(&Scene)) {
    let embedded = EmbeddedQueue::new();
    let scene = Scene {
        queue: Queue::Embedded(embedded.clone()),
        namespace: "embedded".to_owned(),
        embedded: Some(embedded),
    };
    println!("over the embedded queue");
    test(&scene).await;

    println!("over the broker");
    over_broker(test).await;
}

/// Runs a test over the broker.
pub(crate) async fn over_broker(test: impl AsyncFn(&Scene)) {
    over_broker_at(&broker_url(), test).await;
}

/// Runs a test over the broker behind another address, such as a proxy's.
pub(crate) async fn over_broker_at(url: &str, test: impl AsyncFn(&Scene)) {
    let namespace = format!("test-{}", Uuid::new_v4().simple());
    let scene =
        Scene { queue: connect(url, &namespace), namespace: namespace.clone(), embedded: None };

    let outcome = AssertUnwindSafe(test(&scene)).catch_unwind().await;

    scene.queue.close().await;
    delete_all(&namespace).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// A queue on the broker behind `url`.
pub(crate) fn connect(url: &str, namespace: &str) -> Queue {
    let config = BrokerConfig { url: url.to_owned().into(), namespace: namespace.to_owned() };
    Queue::Rabbit(RabbitQueue::connect(&config, "queue contract"))
}

/// The broker that the tests may use.
#[expect(clippy::disallowed_methods, reason = "a test has no settings to read it from")]
pub(crate) fn broker_url() -> String {
    std::env::var("AMQP_URL").unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned())
}

/// `host:port` of the broker.
pub(crate) fn broker_address() -> String {
    let uri: lapin::uri::AMQPUri = broker_url().parse().unwrap();
    format!("{}:{}", uri.authority.host, uri.authority.port)
}

/// The broker's URL with the address replaced.
pub(crate) fn broker_url_at(address: std::net::SocketAddr) -> String {
    let mut uri: lapin::uri::AMQPUri = broker_url().parse().unwrap();
    uri.authority.host = address.ip().to_string();
    uri.authority.port = address.port();
    uri.to_string()
}

/// A plain client beside the queue under test; the connection must outlive the channel.
pub(crate) async fn plain_channel() -> (Connection, Channel) {
    let connection = Connection::connect(&broker_url(), ConnectionProperties::default())
        .await
        .expect("the broker at AMQP_URL can be reached");
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

async fn delete_all(namespace: &str) {
    let (_connection, channel) = plain_channel().await;
    let mut queues = vec![format!("{namespace}.replies")];
    let mut exchanges = vec![format!("{namespace}.jobs"), format!("{namespace}.dead")];
    for wait in Wait::ALL {
        queues.push(format!("{namespace}.wait.{}", wait.as_str()));
        exchanges.push(format!("{namespace}.wait.{}", wait.as_str()));
    }
    for provider in ProviderName::ALL {
        queues.push(format!("{namespace}.{}.{provider}.dead", provider.kind().segment()));
        for lane in Lane::ALL {
            queues.push(format!("{namespace}.{}", Address { provider, lane }.routing_key()));
        }
    }
    for queue in queues {
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }
    for exchange in exchanges {
        channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await.unwrap();
    }
}

impl Scene {
    pub(crate) fn subscribe(&self, prefetch: u16) -> Subscription {
        self.queue.subscribe(PROVIDER, prefetch)
    }

    /// Publishes a job with a body that tells it from others; returns its id.
    pub(crate) async fn publish(&self, lane: Lane, body: &str) -> String {
        let id = JobId::generate();
        let envelope = Envelope::of_job(id, Kind::OcrExtract, "application/msgpack");
        self.queue.publish(address(lane), &envelope, body.as_bytes()).await.unwrap();
        id.to_string()
    }

    /// Messages that wait in all lanes.
    pub(crate) async fn waiting(&self) -> u64 {
        let depth = self.queue.depth(PROVIDER).await.unwrap();
        depth.high + depth.normal + depth.low
    }

    /// Waits until the lanes hold `count` messages that nobody has.
    pub(crate) async fn until_waiting(&self, count: u64) {
        let until = Instant::now() + PATIENCE;
        while self.waiting().await != count {
            assert!(Instant::now() < until, "{} messages wait, not {count}", self.waiting().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until that many subscriptions are counted; the broker counts with a delay.
    pub(crate) async fn until_consumed_by(&self, count: u64) {
        let until = Instant::now() + PATIENCE;
        while self.queue.depth(PROVIDER).await.unwrap().consumers != count {
            assert!(Instant::now() < until, "there are no {count} subscriptions");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether a subscription fetches messages before anybody asks for them.
    pub(crate) fn fetches_ahead(&self) -> bool {
        self.embedded.is_none()
    }

    /// Opens a queue for replies and returns its name.
    pub(crate) async fn open_replies(&self) -> String {
        let name = format!("{}.replies", self.namespace);
        match &self.embedded {
            Some(queue) => queue.open_replies(&name),
            None => {
                let (_connection, channel) = plain_channel().await;
                let options = QueueDeclareOptions::durable();
                let arguments = FieldTable::default();
                channel.queue_declare(name.as_str().into(), options, arguments).await.unwrap();
            }
        }
        name
    }

    /// Takes the oldest message out of a reply queue: its correlation id and body.
    pub(crate) async fn take_reply(&self, name: &str) -> Option<(Option<String>, Vec<u8>)> {
        if let Some(queue) = &self.embedded {
            let reply = queue.take_reply(name)?;
            return Some((reply.envelope.correlation_id, reply.body));
        }
        let message = take(name).await?;
        Some((message.properties.correlation_id().as_ref().map(ToString::to_string), message.data))
    }

    /// Takes a dead letter: its reason and body.
    pub(crate) async fn take_dead(&self) -> Option<(String, Vec<u8>)> {
        const REASON: &str = cad_common::queue::DEAD_REASON_HEADER;
        if let Some(queue) = &self.embedded {
            let letter = queue.dead_letters(PROVIDER).into_iter().next()?;
            return Some((letter.envelope.headers[REASON].clone(), letter.body));
        }
        let message = take(&format!("{}.ocr.paddle.dead", self.namespace)).await?;
        let headers = message.properties.headers().as_ref().unwrap().inner();
        let reason = headers[REASON].as_long_string().unwrap().to_string();
        Some((reason, message.data))
    }
}

async fn take(queue: &str) -> Option<lapin::message::Delivery> {
    let (_connection, channel) = plain_channel().await;
    let message = channel.basic_get(queue.into(), BasicGetOptions::default()).await.unwrap()?;
    message.ack(BasicAckOptions::default()).await.unwrap();
    Some(message.delivery)
}

/// The lane's address.
pub(crate) const fn address(lane: Lane) -> Address {
    Address { provider: PROVIDER, lane }
}

/// The next delivery, which must come.
pub(crate) async fn next(subscription: &mut Subscription) -> Delivery {
    timeout(PATIENCE, subscription.next())
        .await
        .expect("a delivery in time")
        .expect("an open queue")
}

/// Makes sure that nothing comes.
pub(crate) async fn nothing_comes(subscription: &mut Subscription) {
    let delivery = timeout(QUIET, subscription.next()).await;
    assert!(delivery.is_err(), "unexpected: {delivery:?}");
}

/// Waits until jobs can arrive.
pub(crate) async fn until_connected(subscription: &Subscription) {
    let until = Instant::now() + PATIENCE;
    while !subscription.is_connected() {
        assert!(Instant::now() < until, "not connected in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The body as text.
pub(crate) fn text(delivery: &Delivery) -> &str {
    std::str::from_utf8(&delivery.body).unwrap()
}

/// Whether an error says that the broker can't be reached.
pub(crate) fn is_unreachable(error: &QueueError) -> bool {
    matches!(
        error,
        QueueError::NoConnection(_) | QueueError::Unreachable(_) | QueueError::Timeout(_)
    )
}
