//! Frames on the pipe between a worker and a slot's process: four bytes of length, then the content.
//!
//! A length over the reader's limit is an error before anything is allocated, and so is an end in the middle
//! of a frame. The same frames are written by an async worker and a blocking slot.

use std::io::{self, Read, Write};
use std::time::Duration;

use cad_common::contract::codec::{DecodeError, EncodeError, from_messagepack, to_messagepack};
use cad_common::contract::job::Options;
use cad_common::contract::record::{JobError, Progress};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::provider::Answer;

/// Largest frame of a slot: the reading of the densest set of pages takes a tenth of it.
pub(crate) const MAX_ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// Largest frame with a request's fields; the drawing travels in a frame of its own.
pub(crate) const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// What the worker asks of a slot; the drawing follows as a raw frame.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// What the client chose.
    pub(crate) options: Options,
}

/// What a slot says.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// The models are loaded: first of all, once.
    Ready(Ready),
    /// The models can't be loaded: the slot ends.
    Refused(JobError),
    /// How far the running task is.
    Progress(Progress),
    /// The task is done.
    Done(Box<Answer>),
    /// The task has failed; the slot can take another.
    Failed(JobError),
}

/// What a slot has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Names and versions of the models by role.
    pub(crate) versions: BTreeMap<String, String>,
    /// How long loading took.
    pub(crate) load_time: Duration,
}

/// Why a frame could not be read or written; the pipe can't be used any further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The other side has closed the pipe between two frames.
    #[error("pipe is closed")]
    Closed,
    /// The pipe broke, or ended within a frame.
    #[error("pipe broke")]
    Broken(#[source] io::Error),
    /// The other side speaks something else, or the frame is out of all proportion.
    #[error("frame of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// Bytes it claims.
        length: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// The other side speaks something else.
    #[error("frame is not understood")]
    Garbled(#[source] DecodeError),
    /// A defect of ours.
    #[error("frame can't be encoded")]
    Unencodable(#[source] EncodeError),
}

/// Reads one frame, blocking.
pub(crate) fn read_frame(from: &mut impl Read, limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut prefix = [0; 4];
    read_prefix(from, &mut prefix)?;
    let length = checked_length(prefix, limit)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content).map_err(FrameError::Broken)?;
    Ok(content)
}

/// Writes one frame, blocking.
pub(crate) fn write_frame(to: &mut impl Write, content: &[u8]) -> Result<(), FrameError> {
    let prefix = prefix_of(content)?;
    to.write_all(&prefix)
        .and_then(|()| to.write_all(content))
        .and_then(|()| to.flush())
        .map_err(FrameError::Broken)
}

/// Reads one frame.
pub(crate) async fn receive_frame(
    from: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> Result<Vec<u8>, FrameError> {
    let mut prefix = [0; 4];
    let got = from.read(&mut prefix).await.map_err(FrameError::Broken)?;
    if got == 0 {
        return Err(FrameError::Closed);
    }
    if let Some(rest) = prefix.get_mut(got..) {
        from.read_exact(rest).await.map_err(FrameError::Broken)?;
    }
    let length = checked_length(prefix, limit)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content).await.map_err(FrameError::Broken)?;
    Ok(content)
}

/// Writes one frame.
pub(crate) async fn send_frame(
    to: &mut (impl AsyncWrite + Unpin),
    content: &[u8],
) -> Result<(), FrameError> {
    let prefix = prefix_of(content)?;
    to.write_all(&prefix).await.map_err(FrameError::Broken)?;
    to.write_all(content).await.map_err(FrameError::Broken)?;
    to.flush().await.map_err(FrameError::Broken)
}

/// Encodes what goes into a frame.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, FrameError> {
    to_messagepack(value).map_err(FrameError::Unencodable)
}

/// Decodes what came in a frame.
pub(crate) fn decode<T: DeserializeOwned>(content: &[u8]) -> Result<T, FrameError> {
    from_messagepack(content).map_err(FrameError::Garbled)
}

