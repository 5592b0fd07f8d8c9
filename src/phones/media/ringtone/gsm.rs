//! GSM 06.10 full rate, the coding of Asterisk's `.gsm` and WAV49 recordings: the decoder only.
//!
//! The decoder is specified bit by bit (ETSI EN 300 961, section 5.3), in saturating 16-bit
//! arithmetic, so its output is compared with that of another decoder exactly. The crates for it bind a
//! C library without a safe interface.

/// Samples that one frame decodes to, 20 ms at 8 kHz.
pub(super) const FRAME_SAMPLES: usize = 160;
/// Bytes of one frame in a `.gsm` file.
pub(super) const FRAME_BYTES: usize = 33;
/// Bytes of a pair of frames in a WAV file (WAV49).
pub(super) const PAIR_BYTES: usize = 65;

/// Decodes at most `samples` samples of a `.gsm` file: frames of 33 bytes, most significant bit first,
/// each after a signature of four bits.
pub(super) fn decode(data: &[u8], samples: usize) -> Vec<i16> {
    let mut decoder = Decoder::default();
    let mut decoded = Vec::new();
    for frame in data.chunks_exact(FRAME_BYTES) {
        if decoded.len() >= samples {
            break;
        }
        let mut bits = Bits::new(frame, Order::MostSignificantFirst);
        let _signature = bits.take(SIGNATURE_BITS);
        decoder.frame(&mut bits, &mut decoded);
    }
    decoded.truncate(samples);
    decoded
}

/// Decodes at most `samples` samples of a WAV49 file: pairs of frames in 65 bytes, least significant
/// bit first.
pub(super) fn decode_pairs(data: &[u8], samples: usize) -> Vec<i16> {
    let mut decoder = Decoder::default();
    let mut decoded = Vec::new();
    for pair in data.chunks_exact(PAIR_BYTES) {
        if decoded.len() >= samples {
            break;
        }
        let mut bits = Bits::new(pair, Order::LeastSignificantFirst);
        decoder.frame(&mut bits, &mut decoded);
        decoder.frame(&mut bits, &mut decoded);
    }
    decoded.truncate(samples);
    decoded
}

/// Returns whether every whole frame of `data` begins with the signature of a `.gsm` file.
pub(super) fn is_signed(data: &[u8]) -> bool {
    let mut frames = data.chunks_exact(FRAME_BYTES).peekable();
    frames.peek().is_some()
        && frames.all(|frame| frame.first().is_some_and(|byte| byte >> 4 == SIGNATURE))
}

const SIGNATURE: u8 = 0xD;
const SIGNATURE_BITS: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Order {
    LeastSignificantFirst,
    MostSignificantFirst,
}

/// Reads parameters of a few bits; zeros after the end.
struct Bits<'a> {
    data: &'a [u8],
    order: Order,
    at: usize,
}

impl<'a> Bits<'a> {
    fn new(data: &'a [u8], order: Order) -> Self {
        Self { data, order, at: 0 }
    }

    fn take(&mut self, count: u32) -> i16 {
        let mut value = 0;
        for place in 0..count {
            let byte = self.data.get(self.at / 8).copied().unwrap_or_default();
            let place_in_byte = self.at % 8;
            self.at += 1;
            match self.order {
                Order::MostSignificantFirst => {
                    value = value << 1 | i16::from(byte >> (7 - place_in_byte) & 1);
                }
                Order::LeastSignificantFirst => {
                    value |= i16::from(byte >> place_in_byte & 1) << place;
                }
            }
        }
        value
    }
}

/// The state between frames. Names are those of the specification.
#[derive(Debug)]
struct Decoder {
    /// The log area ratios of the frame before.
    larpp: [i16; ORDER],
    /// The last reconstructed short-term residual, for long-term prediction.
    drp: [i16; HISTORY],
    /// The last valid lag.
    nrp: usize,
    /// The state of the lattice filter.
    v: [i16; ORDER + 1],
    /// The state of the de-emphasis filter.
    msr: i16,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            larpp: [0; ORDER],
            drp: [0; HISTORY],
            nrp: SUBFRAME,
            v: [0; ORDER + 1],
            msr: 0,
        }
    }
}

impl Decoder {
    fn frame(&mut self, bits: &mut Bits<'_>, decoded: &mut Vec<i16>) {
        let mut larpp = [0; ORDER];
        for (value, row) in larpp.iter_mut().zip(LAR) {
            let coded = bits.take(row.bits);
            let scaled = (coded + row.minimum) << 10;
            let product = mult_r(row.inverse, scaled.saturating_sub(row.offset << 1));
            *value = product.saturating_add(product);
        }
        let mut residual = [0; FRAME_SAMPLES];
        for part in residual.chunks_exact_mut(SUBFRAME) {
            self.subframe(bits, part);
        }
        let before = std::mem::replace(&mut self.larpp, larpp);
        let interpolated = |weigh: fn(i16, i16) -> i16| {
            let mut ratios = [0; ORDER];
            for (ratio, (a, b)) in ratios.iter_mut().zip(before.iter().zip(&larpp)) {
                *ratio = reflection(weigh(*a, *b));
            }
            ratios
        };
        let (start, rest) = residual.split_at(13);
        let (middle, rest) = rest.split_at(14);
        let (end, rest) = rest.split_at(13);
        let mostly_before = |a: i16, b: i16| (a >> 2).saturating_add(b >> 2).saturating_add(a >> 1);
        let mostly_after = |a: i16, b: i16| (a >> 2).saturating_add(b >> 2).saturating_add(b >> 1);
        self.synthesize(&interpolated(mostly_before), start, decoded);
        let both = |a: i16, b: i16| (a >> 1).saturating_add(b >> 1);
        self.synthesize(&interpolated(both), middle, decoded);
        self.synthesize(&interpolated(mostly_after), end, decoded);
        self.synthesize(&interpolated(|_, b| b), rest, decoded);
    }

