//! Requests and queries, validated against the DTD, and their effect.

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::watch;

use super::options::Options;
use super::state::{Login, State};
use crate::document::Element;

/// The Extension Mobility service. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Service {
    options: Arc<Options>,
    state: Arc<watch::Sender<State>>,
}

/// A failure: error code and message.
struct Failure(u16, String);

impl Service {
    pub(super) fn new(options: Options, state: Arc<watch::Sender<State>>) -> Self {
        Self {
            options: Arc::new(options),
            state,
        }
    }

    pub(super) fn refuse(&self, reason: String) {
        self.state.send_modify(|state| state.record_refusal(reason));
    }

    /// Responds to a document that arrived in that encoding.
    pub(super) fn respond(&self, encoding: &'static str, xml: &str) -> String {
        let (_, password) = &self.options.application;
        let redacted = xml.replace(password.as_str(), "…");
        let mut is_busy = false;
        self.state.send_modify(|state| {
            state.record_request(encoding, redacted);
            is_busy = state.busy > 0;
            state.busy = state.busy.saturating_sub(1);
        });
        let result = if is_busy {
            Err(Failure(26, "EMService is busy".to_owned()))
        } else {
            self.document(xml)
        };
        result.unwrap_or_else(|Failure(code, message)| {
            self.refuse(format!("code {code}: {message}"));
            let is_query = xml.contains("<query>");
            let name = if is_query && code != 3 { "errorMessage" } else { "error" };
            format!(
                "<response> <failure> <{name} code= \"{code}\" > {} </{name}> </failure> </response>",
                escaped(&message)
            )
        })
    }

    fn document(&self, xml: &str) -> Result<String, Failure> {
        let root = Element::parse(xml.as_bytes()).map_err(|reason| Failure(1, reason))?;
        let children: Vec<&Element> = root.children().collect();
        let [application, inner] = children.as_slice() else {
            return Err(Failure(1, "the root must hold two elements".to_owned()));
        };
        let order = names(application);
        if application.name != "appInfo" || order != ["appID", "appCertificate"] {
            return Err(Failure(
                2,
                format!(
                    "{} with {order:?}; expected appInfo with appID, appCertificate",
                    application.name
                ),
            ));
        }
        let (id, password) = &self.options.application;
        if application.text_of("appID") != *id || application.text_of("appCertificate") != *password
        {
            let id = application.text_of("appID");
            return Err(Failure(3, format!("Could not authenticate '{id}'")));
        }
        match (root.name.as_str(), inner.name.as_str()) {
            ("request", "login") => self.log_in(inner),
            ("request", "logout") => self.log_out(inner),
            ("query", "deviceUserQuery") => self.users(inner),
            ("query", "userDevicesQuery") => self.devices(inner),
            ("query", name) if name == self.profile_query() => self.profiles(inner),
            ("query", name) => Err(Failure(8, format!("unknown query {name}"))),
            (root, name) => Err(Failure(1, format!("unexpected element {name} in {root}"))),
        }
    }

