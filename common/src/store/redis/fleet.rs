//! The workers that are alive, and the store's own health.

use std::time::Duration;

use redis::{cmd, pipe};

use super::{RedisStore, json, millis};
use crate::store::{StoreError, StoreHealth, WorkerReport};

/// The list of workers outlives every pause of all of them but a shutdown for good.
const LIST_RETENTION: Duration = Duration::from_secs(24 * 3600);

impl RedisStore {
    pub(in crate::store) async fn announce(
        &self,
        report: &WorkerReport,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let (worker, workers) = (self.keys.worker(&report.id), self.keys.workers());
        let mut pipeline = pipe();
        pipeline.cmd("SET").arg(&worker).arg(json(report)).arg("PX").arg(millis(ttl)).ignore();
        pipeline.sadd(&workers, &report.id).ignore();
        pipeline.cmd("PEXPIRE").arg(&workers).arg(millis(ttl.max(LIST_RETENTION))).ignore();
        self.link.run_all(&worker, &pipeline).await
    }

    pub(in crate::store) async fn retire(&self, worker: &str) -> Result<(), StoreError> {
        let key = self.keys.worker(worker);
        let mut pipeline = pipe();
        pipeline.del(&key).ignore();
        pipeline.srem(self.keys.workers(), worker).ignore();
        self.link.run_all(&key, &pipeline).await
    }

    pub(in crate::store) async fn workers(&self) -> Result<Vec<WorkerReport>, StoreError> {
        let workers = self.keys.workers();
        let mut ids: Vec<String> = self.link.run(&workers, cmd("SMEMBERS").arg(&workers)).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        ids.sort();
        let mut read = cmd("MGET");
        for id in &ids {
            read.arg(self.keys.worker(id));
        }
        let stored: Vec<Option<Vec<u8>>> = self.link.run(&workers, &read).await?;
        let mut reports = Vec::new();
        for (id, report) in ids.iter().zip(stored) {
            match report {
                // A report of another version of the build is no reason to hide the rest of the fleet.
                Some(report) => reports.extend(serde_json::from_slice::<WorkerReport>(&report)),
                None => self.link.run(&workers, cmd("SREM").arg(&workers).arg(id)).await?,
            }
        }
        Ok(reports)
    }

    pub(in crate::store) async fn check(&self) -> Result<StoreHealth, StoreError> {
        let () = self.link.run("", &cmd("PING")).await?;
        let mut pipeline = pipe();
        pipeline.cmd("INFO").arg("server").cmd("INFO").arg("persistence").cmd("INFO").arg("memory");
        match self.link.run_all("", &pipeline).await {
            Ok::<(String, String, String), _>((server, persistence, memory)) => Ok(StoreHealth {
                version: figure(&server, "redis_version").map(str::to_owned),
                risks: risks(&persistence, &memory),
            }),
            // Access rules may keep the settings from us while all the rest works.
            Err(StoreError::Refused(reason)) => Ok(StoreHealth {
                version: None,
                risks: vec![format!("settings of redis can't be checked, allow INFO: {reason}")],
            }),
            Err(error) => Err(error),
        }
    }
}

/// The settings under which Redis loses results, each with its fix.
fn risks(persistence: &str, memory: &str) -> Vec<String> {
    let mut risks = Vec::new();
    if figure(persistence, "aof_enabled") != Some("1") {
        risks.push(
            "appendonly is off, a restart of redis loses jobs and results: set `appendonly yes`"
                .to_owned(),
        );
    }
    let policy = figure(memory, "maxmemory_policy").unwrap_or("unknown");
    if policy != "noeviction" {
        let is_unlimited = figure(memory, "maxmemory") == Some("0");
        let when =
            if is_unlimited { "as soon as maxmemory is set" } else { "when memory runs out" };
        risks.push(format!(
            "maxmemory-policy is {policy}, results are deleted {when}: set `maxmemory-policy noeviction`"
        ));
    }
    risks
}

/// The value of a line `name:value` of `INFO`.
fn figure<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: (&str, &str) =
        ("aof_enabled:1\r\n", "maxmemory:100\r\nmaxmemory_policy:noeviction\r\n");

    #[test]
    fn safe_settings_are_no_risk() {
        assert!(risks(SAFE.0, SAFE.1).is_empty());
    }

    #[test]
    fn missing_persistence_and_eviction_are_named_with_their_fix() {
        let risks = risks("aof_enabled:0\r\n", "maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n");

        assert_eq!(risks.len(), 2);
        assert!(risks[0].contains("`appendonly yes`"));
        assert!(
            risks[1].contains("allkeys-lru") && risks[1].contains("as soon as maxmemory is set")
        );
    }
}
