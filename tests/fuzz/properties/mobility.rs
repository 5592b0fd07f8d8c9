//! Extension Mobility: what the call manager answers, and what it is asked.

use handset_phones::vendor::mobility::{Query, Response, Spelling, parse};
use handset_phones::verb::{DeviceName, UserId};

/// Reads an answer, and asks about those that it names.
pub fn check(bytes: &[u8]) {
    match parse(bytes) {
        None | Some(Ok(Response::Done)) => {}
        Some(Err(fault)) => {
            let told = fault.to_string();
            assert!(told.len() <= LINE, "a fault has {} bytes", told.len());
            assert!(!told.contains(char::is_control), "{told:?} is no line");
        }
        Some(Ok(Response::Devices(users))) => {
            assert!(users.len() <= MANY);
            for user in &users {
                assert!(user.devices.len() <= MANY);
                ask(&user.user, user.devices.first().map_or("", String::as_str));
            }
        }
        Some(Ok(Response::Profiles(profiles))) => {
            assert!(profiles.len() <= MANY);
            for profile in &profiles {
                ask(&profile.name, "SEP00005E005301");
            }
        }
        Some(Ok(Response::Users(users))) => {
            assert!(users.len() <= MANY);
            for user in &users {
                ask(user.user.as_deref().unwrap_or_default(), &user.device);
            }
        }
    }
}

/// Names go into a document and come out of it as they were.
fn ask(user: &str, device: &str) {
    let user: Option<UserId> = user.parse().ok();
    let device: Option<DeviceName> = device.parse().ok();
    let asks = [
        user.clone().map(Query::DevicesOf),
        user.clone()
            .map(|user| Query::ProfilesOf(user, Spelling::Dtd)),
        device.clone().map(Query::UserOf),
        device.zip(user.clone()).map(|(device, user)| Query::Login {
            device,
            profile: Some(user.clone()),
            user,
            time: None,
        }),
    ];
    for ask in asks.into_iter().flatten() {
        let document = ask.to_document("app", "pass");
        let read = roxmltree::Document::parse(&document).expect("it is well-formed");
        let text = |name| {
            let mut all = read.descendants();
            let node = all.find(|node| node.has_tag_name(name))?;
            node.text()
        };
        assert_eq!(text("appCertificate"), Some("pass"));
        for name in ["userID", "deviceProfile"] {
            let Some(written) = text(name) else { continue };
            assert_eq!(Some(written), user.as_ref().map(UserId::as_str));
        }
    }
}

/// The most of anything that an answer lists.
const MANY: usize = 256;

/// The most bytes of a fault, in our words and in theirs.
const LINE: usize = 4096;
