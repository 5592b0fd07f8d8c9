//! Pictures and tones, made to measure for a phone.
