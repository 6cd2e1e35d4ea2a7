//! What a queue promises, asked of both: the one inside the process and the broker.

mod broker;
mod dead;
mod scene;

use std::collections::BTreeSet;
use std::time::Duration;

use cad_common::contract::job::Lane;
use cad_common::queue::{Envelope, QueueError, Wait};
use tokio::time::{Instant, timeout};

use self::scene::{PROVIDER, address, next, nothing_comes, over_both, text, until_connected};

#[tokio::test]
async fn a_published_message_is_delivered_and_gone_after_its_ack() {
    over_both(async |scene| {
        let id = scene.publish(Lane::Normal, "a drawing").await;
        let mut subscription = scene.subscribe(4);

        let delivery = next(&mut subscription).await;
        assert_eq!(delivery.envelope.message_id, Some(id));
        assert_eq!(delivery.address, address(Lane::Normal));
        assert!(!delivery.is_redelivered);
        assert_eq!(text(&delivery), "a drawing");
        delivery.ack().await.unwrap();

        subscription.stop().await;
        let mut subscription = scene.subscribe(4);
        nothing_comes(&mut subscription).await;
        assert_eq!(scene.waiting().await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_envelope_and_a_large_body_survive() {
    over_both(async |scene| {
        let envelope = Envelope {
            message_id: Some("0192f0c1-2222-7aaa-8bbb-0123456789ab".to_owned()),
            correlation_id: Some("order 7".to_owned()),
            reply_to: Some("answers".to_owned()),
            content_type: Some("application/json".to_owned()),
            message_type: Some("cad.ocr.extract.v1".to_owned()),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            trace_id: Some("trace-1".to_owned()),
            attempt: 2,
            headers: [("customer".to_owned(), "Müller & Söhne".to_owned())].into(),
        };
        let body: Vec<u8> = (0..512 * 1024_u32).map(|n| n.to_le_bytes()[1]).collect();
        scene.queue.publish(address(Lane::Low), &envelope, &body).await.unwrap();

        let delivery = next(&mut scene.subscribe(1)).await;

        assert_eq!(delivery.envelope, envelope);
        assert_eq!(delivery.address, address(Lane::Low));
        assert!(delivery.body == body);
        delivery.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn urgent_lanes_are_taken_first() {
    over_both(async |scene| {
        for lane in [Lane::Low, Lane::Normal, Lane::High, Lane::Low, Lane::High] {
            scene.publish(lane, lane.as_str()).await;
        }
        let mut subscription = scene.subscribe(5);
        if scene.fetches_ahead() {
            scene.until_waiting(0).await;
        }

        let mut order = Vec::new();
        for _ in 0..5 {
            let delivery = next(&mut subscription).await;
            order.push(delivery.address.lane);
            delivery.ack().await.unwrap();
        }

        assert_eq!(order, [Lane::High, Lane::High, Lane::Normal, Lane::Low, Lane::Low]);
    })
    .await;
}

#[tokio::test]
async fn no_more_than_the_prefetch_is_out_at_once() {
    over_both(async |scene| {
        for body in ["1", "2", "3"] {
            scene.publish(Lane::Normal, body).await;
        }
        let mut subscription = scene.subscribe(2);

        let first = next(&mut subscription).await;
        let second = next(&mut subscription).await;
        nothing_comes(&mut subscription).await;
        first.ack().await.unwrap();
        let third = next(&mut subscription).await;

        assert_eq!([text(&second), text(&third)], ["2", "3"]);
        second.ack().await.unwrap();
        third.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_reaches_a_subscription_that_is_waiting() {
    over_both(async |scene| {
        let mut subscription = scene.subscribe(1);
        until_connected(&subscription).await;

        let (delivery, _) = tokio::join!(next(&mut subscription), scene.publish(Lane::High, "now"));

        assert_eq!(text(&delivery), "now");
        delivery.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    over_both(async |scene| {
        let mut subscription = scene.subscribe(20);
        until_connected(&subscription).await;
        for body in 0..20 {
            scene.publish(Lane::Normal, &body.to_string()).await;
        }

        let until = Instant::now() + scene::PATIENCE;
        let mut seen = Vec::new();
        while seen.len() < 20 {
            assert!(Instant::now() < until, "only {seen:?} came");
            if let Ok(delivery) = timeout(Duration::from_micros(50), subscription.next()).await {
                let delivery = delivery.unwrap();
                seen.push(text(&delivery).parse::<u32>().unwrap());
                delivery.ack().await.unwrap();
            }
        }

        assert_eq!(seen, (0..20).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_message_handed_back_comes_again() {
    over_both(async |scene| {
        let id = scene.publish(Lane::Normal, "x").await;
        let mut subscription = scene.subscribe(1);

        next(&mut subscription).await.hand_back().await.unwrap();
        let again = next(&mut subscription).await;

        assert_eq!(again.envelope.message_id, Some(id));
        assert_eq!(again.envelope.attempt, 0);
        assert!(again.is_redelivered);
        again.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_delivery_whose_holder_panics_comes_again() {
    over_both(async |scene| {
        scene.publish(Lane::High, "x").await;
        let mut subscription = scene.subscribe(1);

        let delivery = next(&mut subscription).await;
        let holder = tokio::spawn(async move { panic!("while holding {}", text(&delivery)) });
        assert!(holder.await.is_err());
        let again = next(&mut subscription).await;

        assert!(again.is_redelivered);
        again.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_retry_comes_back_to_its_lane_after_its_delay() {
    over_both(async |scene| {
        let id = scene.publish(Lane::High, "x").await;
        let mut subscription = scene.subscribe(1);

        let delivery = next(&mut subscription).await;
        let since = Instant::now();
        delivery.retry(Wait::OneSecond).await.unwrap();
        assert_eq!(scene.waiting().await, 0);
        let again = next(&mut subscription).await;
        let waited = since.elapsed();

        assert!(waited >= Duration::from_millis(950), "it came after {waited:?}");
        assert!(waited < Duration::from_secs(4), "it came after {waited:?}");
        assert_eq!(again.envelope.attempt, 1);
        assert_eq!(again.envelope.message_id, Some(id));
        assert_eq!(again.address, address(Lane::High));
        assert!(!again.is_redelivered);
        again.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_may_be_retried_again_and_again() {
    over_both(async |scene| {
        scene.publish(Lane::Low, "x").await;
        let mut subscription = scene.subscribe(1);

        for attempt in 0..4 {
            let delivery = next(&mut subscription).await;
            assert_eq!(delivery.envelope.attempt, attempt);
            assert_eq!(delivery.envelope.headers, [].into());
            delivery.retry(Wait::OneSecond).await.unwrap();
        }

        next(&mut subscription).await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_is_kept_with_its_reason() {
    over_both(async |scene| {
        scene.publish(Lane::Low, "garbage").await;
        let mut subscription = scene.subscribe(1);

        next(&mut subscription).await.dead_letter("invalid_message").await.unwrap();

        let depth = scene.queue.depth(PROVIDER).await.unwrap();
        assert_eq!((depth.low, depth.dead), (0, 1));
        let letter = scene.take_dead().await;
        assert_eq!(letter, Some(("invalid_message".to_owned(), b"garbage".to_vec())));
        nothing_comes(&mut subscription).await;
    })
    .await;
}

#[tokio::test]
async fn a_reply_arrives_with_its_correlation_id() {
    over_both(async |scene| {
        let replies = scene.open_replies().await;
        let envelope =
            Envelope { correlation_id: Some("order 7".to_owned()), ..Envelope::default() };

        scene.queue.reply(&replies, &envelope, b"the reading").await.unwrap();

        let reply = scene.take_reply(&replies).await;
        assert_eq!(reply, Some((Some("order 7".to_owned()), b"the reading".to_vec())));
    })
    .await;
}

#[tokio::test]
async fn a_reply_to_a_queue_that_is_gone_is_an_error() {
    over_both(async |scene| {
        let outcome = scene.queue.reply("no such queue", &Envelope::default(), b"x").await;

        assert!(matches!(outcome, Err(QueueError::Unroutable(name)) if name == "no such queue"));
    })
    .await;
}

#[tokio::test]
async fn a_stop_hands_back_the_unstarted_and_what_runs_can_still_be_settled() {
    over_both(async |scene| {
        for body in ["1", "2", "3"] {
            scene.publish(Lane::Normal, body).await;
        }
        let mut subscription = scene.subscribe(3);
        let running = next(&mut subscription).await;
        if scene.fetches_ahead() {
            scene.until_waiting(0).await;
        }

        let since = Instant::now();
        subscription.stop().await;
        let stopped_after = since.elapsed();
        scene.until_waiting(2).await;
        running.ack().await.unwrap();

        assert!(stopped_after < Duration::from_secs(2), "it stopped after {stopped_after:?}");
        let mut others = scene.subscribe(3);
        let mut left = BTreeSet::new();
        for _ in 0..2 {
            let delivery = next(&mut others).await;
            left.insert(text(&delivery).to_owned());
            delivery.ack().await.unwrap();
        }
        assert_eq!(left, BTreeSet::from(["2".to_owned(), "3".to_owned()]));
        nothing_comes(&mut others).await;
    })
    .await;
}

#[tokio::test]
async fn a_subscription_that_is_dropped_keeps_nothing_back() {
    over_both(async |scene| {
        scene.publish(Lane::Normal, "x").await;
        let dropped = scene.subscribe(1);
        if scene.fetches_ahead() {
            scene.until_waiting(0).await;
        }

        drop(dropped);

        next(&mut scene.subscribe(1)).await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_depth_counts_lanes_subscriptions_and_dead_letters() {
    over_both(async |scene| {
        for lane in [Lane::High, Lane::Low, Lane::Low] {
            scene.publish(lane, "x").await;
        }
        assert_eq!(scene.queue.depth(PROVIDER).await.unwrap().low, 2);

        let (one, two) = (scene.subscribe(1), scene.subscribe(1));
        scene.until_consumed_by(2).await;
        one.stop().await;
        scene.until_consumed_by(1).await;
        two.stop().await;
        scene.until_consumed_by(0).await;
    })
    .await;
}

#[tokio::test]
async fn a_closed_queue_ends_its_subscriptions_and_takes_nothing() {
    over_both(async |scene| {
        let mut subscription = scene.subscribe(1);
        until_connected(&subscription).await;

        let (end, ()) =
            tokio::join!(timeout(scene::PATIENCE, subscription.next()), scene.queue.close());

        assert!(end.unwrap().is_none());
        let outcome = scene.queue.publish(address(Lane::High), &Envelope::default(), b"x").await;
        assert!(matches!(outcome, Err(QueueError::Closed)));
    })
    .await;
}
