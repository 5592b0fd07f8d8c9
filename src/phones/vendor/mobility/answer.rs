//! Answers: success, results of queries, or a failure in either of its two forms.
//!
//! Texts have blanks around them, attributes as well (`code= "3"`), and user ids are percent-encoded.
//! A user id and `none` may documents side by side: then it is the last login that is none.

use percent_encoding::percent_decode_str;

use super::fault::Fault;
use crate::vendor::lenient_xml::{self, Element};

/// What the call manager answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It is done.
    Done,
    /// The devices of users.
    Devices(Vec<UserDevices>),
    /// The profiles of users.
    Profiles(Vec<Profile>),
    /// The users of devices.
    Users(Vec<DeviceUser>),
}

/// Who uses a device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceUser {
    /// The device's name.
    pub device: String,
    /// Whether the call manager knows it.
    pub exists: bool,
    /// Who uses it.
    pub user: Option<String>,
    /// Who used it last.
    pub last_login: Option<String>,
}

/// Which devices a user uses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserDevices {
    /// The user.
    pub user: String,
    /// Whether the call manager knows them.
    pub exists: bool,
    /// The names of the devices.
    pub devices: Vec<String>,
}

/// A device profile of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Whether it is the one that a login without another takes.
    pub is_default: bool,
}

/// Reads an answer; `None` if it is none of this service.
pub fn read(body: &[u8]) -> Option<Result<Answer, Fault>> {
    let root = lenient_xml::read(body)?;
    let response = root.find("response")?;
    if let Some(failure) = response.child("failure") {
        return Some(Err(failed(failure)));
    }
    let all = |name| response.child(name);
    if let Some(results) = all("deviceUserResults") {
        let users = results.named("device").take(MAX_RESULTS).map(user);
        return Some(Ok(Answer::Users(users.collect())));
    }
    if let Some(results) = all("userDevicesResults") {
        let devices = results.named("user").take(MAX_RESULTS).map(devices);
        return Some(Ok(Answer::Devices(devices.collect())));
    }
    if let Some(results) = all("deviceProfileResults") {
        let profiles = results
            .named("user")
            .flat_map(|user| user.named("deviceProfile"));
        let profiles = profiles.take(MAX_RESULTS).filter_map(profile);
        return Some(Ok(Answer::Profiles(profiles.collect())));
    }
    all("success").map(|_| Ok(Answer::Done))
}

/// Requests fail with `error`, and queries with `errorMessage` or `error`.
fn failed(failure: &Element) -> Fault {
    let error = failure
        .child("error")
        .or_else(|| failure.child("errorMessage"));
    let code = error
        .and_then(|error| error.attribute("code"))
        .and_then(|code| code.parse().ok());
    let words = error.and_then(Element::text).or_else(|| failure.text());
    Fault::new(code, words.unwrap_or_default())
}

fn user(device: &Element) -> DeviceUser {
    DeviceUser {
        device: device.attribute("name").map(bounded).unwrap_or_default(),
        exists: device.child("doesNotExist").is_none(),
        user: device.text_of("userID").map(decoded),
        last_login: device.text_of("lastlogin").map(decoded),
    }
}

fn devices(user: &Element) -> UserDevices {
    let names = user.named("deviceName").filter_map(Element::text);
    UserDevices {
        user: user.attribute("id").map(decoded).unwrap_or_default(),
        exists: user.child("doesNotExist").is_none(),
        devices: names.take(MAX_RESULTS).map(bounded).collect(),
    }
}

fn profile(profile: &Element) -> Option<Profile> {
    Some(Profile {
        name: profile.text_of("deviceProfileName").map(decoded)?,
        is_default: profile
            .text_of("isDefaultDeviceProfile")
            .is_some_and(|flag| matches!(flag, "t" | "true")),
    })
}

fn decoded(text: &str) -> String {
    bounded(&percent_decode_str(text).decode_utf8_lossy())
}

fn bounded(text: &str) -> String {
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

    fn answer(body: &str) -> Answer {
        read(body.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_device_has_a_user_or_none() {
        let body = "<response> <deviceUserResults> <device name= \"SEP402CF4915265\" > \
            <userID> em%40cisco.com </userID> <lastlogin> em </lastlogin> \
            <emccDevice> no </emccDevice> </device> \
            <device name=\"SEP1\"><none/></device><device name=\"SEP2\"><doesNotExist/></device>\
            <device name=\"SEP3\"><userID> one </userID><none/></device>\
            </deviceUserResults> </response>";
        let Answer::Users(users) = answer(body) else {
            panic!("{body}")
        };
        let shown: Vec<_> = users
            .iter()
            .map(|one| (one.exists, one.user.as_deref(), one.last_login.as_deref()))
            .collect();
        let expected = [
            (true, Some("em@cisco.com"), Some("em")),
            (true, None, None),
            (false, None, None),
            (true, Some("one"), None),
        ];
        assert_eq!(shown, expected);
        assert_eq!(users[0].device, "SEP402CF4915265");
    }

    #[test]
    fn a_user_has_devices_and_profiles() {
        let body = "<response>\n<userDevicesResults>\n<user id=\"em%40cisco.com\">\n\
            <deviceName>SEP402CF4915265</deviceName>\n</user>\n</userDevicesResults>\n</response>";
        let known = UserDevices {
            user: "em@cisco.com".into(),
            exists: true,
            devices: vec!["SEP402CF4915265".into()],
        };
        assert_eq!(answer(body), Answer::Devices(vec![known]));
        let body = "<response><deviceProfileResults><user id= \"em%40cisco.com\" ><deviceProfile>\
            <deviceProfileName> EM-7970 </deviceProfileName><isDefaultDeviceProfile> t \
            </isDefaultDeviceProfile></deviceProfile></user></deviceProfileResults></response>";
        let profile = Profile {
            name: "EM-7970".into(),
            is_default: true,
        };
        assert_eq!(answer(body), Answer::Profiles(vec![profile]));
    }

    #[test]
    fn both_forms_of_a_failure_are_read() {
        let fault = |body: &str| read(body.as_bytes()).unwrap().unwrap_err();
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
        assert_eq!(answer("<response> <success/> </response>"), Answer::Done);
    }

    #[test]
    fn other_pages_are_no_answers() {
        for body in ["", "<html>x</html>", "<response/>", "nothing"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn recorded_answers_are_read() {
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
            let Some(bytes) = crate::vendor::testing::recorded(&format!("em/{file}")) else {
                continue;
            };
            let told = match read(&bytes).unwrap() {
                Ok(answer) => format!("{answer:?}"),
                Err(fault) => format!("{fault:?}"),
            };
            assert!(told.starts_with(starts), "{file}: {told}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(<|response>|failure>|error| code=|\"|deviceUserResults>|device>|user>|/|%|\\PC){0,50}") {
            let _ = read(body.as_bytes());
            let _ = read(format!("<response>{body}").as_bytes());
        }
    }
}
