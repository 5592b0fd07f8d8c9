//! The header of a WAV file.

/// Returns the header of a WAV file with `length` bytes of samples.
pub(super) fn header(tag: u16, channels: u16, rate: u32, bits: u16, length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let block = channels * (bits / 8);
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    // All codings but PCM and float state the length of their extension and the number of samples.
    let bare = matches!(tag, TAG_FLOAT | TAG_PCM);
    bytes.extend(if bare { 16_u32 } else { 18 }.to_le_bytes());
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    if !bare {
        bytes.extend([0, 0]);
        bytes.extend(b"fact");
        bytes.extend(4_u32.to_le_bytes());
        bytes.extend((length / u32::from(block)).to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    let all = u32::try_from(bytes.len() - 8).unwrap_or(u32::MAX);
    let all = all.saturating_add(length).saturating_add(length % 2);
    for (to, from) in bytes.iter_mut().skip(4).zip(all.to_le_bytes()) {
        *to = from;
    }
    bytes
}

pub(super) const TAG_PCM: u16 = 0x0001;
pub(super) const TAG_FLOAT: u16 = 0x0003;
pub(super) const TAG_ALAW: u16 = 0x0006;
pub(super) const TAG_MULAW: u16 = 0x0007;
pub(super) const TAG_GSM: u16 = 0x0031;
pub(super) const TAG_EXTENSIBLE: u16 = 0xFFFE;
