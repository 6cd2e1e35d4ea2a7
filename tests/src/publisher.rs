//! A batch system that knows the broker alone: it publishes straight to the queues.

use lapin::options::{BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use serde::Serialize;
use serde_json::{Value, json};

use crate::services::Addresses;

/// The routing key that tests publish to.
pub const LANE: &str = "ocr.paddle.normal";

/// Publishes messages and looks into the dead letters.
#[derive(Debug)]
pub struct Publisher {
    channel: Channel,
    /// Dropping it would close the channel.
    _connection: Connection,
    namespace: String,
}

/// A message among the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The header `x-dead-reason`.
    pub reason: String,
    /// The message as it was published.
    pub body: Vec<u8>,
}

impl Publisher {
    /// Connects; the fleet must have declared its queues.
    ///
    /// # Panics
    /// The broker is away.
    pub async fn connect(addresses: &Addresses) -> Self {
        let connection =
            Connection::connect(&addresses.amqp, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { channel, _connection: connection, namespace: addresses.namespace.clone() }
    }

    /// Publishes bytes as they are.
    ///
    /// # Panics
    /// The broker does not take them.
    pub async fn send(&self, body: &[u8], properties: BasicProperties) {
        self.send_to(LANE, body, properties).await;
    }

    /// Publishes bytes under a routing key.
    ///
    /// # Panics
    /// The broker does not take them.
    pub async fn send_to(&self, key: &str, body: &[u8], properties: BasicProperties) {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let exchange = format!("{}.jobs", self.namespace).into();
        let publishing =
            self.channel.basic_publish(exchange, key.into(), options, body, properties);
        let confirmation = publishing.await.unwrap().await.unwrap();
        assert!(matches!(confirmation, Confirmation::Ack(None)), "{confirmation:?}");
    }

    /// Publishes a message as JSON and gives its job's id.
    pub async fn send_job(&self, source: &Value) -> String {
        let id = uuid::Uuid::now_v7().to_string();
        let mut message = message(source);
        message["job_id"] = json!(id);
        self.send(message.to_string().as_bytes(), as_json()).await;
        id
    }

    /// Publishes a drawing inside a message and gives its job's id.
    ///
    /// # Panics
    /// The message can't be encoded.
    pub async fn send_drawing(&self, bytes: &[u8]) -> String {
        let id = uuid::Uuid::now_v7().to_string();
        let message = Inline {
            v: 1,
            job_id: &id,
            kind: "ocr.extract",
            provider: "paddle",
            source: Source { inline: serde_bytes::Bytes::new(bytes) },
        };
        let body = rmp_serde::to_vec_named(&message).unwrap();
        self.send(&body, BasicProperties::default()).await;
        id
    }

    /// Takes the oldest message from the dead letters.
    ///
    /// # Panics
    /// The queue is not there.
    pub async fn dead_letter(&self) -> Option<DeadLetter> {
        let queue = format!("{}.ocr.paddle.dead", self.namespace).into();
        let message = self.channel.basic_get(queue, BasicGetOptions::default()).await.unwrap()?;
        let headers = message.properties.headers().clone().unwrap_or_default();
        let reason = match headers.inner().get("x-dead-reason") {
            Some(AMQPValue::LongString(text)) => text.to_string(),
            other => format!("{other:?}"),
        };
        message.ack(BasicAckOptions::default()).await.unwrap();
        Some(DeadLetter { reason, body: message.data.clone() })
    }
}

/// A good message without a job id.
#[must_use]
pub fn message(source: &Value) -> Value {
    json!({ "v": 1, "kind": "ocr.extract", "provider": "paddle", "source": source })
}

/// The properties of a JSON message.
#[must_use]
pub fn as_json() -> BasicProperties {
    BasicProperties::default().with_content_type("application/json".into())
}

#[derive(Serialize)]
struct Inline<'a> {
    v: u8,
    job_id: &'a str,
    kind: &'a str,
    provider: &'a str,
    source: Source<'a>,
}

#[derive(Serialize)]
struct Source<'a> {
    inline: &'a serde_bytes::Bytes,
}
