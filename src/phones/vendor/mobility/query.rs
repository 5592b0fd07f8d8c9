//! Requests and queries.

use std::time::Duration;

use crate::vendor::xml::Node;
use crate::verb::{DeviceName, UserId};

/// One thing to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Query {
    /// Which devices a user uses.
    DevicesOf(UserId),
    /// Logs a user in.
    Login {
        /// The device.
        device: DeviceName,
        /// The user.
        user: UserId,
        /// The device profile; `None` is the user's own.
        profile: Option<UserId>,
        /// For how long; `None` is as long as the call manager says.
        time: Option<Duration>,
    },
    /// Logs out whoever uses a device.
    Logout(DeviceName),
    /// Which device profiles a user has.
    ProfilesOf(UserId, Spelling),
    /// Who uses a device.
    UserOf(DeviceName),
}

/// How the query for profiles is called: the example and the DTD of the same page disagree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spelling {
    /// `deviceProfileQuery`.
    Dtd,
    /// `userDeviceProfileQuery`.
    Example,
}

impl Query {
    /// Writes it as the application `app_id` with its password.
    pub fn document(&self, app_id: &str, password: &str) -> String {
        let (root, inner) = match self {
            Self::DevicesOf(user) => (
                "query",
                Node::new("userDevicesQuery").child(Node::text("userID", user.as_str())),
            ),
            Self::Login {
                device,
                user,
                profile,
                time,
            } => {
                let minutes = time.map(|time| (time.as_secs() / 60).to_string());
                let login = Node::new("login")
                    .child(Node::text("deviceName", device.as_str()))
                    .child(Node::text("userID", user.as_str()))
                    .maybe("deviceProfile", profile.as_ref().map(UserId::as_str));
                let login = match minutes {
                    None => login,
                    Some(minutes) => login
                        .child(Node::new("exclusiveDuration").child(Node::text("time", &minutes))),
                };
                ("request", login)
            }
            Self::Logout(device) => (
                "request",
                Node::new("logout").child(Node::text("deviceName", device.as_str())),
            ),
            Self::ProfilesOf(user, spelling) => {
                let name = match spelling {
                    Spelling::Dtd => "deviceProfileQuery",
                    Spelling::Example => "userDeviceProfileQuery",
                };
                let query = Node::new(name).child(Node::text("userID", user.as_str()));
                ("query", query)
            }
            Self::UserOf(device) => (
                "query",
                Node::new("deviceUserQuery").child(Node::text("deviceName", device.as_str())),
            ),
        };
        let application = Node::new("appInfo")
            .child(Node::text("appID", app_id))
            .child(Node::text("appCertificate", password));
        Node::new(root).child(application).child(inner).fragment()
    }

    /// Says in a few words what is asked, without a password.
    pub fn words(&self) -> String {
        match self {
            Self::DevicesOf(user) => format!("userDevicesQuery {}", user.as_str()),
            Self::Login { device, user, .. } => format!("login {} {device}", user.as_str()),
            Self::Logout(device) => format!("logout {device}"),
            Self::ProfilesOf(user, _) => format!("deviceProfileQuery {}", user.as_str()),
            Self::UserOf(device) => format!("deviceUserQuery {device}"),
        }
    }

    /// Returns whether it changes something.
    pub fn changes(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Logout(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ask: &Query) -> String {
        ask.document("appid", "p<w>")
    }

    #[test]
    fn elements_stand_in_the_order_of_the_dtd() {
        let device: DeviceName = "00:00:5E:00:53:01".parse().unwrap();
        let user: UserId = "john & co".parse().unwrap();
        let login = Query::Login {
            device: device.clone(),
            user: user.clone(),
            profile: Some("UserDevProf".parse().unwrap()),
            time: Some(Duration::from_mins(45)),
        };
        insta::assert_snapshot!(written(&login), @"<request><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><login><deviceName>SEP00005E005301</deviceName><userID>john &amp; co</userID><deviceProfile>UserDevProf</deviceProfile><exclusiveDuration><time>45</time></exclusiveDuration></login></request>");
        insta::assert_snapshot!(written(&Query::Logout(device.clone())), @"<request><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><logout><deviceName>SEP00005E005301</deviceName></logout></request>");
        insta::assert_snapshot!(written(&Query::UserOf(device)), @"<query><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><deviceUserQuery><deviceName>SEP00005E005301</deviceName></deviceUserQuery></query>");
        insta::assert_snapshot!(written(&Query::DevicesOf(user.clone())), @"<query><appInfo><appID>appid</appID><appCertificate>p&lt;w&gt;</appCertificate></appInfo><userDevicesQuery><userID>john &amp; co</userID></userDevicesQuery></query>");
        let profiles = |spelling| written(&Query::ProfilesOf(user.clone(), spelling));
        assert!(profiles(Spelling::Example).contains("<userDeviceProfileQuery><userID>"));
        assert!(profiles(Spelling::Dtd).contains("<deviceProfileQuery><userID>"));
    }

    #[test]
    fn the_examples_of_the_book_are_written_so() {
        let device: DeviceName = "SEP003094C25B15".parse().unwrap();
        let user: UserId = "john".parse().unwrap();
        let login = Query::Login {
            device: device.clone(),
            user: user.clone(),
            profile: Some("UserDevProf".parse().unwrap()),
            time: Some(Duration::from_hours(1)),
        };
        for (file, ask) in [
            ("request-login.xml", login),
            ("request-logout.xml", Query::Logout(device.clone())),
            ("query-deviceuser.xml", Query::UserOf(device)),
            ("query-userdevices.xml", Query::DevicesOf(user)),
        ] {
            let Some(bytes) = crate::vendor::testing::recorded(&format!("em/{file}")) else {
                continue;
            };
            let bare: String = String::from_utf8(bytes)
                .unwrap()
                .split_whitespace()
                .collect();
            assert_eq!(ask.document("appid", "apppasswd"), bare, "{file}");
        }
    }

    #[test]
    fn the_password_is_in_no_words() {
        let ask = Query::UserOf("SEP00005E005301".parse().unwrap());
        assert_eq!(ask.words(), "deviceUserQuery SEP00005E005301");
    }
}
