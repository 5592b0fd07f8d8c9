//! A Snom desk phone (D3xx, D7xx): remote control by GET and the XML minibrowser.
//!
//! A real phone answers most nonsense with 200 and does nothing; so does this one, and says why
//! in the log of exchanges. The ringer that `PLAY_RINGER` starts goes on until `CANCEL`. A D8xx
//! is simulated too: it has no remote control and answers everything with 404.

mod control;
mod model;
mod object;
mod page;
mod schema;
mod settings;
#[cfg(test)]
mod tests;

use self::model::Model;
use super::device::Device;
use super::error::Error;
use super::form;
use super::login::{Denied, Login};
use super::request::{Answer, Request};

/// A Snom phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Snom {
    device: Device,
    model: &'static Model,
    login: Login,
}

impl Snom {
    pub(super) fn new(device: &Device) -> Result<Self, Error> {
        let model = Model::find(&device.options().model)?;
        Ok(Self {
            device: device.clone(),
            model,
            login: Login::new("snom"),
        })
    }

    pub(super) fn display(&self) -> (u32, u32) {
        self.model.display
    }

    /// Answers a request to the phone's web server.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        if self.model.has_no_control {
            return Answer::empty(404).refusing("a phone without remote control");
        }
        if let Err(denied) = self.login.check(request, self.device.options()) {
            return match denied {
                Denied::Asked(answer) => answer,
                Denied::Wrong(answer) => {
                    self.device.change(|state| state.bad_credentials += 1);
                    answer
                }
            };
        }
        if request.method != "GET" {
            return Answer::empty(405).refusing("a method other than GET");
        }
        let query = request.query.as_deref().unwrap_or_default();
        let fields = match form::fields(query) {
            Ok(fields) => fields,
            Err(reason) => return page(200).refusing(reason),
        };
        let done = match request.path.as_str() {
            "/minibrowser.htm" => self.browse(query, &fields).map(|()| 200),
            "/command.htm" => self.command(query, &fields).map(|()| 200),
            "/line_login.htm" => self.play_ringer(&fields).map(|()| 302),
            "/settings.htm" | "/dummy.htm" => self.save(&fields).map(|()| 302),
            "/" | "/index.htm" => Ok(200),
            _ => return Answer::empty(404).refusing("no such page"),
        };
        match done {
            Ok(302) => page(302).header("Location", "/index.htm"),
            Ok(status) => page(status),
            Err(reason) => page(200).refusing(reason),
        }
    }
}

/// Answers with a page that tells a program nothing.
fn page(status: u16) -> Answer {
    Answer::with_body(status, "text/html", "<html><body>snom</body></html>\n")
        .header("Server", "snom embedded")
}
