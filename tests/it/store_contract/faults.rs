//! What Redis alone can do wrong: be away, stall, refuse, forget its scripts, hold what is not ours.

use std::time::{Duration, Instant};

use cad_common::contract::job::JobId;
use cad_common::contract::record::JobState;
use cad_common::store::{Claim, Retention, Store, StoreError};
use cad_tests::services::free_port;
use cad_tests::services::redis::PrivateRedis;
use cad_tests::wait::{seconds, until};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client, cmd};

use super::scene::{
    LONG, MAX_STARTS, completed, created, found, granted, new_job, over_redis, store_at, terms,
};

async fn connection(server: &PrivateRedis) -> MultiplexedConnection {
    let client = Client::open(server.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

fn is_unreachable<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unreachable(_)))
}

#[tokio::test]
async fn closed_port_is_unreachable_at_once() {
    let store = store_at(&format!("redis://127.0.0.1:{}", free_port()), "cad", LONG);
    let start = Instant::now();

    let lookup = store.lookup(JobId::generate()).await;
    let claim = store.claim(&new_job(), &terms(MAX_STARTS)).await;
    let check = store.check().await;

    assert!(is_unreachable(&lookup) && is_unreachable(&claim) && is_unreachable(&check));
    assert!(start.elapsed() < seconds(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn address_that_is_none_is_refused_at_the_start() {
    let store = std::panic::catch_unwind(|| store_at("redis://host:no-port", "cad", LONG));

    assert!(store.is_err());
}

#[tokio::test]
async fn store_that_comes_late_is_used_as_soon_as_it_is_there() {
    let mut server = PrivateRedis::absent();
    let store = store_at(&server.url(), "cad", LONG);
    let job = new_job();
    assert!(is_unreachable(&store.create(&job, None).await));

    server.start().await;

    store.create(&job, None).await.unwrap();
    assert_eq!(found(&store, job.id).await, job);
}

#[tokio::test]
async fn restarted_store_is_used_again_with_all_it_had() {
    let mut server = PrivateRedis::running().await;
    let store = store_at(&server.url(), "cad", LONG);
    let job = created(&store).await;
    let grant = granted(&store, &job).await;
    // The append-only file is written once a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;

    server.kill();
    assert!(is_unreachable(&store.lookup(job.id).await));
    server.start().await;

    // Every connection of before is dead, and none may cost a call.
    for _ in 0..10 {
        assert_eq!(found(&store, job.id).await.state, JobState::InProgress);
    }
    store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
}

#[tokio::test]
async fn frozen_store_costs_each_caller_five_seconds_and_no_more() {
    let server = PrivateRedis::running().await;
    let store = store_at(&server.url(), "cad", LONG);
    let job = created(&store).await;
    server.freeze();
    let start = Instant::now();

    // More callers than connections: those that wait for one have the same time limit.
    let calls = (0..20).map(|_| store.lookup(job.id));
    let outcomes = futures_util::future::join_all(calls).await;

    assert!(outcomes.iter().all(is_unreachable));
    assert!(start.elapsed() < Duration::from_millis(5500), "{:?}", start.elapsed());
    server.thaw();
    assert_eq!(found(&store, job.id).await, job);
}

#[tokio::test]
async fn full_store_refuses_with_its_own_word_and_goes_on_when_there_is_room() {
    let server = PrivateRedis::running().await;
    let store = store_at(&server.url(), "cad", LONG);
    let job = created(&store).await;
    let grant = granted(&store, &job).await;
    let mut connection = connection(&server).await;
    let set = async |limit: &str, connection: &mut MultiplexedConnection| {
        let mut command = cmd("CONFIG");
        command.arg("SET").arg("maxmemory").arg(limit);
        command.query_async::<()>(connection).await.unwrap();
    };

    set("1", &mut connection).await;
    let blob = store.put_blob(b"drawing", JobId::generate()).await;
    let finish = store.finish(job.id, grant.token, &completed("{}")).await;

    assert!(matches!(&blob, Err(StoreError::Refused(word)) if word.contains("OOM")), "{blob:?}");
    assert!(
        matches!(&finish, Err(StoreError::Refused(word)) if word.contains("OOM")),
        "{finish:?}"
    );
    assert_eq!(found(&store, job.id).await, *grant.record);
    set("0", &mut connection).await;
    store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
    assert_eq!(found(&store, job.id).await.state, JobState::Completed);
}

#[tokio::test]
async fn server_without_room_for_a_client_refuses_and_recovers() {
    let server = PrivateRedis::running().await;
    let mut connection = connection(&server).await;
    let set = async |limit: u32, connection: &mut MultiplexedConnection| {
        let mut command = cmd("CONFIG");
        command.arg("SET").arg("maxclients").arg(limit);
        command.query_async::<()>(connection).await.unwrap();
    };
    set(1, &mut connection).await;
    let store = store_at(&server.url(), "cad", LONG);

    let refused = store.check().await;

    assert!(refused.is_err());
    set(100, &mut connection).await;
    until("the store answers", seconds(5), async || store.check().await.ok()).await;
}

#[tokio::test]
async fn flushed_scripts_are_loaded_again() {
    let server = PrivateRedis::running().await;
    let store = store_at(&server.url(), "cad", LONG);
    let first = created(&store).await;
    let mut flush = cmd("SCRIPT");
    flush.arg("FLUSH").query_async::<()>(&mut connection(&server).await).await.unwrap();

    let second = created(&store).await;

    assert_eq!(found(&store, first.id).await, first);
    assert_eq!(found(&store, second.id).await, second);
}

#[tokio::test]
async fn job_survives_a_flush_in_the_middle_of_its_run() {
    let server = PrivateRedis::running().await;
    let store = store_at(&server.url(), "cad", LONG);
    let job = created(&store).await;
    let lost = granted(&store, &job).await;
    cmd("FLUSHALL").query_async::<()>(&mut connection(&server).await).await.unwrap();

    let anew = granted(&store, &job).await;

    assert!(anew.token > lost.token);
    store.finish(job.id, anew.token, &completed("{}")).await.unwrap();
    assert_eq!(found(&store, job.id).await.state, JobState::Completed);
}

#[tokio::test]
async fn unsafe_settings_are_named_with_their_fix() {
    let server = PrivateRedis::running().await;
    let store = store_at(&server.url(), "cad", LONG);
    assert_eq!(store.check().await.unwrap().risks, Vec::<String>::new());
    let mut connection = connection(&server).await;
    for (name, value) in [("appendonly", "no"), ("maxmemory-policy", "volatile-ttl")] {
        let mut command = cmd("CONFIG");
        command.arg("SET").arg(name).arg(value);
        command.query_async::<()>(&mut connection).await.unwrap();
    }

    let risks = store.check().await.unwrap().risks;

    assert_eq!(risks.len(), 2, "{risks:?}");
    assert!(
        risks[0].contains("`appendonly yes`") && risks[1].contains("volatile-ttl"),
        "{risks:?}"
    );
}

#[tokio::test]
async fn foreign_value_in_place_of_a_record_is_corrupt_and_can_be_removed() {
    over_redis(LONG, async |redis| {
        let (store, job) = (&redis.store, new_job());
        let key = redis.key(job.id, "job");
        let () = redis.connection.clone().set_ex(&key, "junk", 60).await.unwrap();

        let corrupt = |outcome: Result<(), StoreError>| match outcome {
            Err(StoreError::Corrupt { key: named }) => named == key,
            _ => false,
        };
        assert!(corrupt(store.lookup(job.id).await.map(drop)));
        assert!(corrupt(store.claim(&job, &terms(MAX_STARTS)).await.map(drop)));
        assert!(corrupt(store.cancel(job.id).await.map(drop)));
        assert!(corrupt(store.finish(job.id, 1, &completed("{}")).await.map(drop)));
        assert!(corrupt(store.create(&job, None).await));

        store.remove(job.id).await.unwrap();
        granted(store, &job).await;
    })
    .await;
}

#[tokio::test]
async fn record_of_another_build_is_corrupt_and_does_not_panic() {
    over_redis(LONG, async |redis| {
        let store = &redis.store;
        let job = created(store).await;
        let fields: [(&str, &[u8]); 4] =
            [("seed", b"{}"), ("state", b"resting"), ("token", b"x"), ("starts", b"\xff")];

        for (field, value) in fields {
            let key = redis.key(job.id, "job");
            let before: Vec<u8> = redis.connection.clone().hget(&key, field).await.unwrap();
            let () = redis.connection.clone().hset(&key, field, value).await.unwrap();
            let lookup = store.lookup(job.id).await;
            let is_readable = field == "token";
            assert_eq!(lookup.is_ok(), is_readable, "{field}: {lookup:?}");
            let () = redis.connection.clone().hset(&key, field, before).await.unwrap();
        }
        assert!(store.lookup(job.id).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn keys_are_named_as_documented_and_hold_no_text_of_clients() {
    over_redis(LONG, async |redis| {
        let (store, namespace) = (&redis.store, &redis.namespace);
        let job = created(store).await;
        let grant = granted(store, &job).await;
        store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
        let blob = store.put_blob(b"drawing", JobId::generate()).await.unwrap();
        store.claim_key("* }{ \r\n secret", "body").await.unwrap();
        let rate = cad_common::store::Rate { per_second: 1, burst: 1 };
        store.admit("client * }{ secret", rate).await.unwrap();

        let keys = redis.keys().await;

        let mut wanted: Vec<String> =
            ["job", "result", "events", "gone"].map(|part| redis.key(job.id, part)).into();
        wanted.push(format!("{namespace}:blob:{}", blob.as_str()));
        wanted.push(format!("{namespace}:jobs"));
        for key in wanted {
            assert!(keys.contains(&key), "{key} is not among {keys:?}");
        }
        assert!(keys.iter().any(|key| key.starts_with(&format!("{namespace}:idem:"))));
        assert!(keys.iter().any(|key| key.starts_with(&format!("{namespace}:rate:"))));
        assert!(keys.iter().all(|key| !key.contains("secret")), "{keys:?}");
    })
    .await;
}

#[tokio::test]
async fn events_tell_the_states_in_order_and_are_capped() {
    over_redis(LONG, async |redis| {
        let store = &redis.store;
        let job = created(store).await;
        let grant = granted(store, &job).await;
        let key = redis.key(job.id, "events");
        store.finish(job.id, grant.token, &completed("{}")).await.unwrap();

        let events = words(redis.connection.clone(), &key).await;
        assert_eq!(events, ["pending", "in_progress", "completed"]);

        let restless = created(store).await;
        for _ in 0..400 {
            restart(store, &restless).await;
        }
        let key = redis.key(restless.id, "events");
        let length: usize =
            cmd("XLEN").arg(key).query_async(&mut redis.connection.clone()).await.unwrap();
        // The cap is rounded up to whole nodes of the stream.
        assert!(length < 400, "{length}");
    })
    .await;
}

async fn restart(store: &Store, job: &cad_common::contract::record::JobRecord) {
    let Claim::Granted(grant) = store.claim(job, &terms(u32::MAX)).await.unwrap() else {
        panic!("ended")
    };
    store.release(job.id, grant.token, None, true).await.unwrap();
}

/// The second field of each event: its word.
async fn words(mut connection: MultiplexedConnection, key: &str) -> Vec<String> {
    type Entry = (String, Vec<String>);
    let mut range = cmd("XRANGE");
    range.arg(key).arg("-").arg("+");
    let entries: Vec<Entry> = range.query_async(&mut connection).await.unwrap();
    entries.into_iter().filter_map(|(_, fields)| fields.into_iter().nth(1)).collect()
}

#[tokio::test]
async fn expired_jobs_leave_the_index_as_new_ones_come_in() {
    let retention = Retention { pending: Duration::from_millis(300), ..LONG };
    over_redis(retention, async |redis| {
        let first = created(&redis.store).await;
        for _ in 0..100 {
            created(&redis.store).await;
        }
        until("the jobs expire", seconds(5), async || {
            let key = redis.key(first.id, "job");
            let exists: bool = redis.connection.clone().exists(key).await.unwrap();
            (!exists).then_some(())
        })
        .await;
        tokio::time::sleep(retention.pending).await;

        for _ in 0..32 {
            created(&redis.store).await;
        }

        let index = format!("{}:jobs", redis.namespace);
        let indexed: usize = redis.connection.clone().zcard(index).await.unwrap();
        assert!(indexed <= 64, "{indexed} ids for 32 jobs");
    })
    .await;
}
