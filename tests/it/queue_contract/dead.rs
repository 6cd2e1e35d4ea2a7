//! Dead letters, asked of both queues.

use cad_common::contract::job::Lane;
use cad_common::queue::Envelope;
use cad_common::queue::dead::{DeadLetter, Fate};

use super::scene::{PROVIDER, Scene, next, nothing_comes, text};

/// Publishes messages and lets them die, each with its own body as the reason.
async fn dead(scene: &Scene, bodies: &[&str]) {
    let envelope = Envelope {
        message_id: Some("m-1".to_owned()),
        correlation_id: Some("order 7".to_owned()),
        attempt: 2,
        headers: [("plant".to_owned(), "north".to_owned())].into(),
        ..Envelope::default()
    };
    let mut subscription = scene.subscribe(1);
    for body in bodies {
        let to = super::address(Lane::Low);
        scene.queue.publish(to, &envelope, body.as_bytes()).await.unwrap();
        next(&mut subscription).await.dead_letter(body).await.unwrap();
    }
    subscription.stop().await;
}

async fn letters(scene: &Scene) -> Vec<DeadLetter> {
    let mut letters = Vec::new();
    let mut look = |letter: &DeadLetter| {
        letters.push(letter.clone());
        Fate::Keep
    };
    scene.queue.sift_dead(PROVIDER, 100, &mut look).await.unwrap();
    letters
}

fn reasons(letters: &[DeadLetter]) -> Vec<&str> {
    letters.iter().map(|letter| letter.reason.as_str()).collect()
}

#[tokio::test]
async fn a_look_shows_letters_in_order_and_leaves_them() {
    super::over_both(async |scene| {
        dead(scene, &["one", "two", "three"]).await;

        for _ in 0..2 {
            let letters = letters(scene).await;
            assert_eq!(reasons(&letters), ["one", "two", "three"]);
            let letter = &letters[0];
            assert_eq!(letter.address.lane, Lane::Low);
            assert_eq!(letter.envelope.correlation_id.as_deref(), Some("order 7"));
            assert_eq!(letter.envelope.headers["plant"], "north");
        }

        assert_eq!(scene.queue.depth(PROVIDER).await.unwrap().dead, 3);
    })
    .await;
}

#[tokio::test]
async fn a_letter_goes_back_to_its_lane_as_it_came() {
    super::over_both(async |scene| {
        dead(scene, &["one", "two"]).await;

        let mut requeue =
            |letter: &DeadLetter| if letter.reason == "two" { Fate::Requeue } else { Fate::Keep };
        let left = scene.queue.sift_dead(PROVIDER, 100, &mut requeue).await.unwrap();

        assert_eq!(left, 1);
        let mut subscription = scene.subscribe(1);
        let delivery = next(&mut subscription).await;
        assert_eq!((text(&delivery), delivery.address.lane), ("two", Lane::Low));
        assert_eq!(delivery.envelope.attempt, 0);
        let headers = &delivery.envelope.headers;
        assert_eq!(headers["plant"], "north");
        assert_eq!((headers["x-revivals"].as_str(), headers.len()), ("1", 2), "{headers:?}");
        delivery.ack().await.unwrap();
        nothing_comes(&mut subscription).await;
        assert_eq!(reasons(&letters(scene).await), ["one"]);
    })
    .await;
}

#[tokio::test]
async fn a_discarded_letter_is_gone_and_no_more_than_asked_for_are_seen() {
    super::over_both(async |scene| {
        dead(scene, &["one", "two", "three"]).await;

        let mut seen = 0;
        let mut discard = |_: &DeadLetter| {
            seen += 1;
            Fate::Discard
        };
        let left = scene.queue.sift_dead(PROVIDER, 2, &mut discard).await.unwrap();

        assert_eq!((left, seen), (2, 2));
        assert_eq!(reasons(&letters(scene).await), ["three"]);
    })
    .await;
}
