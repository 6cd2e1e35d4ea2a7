//! A job's hash as it stands in Redis, and the record it makes.

use std::collections::HashMap;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::contract::record::JobRecord;
use crate::store::{StoreError, state_of_word};

/// The fields of the hash, as `HGETALL` answers.
pub(super) type Fields = HashMap<String, Vec<u8>>;

/// Makes the record of a hash: the seed as submitted, and over it what has changed since.
///
/// # Errors
/// Fields that this build did not write.
pub(super) fn of_fields(key: &str, fields: &Fields) -> Result<JobRecord, StoreError> {
    read(fields).ok_or_else(|| StoreError::Corrupt { key: key.to_owned() })
}

/// The token of a hash, 0 when it has none.
pub(super) fn token(fields: &Fields) -> u64 {
    number(fields, "token").unwrap_or_default()
}

fn read(fields: &Fields) -> Option<JobRecord> {
    let seed: JobRecord = json(fields, "seed")?;
    Some(JobRecord {
        state: state_of_word(text(fields, "state")?)?,
        attempt: number(fields, "starts")?,
        started_at: moment(fields, "started_ms"),
        finished_at: moment(fields, "finished_ms"),
        expires_at: moment(fields, "expires_ms"),
        progress: json(fields, "progress"),
        warnings: json(fields, "warnings").unwrap_or_default(),
        error: json(fields, "error"),
        ..seed
    })
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    std::str::from_utf8(fields.get(name)?).ok()
}

fn number<T: FromStr>(fields: &Fields, name: &str) -> Option<T> {
    text(fields, name)?.parse().ok()
}

fn moment(fields: &Fields, name: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(number(fields, name)?).ok()
}

fn json<T: DeserializeOwned>(fields: &Fields, name: &str) -> Option<T> {
    serde_json::from_slice(fields.get(name)?).ok()
}
