//! Why a tone cannot be converted.

/// Why a tone cannot be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The samples have a width that is not taken.
    #[error(
        "the WAV has samples of {bits} bits; integers of 8, 16, 24 or 32 bits and floats of 32 are \
         taken: convert it first, for example with `sox IN -b 16 OUT.wav`"
    )]
    Bits {
        /// Bits of a sample.
        bits: u16,
    },
    /// There are too many channels, or none.
    #[error(
        "the WAV has {channels} channels; 1 or 2 are taken: mix it down first, for example with \
         `sox IN -c 1 OUT.wav`"
    )]
    Channels {
        /// How many there are.
        channels: u16,
    },
    /// The samples are compressed.
    #[error(
        "the WAV is coded in a way that is not taken (format tag {tag:#06x}); PCM, float, A-law \
         and µ-law are: convert it first, for example with `sox IN -e signed -b 16 OUT.wav`"
    )]
    Coding {
        /// The format tag.
        tag: u16,
    },
    /// There are no samples.
    #[error("the WAV has no samples")]
    Empty,
    /// The file starts as a WAV file does, but goes on differently.
    #[error("the WAV is damaged: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The file is something else.
    #[error(
        "this is not a WAV file (it starts with {start:?}): convert it first, for example with \
         `sox IN OUT.wav`"
    )]
    NotWav {
        /// The first bytes.
        start: String,
    },
    /// The samples cannot be read or written.
    #[error("the samples cannot be converted")]
    Samples(#[from] hound::Error),
    /// The rate is out of range.
    #[error(
        "the WAV has {rate} samples a second; {MIN_RATE} to {MAX_RATE} are taken: convert it first, \
         for example with `sox IN -r 8000 OUT.wav`"
    )]
    SampleRate {
        /// Samples a second.
        rate: u32,
    },
    /// The file is too long.
    #[error(
        "the WAV file has {bytes} bytes, more than {MAX_SOURCE}: shorten it first, for example \
         with `sox IN OUT.wav trim 0 10`"
    )]
    TooLong {
        /// The length of the file.
        bytes: usize,
    },
}

/// The longest file that is read, in bytes.
pub(super) const MAX_SOURCE: usize = 16 << 20;
/// The fewest samples a second.
pub(super) const MIN_RATE: u32 = 4000;
/// The most samples a second.
pub(super) const MAX_RATE: u32 = 192_000;
