//! Every exchange and queue that the fleet needs on the broker, and how they are declared.
//!
//! The arguments here can't be changed later without deleting the queue; what operators may change
//! (delivery limit, length limits) is set by policy on the broker, and therefore missing here.

use std::sync::Arc;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{Channel, Connection, ErrorKind, ExchangeKind};

use crate::contract::job::Lane;
use crate::provider::{Address, ProviderName};
use crate::queue::Wait;

/// The names in one namespace.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    namespace: Arc<str>,
}

/// One thing to declare.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    /// A durable exchange.
    Exchange { name: ShortString, kind: ExchangeKind },
    /// A durable quorum queue.
    Queue { name: ShortString, arguments: FieldTable },
    /// A way from an exchange to a queue.
    Binding { queue: ShortString, exchange: ShortString, key: ShortString },
}

impl Topology {
    pub(super) fn new(namespace: &str) -> Self {
        Self { namespace: namespace.into() }
    }

    /// The exchange that jobs are published to.
    pub(super) fn jobs_exchange(&self) -> ShortString {
        self.name("jobs")
    }

    /// The exchange of the dead letters.
    pub(super) fn dead_exchange(&self) -> ShortString {
        self.name("dead")
    }

    /// The exchange, and the queue, of one retry delay.
    pub(super) fn wait(&self, wait: Wait) -> ShortString {
        self.name(&format!("wait.{}", wait.as_str()))
    }

    /// The queue of one lane.
    pub(super) fn lane_queue(&self, address: Address) -> ShortString {
        self.name(&address.routing_key())
    }

    /// The queue of a provider's dead letters.
    pub(super) fn dead_queue(&self, provider: ProviderName) -> ShortString {
        self.name(&format!("{}.{provider}.dead", provider.kind().segment()))
    }

    /// Everything there is.
    pub(super) fn whole(&self) -> Vec<Object> {
        let mut objects = self.exchanges();
        for wait in Wait::ALL {
            objects.extend(self.waiting_room(wait));
        }
        for provider in ProviderName::ALL {
            objects.extend(self.provider_queues(provider));
        }
        objects
    }

    /// What the consumers of one provider need.
    pub(super) fn of_provider(&self, provider: ProviderName) -> Vec<Object> {
        let mut objects = self.exchanges();
        objects.extend(self.provider_queues(provider));
        objects
    }

    fn exchanges(&self) -> Vec<Object> {
        let direct = |name| Object::Exchange { name, kind: ExchangeKind::Direct };
        vec![direct(self.jobs_exchange()), direct(self.dead_exchange())]
    }

    /// A fanout takes any routing key, and the queue's dead-lettering keeps it: so a message comes
    /// back to the lane that it was in.
    fn waiting_room(&self, wait: Wait) -> [Object; 3] {
        let name = self.wait(wait);
        let mut arguments = quorum_arguments(&self.jobs_exchange());
        let delay_ms = u32::try_from(wait.duration().as_millis()).unwrap_or(u32::MAX);
        arguments.insert("x-message-ttl".into(), AMQPValue::LongUInt(delay_ms));
        [
            Object::Exchange { name: name.clone(), kind: ExchangeKind::Fanout },
            Object::Queue { name: name.clone(), arguments },
            Object::Binding { queue: name.clone(), exchange: name, key: ShortString::default() },
        ]
    }

    fn provider_queues(&self, provider: ProviderName) -> Vec<Object> {
        let dead_queue = self.dead_queue(provider);
        let mut objects =
            vec![Object::Queue { name: dead_queue.clone(), arguments: dead_arguments() }];
        for lane in Lane::ALL {
            let address = Address { provider, lane };
            let key: ShortString = address.routing_key().into();
            let queue = self.lane_queue(address);
            objects.push(Object::Queue {
                name: queue.clone(),
                arguments: quorum_arguments(&self.dead_exchange()),
            });
            objects.push(Object::Binding {
                queue,
                exchange: self.jobs_exchange(),
                key: key.clone(),
            });
            objects.push(Object::Binding {
                queue: dead_queue.clone(),
                exchange: self.dead_exchange(),
                key,
            });
        }
        objects
    }

    /// The settings allow 64 characters of namespace and all else is known here, so that a name
    /// never reaches the 255 bytes at which AMQP ends.
    fn name(&self, rest: &str) -> ShortString {
        format!("{}.{rest}", self.namespace).into()
    }
}

