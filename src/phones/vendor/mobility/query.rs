//! Requests and queries.

use std::time::Duration;

use crate::verb::{DeviceName, UserId};
use crate::xml::Node;

/// A request or query.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Query {
    /// Lists the devices of a user.
    DevicesOf(UserId),
    /// Logs a user in.
    Login {
        /// The device.
        device: DeviceName,
        /// The user.
        user: UserId,
        /// The device profile; `None` is the default of the user.
        profile: Option<UserId>,
        /// Until the automatic logout; `None` leaves it to the call manager.
        time: Option<Duration>,
    },
    /// Logs out the user of a device.
    Logout(DeviceName),
    /// Lists the device profiles of a user.
    ProfilesOf(UserId, Spelling),
    /// Returns the user of a device.
    UserOf(DeviceName),
}

/// The name of the query for profiles. The example and the DTD of the same page disagree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spelling {
    /// `deviceProfileQuery`.
    Dtd,
    /// `userDeviceProfileQuery`.
    Example,
}

impl Query {
    /// Serializes the request of application `app_id`, including its password.
    pub fn to_document(&self, app_id: &str, password: &str) -> String {
        let (root, inner) = match self {
            Self::DevicesOf(user) => (
                "query",
                Node::new("userDevicesQuery").child(Node::with_text("userID", user.as_str())),
            ),
            Self::Login {
                device,
                user,
                profile,
                time,
            } => {
                let minutes = time.map(|time| (time.as_secs() / 60).to_string());
                let login = Node::new("login")
                    .child(Node::with_text("deviceName", device.as_str()))
                    .child(Node::with_text("userID", user.as_str()))
                    .optional("deviceProfile", profile.as_ref().map(UserId::as_str));
                let login = match minutes {
                    None => login,
                    Some(minutes) => login.child(
                        Node::new("exclusiveDuration").child(Node::with_text("time", &minutes)),
                    ),
                };
                ("request", login)
            }
            Self::Logout(device) => (
                "request",
                Node::new("logout").child(Node::with_text("deviceName", device.as_str())),
            ),
            Self::ProfilesOf(user, spelling) => {
                let name = match spelling {
                    Spelling::Dtd => "deviceProfileQuery",
                    Spelling::Example => "userDeviceProfileQuery",
                };
                let query = Node::new(name).child(Node::with_text("userID", user.as_str()));
                ("query", query)
            }
            Self::UserOf(device) => (
                "query",
                Node::new("deviceUserQuery").child(Node::with_text("deviceName", device.as_str())),
            ),
        };
        let application = Node::new("appInfo")
            .child(Node::with_text("appID", app_id))
            .child(Node::with_text("appCertificate", password));
        Node::new(root)
            .child(application)
            .child(inner)
            .to_fragment()
    }

    /// Returns a short description without a password.
    pub fn summary(&self) -> String {
        match self {
            Self::DevicesOf(user) => format!("userDevicesQuery {}", user.as_str()),
            Self::Login { device, user, .. } => format!("login {} {device}", user.as_str()),
            Self::Logout(device) => format!("logout {device}"),
            Self::ProfilesOf(user, _) => format!("deviceProfileQuery {}", user.as_str()),
            Self::UserOf(device) => format!("deviceUserQuery {device}"),
        }
    }

    /// Returns whether the request changes anything.
    pub fn is_mutating(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Logout(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(query: &Query) -> String {
        query.to_document("appid", "p<w>")
    }

    #[test]
    fn elements_follow_the_order_of_the_dtd() {
        let device: DeviceName = "00:00:5E:00:53:01".parse().unwrap();
        let user: UserId = "john & co".parse().unwrap();
        let login = Query::Login {
            device: device.clone(),
            user: user.clone(),
            profile: Some("UserDevProf".parse().unwrap()),
            time: Some(Duration::from_mins(45)),
        };
        insta::assert_snapshot!(document(&login), @"<request><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><login><deviceName>SEP00005E005301</deviceName><userID>john &amp; co</userID><deviceProfile>UserDevProf</deviceProfile><exclusiveDuration><time>45</time></exclusiveDuration></login></request>");
        insta::assert_snapshot!(document(&Query::Logout(device.clone())), @"<request><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><logout><deviceName>SEP00005E005301</deviceName></logout></request>");
        insta::assert_snapshot!(document(&Query::UserOf(device)), @"<query><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><deviceUserQuery><deviceName>SEP00005E005301</deviceName></deviceUserQuery></query>");
        insta::assert_snapshot!(document(&Query::DevicesOf(user.clone())), @"<query><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><userDevicesQuery><userID>john &amp; co</userID></userDevicesQuery></query>");
        let profiles = |spelling| document(&Query::ProfilesOf(user.clone(), spelling));
        assert!(profiles(Spelling::Example).contains("<userDeviceProfileQuery><userID>"));
        assert!(profiles(Spelling::Dtd).contains("<deviceProfileQuery><userID>"));
    }

    #[test]
    fn documents_equal_the_documented_examples() {
        let device: DeviceName = "SEP003094C25B15".parse().unwrap();
        let user: UserId = "john".parse().unwrap();
        let login = Query::Login {
            device: device.clone(),
            user: user.clone(),
            profile: Some("UserDevProf".parse().unwrap()),
            time: Some(Duration::from_hours(1)),
        };
        for (file, query) in [
            ("request-login.xml", login),
            ("request-logout.xml", Query::Logout(device.clone())),
            ("query-deviceuser.xml", Query::UserOf(device)),
            ("query-userdevices.xml", Query::DevicesOf(user)),
        ] {
            let Some(bytes) = crate::vendor::testing::fixture_file(&format!("em/{file}")) else {
                continue;
            };
            let expected: String = String::from_utf8(bytes)
                .unwrap()
                .split_whitespace()
                .collect();
            assert_eq!(query.to_document("appid", "apppasswd"), expected, "{file}");
        }
    }

    #[test]
    fn summary_omits_the_password() {
        let query = Query::UserOf("SEP00005E005301".parse().unwrap());
        assert_eq!(query.summary(), "deviceUserQuery SEP00005E005301");
    }
}
