//! The workers that are alive, and the store's own health.

use std::collections::BTreeMap;
use std::time::Duration;

use cad_common::provider::ProviderName;
use cad_common::store::{CircuitState, ProviderReport, WorkerReport};
use cad_tests::wait::{seconds, until};
use jiff::Timestamp;

use super::scene::{LONG, over_both};

fn report(id: &str, busy: u32) -> WorkerReport {
    WorkerReport {
        id: id.to_owned(),
        host: "plant-1".to_owned(),
        version: "0.1.0".to_owned(),
        providers: vec![ProviderReport {
            name: ProviderName::Paddle,
            is_ready: true,
            problem: None,
            slots: 2,
            busy,
            is_paused: true,
            circuit: CircuitState::HalfOpen,
            error_rate: 0.25,
            models: BTreeMap::new(),
            last_error: None,
        }],
        reported_at: Timestamp::now(),
    }
}

#[tokio::test]
async fn newest_report_of_each_worker_is_listed() {
    over_both(LONG, async |store| {
        let (one, two) = (report("worker-1", 0), report("worker-2", 1));
        store.announce(&report("worker-2", 0), seconds(30)).await.unwrap();
        store.announce(&two, seconds(30)).await.unwrap();
        store.announce(&one, seconds(30)).await.unwrap();

        assert_eq!(store.workers().await.unwrap(), [one, two]);
    })
    .await;
}

#[tokio::test]
async fn silent_worker_is_forgotten_and_a_leaving_one_at_once() {
    over_both(LONG, async |store| {
        let steady = report("steady", 0);
        store.announce(&steady, seconds(30)).await.unwrap();
        store.announce(&report("leaving", 0), seconds(30)).await.unwrap();
        store.announce(&report("silent", 0), Duration::from_millis(200)).await.unwrap();

        store.retire("leaving").await.unwrap();
        store.retire("never seen").await.unwrap();

        until("the silent one is forgotten", seconds(5), async || {
            let workers = store.workers().await.unwrap();
            assert!(workers.iter().all(|worker| worker.id != "leaving"));
            (workers == [steady.clone()]).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn no_worker_is_no_error() {
    over_both(LONG, async |store| {
        assert!(store.workers().await.unwrap().is_empty());
        store.check().await.unwrap();
    })
    .await;
}
