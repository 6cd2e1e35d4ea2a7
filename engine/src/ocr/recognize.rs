//! Reads one upright line.
//!
//! Each line runs alone at its true width. Batches need one width, so they are padded to their widest line, and
//! more than half of what the model then computes is padding.

use image::RgbImage;
use ndarray::{Array4, ArrayView2, Ix3};

use super::ctc::{Decoded, Dictionary};
use super::detect::{normalised, resize};
use crate::error::EngineError;
use crate::onnx::Model;
use crate::stop::StopSignal;

/// Longer lines are pressed together; a model's memory grows with their length.
const MAX_WIDTH_PX: u32 = 3200;

/// The pictures that a recognition model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// The model's name in errors.
    name: &'static str,
    /// The height of a line.
    height_px: u32,
    /// One column of its answer.
    column_px: u32,
    /// Shorter pictures leave it too few columns to tell figures apart.
    min_width_px: u32,
    /// Whether it sees brightness alone.
    is_grey: bool,
}

impl Form {
    /// PP-OCR reads all the world's text.
    pub(super) const GENERAL: Self =
        Self { name: "recognition", height_px: 48, column_px: 8, min_width_px: 48, is_grey: false };

    /// The project's own reader of dimension text.
    pub(super) const DIMENSION: Self = Self {
        name: "dimension recognition",
        height_px: 32,
        column_px: 4,
        min_width_px: 16,
        is_grey: true,
    };

    /// The line's own width at the model's height, in whole columns.
    fn input_width(self, picture: &RgbImage) -> u32 {
        let exact = u64::from(picture.width()) * u64::from(self.height_px)
            / u64::from(picture.height().max(1));
        let width = u32::try_from(exact).unwrap_or(MAX_WIDTH_PX);
        width.clamp(self.min_width_px, MAX_WIDTH_PX).div_ceil(self.column_px) * self.column_px
    }

    fn input(self, picture: &RgbImage) -> Result<Array4<f32>, EngineError> {
        let scaled = resize(picture, self.input_width(picture), self.height_px)?;
        Ok(if self.is_grey { brightness(&scaled) } else { normalised(&scaled) })
    }
}

/// A recognition model with the characters that it knows.
pub(super) struct Recognizer {
    model: Box<dyn Model>,
    dictionary: Dictionary,
    form: Form,
}

impl Recognizer {
    pub(super) fn new(model: Box<dyn Model>, characters: &str, form: Form) -> Self {
        Self { model, dictionary: Dictionary::new(characters), form }
    }

    /// Reads an upright line.
    pub(super) fn read(
        &mut self,
        picture: &RgbImage,
        stop: &StopSignal,
    ) -> Result<Decoded, EngineError> {
        self.run(picture, stop, |dictionary, columns| dictionary.decode(columns))
    }

    /// Says which of some signs a picture shows, with its probability.
    pub(super) fn sign(
        &mut self,
        picture: &RgbImage,
        among: &str,
        stop: &StopSignal,
    ) -> Result<Option<(char, f32)>, EngineError> {
        self.run(picture, stop, |dictionary, columns| dictionary.strongest(columns, among))
    }

    fn run<T>(
        &mut self,
        picture: &RgbImage,
        stop: &StopSignal,
        understand: impl Fn(&Dictionary, ArrayView2<'_, f32>) -> T,
    ) -> Result<T, EngineError> {
        let Self { model, dictionary, form } = self;
        let input = form.input(picture)?;
        let unknown =
            |shape: Vec<usize>| EngineError::ModelOutput { model: form.name.to_owned(), shape };
        let mut answer = Err(unknown(Vec::new()));
        model.run(input.view(), stop, &mut |output| {
            let shape = output.shape().to_vec();
            answer = match output.into_dimensionality::<Ix3>() {
                Ok(lines) if lines.dim().0 == 1 && lines.dim().2 == dictionary.classes() => {
                    Ok(understand(dictionary, lines.index_axis(ndarray::Axis(0), 0)))
                }
                _ => Err(unknown(shape)),
            };
        })?;
        answer
    }
}

/// Pixels as a plane of brightness from -1 to 1, weighted as eyes do (ITU-R BT.601).
fn brightness(image: &RgbImage) -> Array4<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let plane: Vec<f32> = image
        .pixels()
        .map(|pixel| {
            let [red, green, blue] = pixel.0.map(f32::from);
            (0.299 * red + 0.587 * green + 0.114 * blue) / 127.5 - 1.0
        })
        .collect();
    // The image has exactly these many pixels, so the other arm is never taken.
    Array4::from_shape_vec((1, 1, height, width), plane)
        .unwrap_or_else(|_| Array4::zeros((1, 1, height, width)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::fake::Fake;
    use ndarray::{Array3, ArrayD};

    /// Reads the classes that it is told, one a column.
    fn reader(form: Form, classes: &'static [usize]) -> Recognizer {
        let model = Fake::new(move |_| {
            let mut answer = Array3::from_elem((1, classes.len(), 5), 0.02);
            for (column, &class) in classes.iter().enumerate() {
                answer[(0, column, class)] = 0.92;
            }
            answer.into_dyn()
        });
        Recognizer::new(Box::new(model), "1\n2\n⌀", form)
    }

    #[test]
    fn what_the_columns_say_is_the_text() {
        let mut reader = reader(Form::GENERAL, &[3, 0, 1, 1, 2]);

        let read = reader.read(&RgbImage::new(100, 20), &StopSignal::new()).unwrap();

        assert_eq!(read.text, "⌀12");
        assert!((read.confidence - 0.92).abs() < 1e-6);
    }

    #[test]
    fn a_line_runs_at_its_own_width_in_whole_columns() {
        for (form, size, expected) in [
            (Form::GENERAL, (100, 20), [1, 3, 48, 240]),
            (Form::GENERAL, (5, 20), [1, 3, 48, 48]),
            (Form::GENERAL, (9000, 20), [1, 3, 48, 3200]),
            (Form::DIMENSION, (101, 20), [1, 1, 32, 164]),
            (Form::DIMENSION, (5, 20), [1, 1, 32, 16]),
        ] {
            let input = form.input(&RgbImage::new(size.0, size.1)).unwrap();

            assert_eq!(input.shape(), expected, "{size:?}");
        }
    }

    #[test]
    fn brightness_reaches_from_black_to_white() {
        let plane = |grey: u8| brightness(&RgbImage::from_pixel(1, 1, image::Rgb([grey; 3])));

        assert!((plane(0)[(0, 0, 0, 0)] + 1.0).abs() < 1e-4);
        assert!((plane(255)[(0, 0, 0, 0)] - 1.0).abs() < 1e-4);
    }

    #[test]
    fn a_model_with_other_classes_is_an_error() {
        let model = Fake::new(|_| ArrayD::zeros(vec![1, 4, 7]));
        let mut reader = Recognizer::new(Box::new(model), "1\n2", Form::GENERAL);

        let outcome = reader.read(&RgbImage::new(100, 20), &StopSignal::new());

        assert!(matches!(outcome, Err(EngineError::ModelOutput { .. })), "{outcome:?}");
    }

    #[test]
    fn a_stop_ends_the_reading() {
        let stop = StopSignal::new();
        stop.stop();

        let outcome = reader(Form::GENERAL, &[1]).read(&RgbImage::new(100, 20), &stop);

        assert!(matches!(outcome, Err(EngineError::Stopped)), "{outcome:?}");
    }
}
