//! Names of channels.

/// Returns the endpoint of a channel, `PJSIP/door-front` for `PJSIP/door-front-0000001a`; `None` if `text` does
/// not have the form of a channel.
///
/// Asterisk appends a number to the name of the endpoint: eight hexadecimal digits in `chan_pjsip`,
/// `chan_sip`, `chan_sccp` and for local channels (with `;1` or `;2` for the end), else decimal digits. A
/// channel that is being replaced has a mark (`<ZOMBIE>`), one that was moved a prefix (`AsyncGoto/`).
pub fn endpoint_of_channel(text: &str) -> Option<&str> {
    let text = text.strip_prefix("AsyncGoto/").unwrap_or(text);
    let text = ["<ZOMBIE>", "<MASQ>"]
        .iter()
        .find_map(|mark| text.strip_suffix(mark))
        .unwrap_or(text);
    let (technology, _) = text.split_once('/')?;
    let text = text
        .strip_suffix(";1")
        .or_else(|| text.strip_suffix(";2"))
        .unwrap_or(text);
    let (endpoint, number) = text.rsplit_once('-')?;
    let has_hexadecimal = HEXADECIMAL
        .iter()
        .any(|known| known.eq_ignore_ascii_case(technology));
    let is_number = if has_hexadecimal {
        number.len() == DIGITS && number.bytes().all(|digit| digit.is_ascii_hexdigit())
    } else {
        !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    };
    (is_number && endpoint.len() > technology.len().saturating_add(1)).then_some(endpoint)
}

/// Technologies whose channels have hexadecimal numbers.
const HEXADECIMAL: [&str; 4] = ["Local", "PJSIP", "SCCP", "SIP"];

/// Number of their digits.
const DIGITS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_of_a_channel_is_not_part_of_its_endpoint() {
        for (channel, endpoint) in [
            ("PJSIP/1001-0000001a", Some("PJSIP/1001")),
            ("PJSIP/door-front-0000001a", Some("PJSIP/door-front")),
            ("SIP/1001-0000001A", Some("SIP/1001")),
            ("SCCP/1001-00000007", Some("SCCP/1001")),
            ("IAX2/berlin-4711", Some("IAX2/berlin")),
            ("DAHDI/i1/030123456-2", Some("DAHDI/i1/030123456")),
            ("Local/1001@phones-00000001;2", Some("Local/1001@phones")),
            ("PJSIP/1001-0000001a<ZOMBIE>", Some("PJSIP/1001")),
            ("AsyncGoto/PJSIP/1001-0000001a", Some("PJSIP/1001")),
            ("PJSIP/door-front", None),
            ("PJSIP/door-facade", None),
            ("PJSIP/1001", None),
            ("PJSIP/-0000001a", None),
            ("1001-0000001a", None),
            ("", None),
        ] {
            assert_eq!(endpoint_of_channel(channel), endpoint, "{channel}");
        }
    }
}
