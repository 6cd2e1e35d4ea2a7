//! The one way in which a job is accepted, whatever route it came by.
//!
//! The drawing is looked at, kept, written down as a job and published, in this order: whatever breaks
//! off, no message points to nothing, and a client hears of a job only when the queue has taken it over.

use cad_common::config::shared::{LimitsConfig, ProviderChoice};
use cad_common::contract::codec::{self, Format};
use cad_common::contract::job::{BlobHash, Job, JobId, JobMessage, Kind, Source};
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::fetch;
use cad_common::inspect::{self, Rejection};
use cad_common::metrics;
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::Envelope;
use cad_common::store::Lookup;
use cad_common::store::sweep::Parcel;
use jiff::Timestamp;
use tracing::Instrument as _;

use crate::SharedApp;
use crate::auth::Caller;
use crate::body::Watch;
use crate::choices::Choices;
use crate::error::ApiError;
use crate::fleet;
use crate::idempotency::{self, Key, Turn};
use crate::trace::Trace;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) kind: Kind,
    pub(crate) drawing: Drawing,
    pub(crate) choices: Choices,
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
}

/// The drawing, here or elsewhere.
#[derive(Debug)]
pub(crate) enum Drawing {
    /// Sent along.
    Bytes {
        bytes: Vec<u8>,
        /// Holds the memory that the bytes take.
        _watch: Watch,
    },
    /// To be fetched by the worker.
    Url(String),
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Requester {
    pub(crate) caller: Caller,
    pub(crate) trace: Trace,
    pub(crate) key: Option<Key>,
}

/// A job that the queue has taken over.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) record: JobRecord,
    /// Whether it had been accepted before, by the same request.
    pub(crate) is_replay: bool,
}

/// Accepts a job.
///
/// The work runs in a task of its own, so that a client that hangs up leaves no half-accepted job.
///
/// # Errors
/// The drawing or the provider can't be used, or a dependency is away; then nothing was accepted.
pub(crate) async fn submit(
    app: &SharedApp,
    requester: Requester,
    submission: Submission,
) -> Result<Accepted, ApiError> {
    let work = accept(SharedApp::clone(app), requester, submission).in_current_span();
    app.shutdown.spawn(work).await.map_err(|_| ApiError::Defect("accepting a job panicked"))?
}

async fn accept(
    app: SharedApp,
    requester: Requester,
    submission: Submission,
) -> Result<Accepted, ApiError> {
    let workers = app.store.workers().await?;
    let provider = fleet::choose(submission.kind, submission.choices.provider, &workers)?;
    let (submission, fingerprint) = inspect_drawing(&app, submission).await?;
    let Some(key) = requester.key.clone() else {
        let record = enqueue(&app, &requester, submission, provider).await?;
        return Ok(Accepted { record, is_replay: false });
    };
    match idempotency::claim(&app.store, key, fingerprint).await? {
        Turn::Replay(id) => replay(&app, id).await,
        Turn::First(claim) => {
            let outcome = enqueue(&app, &requester, submission, provider).await;
            claim.settle(&app.store, outcome.as_ref().ok().map(|record| record.id)).await;
            outcome.map(|record| Accepted { record, is_replay: false })
        }
    }
}

/// Looks at the drawing away from the runtime: hashing 50 MB takes longer than others should wait.
async fn inspect_drawing(
    app: &SharedApp,
    submission: Submission,
) -> Result<(Submission, String), ApiError> {
    let limits = app.config.limits.clone();
    let inspection = move || {
        match &submission.drawing {
            Drawing::Url(url) => check_url(url, &limits)?,
            Drawing::Bytes { bytes, .. } => {
                inspect::inspect(bytes, &limits).map_err(ApiError::Rejected)?;
                metrics::image_size(submission.kind, bytes.len());
            }
        }
        let fingerprint = fingerprint(&submission);
        Ok((submission, fingerprint))
    };
    let inspected = tokio::task::spawn_blocking(inspection).await;
    inspected.map_err(|_| ApiError::Defect("inspecting a drawing panicked"))?
}

/// Refuses at once what the worker would never fetch; what a name resolves to, it finds out itself.
fn check_url(url: &str, limits: &LimitsConfig) -> Result<(), ApiError> {
    fetch::check_url(url, limits)
        .map_err(|error| ApiError::Rejected(Rejection::new(error.reason(), error.to_string())))
}

