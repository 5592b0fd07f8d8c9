//! G.711: the two logarithmic codings of telephony.

/// Returns the µ-law code of a 16-bit sample.
pub(super) fn mulaw(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs().min(MULAW_CLIP) + MULAW_BIAS;
    // The bias keeps the highest bit within 7..=14.
    let segment = 8 - magnitude.leading_zeros();
    let step = (magnitude >> (segment + 3)) & 0x0F;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let [code, ..] = (sign | (segment << 4) | u32::from(step)).to_le_bytes();
    !code
}

/// Returns the 16-bit sample of a µ-law code.
pub(super) fn from_mulaw(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = ((code >> 4) & 0x07, i16::from(code & 0x0F));
    let magnitude = (((step << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// Returns the 16-bit sample of an A-law code.
pub(super) fn from_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4) & 0x07, i16::from(code & 0x0F));
    let magnitude = match segment {
        0 => (step << 4) + 0x08,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// Added before the logarithm is taken, so that small samples have one.
const MULAW_BIAS: u16 = 0x84;
/// The loudest sample that has a code.
const MULAW_CLIP: u16 = 0x7FFF - MULAW_BIAS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_mulaw_codes() {
        let known = [
            (0, 0xFF),
            (3, 0xFF),
            (4, 0xFE),
            (8, 0xFE),
            (-1, 0x7F),
            (-8, 0x7E),
            (1000, 0xCE),
            (-1000, 0x4E),
            (8159 << 2, 0x80),
            (i16::MAX, 0x80),
            (i16::MIN, 0x00),
        ];
        for (sample, code) in known {
            assert_eq!(mulaw(sample), code, "{sample}");
        }
    }

    #[test]
    fn known_samples() {
        // The end points of the decoder tables of G.711, scaled to 16 bits.
        for (code, sample) in [
            (0xFF, 0),
            (0x7F, 0),
            (0x80, 32_124),
            (0x00, -32_124),
            (0xFE, 8),
        ] {
            assert_eq!(from_mulaw(code), sample, "µ-law {code:#04x}");
        }
        for (code, sample) in [
            (0xD5, 8),
            (0x55, -8),
            (0xAA, 32_256),
            (0x2A, -32_256),
            (0xC5, 264),
        ] {
            assert_eq!(from_alaw(code), sample, "A-law {code:#04x}");
        }
    }

    #[test]
    fn mulaw_codes_survive_a_round_trip() {
        for code in 0..=u8::MAX {
            // Minus zero has a code of its own.
            let expected = if code == 0x7F { 0xFF } else { code };
            assert_eq!(mulaw(from_mulaw(code)), expected);
        }
    }

    #[test]
    fn quantization_error_is_at_most_half_a_step() {
        for sample in (-32_000..=32_000_i16).step_by(7) {
            let error = (i32::from(from_mulaw(mulaw(sample))) - i32::from(sample)).abs();
            // A step is a sixteenth of where its segment starts.
            let half = (i32::from(sample).abs() + 0x84) / 32;
            assert!(error <= half, "{sample}: {error}");
        }
    }
}
