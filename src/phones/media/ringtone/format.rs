//! What a phone wants of a tone.

/// What a phone wants of a tone. All of them are mono.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ToneFormat {
    /// What is around the samples.
    pub container: Container,
    /// How a sample is written.
    pub coding: Coding,
    /// Samples a second.
    pub rate: u32,
    /// The fewest samples.
    pub shortest: u32,
    /// The most samples.
    pub longest: u32,
    /// The number of samples is a multiple of this.
    pub multiple: u32,
}

/// What is around the samples of a tone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Container {
    /// Nothing.
    Raw,
    /// A RIFF header.
    Wav,
}

/// How a sample is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// 16 bits, signed, little endian.
    Linear,
    /// 8 bits by G.711.
    Mulaw,
}

impl ToneFormat {
    /// Cisco's ring tone: headerless µ-law of 30 ms to 2.01 s in steps of 30 ms.
    pub const CISCO_RING: Self = Self {
        container: Container::Raw,
        coding: Coding::Mulaw,
        rate: 8000,
        shortest: 240,
        longest: 16_080,
        multiple: 240,
    };
    /// What Cisco phones play from an `audio/basic` answer: the same coding, at most 5 s.
    pub const CISCO_PLAY: Self = Self {
        longest: 166 * 240,
        ..Self::CISCO_RING
    };
    /// Snom's ring tone: a linear WAV file. Snom states no limit; a minute is plenty.
    pub const SNOM_RING: Self = Self {
        container: Container::Wav,
        coding: Coding::Linear,
        rate: 8000,
        shortest: 1,
        longest: 60 * 8000,
        multiple: 1,
    };
    /// Yealink's ring tone: a µ-law WAV file. Older phones take about 100 kB, which is 12 s.
    pub const YEALINK_RING: Self = Self {
        coding: Coding::Mulaw,
        longest: 12 * 8000,
        ..Self::SNOM_RING
    };
    /// What Yealink phones play by `Wav.Play`: a linear WAV file.
    pub const YEALINK_PLAY: Self = Self::SNOM_RING;

    /// Returns the media type for HTTP.
    pub const fn content_type(self) -> &'static str {
        match self.container {
            Container::Raw => "audio/basic",
            Container::Wav => "audio/wav",
        }
    }

    /// Returns how the name of such a file ends, without the dot.
    pub const fn extension(self) -> &'static str {
        match self.container {
            Container::Raw => "raw",
            Container::Wav => "wav",
        }
    }
}