/// A queue that keeps its messages until the dead-letter exchange has confirmed them; this strategy
/// works with `reject-publish` alone.
fn quorum_arguments(dead_letter_exchange: &ShortString) -> FieldTable {
    let mut arguments = dead_arguments();
    arguments.insert("x-dead-letter-exchange".into(), text(dead_letter_exchange.as_str()));
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments
}

/// Dead letters have nowhere else to go.
fn dead_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}

/// Declares objects on a channel of its own; what exists already stays as it is.
///
/// An object that exists with other properties, or that this user may not declare, is logged and
/// left: the fleet goes on with what is there.
pub(super) async fn declare(connection: &Connection, objects: &[Object]) -> lapin::Result<()> {
    let mut channel = connection.create_channel().await?;
    for object in objects {
        let Err(error) = declare_one(&channel, object).await else {
            continue;
        };
        if !is_refused(&error) {
            return Err(error);
        }
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "topology drift: the broker refuses the declaration of {name}, so it is used as it is; \
             delete it, or give this user the right to configure it",
            name = object.name(),
        );
        // A refusal closes the channel.
        channel = connection.create_channel().await?;
    }
    Ok(())
}

async fn declare_one(channel: &Channel, object: &Object) -> lapin::Result<()> {
    match object.clone() {
        Object::Exchange { name, kind } => {
            let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
            channel.exchange_declare(name, kind, options, FieldTable::default()).await
        }
        Object::Queue { name, arguments } => {
            channel.queue_declare(name, QueueDeclareOptions::durable(), arguments).await.map(drop)
        }
        Object::Binding { queue, exchange, key } => {
            let options = QueueBindOptions::default();
            channel.queue_bind(queue, exchange, key, options, FieldTable::default()).await
        }
    }
}

fn is_refused(error: &lapin::Error) -> bool {
    let ErrorKind::ProtocolError(error) = error.kind() else {
        return false;
    };
    matches!(
        error.kind(),
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::ACCESSREFUSED)
    )
}

impl Object {
    fn name(&self) -> &ShortString {
        match self {
            Self::Exchange { name, .. } | Self::Queue { name, .. } => name,
            Self::Binding { queue, .. } => queue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue_arguments(objects: &[Object], wanted: &str) -> Option<FieldTable> {
        objects.iter().find_map(|object| match object {
            Object::Queue { name, arguments } if name.as_str() == wanted => Some(arguments.clone()),
            _ => None,
        })
    }

    #[test]
    fn a_lane_is_named_after_kind_and_provider() {
        let topology = Topology::new("cad");
        let address = Address { provider: ProviderName::Paddle, lane: Lane::Normal };

        assert_eq!(topology.lane_queue(address).as_str(), "cad.ocr.paddle.normal");
        assert_eq!(topology.dead_queue(ProviderName::Onnx).as_str(), "cad.vision.onnx.dead");
        assert_eq!(topology.wait(Wait::FiveSeconds).as_str(), "cad.wait.5s");
    }

    #[test]
    fn a_lane_has_exactly_the_arguments_of_the_design() {
        let objects = Topology::new("cad").whole();
        let mut expected = FieldTable::default();
        expected.insert("x-queue-type".into(), text("quorum"));
        expected.insert("x-dead-letter-exchange".into(), text("cad.dead"));
        expected.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        expected.insert("x-overflow".into(), text("reject-publish"));

        assert_eq!(queue_arguments(&objects, "cad.vision.deepseek_vl.low"), Some(expected));
    }

    #[test]
    fn a_wait_goes_back_to_the_jobs_without_a_key_of_its_own() {
        let objects = Topology::new("cad").whole();

        let arguments = queue_arguments(&objects, "cad.wait.30s").unwrap();

        assert_eq!(arguments.inner().get("x-message-ttl"), Some(&AMQPValue::LongUInt(30_000)));
        assert_eq!(arguments.inner().get("x-dead-letter-exchange"), Some(&text("cad.jobs")));
        assert_eq!(arguments.inner().get("x-dead-letter-routing-key"), None);
    }

    #[test]
    fn every_provider_has_its_lanes_and_its_dead_letters() {
        let objects = Topology::new("cad").whole();

        let queues = objects.iter().filter(|object| matches!(object, Object::Queue { .. })).count();

        assert_eq!(queues, Wait::ALL.len() + ProviderName::ALL.len() * (Lane::ALL.len() + 1));
    }
}