    fn profile_query(&self) -> &'static str {
        if self.options.follows_dtd {
            "deviceProfileQuery"
        } else {
            "userDeviceProfileQuery"
        }
    }

    fn log_in(&self, login: &Element) -> Result<String, Failure> {
        in_order(
            login,
            &["deviceName", "userID", "deviceProfile", "exclusiveDuration"],
            2,
        )?;
        let (device, user) = (self.device(login)?, self.user(login)?);
        let profiles = &self.options.users[&user];
        let profile = match login.child("deviceProfile") {
            None => profiles.first().cloned().unwrap_or_default(),
            Some(profile) if profiles.contains(&profile.text()) => profile.text(),
            Some(_) => return Err(Failure(12, "unknown device profile".to_owned())),
        };
        let minutes =
            match login.child("exclusiveDuration") {
                None => None,
                Some(duration) => {
                    in_order(duration, &["time"], 1)?;
                    let minutes = duration.text_of("time").parse();
                    Some(minutes.map_err(|_| {
                        Failure(1, "the time is not a number of minutes".to_owned())
                    })?)
                }
            };
        let mut result = Ok(());
        self.state.send_modify(|state| {
            let elsewhere = state
                .logged_in
                .iter()
                .any(|(other, login)| login.user == user && *other != device);
            result = match state.logged_in.get(&device) {
                Some(login) if login.user != user => {
                    Err(Failure(18, "Another user logged in".to_owned()))
                }
                _ if elsewhere => Err(Failure(25, "User logged in elsewhere".to_owned())),
                _ => Ok(()),
            };
            if result.is_ok() {
                state.last_users.insert(device.clone(), user.clone());
                let login = Login {
                    user: user.clone(),
                    profile,
                    minutes,
                };
                state.logged_in.insert(device.clone(), login);
            }
        });
        result.map(|()| SUCCESS.to_owned())
    }

    fn log_out(&self, logout: &Element) -> Result<String, Failure> {
        in_order(logout, &["deviceName"], 1)?;
        let device = self.device(logout)?;
        let mut was_logged_in = false;
        self.state.send_modify(|state| {
            was_logged_in = state.logged_in.remove(&device).is_some();
        });
        if was_logged_in {
            Ok(SUCCESS.to_owned())
        } else {
            Err(Failure(19, "No user logged in".to_owned()))
        }
    }

    fn users(&self, query: &Element) -> Result<String, Failure> {
        only_elements(query, "deviceName")?;
        let state = self.state.borrow().clone();
        let device = |name: String| {
            let inside = if self.options.devices.contains(&name) {
                let user = state.logged_in.get(&name).map(|login| &login.user);
                let user = user.map(|user| format!("<userID> {} </userID>", encoded(user)));
                let last = state.last_users.get(&name).map(|last| encoded(last));
                let last = last.map_or_else(
                    || "<none/>".to_owned(),
                    |last| format!("<lastlogin> {last} </lastlogin>"),
                );
                format!("{}{last}", user.unwrap_or_default())
            } else {
                "<doesNotExist/>".to_owned()
            };
            format!("<device name= \"{}\" > {inside} </device>", escaped(&name))
        };
        let devices: String = query.children().map(|one| device(one.text())).collect();
        Ok(format!(
            "<response> <deviceUserResults> {devices} </deviceUserResults> </response>"
        ))
    }

    fn devices(&self, query: &Element) -> Result<String, Failure> {
        only_elements(query, "userID")?;
        let state = self.state.borrow().clone();
        let user = |name: String| {
            let mut devices = String::new();
            for (device, login) in &state.logged_in {
                if login.user == name {
                    devices = format!("{devices}<deviceName>{device}</deviceName>\n");
                }
            }
            let inside = match devices.as_str() {
                _ if !self.options.users.contains_key(&name) => "<doesNotExist/>",
                "" => "<none/>",
                devices => devices,
            };
            format!("<user id=\"{}\">\n{inside}</user>\n", encoded(&name))
        };
        let users: String = query.children().map(|one| user(one.text())).collect();
        Ok(format!(
            "<response>\n<userDevicesResults>\n{users}</userDevicesResults>\n</response>\n"
        ))
    }

    fn profiles(&self, query: &Element) -> Result<String, Failure> {
        in_order(query, &["userID"], 1)?;
        let user = self.user(query)?;
        let profile = |(at, name): (usize, &String)| {
            let flag = if at == 0 { "t" } else { "f" };
            format!(
                "<deviceProfile> <deviceProfileName> {} </deviceProfileName> \
                 <isDefaultDeviceProfile> {flag} </isDefaultDeviceProfile> </deviceProfile> ",
                escaped(name)
            )
        };
        let profiles: String = self.options.users[&user]
            .iter()
            .enumerate()
            .map(profile)
            .collect();
        Ok(format!(
            "<response> <deviceProfileResults> <user id= \"{}\" > {profiles}</user> \
             </deviceProfileResults> </response>",
            encoded(&user)
        ))
    }

    fn device(&self, element: &Element) -> Result<String, Failure> {
        let name = element.text_of("deviceName");
        let known = self.options.devices.contains(&name);
        known
            .then_some(name)
            .ok_or_else(|| Failure(11, "Device does not exist".to_owned()))
    }

    fn user(&self, element: &Element) -> Result<String, Failure> {
        let name = element.text_of("userID");
        let known = self.options.users.contains_key(&name);
        known
            .then_some(name)
            .ok_or_else(|| Failure(23, "User not found".to_owned()))
    }
}

/// Requires the elements of the DTD in its order; the first `required` are mandatory.
fn in_order(element: &Element, known: &[&str], required: usize) -> Result<(), Failure> {
    let found = names(element);
    let mut remaining = known.iter();
    let ordered = found
        .iter()
        .all(|name| remaining.any(|known| known == name));
    let complete = known.iter().take(required).all(|name| found.contains(name));
    if ordered && complete {
        return Ok(());
    }
    Err(Failure(
        1,
        format!("{} with {found:?}; expected {known:?}", element.name),
    ))
}

fn only_elements(element: &Element, name: &str) -> Result<(), Failure> {
    let found = names(element);
    if !found.is_empty() && found.iter().all(|found| *found == name) {
        return Ok(());
    }
    Err(Failure(
        1,
        format!("{} with {found:?}; expected only {name}", element.name),
    ))
}

/// Returns the names of the child elements, which are case-sensitive.
fn names(element: &Element) -> Vec<&str> {
    element
        .children()
        .map(|child| child.name.as_str())
        .collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

const SUCCESS: &str = "<response> <success/> </response>";
