//! What can go wrong between a file and its reading.

use std::path::PathBuf;

use cad_common::error_code::{ErrorCode, Stage};
use cad_common::inspect::reason::RejectReason;

use crate::onnx::OnnxError;

/// Why a drawing was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Send the drawing's bytes.
    #[error("the file is empty")]
    EmptyFile,
    /// Send one of the kinds that the detail names.
    #[error("{detail}")]
    UnsupportedFormat {
        /// What the content is and what is read instead.
        detail: String,
    },
    /// Send the file again, whole.
    #[error("page {page} can't be decoded: {detail}")]
    Damaged {
        /// 1-based.
        page: u32,
        /// What the decoder met.
        detail: String,
    },
    /// Send the file without its protection.
    #[error("{detail}")]
    Locked {
        /// What protects it and what to do.
        detail: String,
    },
    /// Send the page at a lower resolution, or raise the limit.
    #[error("page {page} has {width} x {height} pixels, more than the limit of {limit}")]
    PageTooLarge {
        /// 1-based.
        page: u32,
        /// Width in pixels as the header says.
        width: u32,
        /// Height in pixels as the header says.
        height: u32,
        /// The limit that it passes, in words.
        limit: String,
    },
    /// Ask for a page that the document has.
    #[error("page {page} was asked for, but the document has {pages}")]
    NoSuchPage {
        /// 1-based.
        page: u32,
        /// Pages that can be read.
        pages: u32,
    },
    /// Put the right file in place and start again.
    #[error("{}: {problem}; run `make models`", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Put the right file in place and start again; the runtime refused this one.
    #[error("{} can't be loaded", path.display())]
    ModelLoad {
        /// The file.
        path: PathBuf,
        /// What ONNX Runtime says.
        #[source]
        source: OnnxError,
    },
    /// A defect of the model or of its use; another try seldom helps.
    #[error("running {model} failed")]
    Inference {
        /// The model by name.
        model: String,
        /// What ONNX Runtime says.
        #[source]
        source: OnnxError,
    },
    /// A defect of the model or of its use: its output is not of the expected shape.
    #[error("{model} answered with shape {shape:?}, which is not understood")]
    ModelOutput {
        /// The model by name.
        model: String,
        /// The shape it gave.
        shape: Vec<usize>,
    },
    /// A defect of ours in handling pixels.
    #[error("{step} failed: {detail}")]
    Pixels {
        /// What was being done.
        step: &'static str,
        /// What went wrong.
        detail: String,
    },
    /// The caller called `stop`; it knows why.
    #[error("stopped before the end")]
    Stopped,
}

impl EngineError {
    /// The code that a client sees.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::EmptyFile
            | Self::Damaged { .. }
            | Self::Locked { .. }
            | Self::PageTooLarge { .. }
            | Self::NoSuchPage { .. } => ErrorCode::InputError,
            Self::UnsupportedFormat { .. } => ErrorCode::UnsupportedFormat,
            Self::Model { .. } | Self::ModelLoad { .. } => ErrorCode::ModelLoadError,
            Self::Inference { .. } | Self::ModelOutput { .. } | Self::Pixels { .. } => {
                ErrorCode::InternalError
            }
            Self::Stopped => ErrorCode::ProviderTimeout,
        }
    }

    /// The step of the work in which it happened.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::EmptyFile
            | Self::UnsupportedFormat { .. }
            | Self::Locked { .. }
            | Self::NoSuchPage { .. } => Stage::Load,
            Self::Model { .. } | Self::ModelLoad { .. } => Stage::Init,
            Self::Damaged { .. } | Self::PageTooLarge { .. } | Self::Pixels { .. } => {
                Stage::Preprocess
            }
            Self::Inference { .. } | Self::ModelOutput { .. } | Self::Stopped => Stage::Infer,
        }
    }

    /// The stable word for the reason: that of the reject reason where the input is at fault.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::EmptyFile => RejectReason::EmptyFile.as_str(),
            Self::UnsupportedFormat { .. } => RejectReason::InvalidMime.as_str(),
            Self::Damaged { .. } => RejectReason::CorruptFile.as_str(),
            Self::Locked { .. } => "encrypted",
            Self::PageTooLarge { .. } => RejectReason::ImageTooLarge.as_str(),
            Self::NoSuchPage { .. } => "no_such_page",
            Self::Model { .. } => "model_file",
            Self::ModelLoad { .. } => "model_load",
            Self::Inference { .. } => "inference",
            Self::ModelOutput { .. } => "model_output",
            Self::Pixels { .. } => "pixels",
            Self::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_input_never_open_a_circuit() {
        let faults = [
            EngineError::EmptyFile,
            EngineError::UnsupportedFormat { detail: "text".to_owned() },
            EngineError::Damaged { page: 1, detail: "short".to_owned() },
            EngineError::PageTooLarge {
                page: 1,
                width: 1,
                height: 1,
                limit: "0 pixels".to_owned(),
            },
            EngineError::NoSuchPage { page: 2, pages: 1 },
            EngineError::Locked { detail: "a password".to_owned() },
        ];

        for fault in faults {
            assert!(!fault.code().opens_circuit(), "{fault}");
            assert!(!fault.code().is_retryable(), "{fault}");
        }
    }

    #[test]
    fn a_missing_model_says_where_and_what_to_do() {
        let error =
            EngineError::Model { path: "models/x.onnx".into(), problem: "is missing".to_owned() };

        assert_eq!(error.to_string(), "models/x.onnx: is missing; run `make models`");
        assert_eq!(error.code(), ErrorCode::ModelLoadError);
    }
}
