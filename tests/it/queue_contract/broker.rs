//! What only a broker can do to a queue: be away, be cut off, be changed by others.

use std::collections::HashMap;
use std::time::Duration;

use cad_common::contract::job::Lane;
use cad_common::queue::{Delivery, Envelope, QueueError};
use cad_tests::chaos::ChaosProxy;
use futures_util::StreamExt;
use futures_util::future::join_all;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, ExchangeKind};
use tokio::time::{Instant, timeout};

use super::scene::{
    PROVIDER, Scene, address, broker_address, broker_url, broker_url_at, connect, is_unreachable,
    next, nothing_comes, over_broker, over_broker_at, plain_channel, text, until_connected,
};

/// Design: work goes on within this time of the broker's return.
const RETURN_LIMIT: Duration = Duration::from_secs(10);

/// Runs a test with a proxy between the queue and the broker.
async fn over_proxy(test: impl AsyncFn(&Scene, &ChaosProxy)) {
    let proxy = ChaosProxy::start(&broker_address()).await.unwrap();
    let url = broker_url_at(proxy.address());
    over_broker_at(&url, async |scene| test(scene, &proxy).await).await;
}

/// Publishes until it succeeds; a job that was not confirmed may be there too.
async fn publish_at_last(scene: &Scene, body: &str) {
    let until = Instant::now() + RETURN_LIMIT;
    loop {
        let outcome =
            scene.queue.publish(address(Lane::Normal), &Envelope::default(), body.as_bytes()).await;
        match outcome {
            Ok(()) => return,
            Err(error) => assert!(is_unreachable(&error), "{error:?}"),
        }
        assert!(Instant::now() < until, "not published within {RETURN_LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn sixty_pauses_with_jobs_in_hand_lose_no_connection_and_no_job() {
    over_broker(async |scene| {
        const JOBS: usize = 150;
        join_all((0..JOBS).map(async |n| scene.publish(Lane::Normal, &n.to_string()).await)).await;
        let mut acknowledged: HashMap<String, u32> = HashMap::new();
        let mut acknowledge = async |delivery: Delivery| {
            *acknowledged.entry(text(&delivery).to_owned()).or_default() += 1;
            // A lost connection would make this fail.
            delivery.ack().await.unwrap();
        };

        for _ in 0..60 {
            let mut subscription = scene.subscribe(4);
            let running = [next(&mut subscription).await, next(&mut subscription).await];
            subscription.stop().await;
            for delivery in running {
                acknowledge(delivery).await;
            }
        }
        let mut subscription = scene.subscribe(4);
        for _ in 0..JOBS - 120 {
            acknowledge(next(&mut subscription).await).await;
        }

        nothing_comes(&mut subscription).await;
        assert_eq!(acknowledged.len(), JOBS);
        assert!(acknowledged.values().all(|times| *times == 1));
    })
    .await;
}

#[tokio::test]
async fn a_subscription_stopped_while_it_opens_leaves_no_consumer_behind() {
    over_broker(async |scene| {
        for pause_ms in 0..40 {
            let subscription = scene.subscribe(1);
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            subscription.stop().await;
        }

        scene.until_consumed_by(0).await;
    })
    .await;
}

#[tokio::test]
async fn many_publishes_at_once_are_all_confirmed_and_each_return_finds_its_message() {
    over_broker(async |scene| {
        let publishes = (0..200).map(async |n: u32| {
            if n.is_multiple_of(4) {
                let outcome = scene.queue.reply("no such queue", &Envelope::default(), b"x").await;
                assert!(matches!(outcome, Err(QueueError::Unroutable(_))), "{outcome:?}");
                return;
            }
            scene.publish(Lane::Normal, &n.to_string()).await;
        });

        join_all(publishes).await;

        assert_eq!(scene.waiting().await, 150);
    })
    .await;
}

#[tokio::test]
async fn a_cut_connection_is_made_again_and_unsettled_jobs_come_back() {
    over_proxy(async |scene, proxy| {
        scene.publish(Lane::Normal, "before").await;
        let mut subscription = scene.subscribe(4);
        let running = next(&mut subscription).await;

        proxy.cut();
        let since = Instant::now();
        publish_at_last(scene, "after").await;
        let again = next(&mut subscription).await;
        let after = next(&mut subscription).await;

        assert!(since.elapsed() < RETURN_LIMIT);
        assert!(matches!(running.ack().await, Err(QueueError::NotSettled)));
        assert_eq!((text(&again), again.is_redelivered), ("before", true));
        assert_eq!(text(&after), "after");
        again.ack().await.unwrap();
        after.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn work_goes_on_by_itself_when_the_broker_is_back() {
    over_proxy(async |scene, proxy| {
        let mut subscription = scene.subscribe(4);
        until_connected(&subscription).await;

        proxy.refuse();
        let outcome = scene.queue.publish(address(Lane::High), &Envelope::default(), b"x").await;
        assert!(is_unreachable(&outcome.unwrap_err()));
        assert!(scene.queue.check().await.is_err());
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(!subscription.is_connected());

        proxy.pass();
        let since = Instant::now();
        publish_at_last(scene, "x").await;
        next(&mut subscription).await.ack().await.unwrap();
        assert!(since.elapsed() < RETURN_LIMIT, "it took {:?}", since.elapsed());
        scene.queue.check().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_is_absent_at_the_start_is_waited_for() {
    over_proxy(async |scene, proxy| {
        proxy.refuse();
        let mut subscription = scene.subscribe(1);
        assert!(scene.queue.check().await.is_err());

        proxy.pass();
        publish_at_last(scene, "x").await;

        next(&mut subscription).await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_silent_broker_costs_a_publisher_five_seconds_and_no_confirm_is_mixed_up() {
    over_proxy(async |scene, proxy| {
        scene.publish(Lane::Normal, "before").await;

        proxy.stall();
        let since = Instant::now();
        let outcome =
            scene.queue.publish(address(Lane::Normal), &Envelope::default(), b"lost?").await;
        assert!(matches!(outcome, Err(QueueError::Timeout(_))), "{outcome:?}");
        assert!(since.elapsed() < Duration::from_secs(6), "it took {:?}", since.elapsed());
        let since = Instant::now();
        assert!(scene.queue.check().await.is_err());
        assert!(since.elapsed() < Duration::from_secs(2), "it took {:?}", since.elapsed());

        proxy.pass();
        let outcome = scene.queue.reply("no such queue", &Envelope::default(), b"x").await;
        assert!(matches!(outcome, Err(QueueError::Unroutable(_))), "{outcome:?}");
        scene.publish(Lane::Normal, "after").await;
    })
    .await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_an_error_in_time() {
    let queue = connect("amqp://fleet:hunter2@127.0.0.1:1", "test-nobody");
    let since = Instant::now();

    let outcome = queue.publish(address(Lane::High), &Envelope::default(), b"x").await;
    let check = queue.check().await;

    assert!(since.elapsed() < Duration::from_secs(5));
    assert!(matches!(outcome, Err(QueueError::NoConnection(_))), "{outcome:?}");
    assert!(matches!(check, Err(QueueError::NoConnection(_))), "{check:?}");
    assert!(!format!("{queue:?} {outcome:?} {check:?}").contains("hunter2"));
    queue.close().await;
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let url = broker_url_at(broker_address().parse().unwrap()).replace("guest@", "hunter2@");
    let queue = connect(&url, "test-wrong-password");

    let outcome = queue.publish(address(Lane::High), &Envelope::default(), b"x").await;

    let error = outcome.unwrap_err();
    assert!(is_unreachable(&error), "{error:?}");
    assert!(!format!("{queue:?} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_queue_deleted_under_its_consumer_is_declared_again() {
    over_broker(async |scene| {
        let mut subscription = scene.subscribe(2);
        until_connected(&subscription).await;
        let name = format!("{}.ocr.paddle.normal", scene.namespace);

        let (_connection, channel) = plain_channel().await;
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
        let until = Instant::now() + RETURN_LIMIT;
        let envelope = Envelope::default();

        // More than one message: RabbitMQ 3.10 may confirm one to a queue that two declare at the same time, and drop it.
        loop {
            let published = scene.queue.publish(address(Lane::Normal), &envelope, b"x").await;
            let delivery = timeout(Duration::from_secs(1), subscription.next()).await;
            if let Ok(delivery) = delivery {
                delivery.unwrap().ack().await.unwrap();
                break;
            }
            let depth = scene.queue.depth(cad_common::provider::ProviderName::Paddle).await;
            assert!(Instant::now() < until, "nothing comes any more: {published:?}, {depth:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_topology_that_is_gone_is_an_error_once_and_then_mended() {
    over_broker(async |scene| {
        scene.publish(Lane::Low, "before").await;
        let (_connection, channel) = plain_channel().await;
        let exchange = format!("{}.jobs", scene.namespace);
        channel.exchange_delete(exchange.into(), Default::default()).await.unwrap();

        let outcome = scene.queue.publish(address(Lane::Low), &Envelope::default(), b"x").await;

        assert!(matches!(outcome, Err(QueueError::Unroutable(_))), "{outcome:?}");
        scene.publish(Lane::Low, "after").await;
        assert_eq!(scene.waiting().await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_others_declared_differently_is_used_and_says_when_it_is_full() {
    over_broker(async |scene| {
        let (_connection, channel) = plain_channel().await;
        let name = format!("{}.ocr.paddle.low", scene.namespace);
        let exchange = format!("{}.jobs", scene.namespace);
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
        arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
        let durable = QueueDeclareOptions::durable();
        channel.queue_declare(name.as_str().into(), durable, arguments).await.unwrap();
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let none = FieldTable::default;
        channel
            .exchange_declare(exchange.as_str().into(), ExchangeKind::Direct, durable, none())
            .await
            .unwrap();
        let key = "ocr.paddle.low".into();
        let binding = QueueBindOptions::default();
        channel.queue_bind(name.into(), exchange.into(), key, binding, none()).await.unwrap();

        scene.publish(Lane::Low, "first").await;
        let outcome =
            scene.queue.publish(address(Lane::Low), &Envelope::default(), b"second").await;

        assert!(matches!(outcome, Err(QueueError::Full(key)) if key == "ocr.paddle.low"));
        next(&mut scene.subscribe(1)).await.ack().await.unwrap();
        scene.publish(Lane::Normal, "other lanes are whole").await;
    })
    .await;
}

#[tokio::test]
async fn a_reply_reaches_a_client_that_uses_direct_reply() {
    over_broker(async |scene| {
        let mut subscription = scene.subscribe(1);
        until_connected(&subscription).await;
        let (_connection, channel) = plain_channel().await;
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let mut replies = channel
            .basic_consume(
                "amq.rabbitmq.reply-to".into(),
                "".into(),
                options,
                FieldTable::default(),
            )
            .await
            .unwrap();
        let properties = BasicProperties::default().with_reply_to("amq.rabbitmq.reply-to".into());
        let exchange = format!("{}.jobs", scene.namespace).into();
        let key = "ocr.paddle.normal".into();
        let options = BasicPublishOptions::default();
        channel.basic_publish(exchange, key, options, b"x", properties).await.unwrap();

        let delivery = next(&mut subscription).await;
        let reply_to = delivery.envelope.reply_to.clone().unwrap();
        scene.queue.reply(&reply_to, &Envelope::default(), b"the reading").await.unwrap();
        delivery.ack().await.unwrap();

        let reply =
            timeout(super::scene::PATIENCE, replies.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(reply.data, b"the reading");
    })
    .await;
}

#[tokio::test]
async fn a_job_in_hand_outlives_the_queue_that_fetched_it() {
    over_broker(async |scene| {
        let other = connect(&broker_url(), &scene.namespace);
        scene.publish(Lane::Normal, "x").await;
        let mut subscription = other.subscribe(PROVIDER, 1);
        let running = next(&mut subscription).await;

        other.close().await;

        running.ack().await.unwrap();
        nothing_comes(&mut scene.subscribe(1)).await;
    })
    .await;
}
