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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocr::boxes::TextBox;
    use crate::onnx::fake::Fake;
    use ndarray::{Array2, ArrayD};

    fn crop(width: f32, brightness: u8) -> Crop {
        let picture = RgbImage::from_pixel(width as u32, 20, image::Rgb([brightness; 3]));
        Crop { text_box: TextBox::at([100.0, 100.0], width, 20.0, 0.0), picture }
    }

    /// Sure that bright lines stand on their head.
    fn classifier() -> Fake {
        Fake::new(|batch| {
            let is_bright = batch.first().is_some_and(|value| *value > 0.5);
            let answer = if is_bright { [0.02, 0.98] } else { [0.98, 0.02] };
            Array2::from_shape_vec((1, 2), answer.to_vec()).unwrap().into_dyn()
        })
    }

    fn rotations(crops: &[Crop]) -> Vec<f32> {
        crops.iter().map(|crop| crop.text_box.rotation()).collect()
    }

    #[test]
    fn only_the_line_that_stands_on_its_head_is_turned() {
        let mut crops = vec![crop(100.0, 250), crop(100.0, 5), crop(100.0, 5)];

        settle(&mut classifier(), &mut crops, &StopSignal::new()).unwrap();

        assert_eq!(rotations(&crops), [180.0, 0.0, 0.0]);
    }

    #[test]
    fn short_lines_are_not_asked_and_lie_as_most_long_ones_do() {
        let mut model = classifier();
        let mut crops = vec![crop(100.0, 250), crop(30.0, 5), crop(120.0, 250)];

        settle(&mut model, &mut crops, &StopSignal::new()).unwrap();

        assert_eq!(rotations(&crops), [180.0, 180.0, 180.0]);
        assert_eq!(model.seen, [[1, 3, 48, 192], [1, 3, 48, 192]]);
    }

    #[test]
    fn an_answer_of_another_shape_is_an_error() {
        let mut model = Fake::new(|_| ArrayD::zeros(vec![1]));

        let outcome = settle(&mut model, &mut [crop(100.0, 5)], &StopSignal::new());

        assert!(matches!(outcome, Err(EngineError::ModelOutput { .. })), "{outcome:?}");
    }
}
