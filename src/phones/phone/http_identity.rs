//! What a phone says of itself when it requests a document by HTTP.

use super::{Firmware, Identity, Vendor};

/// The headers of a request that show a phone's vendor; empty if they are missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpHeaders<'a> {
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `X-CiscoIPPhoneModelName`, such as `CP-7970G`.
    pub cisco_model: &'a str,
    /// `Accept`.
    pub accept: &'a str,
}

impl Identity {
    /// Parses the headers of a request; `None` if they are not those of a supported phone. The model is
    /// empty if only the vendor is known, as of Cisco phones without a header for their model.
    pub fn of_http_headers(headers: HttpHeaders<'_>) -> Option<Self> {
        let HttpHeaders {
            user_agent,
            cisco_model,
            accept,
        } = headers;
        // The User-Agent of phones with enterprise firmware is that of their HTTP library.
        let of_model = || Self::of_user_agent(&format!("Cisco-{}/", cisco_model.trim()));
        let named = Self::of_user_agent(user_agent).or_else(of_model);
        named.or_else(|| {
            let contains = |text: &str, word: &str| text.to_ascii_lowercase().contains(word);
            let vendor = if !cisco_model.is_empty()
                || contains(accept, "ciscoipphone")
                || contains(user_agent, "cisco")
            {
                Vendor::Cisco
            } else if contains(user_agent, "snom") {
                Vendor::Snom
            } else if contains(user_agent, "yealink") {
                Vendor::Yealink
            } else {
                return None;
            };
            Some(Self {
                vendor,
                model: String::new(),
                firmware: Firmware::default(),
                mac: None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user_agent: &str, cisco_model: &str, accept: &str) -> Option<(Vendor, String)> {
        let identity = Identity::of_http_headers(HttpHeaders {
            user_agent,
            cisco_model,
            accept,
        });
        identity.map(|identity| (identity.vendor, identity.model))
    }

    fn phone(vendor: Vendor, model: &str) -> (Vendor, String) {
        (vendor, model.to_owned())
    }

    #[test]
    fn phones_are_recognised_by_their_requests() {
        use Vendor::{Cisco, Snom, Yealink};
        let allegro = "Allegro-Software-WebClient/4.34";
        let accept = "x-CiscoIPPhone/*, text/*,image/png,*/*";
        assert_eq!(of(allegro, "CP-7970G", accept), Some(phone(Cisco, "7970G")));
        assert_eq!(of(allegro, "DP-9841", accept), Some(phone(Cisco, "9841")));
        assert_eq!(of(allegro, "", accept), Some(phone(Cisco, "")));
        assert_eq!(of(allegro, "CP-<x>", ""), Some(phone(Cisco, "")));
        let snom = "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12 00005E005302 SXM:0)";
        assert_eq!(of(snom, "", "text/xml,*/*"), Some(phone(Snom, "D785")));
        assert_eq!(of("snom lid 3605", "", ""), Some(phone(Snom, "")));
        let yealink = "Yealink SIP-T46S 66.86.0.15 00:00:5e:00:53:03";
        assert_eq!(of(yealink, "", "*/*"), Some(phone(Yealink, "T46S")));
    }

    #[test]
    fn other_programs_are_no_phones() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(of(firefox, "", "text/html,*/*;q=0.8"), None);
        assert_eq!(of("", "", ""), None);
        assert_eq!(of("curl/8.5.0", "", "*/*"), None);
    }
}
