//! The clients of a soak: most hand drawings to the API, some publish straight to the queue.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use cad_common::config::Env;
use cad_common::config::shared::LimitsConfig;
use cad_common::contract::codec::{Format, to_messagepack};
use cad_common::contract::job::{Job, JobId, JobMessage, Kind, Options, Source};
use cad_common::contract::record::JobState;
use cad_common::inspect;
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::{Envelope, Queue};
use cad_worker::provider::fake;
use reqwest::multipart::{Form, Part};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::fleet::Addresses;

/// Requests at the same time.
const CLIENTS: usize = 8;

/// Every so many jobs one is published straight to the queue.
const DIRECT_EVERY: usize = 10;

/// Every so many jobs one is a file that can't be read.
const CORRUPT_EVERY: usize = 20;

/// A request that is not answered by then counts as unknown; it may have been accepted.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause after a refusal, as `Retry-After` asks for in whole seconds.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);

/// What is handed in.
#[derive(Debug, Clone)]
pub(super) struct Corpus(Arc<Vec<(String, Vec<u8>)>>);

/// A job that was accepted, and how it has to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepted {
    pub(super) id: JobId,
    pub(super) expected: JobState,
}

/// What became of the requests.
#[derive(Debug, Default)]
pub(super) struct Submitted {
    /// Requests and publishes that were tried.
    pub(super) attempts: usize,
    /// Jobs that were confirmed.
    pub(super) accepted: Vec<Accepted>,
    /// Requests that were refused with a reason to come again later.
    pub(super) refused: usize,
    /// Requests whose answer was lost.
    pub(super) unknown: usize,
}

/// Clients at work.
#[derive(Debug)]
pub(super) struct Load {
    clients: JoinSet<anyhow::Result<Submitted>>,
    pace: Arc<Pace>,
}

#[derive(Debug)]
struct Pace {
    wanted: usize,
    /// Whether a client waits for the end of its job before the next, so that the fleet keeps up.
    is_patient: bool,
    /// How many jobs may have been accepted by now.
    allowed: watch::Sender<usize>,
    /// Numbers given out to clients.
    begun: AtomicUsize,
    accepted: AtomicUsize,
}

impl Corpus {
    /// The drawings of a directory, or jobs that do what their bytes say.
    pub(super) fn load(directory: Option<&Path>) -> anyhow::Result<Self> {
        let Some(directory) = directory else {
            return Ok(Self(Arc::new(vec![("nap.png".to_owned(), fake::drawing("nap"))])));
        };
        let limits = LimitsConfig::from_env(&Env::from_lookup(|_| None))?;
        let mut drawings = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = if path.is_file() { std::fs::read(&path)? } else { Vec::new() };
            // What lies beside drawings, such as truth files and a licence, is none.
            if inspect::inspect(&bytes, &limits).is_ok() {
                drawings.push((name, bytes));
            }
        }
        drawings.sort();
        if drawings.is_empty() {
            bail!("{} holds no drawings", directory.display());
        }
        Ok(Self(Arc::new(drawings)))
    }

    /// The job of a number: the same for every run.
    fn job(&self, number: usize, is_real: bool) -> (&str, Vec<u8>, JobState) {
        let drawing = self.0.get(number % self.0.len().max(1));
        let (name, bytes) = drawing.map_or(("", &[][..]), |(name, bytes)| (name, bytes));
        if number % CORRUPT_EVERY != 7 {
            return (name, bytes.to_vec(), JobState::Completed);
        }
        if !is_real {
            return ("bad.png", fake::drawing("bad"), JobState::Failed);
        }
        // The head is that of a drawing, so it is accepted; its pixels can't be decoded.
        ("cut.png", fake::PNG.get(..40).unwrap_or_default().to_vec(), JobState::Failed)
    }

    fn is_real(&self) -> bool {
        self.0.iter().all(|(name, _)| name != "nap.png")
    }
}

