//! Responses: success, the results of a query, or a failure in one of two forms.
//!
//! Texts and attributes are padded with spaces (`code= "3"`), and user ids are percent-encoded. If
//! both a user id and `none` are present, `none` refers to the last login.

use percent_encoding::percent_decode_str;

use super::fault::Fault;
use crate::vendor::lenient_xml::{self, Element};

/// A response of the call manager.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Response {
    /// The request succeeded.
    Done,
    /// The devices of users.
    Devices(Vec<UserDevices>),
    /// The profiles of users.
    Profiles(Vec<Profile>),
    /// The users of devices.
    Users(Vec<DeviceUser>),
}

/// The user of a device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceUser {
    /// The device name.
    pub device: String,
    /// Whether the call manager knows the device.
    pub exists: bool,
    /// The user who is logged in.
    pub user: Option<String>,
    /// The user who was logged in last.
    pub last_login: Option<String>,
}

/// The devices of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserDevices {
    /// The user id.
    pub user: String,
    /// Whether the call manager knows the user.
    pub exists: bool,
    /// The device names.
    pub devices: Vec<String>,
}

/// A device profile of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// The profile name.
    pub name: String,
    /// Whether a login without a profile uses it.
    pub is_default: bool,
}

/// Parses a response; `None` if the body is not one of this service.
pub fn parse(body: &[u8]) -> Option<Result<Response, Fault>> {
    let root = lenient_xml::parse(body)?;
    let response = root.find("response")?;
    if let Some(failure) = response.child("failure") {
        return Some(Err(fault(failure)));
    }
    if let Some(results) = response.child("deviceUserResults") {
        let users = results.named("device").take(MAX_RESULTS).map(user);
        return Some(Ok(Response::Users(users.collect())));
    }
    if let Some(results) = response.child("userDevicesResults") {
        let devices = results.named("user").take(MAX_RESULTS).map(devices);
        return Some(Ok(Response::Devices(devices.collect())));
    }
    if let Some(results) = response.child("deviceProfileResults") {
        let profiles = results
            .named("user")
            .flat_map(|user| user.named("deviceProfile"));
        let profiles = profiles.take(MAX_RESULTS).filter_map(profile);
        return Some(Ok(Response::Profiles(profiles.collect())));
    }
    response.child("success").map(|_| Ok(Response::Done))
}

/// Requests fail with `error`, and queries with `errorMessage` or `error`.
fn fault(failure: &Element) -> Fault {
    let error = failure
        .child("error")
        .or_else(|| failure.child("errorMessage"));
    let code = error
        .and_then(|error| error.attribute("code"))
        .and_then(|code| code.parse().ok());
    let text = error.and_then(Element::text).or_else(|| failure.text());
    Fault::new(code, text.unwrap_or_default())
}

fn user(device: &Element) -> DeviceUser {
    DeviceUser {
        device: device.attribute("name").map(truncate).unwrap_or_default(),
        exists: device.child("doesNotExist").is_none(),
        user: device.text_of("userID").map(decode),
        last_login: device.text_of("lastlogin").map(decode),
    }
}

fn devices(user: &Element) -> UserDevices {
    let names = user.named("deviceName").filter_map(Element::text);
    UserDevices {
        user: user.attribute("id").map(decode).unwrap_or_default(),
        exists: user.child("doesNotExist").is_none(),
        devices: names.take(MAX_RESULTS).map(truncate).collect(),
    }
}

fn profile(profile: &Element) -> Option<Profile> {
    Some(Profile {
        name: profile.text_of("deviceProfileName").map(decode)?,
        is_default: profile
            .text_of("isDefaultDeviceProfile")
            .is_some_and(|flag| matches!(flag, "t" | "true")),
    })
}

fn decode(text: &str) -> String {
    truncate(&percent_decode_str(text).decode_utf8_lossy())
}

fn truncate(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}

