//! Reads request bodies within limits of size, time and memory.
//!
//! A body is watched while it streams in: it is refused at the limit, not after it has been buffered,
//! and a client that sends drop by drop is cut off. What is over the limit is read and thrown away for
//! a moment, because a client that is still sending would not see the answer.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::ApiError;

/// Longest silence within a body; a phone in a tunnel is quiet for less.
const CHUNK_DEADLINE: Duration = Duration::from_secs(20);

/// Longest time for a whole body: 50 MiB at 1 Mbit/s take seven minutes.
const BODY_DEADLINE: Duration = Duration::from_secs(10 * 60);

/// How long the rest of a body that is too large is thrown away before the connection is cut.
const DISCARD_DEADLINE: Duration = Duration::from_secs(5);

/// Memory that bodies may hold together: a hundred uploads of the largest size would take ten times it.
const SHARED_BYTES: usize = 512 * 1024 * 1024;

/// The memory that request bodies share, counted in KiB.
#[derive(Debug, Clone)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

impl BodyMemory {
    /// Room for several bodies of the largest size.
    pub(crate) fn for_bodies_of(largest: usize) -> Self {
        Self(Arc::new(Semaphore::new(SHARED_BYTES.max(largest.saturating_mul(2)) / 1024)))
    }
}

/// A body being watched, and its share of the memory until this is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Watch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    limit: usize,
    memory: BodyMemory,
    share: Mutex<Share>,
    fault: OnceLock<Fault>,
}

#[derive(Debug, Default)]
struct Share {
    bytes: usize,
    permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("body is refused")]
enum Fault {
    TooLarge,
    TooSlow,
    NoMemory,
}

impl Watch {
    /// Why the body broke off; `BodyBroken` where its sender is to blame.
    pub(crate) fn fault(&self) -> ApiError {
        match self.0.fault.get() {
            Some(Fault::TooLarge) => ApiError::BodyTooLarge { limit: self.0.limit },
            Some(Fault::TooSlow) => ApiError::BodyTooSlow,
            Some(Fault::NoMemory) => ApiError::UploadsFull,
            None => ApiError::BodyBroken,
        }
    }

    fn fail(&self, fault: Fault) -> Result<Bytes, axum::Error> {
        let fault = *self.0.fault.get_or_init(|| fault);
        Err(axum::Error::new(fault))
    }

    /// Takes memory for bytes that have come in; false when there is none left.
    fn hold(&self, bytes: usize) -> bool {
        let mut share = self.0.share.lock().unwrap_or_else(PoisonError::into_inner);
        share.bytes = share.bytes.saturating_add(bytes);
        let held = share.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let lacking = share.bytes.div_ceil(1024).saturating_sub(held);
        let lacking = u32::try_from(lacking).unwrap_or(u32::MAX);
        let Ok(more) = Arc::clone(&self.0.memory.0).try_acquire_many_owned(lacking) else {
            return false;
        };
        match share.permit.as_mut() {
            Some(permit) => permit.merge(more),
            None => share.permit = Some(more),
        }
        true
    }
}

/// Puts a body under watch: `overhead` bytes more than `limit` may come in before it is refused.
///
/// # Errors
/// It is compressed, or announces a length over the limit and waits for leave to send it.
pub(crate) fn watch(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    overhead: usize,
    memory: &BodyMemory,
) -> Result<(Body, Watch), ApiError> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(ApiError::WrongMediaType("it is"));
    }
    if headers.contains_key(header::EXPECT) && announced(headers) > limit.saturating_add(overhead) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    let watch = Watch(Arc::new(Watched {
        limit,
        memory: memory.clone(),
        share: Mutex::new(Share::default()),
        fault: OnceLock::new(),
    }));
    let chunks = watched(body.into_data_stream(), watch.clone(), limit.saturating_add(overhead));
    Ok((Body::from_stream(chunks), watch))
}

fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

struct Progress {
    chunks: BodyDataStream,
    watch: Watch,
    left: usize,
    deadline: Instant,
    is_over: bool,
}

