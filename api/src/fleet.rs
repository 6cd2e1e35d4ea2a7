//! What the workers say of their providers, and which provider a job goes to.

use std::collections::BTreeMap;

use cad_common::config::shared::ProviderChoice;
use cad_common::contract::job::Kind;
use cad_common::provider::{ProviderName, UnknownProvider};
use cad_common::store::{CircuitState, LastError, WorkerReport};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

/// A provider as the fleet has it now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ProviderStatus {
    /// Its name.
    pub(crate) name: ProviderName,
    /// What it does.
    pub(crate) kind: Kind,
    /// Whether jobs for it are accepted now; without a worker they wait in the queue.
    pub(crate) accepts_jobs: bool,
    /// Whether a worker can run a job now.
    pub(crate) ready: bool,
    /// Workers that serve it.
    pub(crate) workers: usize,
    /// Jobs that they can run at once.
    pub(crate) slots: u32,
    /// Jobs that they are running.
    pub(crate) busy: u32,
    /// Whether an operator lets its jobs wait, on any worker.
    pub(crate) paused: bool,
    /// The best state that its circuit has on any worker; null without workers.
    #[schema(value_type = Option<String>, example = "closed")]
    pub(crate) circuit: Option<CircuitState>,
    /// Highest error rate that a worker sees, 0 to 1.
    pub(crate) error_rate: f64,
    /// Why no worker can run a job.
    pub(crate) problem: Option<String>,
    /// Whether some worker is set up to serve it.
    pub(crate) configured: bool,
    /// What an operator does to have it served; null when it is.
    pub(crate) how_to_configure: Option<&'static str>,
    /// Names and versions of its models, by role.
    pub(crate) models: BTreeMap<String, String>,
    /// The last failure that was not a client's, on any worker.
    pub(crate) last_error: Option<LastError>,
}

impl ProviderStatus {
    /// Sums up what the workers report on a provider.
    pub(crate) fn of(name: ProviderName, workers: &[WorkerReport]) -> Self {
        let reports: Vec<_> = workers
            .iter()
            .flat_map(|worker| &worker.providers)
            .filter(|report| report.name == name)
            .collect();
        let ready = reports.iter().any(|report| report.is_ready);
        let problem = reports.iter().find_map(|report| report.problem.clone());
        let unserved = reports.is_empty().then(|| "no worker serves it".to_owned());
        Self {
            name,
            kind: name.kind(),
            accepts_jobs: !name.is_remote() || !reports.is_empty(),
            ready,
            workers: reports.len(),
            slots: reports.iter().map(|report| report.slots).sum(),
            busy: reports.iter().map(|report| report.busy).sum(),
            paused: reports.iter().any(|report| report.is_paused),
            circuit: reports
                .iter()
                .map(|report| report.circuit)
                .min_by_key(|state| severity(*state)),
            error_rate: reports.iter().map(|report| report.error_rate).fold(0.0, f64::max),
            problem: if ready { None } else { problem.or(unserved) },
            configured: !reports.is_empty(),
            how_to_configure: reports.is_empty().then(|| how_to_configure(name)),
            models: reports
                .iter()
                .map(|report| report.models.clone())
                .next_back()
                .unwrap_or_default(),
            last_error: reports
                .iter()
                .filter_map(|report| report.last_error.clone())
                .max_by_key(|error| error.at),
        }
    }

    fn is_open(&self) -> bool {
        self.circuit.is_none_or(|state| state != CircuitState::Closed)
    }
}

/// What an operator does to have a provider served.
pub(crate) const fn how_to_configure(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::DeepseekHf => "set DEEPSEEK_HF_URL and DEEPSEEK_HF_MODEL on a worker",
        ProviderName::DeepseekVl => "set DEEPSEEK_VL_URL and DEEPSEEK_VL_MODEL on a worker",
        _ => "start a worker that names it in WORKER_PROVIDERS",
    }
}

const fn severity(state: CircuitState) -> u8 {
    match state {
        CircuitState::Closed => 0,
        CircuitState::HalfOpen => 1,
        CircuitState::Open => 2,
    }
}

