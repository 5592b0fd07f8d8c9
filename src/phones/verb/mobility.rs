//! Extension Mobility.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::invalid_value::InvalidValue;

/// A request to Extension Mobility.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mobility {
    /// Logs a user in at a device.
    Login {
        /// The user.
        user: UserId,
        /// The device profile; `None` is the default of the user.
        profile: Option<UserId>,
        /// The device; `None` is the addressed phone.
        device: Option<DeviceName>,
        /// Until the automatic logout; `None` leaves it to the call manager.
        time: Option<Duration>,
    },
    /// Logs out the user of a device, or a user from all devices.
    Logout {
        /// The user.
        user: Option<UserId>,
        /// The device; `None` is the addressed phone, unless a user is given.
        device: Option<DeviceName>,
    },
    /// Reports the user of a device, or the devices of a user.
    Who {
        /// The user.
        user: Option<UserId>,
        /// The device; `None` is the addressed phone, unless a user is given.
        device: Option<DeviceName>,
    },
}

impl Mobility {
    /// Returns whether the request concerns the addressed phone, not a named device or user.
    pub fn concerns_phone(&self) -> bool {
        match self {
            Self::Login { device, .. } => device.is_none(),
            Self::Logout { user, device } | Self::Who { user, device } => {
                user.is_none() && device.is_none()
            }
        }
    }
}

/// A user id or the name of a device profile: one line of text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserId(String);

impl UserId {
    /// Returns the id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const MAX: usize = 128;
}

impl FromStr for UserId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.is_empty() || text.len() > Self::MAX || text.chars().any(char::is_control) {
            let hint = "use one line of up to 128 bytes";
            return Err(InvalidValue::malformed("id", text, hint));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of a device in the call manager, usually `SEP` and the MAC address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Returns the name as the call manager knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const MAX: usize = 128;
}

impl FromStr for DeviceName {
    type Err = InvalidValue;

    /// Parses a name, or a MAC address in any common notation.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let digits: String = text.chars().filter(|c| !":-.".contains(*c)).collect();
        if digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(Self(format!("SEP{}", digits.to_ascii_uppercase())));
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_allowed) {
            let hint = "use SEP and the MAC address, such as SEP00005E005301";
            return Err(InvalidValue::malformed("device name", text, hint));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_is_a_name_or_a_mac_address() {
        for text in ["SEP00005E005301", "00:00:5e:00:53:01", "0000.5e00.5301"] {
            let device: DeviceName = text.parse().unwrap();
            assert_eq!(device.as_str(), "SEP00005E005301");
        }
        for text in ["", "a b", "<x>", "a&b"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text}");
        }
    }
}