fn watched(
    chunks: BodyDataStream,
    watch: Watch,
    left: usize,
) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send {
    let deadline = Instant::now() + BODY_DEADLINE;
    let start = Progress { chunks, watch, left, deadline, is_over: false };
    stream::unfold(start, |mut progress| async move {
        if progress.is_over {
            return None;
        }
        let item = progress.next().await?;
        progress.is_over = item.is_err();
        Some((item, progress))
    })
}

impl Progress {
    async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        let deadline = self.deadline.min(Instant::now() + CHUNK_DEADLINE);
        let Ok(item) = timeout_at(deadline, self.chunks.next()).await else {
            return Some(self.watch.fail(Fault::TooSlow));
        };
        let chunk = match item? {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        let fault = match self.left.checked_sub(chunk.len()) {
            None => Fault::TooLarge,
            Some(_) if !self.watch.hold(chunk.len()) => Fault::NoMemory,
            Some(left) => {
                self.left = left;
                return Some(Ok(chunk));
            }
        };
        self.discard().await;
        Some(self.watch.fail(fault))
    }

    async fn discard(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.chunks.next().await {} };
        // A client that sends on longer than this doesn't read the answer anyway.
        let _ = timeout(DISCARD_DEADLINE, rest).await;
    }
}

/// Reads a watched body whole.
///
/// # Errors
/// It broke off, see [`Watch::fault`].
pub(crate) async fn read(body: Body, watch: &Watch) -> Result<Vec<u8>, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| watch.fault())?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn body_of(chunks: usize, bytes_each: usize) -> Body {
        let chunk = Bytes::from(vec![7; bytes_each]);
        Body::from_stream(stream::iter(vec![Ok::<_, Infallible>(chunk); chunks]))
    }

    async fn read_all(body: Body, limit: usize, memory: &BodyMemory) -> Result<Vec<u8>, ApiError> {
        let (body, watch) = watch(&HeaderMap::new(), body, limit, 0, memory)?;
        read(body, &watch).await
    }

    #[tokio::test]
    async fn body_at_the_limit_is_read() {
        let memory = BodyMemory::for_bodies_of(10);

        assert_eq!(read_all(body_of(2, 5), 10, &memory).await.unwrap().len(), 10);
    }

    #[tokio::test]
    async fn body_over_the_limit_is_refused_without_announcing_its_length() {
        let memory = BodyMemory::for_bodies_of(10);

        let error = read_all(body_of(3, 5), 10, &memory).await.unwrap_err();

        assert!(matches!(error, ApiError::BodyTooLarge { limit: 10 }));
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_stops_arriving_is_refused() {
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"x"))]);
        let body = Body::from_stream(first.chain(stream::pending()));

        let error = read_all(body, 10, &BodyMemory::for_bodies_of(10)).await.unwrap_err();

        assert!(matches!(error, ApiError::BodyTooSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_drips_is_refused_after_ten_minutes() {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), ()))
        });
        let start = Instant::now();

        let body = Body::from_stream(drops);
        let error = read_all(body, 1024, &BodyMemory::for_bodies_of(1024)).await.unwrap_err();

        assert!(matches!(error, ApiError::BodyTooSlow));
        assert_eq!(start.elapsed(), BODY_DEADLINE);
    }

    #[tokio::test]
    async fn memory_is_shared_and_given_back() {
        let memory = BodyMemory(Arc::new(Semaphore::new(8)));
        let (first, first_watch) =
            watch(&HeaderMap::new(), body_of(1, 6 * 1024), 10_000, 0, &memory).unwrap();
        read(first, &first_watch).await.unwrap();

        let refused = read_all(body_of(1, 6 * 1024), 10_000, &memory).await.unwrap_err();
        drop(first_watch);
        let taken = read_all(body_of(1, 6 * 1024), 10_000, &memory).await;

        assert!(matches!(refused, ApiError::UploadsFull));
        assert!(taken.is_ok());
    }

    #[test]
    fn compressed_body_is_refused() {
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);

        let refused = watch(&headers, Body::empty(), 10, 0, &BodyMemory::for_bodies_of(10));

        assert!(matches!(refused, Err(ApiError::WrongMediaType(_))));
    }
}
