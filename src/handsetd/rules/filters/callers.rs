//! `endpoint` and `number`: what the names of channels and callers contain.

use handset_phones::phone::endpoint_of_channel;
use minijinja::value::StringInput;

/// Returns the endpoint of a channel; what has no number at its end stays as it is.
#[expect(clippy::needless_pass_by_value, reason = "an argument of a filter")]
pub(super) fn endpoint(text: StringInput<'_>) -> String {
    let text = text.as_str();
    endpoint_of_channel(text).unwrap_or(text).to_owned()
}

/// Returns the number in `"Bob" <1001>`, `sip:1001@pbx;transport=udp`, `tel:1001`, `PJSIP/1001-0000001a` or
/// `1001`; empty for Asterisk's `<unknown>`.
#[expect(clippy::needless_pass_by_value, reason = "an argument of a filter")]
pub(super) fn number(text: StringInput<'_>) -> String {
    let text = text.as_str().trim();
    let text = match text.rsplit_once('<') {
        Some((_, address)) => address.split('>').next().unwrap_or_default().trim(),
        None => text,
    };
    if text.eq_ignore_ascii_case("unknown") {
        return String::new();
    }
    let uri = ["sip:", "sips:", "tel:"].into_iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        start
            .eq_ignore_ascii_case(scheme)
            .then(|| text.get(scheme.len()..))?
    });
    let text = match uri {
        Some(uri) => uri.split([';', '?']).next().unwrap_or_default(),
        None => match text.split_once('/') {
            Some(_) => {
                let endpoint = endpoint_of_channel(text).unwrap_or(text);
                endpoint.rsplit('/').next().unwrap_or_default()
            }
            None => text,
        },
    };
    let user = text.split('@').next().unwrap_or_default();
    user.split(':').next().unwrap_or_default().to_owned()
}
