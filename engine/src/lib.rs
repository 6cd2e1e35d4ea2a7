//! Pixels in, engineering facts out: the inside of every provider that reads a drawing on this machine.
//!
//! One drawing takes this way:
//! 1. [`document`] opens the bytes, whatever kind they are, and gives one page after the other;
//! 2. [`ocr`] finds the text of a page and reads it, with the models of [`models`] run by [`onnx`];
//!    [`exact`] puts it together with the text that the file states itself;
//! 3. [`drawing`] says what that text means to an engineer;
//! 4. [`overlay`] draws what was understood over the page.
//!
//! Nothing here waits for anything but the processor: no runtime, no network, no environment. A caller that
//! runs out of time calls [`stop::StopSignal::stop`].

pub mod document;
mod dots;
pub mod drawing;
pub mod error;
pub mod exact;
pub mod models;
pub mod ocr;
pub mod onnx;
pub mod overlay;
pub mod stop;
