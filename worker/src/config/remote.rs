//! The remote providers: where each model is served, and what one request may carry.

use std::time::Duration;

use cad_common::config::{ConfigError, Env, Secret, Setting};
use cad_common::provider::ProviderName;

/// Where text is read.
pub const DEEPSEEK_HF_URL: Setting = Setting::new(
    "DEEPSEEK_HF_URL",
    "",
    "Base of an OpenAI-compatible API whose model reads text, such as `http://vllm:8000/v1`; unset switches `deepseek_hf` off",
);
/// Which model reads text.
pub const DEEPSEEK_HF_MODEL: Setting = Setting::new(
    "DEEPSEEK_HF_MODEL",
    "",
    "Model of `deepseek_hf` by the name that its server knows",
);
/// The key to the model that reads text.
pub const DEEPSEEK_HF_API_KEY: Setting =
    Setting::secret("DEEPSEEK_HF_API_KEY", "Key of `deepseek_hf`, sent as a bearer token");
/// Where drawings are described.
pub const DEEPSEEK_VL_URL: Setting = Setting::new(
    "DEEPSEEK_VL_URL",
    "",
    "Base of an OpenAI-compatible API whose model describes drawings; unset switches `deepseek_vl` off",
);
/// Which model describes drawings.
pub const DEEPSEEK_VL_MODEL: Setting = Setting::new(
    "DEEPSEEK_VL_MODEL",
    "",
    "Model of `deepseek_vl` by the name that its server knows",
);
/// The key to the model that describes drawings.
pub const DEEPSEEK_VL_API_KEY: Setting =
    Setting::secret("DEEPSEEK_VL_API_KEY", "Key of `deepseek_vl`, sent as a bearer token");
/// Time for a drawing.
pub const DEEPSEEK_TIMEOUT_MS: Setting = Setting::new(
    "DEEPSEEK_TIMEOUT_MS",
    "60000",
    "Milliseconds that a remote provider may take for one drawing, all its requests together, 1 to 1200000",
);
/// Requests at once.
pub const DEEPSEEK_CONCURRENCY: Setting = Setting::new(
    "DEEPSEEK_CONCURRENCY",
    "4",
    "Drawings that one worker sends to each remote provider at the same time, 1 to 256",
);
/// Longest side of a picture.
pub const DEEPSEEK_IMAGE_MAX_SIDE: Setting = Setting::new(
    "DEEPSEEK_IMAGE_MAX_SIDE",
    "1536",
    "Longest side of a picture sent to a remote provider, in pixels, 256 to 8192; larger pages go in tiles",
);
/// Pictures of a page.
pub const DEEPSEEK_MAX_TILES: Setting = Setting::new(
    "DEEPSEEK_MAX_TILES",
    "6",
    "Most tiles that `deepseek_hf` gets of one page, 1 to 64; larger pages are shrunk until they fit",
);

/// The path of the protocol under a base URL.
const COMPLETIONS: &str = "/chat/completions";

/// The remote providers that are set up, and what they may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteSettings {
    /// `DEEPSEEK_HF_*`.
    pub reader: Option<Endpoint>,
    /// `DEEPSEEK_VL_*`.
    pub describer: Option<Endpoint>,
    /// `DEEPSEEK_TIMEOUT_MS`.
    pub timeout: Duration,
    /// `DEEPSEEK_CONCURRENCY`.
    pub concurrency: usize,
    /// `DEEPSEEK_IMAGE_MAX_SIDE`.
    pub max_side_px: u32,
    /// `DEEPSEEK_MAX_TILES`.
    pub max_tiles: u32,
}

/// Where one model is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL that requests are posted to.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The key, where one is needed.
    pub api_key: Option<Secret>,
}

impl RemoteSettings {
    /// Reads them.
    ///
    /// # Errors
    /// A URL that is none or stands without its model, or a number out of bounds.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let timeout_ms = env.parse_within(&DEEPSEEK_TIMEOUT_MS, 1..=1_200_000)?;
        Ok(Self {
            reader: endpoint(env, &DEEPSEEK_HF_URL, &DEEPSEEK_HF_MODEL, &DEEPSEEK_HF_API_KEY)?,
            describer: endpoint(env, &DEEPSEEK_VL_URL, &DEEPSEEK_VL_MODEL, &DEEPSEEK_VL_API_KEY)?,
            timeout: Duration::from_millis(timeout_ms),
            concurrency: env.parse_within(&DEEPSEEK_CONCURRENCY, 1..=256)?,
            max_side_px: env.parse_within(&DEEPSEEK_IMAGE_MAX_SIDE, 256..=8192)?,
            max_tiles: env.parse_within(&DEEPSEEK_MAX_TILES, 1..=64)?,
        })
    }

    /// Where a remote provider's model is served; `None` when it is not set up, or not remote.
    #[must_use]
    pub const fn endpoint(&self, provider: ProviderName) -> Option<&Endpoint> {
        match provider {
            ProviderName::DeepseekHf => self.reader.as_ref(),
            ProviderName::DeepseekVl => self.describer.as_ref(),
            _ => None,
        }
    }

    /// The remote providers that are set up.
    pub fn configured(&self) -> impl Iterator<Item = ProviderName> {
        ProviderName::ALL.into_iter().filter(|name| self.endpoint(*name).is_some())
    }
}

