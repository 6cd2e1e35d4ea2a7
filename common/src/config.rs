//! Settings: environment variables become typed values here, or the process doesn't start.
//!
//! A variable exists once, as a [`Setting`] constant beside the struct it fills; parsing, `/health`
//! and the table in README come from it.

pub mod shared;

use std::fmt;
use std::str::FromStr;

/// Exit code of a process that was set up wrongly (`EX_USAGE` of sysexits.h).
pub const EXIT_BAD_CONFIG: u8 = 64;

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What holds when it is not set; empty when nothing does.
    pub default: &'static str,
    /// What it does, with unit and bounds; one sentence for the table in README.
    pub help: &'static str,
    /// Whether its value must never be shown.
    pub is_secret: bool,
}

impl Setting {
    /// A setting that may be shown.
    #[must_use]
    pub const fn new(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self { name, default, help, is_secret: false }
    }

    /// A setting that may not be shown.
    #[must_use]
    pub const fn secret(name: &'static str, help: &'static str) -> Self {
        Self { name, default: "", help, is_secret: true }
    }
}

/// A setting that the process can't start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct ConfigError {
    /// The variable at fault.
    pub name: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl ConfigError {
    /// A problem with a setting.
    #[must_use]
    pub fn new(setting: &Setting, problem: impl Into<String>) -> Self {
        Self { name: setting.name, problem: problem.into() }
    }
}

/// Answers what a variable is set to.
type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Where settings come from: the process environment, or a table in tests.
pub struct Env<'a> {
    lookup: Box<Lookup<'a>>,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

impl Env<'static> {
    /// The environment of this process.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        // Bytes that are no text become a value that doesn't parse, instead of one that isn't there.
        let read = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self { lookup: Box::new(read) }
    }
}

impl<'a> Env<'a> {
    /// An environment that a closure answers for.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { lookup: Box::new(lookup) }
    }

    /// The text of a setting; its default when unset or blank, `None` when that is empty too.
    #[must_use]
    pub fn text(&self, setting: &Setting) -> Option<String> {
        let value = (self.lookup)(setting.name).map(|value| value.trim().to_owned());
        value
            .filter(|value| !value.is_empty())
            .or_else(|| Some(setting.default.to_owned()).filter(|default| !default.is_empty()))
    }

    /// The value of a setting that has a default.
    ///
    /// # Errors
    /// The text is no such value; the message names the variable and what it may be.
    pub fn parse<T>(&self, setting: &Setting) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.text(setting).unwrap_or_default();
        text.parse()
            .map_err(|error| ConfigError::new(setting, format!("`{text}` is not valid: {error}")))
    }

    /// The value of a setting that may be absent.
    ///
    /// # Errors
    /// As [`Env::parse`].
    pub fn parse_optional<T>(&self, setting: &Setting) -> Result<Option<T>, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        if self.text(setting).is_none() {
            return Ok(None);
        }
        self.parse(setting).map(Some)
    }

    /// The value of a number that must lie within bounds.
    ///
    /// # Errors
    /// As [`Env::parse`], or out of bounds.
    pub fn parse_within<T>(
        &self,
        setting: &Setting,
        bounds: std::ops::RangeInclusive<T>,
    ) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + fmt::Display,
        T::Err: fmt::Display,
    {
        let value: T = self.parse(setting)?;
        if bounds.contains(&value) {
            return Ok(value);
        }
        let problem =
            format!("{value} is out of bounds, choose {} to {}", bounds.start(), bounds.end());
        Err(ConfigError::new(setting, problem))
    }

    /// A yes or no: `true`, `1`, `yes`, `on` and their opposites.
    ///
    /// # Errors
    /// The text is neither.
    pub fn flag(&self, setting: &Setting) -> Result<bool, ConfigError> {
        let text = self.text(setting).unwrap_or_default();
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" | "" => Ok(false),
            _ => Err(ConfigError::new(
                setting,
                format!("`{text}` is not valid, choose true or false"),
            )),
        }
    }
}

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Shows a URL without the user and password in it.
#[must_use]
pub fn redact_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((_, host)) = rest.rsplit_once('@') else {
        return url.to_owned();
    };
    format!("{scheme}://***@{host}")
}

#[cfg(test)]
mod tests;
