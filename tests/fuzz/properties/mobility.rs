//! Extension Mobility: responses of the call manager, and queries to it.

use handset_phones::vendor::mobility::{Query, Response, Spelling, parse};
use handset_phones::verb::{DeviceName, UserId};

/// Parses a response, and builds queries about the users and devices in it.
pub fn check(bytes: &[u8]) {
    match parse(bytes) {
        None | Some(Ok(Response::Done)) => {}
        Some(Err(fault)) => {
            let message = fault.to_string();
            assert!(
                message.len() <= MAX_MESSAGE,
                "a fault has {} bytes",
                message.len()
            );
            assert!(
                !message.contains(char::is_control),
                "{message:?} is not a line"
            );
        }
        Some(Ok(Response::Devices(users))) => {
            assert!(users.len() <= MAX_ITEMS);
            for user in &users {
                assert!(user.devices.len() <= MAX_ITEMS);
                check_queries(&user.user, user.devices.first().map_or("", String::as_str));
            }
        }
        Some(Ok(Response::Profiles(profiles))) => {
            assert!(profiles.len() <= MAX_ITEMS);
            for profile in &profiles {
                check_queries(&profile.name, "SEP00005E005301");
            }
        }
        Some(Ok(Response::Users(users))) => {
            assert!(users.len() <= MAX_ITEMS);
            for user in &users {
                check_queries(user.user.as_deref().unwrap_or_default(), &user.device);
            }
        }
    }
}

/// Checks that names survive in a query document.
fn check_queries(user: &str, device: &str) {
    let user: Option<UserId> = user.parse().ok();
    let device: Option<DeviceName> = device.parse().ok();
    let queries = [
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
    for query in queries.into_iter().flatten() {
        let document = query.to_document("app", "pass");
        let read = roxmltree::Document::parse(&document).expect("a well-formed document");
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

/// Maximum length of every list in a response.
const MAX_ITEMS: usize = 256;

/// Maximum length of the message of a fault, in bytes.
const MAX_MESSAGE: usize = 4096;
