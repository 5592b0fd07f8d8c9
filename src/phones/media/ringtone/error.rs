//! Why a tone cannot be converted.

/// Why a tone cannot be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sample width is not supported.
    #[error(
        "unsupported WAV samples of {bits} bits; supported are integers of 8, 16, 24 or 32 bits and \
         floats of 32: convert it first, for example with `sox IN -b 16 OUT.wav`"
    )]
    Bits {
        /// Bits per sample.
        bits: u16,
    },
    /// There are too many channels, or none.
    #[error(
        "unsupported WAV with {channels} channels; supported are 1 and 2: mix it down first, for example with \
         `sox IN -c 1 OUT.wav`"
    )]
    Channels {
        /// Number of channels.
        channels: u16,
    },
    /// The coding of the samples is not supported.
    #[error(
        "unsupported WAV coding (format tag {tag:#06x}); supported are PCM, float, A-law, µ-law and GSM: \
         convert it first, for example with `sox IN -e signed -b 16 OUT.wav`"
    )]
    Coding {
        /// The format tag.
        tag: u16,
    },
    /// There are no samples.
    #[error("the recording has no samples")]
    Empty,
    /// The file starts like a WAV file but is damaged.
    #[error("the WAV is damaged: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The file is called `.gsm`, and its frames lack their signature.
    #[error(
        "not a GSM recording, in spite of its name: each 33 bytes of one begin with the bits 1101; \
         convert it first, for example with `sox -t FORMAT IN OUT.wav`"
    )]
    NotGsm,
    /// The file is not a WAV file, and its name does not show what it is.
    #[error(
        "not a WAV file (it starts with {start:?}), nor .raw, .rwb, .gsm, .ulaw, .alaw or .sln by name: convert it first, for example with \
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
        "unsupported WAV rate of {rate} Hz; supported are {MIN_RATE} to {MAX_RATE}: convert it first, for \
         example with `sox IN -r 8000 OUT.wav`"
    )]
    SampleRate {
        /// Samples per second.
        rate: u32,
    },
    /// The file is too long.
    #[error(
        "the recording has {bytes} bytes, and the limit is {MAX_SOURCE}: shorten it first, for example \
         with `sox IN OUT.wav trim 0 10`"
    )]
    TooLong {
        /// The size of the file.
        bytes: usize,
    },
}

/// Maximum size of a source file, in bytes.
pub(super) const MAX_SOURCE: usize = 16 << 20;
/// Minimum samples per second.
pub(super) const MIN_RATE: u32 = 4000;
/// Maximum samples per second.
pub(super) const MAX_RATE: u32 = 192_000;
