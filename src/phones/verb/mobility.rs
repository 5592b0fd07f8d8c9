//! Extension Mobility: who uses which phone.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What is asked of Extension Mobility.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mobility {
    /// Logs a user in at a device.
    Login {
        /// The user.
        user: UserId,
        /// The device profile; `None` is the user's own.
        profile: Option<UserId>,
        /// The device; `None` is the phone that is asked.
        device: Option<DeviceName>,
        /// For how long; `None` is as long as the call manager says.
        time: Option<Duration>,
    },
    /// Logs out: whoever uses the device, or the user wherever they are.
    Logout {
        /// The user.
        user: Option<UserId>,
        /// The device; `None` is the phone that is asked, unless there is a user.
        device: Option<DeviceName>,
    },
    /// Tells who uses the device, or which devices the user uses.
    Who {
        /// The user.
        user: Option<UserId>,
        /// The device; `None` is the phone that is asked, unless there is a user.
        device: Option<DeviceName>,
    },
}

impl Mobility {
    /// Returns whether it is about the phone that is asked, and about no device or user by name.
    pub fn is_about_the_phone(&self) -> bool {
        match self {
            Self::Login { device, .. } => device.is_none(),
            Self::Logout { user, device } | Self::Who { user, device } => {
                user.is_none() && device.is_none()
            }
        }
    }
}

/// The id of a user, or the name of a device profile: any text in one line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserId(String);

impl UserId {
    /// Returns it as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 128;
}

impl FromStr for UserId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.len() > Self::MAX || text.chars().any(char::is_control) {
            return Err(format!(
                "{text:?} is no id; it is one line of up to 128 bytes"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What a call manager calls a phone: `SEP` and its hardware address, mostly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Returns it as the call manager knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 128;
}

impl FromStr for DeviceName {
    type Err = String;

    /// Reads a name, or a hardware address written in any of the usual ways.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let bare: String = text.chars().filter(|c| !":-.".contains(*c)).collect();
        if bare.len() == 12 && bare.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(Self(format!("SEP{}", bare.to_ascii_uppercase())));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(fits) {
            return Err(format!(
                "{text:?} is no device; write SEP and the hardware address, SEP00005E005301"
            ));
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
    fn a_device_is_a_name_or_a_hardware_address() {
        for text in ["SEP00005E005301", "00:00:5e:00:53:01", "0000.5e00.5301"] {
            let device: DeviceName = text.parse().unwrap();
            assert_eq!(device.as_str(), "SEP00005E005301");
        }
        for text in ["", "a b", "<x>", "a&b"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text}");
        }
    }
}
