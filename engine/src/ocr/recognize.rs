//! Reads one upright line.
//!
//! Each line runs alone at its true width. Batches need one width, so they are padded to their widest line, and
//! more than half of what the model then computes is padding.

use image::RgbImage;
use ndarray::Ix3;

use super::ctc::{Decoded, Dictionary};
use super::detect::{normalised, resize};
use crate::error::EngineError;
use crate::onnx::Model;
use crate::stop::StopSignal;

/// The height of a line that the model was trained on.
const HEIGHT_PX: u32 = 48;

/// One column of the model's answer.
const COLUMN_PX: u32 = 8;

/// Shorter pictures leave the model too few columns to tell figures apart.
const MIN_WIDTH_PX: u32 = 48;

/// Longer lines are pressed together; the model's memory grows with their length.
const MAX_WIDTH_PX: u32 = 3200;

/// Reads an upright line.
pub(super) fn run(
    model: &mut dyn Model,
    picture: &RgbImage,
    dictionary: &Dictionary,
    stop: &StopSignal,
) -> Result<Decoded, EngineError> {
    let input = normalised(&resize(picture, input_width(picture), HEIGHT_PX)?);
    let mut answer =
        Err(EngineError::ModelOutput { model: "recognition".to_owned(), shape: Vec::new() });
    model.run(input.view(), stop, &mut |output| {
        let shape = output.shape().to_vec();
        answer = match output.into_dimensionality::<Ix3>() {
            Ok(lines) if lines.dim().0 == 1 && lines.dim().2 == dictionary.classes() => {
                Ok(dictionary.decode(lines.index_axis(ndarray::Axis(0), 0)))
            }
            _ => Err(EngineError::ModelOutput { model: "recognition".to_owned(), shape }),
        };
    })?;
    answer
}

/// The line's own width at the model's height, in whole columns.
fn input_width(picture: &RgbImage) -> u32 {
    let exact =
        u64::from(picture.width()) * u64::from(HEIGHT_PX) / u64::from(picture.height().max(1));
    let width = u32::try_from(exact).unwrap_or(MAX_WIDTH_PX).clamp(MIN_WIDTH_PX, MAX_WIDTH_PX);
    width.div_ceil(COLUMN_PX) * COLUMN_PX
}
