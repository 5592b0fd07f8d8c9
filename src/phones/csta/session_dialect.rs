//! How a phone is spoken to in a session over SIP.

use super::edition::Edition;
use crate::phone::{CstaAccount, CstaCalls, Endpoint, Firmware, Phone, Vendor};

/// How a phone is spoken to in a session over SIP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionDialect {
    /// The edition of the requests.
    pub edition: Edition,
    /// How call ids are written.
    pub calls: CstaCalls,
    /// What the phone calls its own line.
    pub device: String,
    /// Whether the phone also names its lines by their numbers from 1.
    pub has_line_numbers: bool,
    /// The phone's own names for its ends of calls, where they are known: id of the call, and device.
    pub ends: Vec<(String, String)>,
}

impl SessionDialect {
    /// Returns the dialect of a phone; `None` if it has no account for sessions.
    pub fn of(phone: &Phone) -> Option<Self> {
        let account = phone.csta.as_ref()?;
        Some(Self::new(
            account,
            Some(phone.vendor),
            &phone.firmware,
            phone.csta_calls,
            phone.endpoint.as_ref(),
        ))
    }

    /// Returns the dialect of a phone of which some is known: its vendor, its firmware, how its call ids are
    /// written by the configuration, and its endpoint in Asterisk.
    pub fn new(
        account: &CstaAccount,
        vendor: Option<Vendor>,
        firmware: &Firmware,
        calls: Option<CstaCalls>,
        endpoint: Option<&Endpoint>,
    ) -> Self {
        let is_snom = vendor == Some(Vendor::Snom);
        let has_line_numbers = is_snom && !firmware.is_older_than(&[8, 7, 4]);
        let device = match account.device() {
            Some(device) => device,
            None if has_line_numbers => "1",
            None => endpoint.map_or_else(|| account.user(), Endpoint::name),
        };
        Self {
            edition: if is_snom { Edition::Ed5 } else { Edition::Ed3 },
            calls: calls.unwrap_or(CstaCalls::Nested),
            device: device.to_owned(),
            has_line_numbers,
            ends: Vec::new(),
        }
    }

    /// Returns whether destinations of transfers must be addresses: so Snom has them, and takes bare numbers
    /// for new calls only.
    pub fn wants_addresses(&self) -> bool {
        self.edition == Edition::Ed5
    }

    /// Returns the phone's own name for its end of a call; that of its line, if it is not known.
    pub fn device_of(&self, call_id: &str) -> &str {
        let end = self.ends.iter().find(|(id, _)| id == call_id);
        end.map_or(&self.device, |(_, device)| device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(vendor: Vendor, firmware: &str, device: Option<&str>) -> SessionDialect {
        let account = CstaAccount::new("1001-csta", "s3cret".into()).unwrap();
        let account = match device {
            Some(device) => account.with_device(device).unwrap(),
            None => account,
        };
        let phone = Phone {
            firmware: Firmware::new(firmware),
            endpoint: Some("PJSIP/1001".parse().unwrap()),
            csta: Some(account),
            ..Phone::example(vendor, "")
        };
        SessionDialect::of(&phone).unwrap()
    }

    #[test]
    fn edition_and_device_follow_the_vendor() {
        for (vendor, firmware, device, edition, expected) in [
            (Vendor::Snom, "10.1.198.12", None, Edition::Ed5, "1"),
            (Vendor::Snom, "", None, Edition::Ed5, "1"),
            (Vendor::Snom, "8.7.3.19", None, Edition::Ed5, "1001"),
            (Vendor::Yealink, "84.86.0.1", None, Edition::Ed3, "1001"),
            (
                Vendor::Snom,
                "",
                Some("sip:7@pbx"),
                Edition::Ed5,
                "sip:7@pbx",
            ),
        ] {
            let dialect = dialect(vendor, firmware, device);
            assert_eq!(
                (dialect.edition, dialect.device.as_str()),
                (edition, expected)
            );
            assert_eq!(dialect.calls, CstaCalls::Nested);
        }
    }

    #[test]
    fn phone_without_an_account_has_no_dialect() {
        assert_eq!(
            SessionDialect::of(&Phone::example(Vendor::Snom, "D785")),
            None
        );
    }
}