const MAX_RESULTS: usize = 256;
const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(body: &str) -> Response {
        parse(body.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn device_has_a_user_or_none() {
        let body = "<response> <deviceUserResults> <device name= \"SEP402CF4915265\" > \
            <userID> em%40cisco.com </userID> <lastlogin> em </lastlogin> \
            <emccDevice> no </emccDevice> </device> \
            <device name=\"SEP1\"><none/></device><device name=\"SEP2\"><doesNotExist/></device>\
            <device name=\"SEP3\"><userID> one </userID><none/></device>\
            </deviceUserResults> </response>";
        let Response::Users(users) = response(body) else {
            panic!("{body}")
        };
        let parsed: Vec<_> = users
            .iter()
            .map(|one| (one.exists, one.user.as_deref(), one.last_login.as_deref()))
            .collect();
        let expected = [
            (true, Some("em@cisco.com"), Some("em")),
            (true, None, None),
            (false, None, None),
            (true, Some("one"), None),
        ];
        assert_eq!(parsed, expected);
        assert_eq!(users[0].device, "SEP402CF4915265");
    }

    #[test]
    fn user_has_devices_and_profiles() {
        let body = "<response>\n<userDevicesResults>\n<user id=\"em%40cisco.com\">\n\
            <deviceName>SEP402CF4915265</deviceName>\n</user>\n</userDevicesResults>\n</response>";
        let known = UserDevices {
            user: "em@cisco.com".into(),
            exists: true,
            devices: vec!["SEP402CF4915265".into()],
        };
        assert_eq!(response(body), Response::Devices(vec![known]));
        let body = "<response><deviceProfileResults><user id= \"em%40cisco.com\" ><deviceProfile>\
            <deviceProfileName> EM-7970 </deviceProfileName><isDefaultDeviceProfile> t \
            </isDefaultDeviceProfile></deviceProfile></user></deviceProfileResults></response>";
        let profile = Profile {
            name: "EM-7970".into(),
            is_default: true,
        };
        assert_eq!(response(body), Response::Profiles(vec![profile]));
    }

    #[test]
    fn both_forms_of_a_failure_are_parsed() {
        let fault = |body: &str| parse(body.as_bytes()).unwrap().unwrap_err();
        let one = fault(
            "<response> <failure> <error code= \"3\" > Could not authenticate 'appid' </error> \
             </failure> </response>",
        );
        assert_eq!(one.code, Some(3));
        assert!(
            one.to_string().contains("Could not authenticate 'appid'"),
            "{one}"
        );
        let two = fault("<response><failure><errorMessage>No</errorMessage></failure></response>");
        assert_eq!(two.code, None);
        assert!(two.to_string().contains("No"), "{two}");
        assert_eq!(
            response("<response> <success/> </response>"),
            Response::Done
        );
    }

    #[test]
    fn other_pages_are_not_responses() {
        for body in ["", "<html>x</html>", "<response/>", "nothing"] {
            assert!(parse(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn recorded_responses_are_parsed() {
        for (file, starts) in [
            ("response-success.xml", "Done"),
            (
                "response-deviceuser-lastlogin.xml",
                "Users([DeviceUser { device: \"SEP402CF4915265\"",
            ),
            (
                "response-deviceuser-first-login.xml",
                "Users([DeviceUser { device: \"SEP003094C25B15\"",
            ),
            (
                "response-userdevices.xml",
                "Devices([UserDevices { user: \"em@cisco.com\"",
            ),
            (
                "response-deviceprofiles.xml",
                "Profiles([Profile { name: \"EM-SCCP-Profile-7970\"",
            ),
            ("response-failure-code3.xml", "Fault { code: Some(3)"),
            ("response-failure-code3-db.xml", "Fault { code: Some(3)"),
        ] {
            let Some(bytes) = crate::vendor::testing::fixture_file(&format!("em/{file}")) else {
                continue;
            };
            let debug = match parse(&bytes).unwrap() {
                Ok(response) => format!("{response:?}"),
                Err(fault) => format!("{fault:?}"),
            };
            assert!(debug.starts_with(starts), "{file}: {debug}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(<|response>|failure>|error| code=|\"|deviceUserResults>|device>|user>|/|%|\\PC){0,50}") {
            let _ = parse(body.as_bytes());
            let _ = parse(format!("<response>{body}").as_bytes());
        }
    }
}
