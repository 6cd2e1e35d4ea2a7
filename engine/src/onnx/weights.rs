//! Sets weights to zero that are too small for the processor.
//!
//! A quarter million weights of the detection model are denormal numbers, left over from its training. A processor
//! multiplies each of those in microcode, a hundred times slower: they cost two thirds of the model's whole time.
//! As zeros they cost nothing, and no output changes by a single bit. (ONNX Runtime has a switch for this, but it
//! holds only for the one thread that opens the first session of the process.)
//!
//! A model file is a protocol buffer, so tensors are found by walking its fields: model, graph, initializer, raw data.

use std::ops::Range;

/// Field numbers of `onnx.proto`.
const MODEL_GRAPH: u64 = 7;
const GRAPH_INITIALIZER: u64 = 5;
const TENSOR_DATA_TYPE: u64 = 2;
const TENSOR_RAW_DATA: u64 = 9;

/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;

/// Clears denormal weights in a model file; what is no model file is left for the runtime to refuse.
pub(super) fn clear_denormals(model: &mut [u8]) {
    for place in float_tensors(model) {
        let (weights, _) = model.get_mut(place).unwrap_or_default().as_chunks_mut::<4>();
        for weight in weights {
            if f32::from_le_bytes(*weight).is_subnormal() {
                *weight = [0; 4];
            }
        }
    }
}

fn float_tensors(model: &[u8]) -> Vec<Range<usize>> {
    let whole = 0..model.len();
    let graphs = Fields::of(model, whole).filter(|field| field.number == MODEL_GRAPH);
    let tensors = graphs
        .flat_map(|graph| Fields::of(model, graph.content))
        .filter(|field| field.number == GRAPH_INITIALIZER);
    tensors.filter_map(|tensor| float_data(model, tensor.content)).collect()
}

fn float_data(model: &[u8], tensor: Range<usize>) -> Option<Range<usize>> {
    let is_float = Fields::of(model, tensor.clone())
        .any(|field| field.number == TENSOR_DATA_TYPE && field.value == FLOAT);
    let raw = Fields::of(model, tensor).find(|field| field.number == TENSOR_RAW_DATA);
    raw.filter(|_| is_float).map(|field| field.content)
}

/// One field of a message.
struct Field {
    number: u64,
    /// Of a number field.
    value: u64,
    /// Where the bytes of a message, text or packed field are.
    content: Range<usize>,
}

/// The fields of one message; ends at the first thing that is no field.
struct Fields<'model> {
    model: &'model [u8],
    rest: Range<usize>,
}

impl<'model> Fields<'model> {
    fn of(model: &'model [u8], message: Range<usize>) -> Self {
        Self { model, rest: message }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.model.get(self.rest.next()?)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn skip(&mut self, bytes: u64) -> Option<Range<usize>> {
        let end = self.rest.start.checked_add(usize::try_from(bytes).ok()?)?;
        let content = self.rest.start..end;
        self.rest.start = end;
        (end <= self.rest.end).then_some(content)
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        let key = self.varint()?;
        let (number, wire_type) = (key >> 3, key & 7);
        let (value, content) = match wire_type {
            0 => (self.varint()?, 0..0),
            1 => (0, self.skip(8)?),
            2 => {
                let length = self.varint()?;
                (0, self.skip(length)?)
            }
            5 => (0, self.skip(4)?),
            _ => return None,
        };
        Some(Field { number, value, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend_from_slice(content);
        bytes
    }

    fn model(data_type: u8, weights: &[f32]) -> Vec<u8> {
        let raw: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        let mut tensor = vec![2 << 3, data_type];
        tensor.extend(message(9, &raw));
        let mut file = vec![1 << 3, 10];
        file.extend(message(7, &message(5, &tensor)));
        file
    }

    #[test]
    fn only_denormal_floats_become_zero() {
        let mut file = model(1, &[1.5, 1e-40, -1e-40, f32::MIN_POSITIVE]);

        clear_denormals(&mut file);

        assert_eq!(file, model(1, &[1.5, 0.0, 0.0, f32::MIN_POSITIVE]));
    }

    #[test]
    fn tensors_of_other_types_stay() {
        let mut file = model(6, &[1e-40]);

        clear_denormals(&mut file);

        assert_eq!(file, model(6, &[1e-40]));
    }

    #[test]
    fn what_is_no_model_stays_and_does_not_panic() {
        for junk in [
            &b""[..],
            b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x3a\x04\x2a\x7f",
            &[0xff; 64],
        ] {
            let mut file = junk.to_vec();

            clear_denormals(&mut file);

            assert_eq!(file, junk);
        }
    }
}