/// The variable that sets a remote provider up; `None` for local ones.
pub(super) const fn switch(provider: ProviderName) -> Option<Setting> {
    match provider {
        ProviderName::DeepseekHf => Some(DEEPSEEK_HF_URL),
        ProviderName::DeepseekVl => Some(DEEPSEEK_VL_URL),
        _ => None,
    }
}

/// The keys that a slot of a provider has no use for.
pub(crate) fn keys_of_others(provider: ProviderName) -> impl Iterator<Item = Setting> {
    let keys = [
        (ProviderName::DeepseekHf, DEEPSEEK_HF_API_KEY),
        (ProviderName::DeepseekVl, DEEPSEEK_VL_API_KEY),
    ];
    keys.into_iter().filter(move |(owner, _)| *owner != provider).map(|(_, key)| key)
}

fn endpoint(
    env: &Env<'_>,
    url: &Setting,
    model: &Setting,
    api_key: &Setting,
) -> Result<Option<Endpoint>, ConfigError> {
    let Some(base) = env.text(url) else {
        return Ok(None);
    };
    let is_web = base.starts_with("http://") || base.starts_with("https://");
    if !is_web || base.contains(char::is_whitespace) || base.parse::<reqwest::Url>().is_err() {
        return Err(ConfigError::new(url, "is no address such as http://host:8000/v1"));
    }
    let model = env
        .text(model)
        .ok_or_else(|| ConfigError::new(model, format!("must be set with {}", url.name)))?;
    let base = base.trim_end_matches('/');
    let url = match base.strip_suffix(COMPLETIONS) {
        Some(_) => base.to_owned(),
        None => format!("{base}{COMPLETIONS}"),
    };
    Ok(Some(Endpoint { url, model, api_key: env.text(api_key).map(Secret::from) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<RemoteSettings, ConfigError> {
        let env = Env::from_lookup(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        RemoteSettings::from_env(&env)
    }

    #[test]
    fn nothing_is_offered_that_is_not_set_up() {
        let settings = read(&[]).unwrap();

        assert_eq!(settings.configured().count(), 0);
        assert_eq!(settings.timeout, Duration::from_secs(60));
    }

    #[test]
    fn base_and_full_path_lead_to_the_same_place() {
        for url in ["http://h:1/v1", "http://h:1/v1/", "http://h:1/v1/chat/completions"] {
            let settings = read(&[("DEEPSEEK_HF_URL", url), ("DEEPSEEK_HF_MODEL", "m")]).unwrap();

            let endpoint = settings.endpoint(ProviderName::DeepseekHf).unwrap();
            assert_eq!(endpoint.url, "http://h:1/v1/chat/completions");
            assert_eq!(settings.configured().collect::<Vec<_>>(), [ProviderName::DeepseekHf]);
        }
    }

    #[test]
    fn contradictions_name_their_variable() {
        let cases = [
            (vec![("DEEPSEEK_HF_URL", "vllm:8000")], "DEEPSEEK_HF_URL"),
            (vec![("DEEPSEEK_HF_URL", "http://")], "DEEPSEEK_HF_URL"),
            (vec![("DEEPSEEK_VL_URL", "http://h/v1")], "DEEPSEEK_VL_MODEL"),
            (vec![("DEEPSEEK_MAX_TILES", "0")], "DEEPSEEK_MAX_TILES"),
            (vec![("DEEPSEEK_TIMEOUT_MS", "0")], "DEEPSEEK_TIMEOUT_MS"),
        ];

        for (pairs, name) in cases {
            assert_eq!(read(&pairs).unwrap_err().name, name, "{pairs:?}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let settings = read(&[
            ("DEEPSEEK_HF_URL", "http://h/v1"),
            ("DEEPSEEK_HF_MODEL", "m"),
            ("DEEPSEEK_HF_API_KEY", "sk-hidden"),
        ]);

        assert!(!format!("{settings:?}").contains("sk-hidden"));
    }
}