/// Hashes everything that makes two requests the same.
fn fingerprint(submission: &Submission) -> String {
    let choices = &submission.choices;
    let provider = match choices.provider {
        ProviderChoice::Auto => "auto",
        ProviderChoice::Named(name) => name.as_str(),
    };
    let dpi = choices.options.dpi.map(|dpi| dpi.to_string()).unwrap_or_default();
    let words = [
        submission.kind.as_str(),
        provider,
        choices.lane.as_str(),
        choices.tag.as_deref().unwrap_or_default(),
        choices.options.pages.as_deref().unwrap_or_default(),
        &dpi,
    ];
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(word.as_bytes()).update(b"\n");
    }
    match &submission.drawing {
        Drawing::Bytes { bytes, .. } => hasher.update(b"bytes\n").update(bytes),
        Drawing::Url(url) => hasher.update(b"url\n").update(url.as_bytes()),
    };
    hasher.finalize().to_hex().to_string()
}

async fn replay(app: &SharedApp, id: JobId) -> Result<Accepted, ApiError> {
    match app.store.lookup(id).await? {
        Lookup::Found(record) => Ok(Accepted { record: *record, is_replay: true }),
        Lookup::Expired { expired_at } => Err(ApiError::JobExpired { expired_at }),
        Lookup::Unknown => Err(ApiError::UnknownJob),
    }
}

/// Keeps the drawing, writes the job down and publishes it.
async fn enqueue(
    app: &SharedApp,
    requester: &Requester,
    submission: Submission,
    provider: ProviderName,
) -> Result<JobRecord, ApiError> {
    let record = record_of(&submission, requester, provider);
    let source = match &submission.drawing {
        Drawing::Bytes { bytes, .. } => Source::Blob(app.store.put_blob(bytes, record.id).await?),
        Drawing::Url(url) => Source::Url(url.clone()),
    };
    let blob = if let Source::Blob(hash) = &source { Some(hash.clone()) } else { None };
    let job = Job {
        id: record.id,
        kind: record.kind,
        provider,
        options: submission.choices.options,
        source,
        filename: submission.filename,
        content_type: submission.content_type,
        tag: record.tag.clone(),
        submitted_at: Some(record.created_at),
        deadline: None,
        callback_url: None,
        auto: submission.choices.provider == ProviderChoice::Auto,
    };
    let body = codec::to_messagepack(&JobMessage::from(job))
        .map_err(|_| ApiError::Defect("job message can't be encoded"))?;
    let envelope = Envelope {
        traceparent: Some(requester.trace.traceparent.clone()),
        trace_id: Some(requester.trace.id.to_string()),
        ..Envelope::of_job(record.id, record.kind, Format::MessagePack.content_type())
    };
    let parcel = Parcel { envelope, body };

    if let Err(error) = accepted(app, &record, &parcel).await {
        forget(app, record.id, blob.as_ref()).await;
        return Err(error);
    }
    tracing::info!(job.id = %record.id, %provider, lane = record.lane.as_str(), "job accepted");
    Ok(record)
}

/// The record comes first: a worker may have the message before this returns.
async fn accepted(app: &SharedApp, record: &JobRecord, parcel: &Parcel) -> Result<(), ApiError> {
    let address = Address { provider: record.provider, lane: record.lane };
    app.store.create(record, Some(parcel)).await?;
    Ok(app.queue.publish(address, &parcel.envelope, &parcel.body).await?)
}

fn record_of(submission: &Submission, requester: &Requester, provider: ProviderName) -> JobRecord {
    JobRecord {
        id: JobId::generate(),
        kind: submission.kind,
        provider,
        lane: submission.choices.lane,
        tag: submission.choices.tag.clone(),
        filename: submission.filename.clone(),
        owner: requester.caller.owner.clone(),
        trace_id: Some(requester.trace.id.to_string()),
        state: JobState::Pending,
        attempt: 0,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        expires_at: None,
        progress: None,
        warnings: Vec::new(),
        error: None,
    }
}

/// Removes the record of a job that was not accepted.
///
/// After a timeout the broker may have the message all the same. The client is told to send again, so
/// that copy would only be a second answer to a question that nobody can ask about.
async fn forget(app: &SharedApp, id: JobId, blob: Option<&BlobHash>) {
    let forgetting = async {
        if let Some(hash) = blob {
            app.store.leave_blob(hash, id).await?;
        }
        app.store.remove(id).await
    };
    if let Err(error) = forgetting.await {
        tracing::warn!(job.id = %id, %error, "record of an unpublished job stays until it expires");
    }
}