/// The providers of a kind, the preferred one first.
pub(crate) fn statuses(kind: Kind, workers: &[WorkerReport]) -> Vec<ProviderStatus> {
    ProviderName::of(kind).map(|name| ProviderStatus::of(name, workers)).collect()
}

/// Chooses who does a job.
///
/// A local provider always takes jobs: they wait until a worker comes. A remote one is set up on
/// workers, so without any that serves it nobody ever would.
///
/// # Errors
/// The named provider does other work, or nobody serves it.
pub(crate) fn choose(
    kind: Kind,
    choice: ProviderChoice,
    workers: &[WorkerReport],
) -> Result<ProviderName, ApiError> {
    let statuses = statuses(kind, workers);
    let ProviderChoice::Named(name) = choice else {
        return preferred(kind, &statuses);
    };
    let Some(status) = statuses.iter().find(|status| status.name == name) else {
        return Err(ApiError::UnknownProvider(UnknownProvider(name.to_string())));
    };
    if status.accepts_jobs { Ok(name) } else { Err(ApiError::ProviderNotServed(name)) }
}

/// The first with a closed circuit; where there is none, the first that takes jobs.
fn preferred(kind: Kind, statuses: &[ProviderStatus]) -> Result<ProviderName, ApiError> {
    let accepting = || statuses.iter().filter(|status| status.accepts_jobs);
    let chosen = accepting().find(|status| !status.is_open()).or_else(|| accepting().next());
    chosen
        .map(|status| status.name)
        .ok_or(ApiError::UnknownProvider(UnknownProvider(format!("auto ({})", kind.as_str()))))
}

#[cfg(test)]
mod tests {
    use cad_common::store::ProviderReport;
    use jiff::Timestamp;

    use super::*;

    fn worker(providers: &[(ProviderName, CircuitState)]) -> WorkerReport {
        let providers = providers.iter().map(|(name, circuit)| ProviderReport {
            name: *name,
            is_ready: true,
            problem: None,
            slots: 2,
            busy: 1,
            is_paused: false,
            circuit: *circuit,
            error_rate: 0.0,
            models: BTreeMap::new(),
            last_error: None,
        });
        WorkerReport {
            id: "w1".to_owned(),
            host: "h1".to_owned(),
            version: "1".to_owned(),
            providers: providers.collect(),
            reported_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn auto_is_paddle_even_before_a_worker_has_come() {
        let chosen = choose(Kind::OcrExtract, ProviderChoice::Auto, &[]).unwrap();

        assert_eq!(chosen, ProviderName::Paddle);
    }

    #[test]
    fn auto_passes_by_an_open_circuit() {
        let workers = [worker(&[
            (ProviderName::Paddle, CircuitState::Open),
            (ProviderName::DeepseekHf, CircuitState::Closed),
        ])];

        let chosen = choose(Kind::OcrExtract, ProviderChoice::Auto, &workers).unwrap();

        assert_eq!(chosen, ProviderName::DeepseekHf);
    }

    #[test]
    fn one_worker_with_a_closed_circuit_is_enough() {
        let open = worker(&[(ProviderName::Paddle, CircuitState::Open)]);
        let closed = worker(&[(ProviderName::Paddle, CircuitState::Closed)]);

        let status = ProviderStatus::of(ProviderName::Paddle, &[open, closed]);

        assert_eq!(status.circuit, Some(CircuitState::Closed));
        assert_eq!((status.workers, status.slots, status.busy), (2, 4, 2));
    }

    #[test]
    fn remote_provider_without_a_worker_is_refused() {
        let choice = ProviderChoice::Named(ProviderName::DeepseekHf);

        let error = choose(Kind::OcrExtract, choice, &[]).unwrap_err();

        assert!(matches!(error, ApiError::ProviderNotServed(ProviderName::DeepseekHf)));
    }

    #[test]
    fn provider_of_another_kind_is_unknown_here() {
        let choice = ProviderChoice::Named(ProviderName::Onnx);

        let error = choose(Kind::OcrExtract, choice, &[]).unwrap_err();

        assert!(matches!(error, ApiError::UnknownProvider(_)));
    }
}