    /// Decodes the pulses of a subframe, and adds the long-term prediction.
    fn subframe(&mut self, bits: &mut Bits<'_>, residual: &mut [i16]) {
        let lag = usize::try_from(bits.take(7)).unwrap_or_default();
        let gain = index(GAINS, bits.take(2));
        let grid = usize::try_from(bits.take(2)).unwrap_or_default();
        let pulses = pulses(bits);
        let mut excitation = [0; SUBFRAME];
        let places = excitation.iter_mut().skip(grid).step_by(3);
        places.zip(pulses).for_each(|(place, pulse)| *place = pulse);

        if (SUBFRAME..=HISTORY).contains(&lag) {
            self.nrp = lag;
        }
        // The lag is at least as long as a subframe, so all of the prediction is known already.
        let past = self.drp.iter().skip(HISTORY - self.nrp);
        let predicted = excitation.iter().zip(past);
        for (value, (pulse, past)) in residual.iter_mut().zip(predicted) {
            *value = pulse.saturating_add(mult_r(gain, *past));
        }
        self.drp.rotate_left(SUBFRAME);
        let (_, newest) = self.drp.split_at_mut(HISTORY - SUBFRAME);
        newest.copy_from_slice(residual);
    }

    /// Runs the lattice filter and the de-emphasis over a part of a frame.
    fn synthesize(&mut self, ratios: &[i16; ORDER], part: &[i16], decoded: &mut Vec<i16>) {
        for residual in part {
            let mut value = *residual;
            let states = self.v;
            let stages = ratios.iter().zip(&states).rev();
            for ((ratio, state), next) in stages.zip(self.v.iter_mut().rev()) {
                value = value.saturating_sub(mult_r(*ratio, *state));
                *next = state.saturating_add(mult_r(*ratio, value));
            }
            if let Some(first) = self.v.first_mut() {
                *first = value;
            }
            self.msr = value.saturating_add(mult_r(self.msr, DE_EMPHASIS));
            // The output has 13 bits.
            decoded.push(self.msr.saturating_add(self.msr) & !7);
        }
    }
}

/// Decodes the thirteen pulses of a subframe.
fn pulses(bits: &mut Bits<'_>) -> [i16; PULSES] {
    let block = bits.take(6);
    let mut exponent = if block > 15 { (block >> 3) - 1 } else { 0 };
    let mut mantissa = block - (exponent << 3);
    if mantissa == 0 {
        (exponent, mantissa) = (-4, 7);
    } else {
        while mantissa <= 7 {
            mantissa = mantissa << 1 | 1;
            exponent -= 1;
        }
        mantissa -= 8;
    }
    let factor = index(FACTORS, mantissa);
    let shift = 6 - exponent;
    let rounding = if shift > 0 { 1 << (shift - 1) } else { 0 };
    let mut pulses = [0; PULSES];
    for pulse in &mut pulses {
        let coded = ((bits.take(3) << 1) - 7) << 12;
        *pulse = mult_r(factor, coded).saturating_add(rounding) >> shift;
    }
    pulses
}

/// Converts a log area ratio to a reflection coefficient.
fn reflection(ratio: i16) -> i16 {
    let magnitude = ratio.saturating_abs();
    let coefficient = match magnitude {
        ..11_059 => magnitude << 1,
        11_059..20_070 => magnitude + 11_059,
        _ => (magnitude >> 2).saturating_add(26_112),
    };
    if ratio < 0 { -coefficient } else { coefficient }
}

/// Multiplies fractions of 15 bits with rounding; saturates.
fn mult_r(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    i16::try_from(product).unwrap_or(i16::MAX)
}

fn index<const N: usize>(table: [i16; N], at: i16) -> i16 {
    let at = usize::try_from(at).ok();
    at.and_then(|at| table.get(at)).copied().unwrap_or_default()
}

/// How one log area ratio is coded.
struct Lar {
    bits: u32,
    minimum: i16,
    offset: i16,
    inverse: i16,
}

const fn lar(bits: u32, minimum: i16, offset: i16, inverse: i16) -> Lar {
    Lar {
        bits,
        minimum,
        offset,
        inverse,
    }
}

/// Table 4.1 and 4.2 of the specification.
const LAR: [Lar; ORDER] = [
    lar(6, -32, 0, 13_107),
    lar(6, -32, 0, 13_107),
    lar(5, -16, 2048, 13_107),
    lar(5, -16, -2560, 13_107),
    lar(4, -8, 94, 19_223),
    lar(4, -8, -1792, 17_476),
    lar(3, -4, -341, 31_454),
    lar(3, -4, -1144, 29_708),
];
/// Table 4.3b: the quantized long-term gains.
const GAINS: [i16; 4] = [3277, 11_469, 21_299, 32_767];
/// Table 4.6: the normalized direct mantissas.
const FACTORS: [i16; 8] = [
    18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767,
];
const DE_EMPHASIS: i16 = 28_180;
/// Order of the short-term filter.
const ORDER: usize = 8;
/// Samples of a subframe; also the shortest lag.
const SUBFRAME: usize = 40;
/// The longest lag.
const HISTORY: usize = 120;
/// Pulses of a subframe.
const PULSES: usize = 13;
