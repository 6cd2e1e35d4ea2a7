//! Slots in threads, with a fake provider. Those in processes are tested with the real program.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::provider::fake::Fake;
use crate::testing::{PROVIDER, eventually, fakes};

const LONG: Duration = Duration::from_secs(10);

fn task(order: &str) -> Task {
    Task { document: order.as_bytes().to_vec(), ..Task::default() }
}

fn within(limit: Duration) -> Control {
    Control { deadline: Instant::now() + limit, progress: watch::Sender::new(None) }
}

#[tokio::test]
async fn a_seat_runs_its_task_and_is_free_again() {
    let mut pool = fakes(1);

    for run in 1..=2 {
        let answer = pool.seat().await.unwrap().run(task("read"), within(LONG)).await.unwrap();
        assert_eq!(answer.result, format!(r#"{{"run":{run}}}"#).into_bytes());
    }
}

#[tokio::test]
async fn a_seat_that_is_not_used_is_free_again() {
    let mut pool = fakes(1);
    drop(pool.seat().await.unwrap());

    let seat = tokio::time::timeout(LONG, pool.seat()).await.unwrap().unwrap();

    seat.run(task("read"), within(LONG)).await.unwrap();
}

#[tokio::test]
async fn there_are_as_many_seats_as_slots() {
    let mut pool = fakes(2);
    let _first = pool.seat().await.unwrap();
    let _second = pool.seat().await.unwrap();

    assert!(tokio::time::timeout(Duration::from_millis(50), pool.seat()).await.is_err());
}

#[tokio::test]
async fn a_failed_task_does_not_cost_the_slot() {
    let mut pool = fakes(1);

    let failure = pool.seat().await.unwrap().run(task("bad"), within(LONG)).await.unwrap_err();
    let answer = pool.seat().await.unwrap().run(task("read"), within(LONG)).await.unwrap();

    assert!(matches!(failure, SlotFailure::Failed(error) if error.code == ErrorCode::InputError));
    assert_eq!(answer.result, br#"{"run":2}"#, "the same provider has answered");
}

#[tokio::test]
async fn a_panic_is_a_crash_and_the_slot_is_replaced() {
    let mut pool = fakes(1);

    let failure = pool.seat().await.unwrap().run(task("panic"), within(LONG)).await.unwrap_err();
    let answer = pool.seat().await.unwrap().run(task("read"), within(LONG)).await.unwrap();

    assert!(matches!(failure, SlotFailure::Crashed(_)), "{failure:?}");
    assert_eq!(answer.result, br#"{"run":1}"#, "a new provider has answered");
}

#[tokio::test]
async fn a_crash_leaves_the_neighbour_alone() {
    let mut pool = fakes(2);
    let (crashing, reading) = (pool.seat().await.unwrap(), pool.seat().await.unwrap());

    let (crashed, read) = tokio::join!(
        crashing.run(task("panic"), within(LONG)),
        reading.run(task("read"), within(LONG))
    );

    assert!(crashed.is_err());
    assert!(read.is_ok());
}

#[tokio::test]
async fn the_deadline_stops_a_run_that_heeds_it_and_keeps_the_slot() {
    let mut pool = fakes(1);

    let failure = pool
        .seat()
        .await
        .unwrap()
        .run(task("wait"), within(Duration::from_millis(30)))
        .await
        .unwrap_err();
    let answer = pool.seat().await.unwrap().run(task("read"), within(LONG)).await.unwrap();

    assert!(matches!(failure, SlotFailure::TimedOut), "{failure:?}");
    assert_eq!(answer.result, br#"{"run":2}"#);
}

#[tokio::test]
async fn a_run_that_does_not_heed_the_deadline_is_left_behind() {
    let mut pool = fakes(1);
    let begin = Instant::now();

    let failure = pool
        .seat()
        .await
        .unwrap()
        .run(task("hang"), within(Duration::from_millis(30)))
        .await
        .unwrap_err();
    let answer = pool.seat().await.unwrap().run(task("read"), within(LONG)).await.unwrap();

    assert!(matches!(failure, SlotFailure::TimedOut), "{failure:?}");
    assert_eq!(answer.result, br#"{"run":1}"#, "a new provider has answered");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn dropping_a_run_stops_it_and_frees_the_slot() {
    let mut pool = fakes(1);
    let seat = pool.seat().await.unwrap();

    let given_up =
        tokio::time::timeout(Duration::from_millis(30), seat.run(task("wait"), within(LONG))).await;
    let answer = tokio::time::timeout(LONG, pool.seat())
        .await
        .unwrap()
        .unwrap()
        .run(task("read"), within(LONG))
        .await;

    assert!(given_up.is_err());
    assert!(answer.is_ok());
}

#[tokio::test]
async fn progress_is_seen_while_the_task_runs() {
    let mut pool = fakes(1);
    let progress = watch::Sender::new(None);
    let mut seen = progress.subscribe();
    let control = Control { deadline: Instant::now() + LONG, progress };
    let seat = pool.seat().await.unwrap();

    let running = tokio::spawn(seat.run(task("wait"), control));
    let newest = seen.wait_for(Option::is_some).await.unwrap().unwrap();

    assert_eq!((newest.page, newest.done), (1, 1));
    running.abort();
}

#[tokio::test]
async fn the_standing_counts_ready_and_busy_slots() {
    let mut pool = fakes(2);
    let standing = pool.standing();
    eventually("both are ready", async || standing.borrow().ready == 2).await;
    let seat = pool.seat().await.unwrap();

    let running = tokio::spawn(seat.run(task("wait"), within(LONG)));

    eventually("one is busy", async || standing.borrow().busy == 1).await;
    running.abort();
    eventually("none is busy", async || standing.borrow().busy == 0).await;
    assert_eq!(standing.borrow().ready, 2);
}

#[tokio::test]
async fn models_that_can_not_be_loaded_are_tried_again_with_pauses() {
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let make = move || -> Result<Box<dyn Provider>, JobError> {
        match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Err(JobError::new(ErrorCode::ModelLoadError, "models/x.onnx: is missing")),
            _ => Ok(Box::new(Fake::default())),
        }
    };
    let mut pool = Pool::start(&Plan {
        provider: PROVIDER,
        slots: 1,
        launch: Launch::Thread { make: Arc::new(make) },
    });
    let standing = pool.standing();

    eventually("it is broken", async || standing.borrow().is_broken()).await;
    assert_eq!(standing.borrow().problem.as_deref(), Some("models/x.onnx: is missing"));
    assert!(
        tokio::time::timeout(Duration::from_millis(100), pool.seat()).await.is_err(),
        "no hot loop"
    );
    let seat = tokio::time::timeout(LONG, pool.seat()).await.unwrap().unwrap();

    assert_eq!(standing.borrow().problem, None);
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    seat.run(task("read"), within(LONG)).await.unwrap();
}

#[tokio::test]
async fn a_panic_while_loading_is_no_reason_to_give_up() {
    let make = || -> Result<Box<dyn Provider>, JobError> { panic!("corrupt model") };
    let pool = Pool::start(&Plan {
        provider: PROVIDER,
        slots: 1,
        launch: Launch::Thread { make: Arc::new(make) },
    });
    let standing = pool.standing();

    eventually("it is broken", async || standing.borrow().is_broken()).await;

    assert_eq!(standing.borrow().problem.as_deref(), Some("loading the models panicked"));
    pool.close().await;
}
