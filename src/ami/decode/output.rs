//! The JSON that is not written yet.

use std::io;
use std::mem;

/// Collects JSON and passes it on before it is long: a packet may have megabytes.
pub(super) struct Output<'a> {
    /// What is not passed on yet.
    pub(super) text: Vec<u8>,
    pass_on: &'a mut dyn FnMut(Vec<u8>) -> io::Result<Vec<u8>>,
}

impl<'a> Output<'a> {
    /// Creates an output; `pass_on` returns an empty text for what comes next.
    pub(super) fn new(pass_on: &'a mut dyn FnMut(Vec<u8>) -> io::Result<Vec<u8>>) -> Self {
        Self {
            text: Vec::new(),
            pass_on,
        }
    }

    /// Passes on what there is, if anything.
    pub(super) fn pass_on(&mut self) -> io::Result<()> {
        if !self.text.is_empty() {
            self.text = (self.pass_on)(mem::take(&mut self.text))?;
        }
        Ok(())
    }

    /// Does so if it is long. No more than [`PART`] bytes of a packet become JSON between two calls.
    pub(super) fn pass_on_long(&mut self) -> io::Result<()> {
        if self.text.len() < LONG {
            return Ok(());
        }
        self.pass_on()
    }
}

/// Bytes of JSON that are passed on together, unless the input pauses. The JSON of a usual read has fewer.
const LONG: usize = 256 * 1024;

/// The most bytes of a packet that become JSON at once; each may become six.
pub(super) const PART: usize = 8 * 1024;
