//! Which lines stand on their head.
//!
//! The classifier is good on words and guesses on one or two figures, where a 9 may as well be a 6. So only long
//! lines are asked; the short ones lie as most of the long ones do.

use image::{RgbImage, imageops};
use ndarray::Ix2;

use super::crop::Crop;
use super::detect::{normalised, resize};
use crate::error::EngineError;
use crate::onnx::Model;
use crate::stop::StopSignal;

/// The picture that the classifier was trained on.
const WIDTH_PX: u32 = 192;
const HEIGHT_PX: u32 = 48;

/// The classifier is sometimes sure and wrong; under this it is not believed.
const SURE: f32 = 0.9;

/// Lines at least this many times as long as high are asked.
const LONG_ASPECT: f32 = 3.0;

/// Turns every line that stands on its head.
pub(super) fn settle(
    model: &mut dyn Model,
    crops: &mut [Crop],
    stop: &StopSignal,
) -> Result<(), EngineError> {
    let (mut asked, mut reversed) = (0, 0);
    for crop in crops.iter_mut().filter(|crop| is_long(crop)) {
        asked += 1;
        if is_upside_down(model, &crop.picture, stop)? {
            reversed += 1;
            crop.turn();
        }
    }
    if 2 * reversed > asked {
        crops.iter_mut().filter(|crop| !is_long(crop)).for_each(Crop::turn);
    }
    Ok(())
}

fn is_long(crop: &Crop) -> bool {
    crop.text_box.width >= LONG_ASPECT * crop.text_box.height
}

/// Asks the classifier about one upright line.
fn is_upside_down(
    model: &mut dyn Model,
    picture: &RgbImage,
    stop: &StopSignal,
) -> Result<bool, EngineError> {
    let own_width =
        u64::from(picture.width()) * u64::from(HEIGHT_PX) / u64::from(picture.height().max(1));
    let width = u32::try_from(own_width).unwrap_or(WIDTH_PX).clamp(1, WIDTH_PX);
    // Grey is zero to the network: the rest of its picture is empty.
    let mut input = RgbImage::from_pixel(WIDTH_PX, HEIGHT_PX, image::Rgb([128; 3]));
    imageops::replace(&mut input, &resize(picture, width, HEIGHT_PX)?, 0, 0);
    let mut answer =
        Err(EngineError::ModelOutput { model: "orientation".to_owned(), shape: Vec::new() });
    model.run(normalised(&input).view(), stop, &mut |output| {
        let shape = output.shape().to_vec();
        let probability =
            output.into_dimensionality::<Ix2>().ok().and_then(|rows| rows.get((0, 1)).copied());
        answer = probability
            .ok_or_else(|| EngineError::ModelOutput { model: "orientation".to_owned(), shape });
    })?;
    Ok(answer? > SURE)
}
