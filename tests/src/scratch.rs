//! A directory of a test's own.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty directory that is removed with everything in it.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one; `name` tells a person whose it is.
    ///
    /// # Panics
    /// The temporary directory can't be written to.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cad-tests-{name}-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).expect("temporary directory is writable");
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it and says where.
    ///
    /// # Panics
    /// The disk is full.
    #[must_use]
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("temporary directory is writable");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that a dying process still writes is left to the system's own cleaning.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file or directory of this repository.
#[must_use]
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