/// An end before the first byte is a closed pipe, a later one a broken frame.
fn read_prefix(from: &mut impl Read, prefix: &mut [u8; 4]) -> Result<(), FrameError> {
    let (first, rest) = prefix.split_at_mut(1);
    match from.read_exact(first) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(FrameError::Closed);
        }
        outcome => outcome.map_err(FrameError::Broken)?,
    }
    from.read_exact(rest).map_err(FrameError::Broken)
}

fn checked_length(prefix: [u8; 4], limit: usize) -> Result<usize, FrameError> {
    let length = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
    if length > limit { Err(FrameError::TooLong { length, limit }) } else { Ok(length) }
}

fn prefix_of(content: &[u8]) -> Result<[u8; 4], FrameError> {
    let length = content.len();
    let length = u32::try_from(length)
        .map_err(|_| FrameError::TooLong { length, limit: u32::MAX as usize })?;
    Ok(length.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use cad_common::error_code::{ErrorCode, Stage};

    use super::*;

    fn framed(content: &[u8]) -> Vec<u8> {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, content).unwrap();
        pipe
    }

    #[test]
    fn frames_come_back_one_after_the_other() {
        let mut pipe = framed(b"first");
        pipe.extend(framed(b""));
        pipe.extend(framed(b"third"));
        let mut from = pipe.as_slice();

        assert_eq!(read_frame(&mut from, 5).unwrap(), b"first");
        assert_eq!(read_frame(&mut from, 5).unwrap(), b"");
        assert_eq!(read_frame(&mut from, 5).unwrap(), b"third");
        assert!(matches!(read_frame(&mut from, 5), Err(FrameError::Closed)));
    }

    #[tokio::test]
    async fn both_sides_read_a_truncated_frame_as_broken() {
        let whole = framed(b"drawing");

        for cut in 1..whole.len() {
            let part = &whole[..cut];
            assert!(matches!(read_frame(&mut &part[..], 100), Err(FrameError::Broken(_))), "{cut}");
            assert!(
                matches!(receive_frame(&mut &part[..], 100).await, Err(FrameError::Broken(_))),
                "{cut}"
            );
        }
    }

    #[tokio::test]
    async fn an_oversize_length_is_refused_before_it_is_allocated() {
        let pipe = [0xff, 0xff, 0xff, 0xff, 1, 2, 3];

        let blocking = read_frame(&mut &pipe[..], 1024).unwrap_err();
        let waiting = receive_frame(&mut &pipe[..], 1024).await.unwrap_err();

        assert!(matches!(blocking, FrameError::TooLong { length: 0xffff_ffff, limit: 1024 }));
        assert!(matches!(waiting, FrameError::TooLong { length: 0xffff_ffff, limit: 1024 }));
    }

    #[tokio::test]
    async fn a_frame_of_one_side_is_read_by_the_other() {
        let mut pipe = Vec::new();
        send_frame(&mut pipe, b"drawing").await.unwrap();

        assert_eq!(pipe, framed(b"drawing"));
        assert_eq!(receive_frame(&mut pipe.as_slice(), 7).await.unwrap(), b"drawing");
        assert!(matches!(receive_frame(&mut &[][..], 7).await, Err(FrameError::Closed)));
    }

    #[test]
    fn garbage_is_no_reply() {
        for garbage in [&b""[..], b"\xc1", b"hello", b"\x81\xa5ready", b"\x81\xa5other\xc0"] {
            assert!(matches!(decode::<Reply>(garbage), Err(FrameError::Garbled(_))), "{garbage:?}");
        }
    }

    #[test]
    fn every_reply_survives_the_pipe() {
        let progress =
            Progress { stage: Stage::Infer, page: 1, pages: 2, done: 3, total: 4, ratio: 0.5 };
        let answer = Answer { result: b"{}".to_vec(), ..Answer::default() };
        let replies = [
            Reply::Ready(Ready { load_time: Duration::from_millis(1500), ..Ready::default() }),
            Reply::Refused(JobError::new(ErrorCode::ModelLoadError, "models/x is missing")),
            Reply::Progress(progress),
            Reply::Done(Box::new(answer)),
            Reply::Failed(JobError::new(ErrorCode::InputError, "empty").at(Stage::Load)),
        ];

        for reply in replies {
            assert_eq!(decode::<Reply>(&encode(&reply).unwrap()).unwrap(), reply);
        }
    }
}
