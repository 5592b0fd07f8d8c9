//! The format of a tone: container, coding, rate and length.

/// The format of a tone that a phone accepts. All are mono.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ToneFormat {
    /// Header of the file.
    pub container: Container,
    /// Coding of a sample.
    pub coding: Coding,
    /// Samples per second.
    pub rate: u32,
    /// Minimum number of samples.
    pub shortest: u32,
    /// Maximum number of samples.
    pub longest: u32,
    /// The number of samples is a multiple of this.
    pub multiple: u32,
}

/// Header of a tone file.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Container {
    /// None.
    Raw,
    /// A RIFF header.
    Wav,
}

/// Coding of a sample.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Coding {
    /// 16 bits, signed, little endian.
    Linear,
    /// 8 bits by G.711.
    Mulaw,
}

impl ToneFormat {
    /// Cisco ring tone: headerless µ-law of 30 ms to 2.01 s in steps of 30 ms.
    pub const CISCO_RING: Self = Self {
        container: Container::Raw,
        coding: Coding::Mulaw,
        rate: 8000,
        shortest: 240,
        longest: 16_080,
        multiple: 240,
    };
    /// Tone that a Cisco phone plays from an `audio/basic` response: the same coding, at most 5 s.
    pub const CISCO_PLAY: Self = Self {
        longest: 166 * 240,
        ..Self::CISCO_RING
    };
    /// Snom ring tone: a linear WAV file. Snom documents no limit; a minute is ample.
    pub const SNOM_RING: Self = Self {
        container: Container::Wav,
        coding: Coding::Linear,
        rate: 8000,
        shortest: 1,
        longest: 60 * 8000,
        multiple: 1,
    };
    /// Yealink ring tone: a µ-law WAV file. Older phones accept about 100 kB, which is 12 s.
    pub const YEALINK_RING: Self = Self {
        coding: Coding::Mulaw,
        longest: 12 * 8000,
        ..Self::SNOM_RING
    };
    /// Tone that a Yealink phone plays by `Wav.Play`: a linear WAV file.
    pub const YEALINK_PLAY: Self = Self::SNOM_RING;

    /// Returns whether headerless µ-law of this length needs no conversion.
    pub(super) fn accepts_unchanged(self, mulaw: &[u8]) -> bool {
        let length = u32::try_from(mulaw.len()).unwrap_or(u32::MAX);
        self.container == Container::Raw
            && self.coding == Coding::Mulaw
            && (self.shortest..=self.longest).contains(&length)
            && length.is_multiple_of(self.multiple)
    }

    /// Returns the media type for HTTP.
    pub const fn content_type(self) -> &'static str {
        match self.container {
            Container::Raw => "audio/basic",
            Container::Wav => "audio/wav",
        }
    }

    /// Returns the file name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self.container {
            Container::Raw => "raw",
            Container::Wav => "wav",
        }
    }
}