impl Load {
    /// Starts the clients; how fast they go is up to [`Load::allow`], and to the fleet if they are patient.
    pub(super) fn start(
        addresses: &Addresses,
        corpus: &Corpus,
        (wanted, is_patient): (usize, bool),
        mut rng: fastrand::Rng,
    ) -> Self {
        let pace = Arc::new(Pace {
            wanted,
            is_patient,
            allowed: watch::Sender::new(0),
            begun: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
        });
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let client = Client {
                addresses: addresses.clone(),
                corpus: corpus.clone(),
                pace: Arc::clone(&pace),
                rng: rng.fork(),
                outcome: Submitted::default(),
            };
            clients.spawn(client.run());
        }
        Self { clients, pace }
    }

    /// Lets so many jobs be accepted by now.
    pub(super) fn allow(&self, jobs: usize) {
        self.pace.allowed.send_replace(jobs);
    }

    /// Jobs that were accepted so far.
    pub(super) fn accepted(&self) -> usize {
        self.pace.accepted.load(Ordering::Relaxed)
    }

    /// Waits until all wanted jobs are accepted.
    pub(super) async fn finished(mut self) -> anyhow::Result<Submitted> {
        let mut total = Submitted::default();
        while let Some(ended) = self.clients.join_next().await {
            let one = ended??;
            total.attempts += one.attempts;
            total.accepted.extend(one.accepted);
            total.refused += one.refused;
            total.unknown += one.unknown;
        }
        Ok(total)
    }
}

struct Client {
    addresses: Addresses,
    corpus: Corpus,
    pace: Arc<Pace>,
    rng: fastrand::Rng,
    outcome: Submitted,
}

/// What came of one attempt.
enum Attempt {
    Accepted(JobId),
    Refused,
    Unknown,
}

impl Client {
    async fn run(mut self) -> anyhow::Result<Submitted> {
        let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
        let queue = self.addresses.queue()?;
        let mut allowed = self.pace.allowed.subscribe();
        loop {
            let number = self.pace.begun.fetch_add(1, Ordering::Relaxed);
            if number >= self.pace.wanted {
                return Ok(self.outcome);
            }
            allowed.wait_for(|allowed| *allowed > number).await?;
            self.submit(&http, &queue, number).await?;
        }
    }

    /// Tries until the job of a number is accepted, as a client that wants its answer does.
    async fn submit(
        &mut self,
        http: &reqwest::Client,
        queue: &Queue,
        number: usize,
    ) -> anyhow::Result<()> {
        let (name, bytes, expected) = self.corpus.job(number, self.corpus.is_real());
        let name = name.to_owned();
        loop {
            self.outcome.attempts += 1;
            let is_direct = number % DIRECT_EVERY == 3 && bytes.len() < 200_000;
            let attempt = if is_direct {
                publish(queue, &bytes).await?
            } else {
                let url = format!("{}/api/v1/ocr/extract", self.addresses.api);
                let request = if self.pace.is_patient {
                    http.post(url).header("Prefer", "wait=10")
                } else {
                    http.post(url)
                };
                post(request, &name, &bytes).await?
            };
            match attempt {
                Attempt::Accepted(id) => {
                    self.outcome.accepted.push(Accepted { id, expected });
                    self.pace.accepted.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Attempt::Refused => self.outcome.refused += 1,
                Attempt::Unknown => self.outcome.unknown += 1,
            }
            tokio::time::sleep(REFUSED_PAUSE.mul_f64(0.5 + self.rng.f64())).await;
        }
    }
}

async fn post(
    request: reqwest::RequestBuilder,
    name: &str,
    bytes: &[u8],
) -> anyhow::Result<Attempt> {
    let form = Form::new().part("file", Part::bytes(bytes.to_vec()).file_name(name.to_owned()));
    let Ok(response) = request.multipart(form).send().await else {
        return Ok(Attempt::Unknown);
    };
    let status = response.status().as_u16();
    let Ok(body) = response.json::<serde_json::Value>().await else {
        return Ok(Attempt::Unknown);
    };
    match status {
        200 | 202 => {
            let id = body["id"].as_str().and_then(|id| id.parse().ok());
            Ok(Attempt::Accepted(id.context("an accepted job has no id")?))
        }
        429 | 503 => Ok(Attempt::Refused),
        _ => bail!("{name} is answered with {status}: {body}"),
    }
}

async fn publish(queue: &Queue, bytes: &[u8]) -> anyhow::Result<Attempt> {
    let job = Job {
        id: JobId::generate(),
        kind: Kind::OcrExtract,
        provider: ProviderName::Paddle,
        auto: false,
        options: Options::default(),
        source: Source::Inline(bytes.to_vec().into()),
        filename: None,
        content_type: None,
        tag: None,
        submitted_at: None,
        deadline: None,
        callback_url: None,
    };
    let (id, kind) = (job.id, job.kind);
    let envelope = Envelope::of_job(id, kind, Format::MessagePack.content_type());
    let body = to_messagepack(&JobMessage::from(job))?;
    let to = Address::usual(ProviderName::Paddle);
    Ok(match queue.publish(to, &envelope, &body).await {
        Ok(()) => Attempt::Accepted(id),
        Err(_) => Attempt::Unknown,
    })
}
