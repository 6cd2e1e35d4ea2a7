//! The model files: which there are, and that those on this machine are the ones we measured.
//!
//! The list is `deploy/models.toml`, which `make models` reads too. A changed model reads differently without any
//! error, so files are taken by their hash, not by their name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::EngineError;

const MANIFEST: &str = include_str!("../../deploy/models.toml");

/// The place of a file in the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Finds where text stands.
    Detection,
    /// Tells upright text from text that stands on its head.
    Orientation,
    /// Reads one line of text.
    Recognition,
    /// Reads one line of dimension text, with the signs that the other one drops.
    Dimension,
    /// The library that runs the others.
    Runtime,
}

impl Role {
    /// The word in the manifest and in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::Orientation => "orientation",
            Self::Recognition => "recognition",
            Self::Dimension => "dimension",
            Self::Runtime => "runtime",
        }
    }
}

#[derive(Debug, Deserialize)]
struct Manifest {
    artefact: Vec<Artefact>,
}

#[derive(Debug, Deserialize)]
struct Artefact {
    role: Role,
    name: String,
    version: String,
    platform: Option<String>,
    file: String,
    sha256: String,
}

/// Files that are there, with the right content.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    detection: PathBuf,
    orientation: PathBuf,
    recognition: PathBuf,
    dimension: PathBuf,
    runtime: PathBuf,
    versions: BTreeMap<String, String>,
}

impl ModelFiles {
    /// Checks every file in `dir` against its hash.
    ///
    /// `ort_dylib` is an operator's own ONNX Runtime; its hash is not ours to know, so it need only be there.
    ///
    /// # Errors
    /// [`EngineError::Model`] with the path of the first file that is missing or changed.
    pub fn verify(dir: &Path, ort_dylib: Option<PathBuf>) -> Result<Self, EngineError> {
        let manifest: Manifest = toml::from_str(MANIFEST).map_err(|error| EngineError::Model {
            path: PathBuf::from("deploy/models.toml"),
            problem: format!("is not understood ({error})"),
        })?;
        let here = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        let (runtimes, models): (Vec<_>, Vec<_>) =
            manifest.artefact.into_iter().partition(|artefact| artefact.role == Role::Runtime);
        let runtime =
            runtimes.into_iter().find(|artefact| artefact.platform.as_deref() == Some(&here));
        let mut versions = BTreeMap::new();
        let runtime_path = match ort_dylib {
            Some(path) if path.is_file() => path,
            Some(path) => return Err(missing(path, "ORT_DYLIB_PATH points to no file")),
            None => {
                let artefact = runtime
                    .ok_or_else(|| missing(dir.join("libonnxruntime"), &no_runtime(&here)))?;
                versions.insert(artefact.role.as_str().to_owned(), artefact.label());
                artefact.verify(dir)?
            }
        };
        let mut paths = BTreeMap::new();
        for artefact in models {
            versions.insert(artefact.role.as_str().to_owned(), artefact.label());
            paths.insert(artefact.role, artefact.verify(dir)?);
        }
        let mut take = |role: Role| {
            paths.remove(&role).ok_or_else(|| {
                missing(dir.join(role.as_str()), "has no line in deploy/models.toml")
            })
        };
        Ok(Self {
            detection: take(Role::Detection)?,
            orientation: take(Role::Orientation)?,
            recognition: take(Role::Recognition)?,
            dimension: take(Role::Dimension)?,
            runtime: runtime_path,
            versions,
        })
    }

    /// Names and versions by role, for results and cache keys.
    #[must_use]
    pub fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    /// Where the file of a role is.
    #[must_use]
    pub fn path(&self, role: Role) -> &Path {
        match role {
            Role::Detection => &self.detection,
            Role::Orientation => &self.orientation,
            Role::Recognition => &self.recognition,
            Role::Dimension => &self.dimension,
            Role::Runtime => &self.runtime,
        }
    }

    pub(crate) fn runtime(&self) -> &Path {
        &self.runtime
    }
}

impl Artefact {
    fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    fn verify(&self, dir: &Path) -> Result<PathBuf, EngineError> {
        let path = dir.join(&self.file);
        match sha256_of(&path) {
            Ok(found) if found == self.sha256 => Ok(path),
            Ok(found) => {
                let problem =
                    format!("was changed or cut short (sha256 {found}, expected {})", self.sha256);
                Err(EngineError::Model { path, problem })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(missing(path, "is missing"))
            }
            Err(error) => {
                Err(EngineError::Model { path, problem: format!("can't be read ({error})") })
            }
        }
    }
}

fn missing(path: PathBuf, problem: &str) -> EngineError {
    EngineError::Model { path, problem: problem.to_owned() }
}

fn no_runtime(here: &str) -> String {
    format!(
        "no ONNX Runtime is pinned for {here}, set ORT_DYLIB_PATH to one of version 1.24 or newer"
    )
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let content = fs::read(path)?;
    Ok(Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_names_every_role_and_two_platforms() {
        let manifest: Manifest = toml::from_str(MANIFEST).unwrap();

        for role in [Role::Detection, Role::Orientation, Role::Recognition, Role::Dimension] {
            assert_eq!(
                manifest.artefact.iter().filter(|artefact| artefact.role == role).count(),
                1
            );
        }
        let platforms: Vec<_> =
            manifest.artefact.iter().filter_map(|a| a.platform.as_deref()).collect();
        assert_eq!(platforms, ["linux-x86_64", "linux-aarch64"]);
        assert!(manifest.artefact.iter().all(|artefact| artefact.sha256.len() == 64));
    }

    #[test]
    fn a_missing_directory_is_a_model_error_with_the_path() {
        let error = ModelFiles::verify(Path::new("/no/such/place"), None).unwrap_err();

        assert!(
            matches!(&error, EngineError::Model { path, .. } if path.starts_with("/no/such/place"))
        );
        assert!(error.to_string().contains("run `make models`"), "{error}");
    }

    #[test]
    fn an_override_that_points_nowhere_is_named() {
        let error = ModelFiles::verify(Path::new("."), Some("/no/lib.so".into())).unwrap_err();

        assert!(error.to_string().starts_with("/no/lib.so: ORT_DYLIB_PATH"), "{error}");
    }

    #[test]
    fn a_changed_file_is_told_from_a_missing_one() {
        let dir = tempdir("changed");
        fs::write(dir.join("x.onnx"), b"not the model").unwrap();
        let artefact = Artefact {
            role: Role::Detection,
            name: "x".to_owned(),
            version: "1".to_owned(),
            platform: None,
            file: "x.onnx".to_owned(),
            sha256: "0".repeat(64),
        };

        let error = artefact.verify(&dir).unwrap_err();

        fs::remove_dir_all(&dir).unwrap();
        assert!(error.to_string().contains("was changed or cut short"), "{error}");
    }

    fn tempdir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("cad-models-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }
}
