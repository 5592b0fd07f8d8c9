//! A Snom desk phone (D3xx, D7xx): remote control by GET, and the XML minibrowser.
//!
//! The firmware decides what the phone supports: the name of the hold key, the encoding of URLs,
//! documents that show nothing, and the dialect of CSTA. A real phone responds to most invalid
//! requests with 200 and does nothing; so does this one, and it records the reason. A ringer started
//! by `PLAY_RINGER` plays until `CANCEL`. A D8xx has no remote control and responds to everything
//! with 404.

mod control;
mod csta;
mod keypad;
mod model;
mod object;
mod page;
mod schema;
mod settings;
#[cfg(test)]
mod tests;

use self::model::Model;
use crate::device::Device;
use crate::error::Error;
use crate::form;
use crate::login_guard::{Denial, LoginGuard};
use crate::request::{Request, Response};

/// A Snom phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Snom {
    device: Device,
    model: &'static Model,
    login: LoginGuard,
}

impl Snom {
    pub(crate) fn new(device: &Device) -> Result<Self, Error> {
        let model = Model::find(&device.options().model)?;
        Ok(Self {
            device: device.clone(),
            model,
            login: LoginGuard::new("snom"),
        })
    }

    pub(crate) fn display(&self) -> (u32, u32) {
        self.model.display
    }

    /// Responds to a request to the phone's web server.
    pub(crate) fn respond(&self, request: &Request) -> Response {
        if self.model.has_no_control {
            return Response::empty(404).refusing("this model has no remote control");
        }
        if let Err(denied) = self.login.check(request, self.device.options()) {
            return match denied {
                Denial::Challenge(response) => response,
                Denial::WrongCredentials(response) => {
                    self.device.change(|state| state.bad_credentials += 1);
                    response
                }
            };
        }
        if request.path == "/csta" {
            return self.csta(request);
        }
        if request.method != "GET" {
            return Response::empty(405).refusing("method other than GET");
        }
        let query = request.query.as_deref().unwrap_or_default();
        let fields = match form::fields(query) {
            Ok(fields) => fields,
            Err(reason) => return page(200).refusing(reason),
        };
        if !query.is_empty() && self.guards_queries() {
            return Response::empty(403)
                .refusing("a query, which use_hidden_tags or restrict_uri_queries forbids");
        }
        let done = match request.path.as_str() {
            "/minibrowser.htm" => self.browse(query, &fields).map(|()| 200),
            "/command.htm" => self.command(query, &fields).map(|()| 200),
            "/line_login.htm" => self.play_ringer(&fields).map(|()| 302),
            "/settings.htm" if query.is_empty() => return self.dump(),
            "/settings.htm" | "/dummy.htm" => self.save(&fields).map(|()| 302),
            "/advanced_update.htm" | "/advanced.htm" => self.advanced(request).map(|()| 302),
            "/screen.bmp" => return self.screen(),
            "/" | "/index.htm" => Ok(200),
            _ => return Response::empty(404).refusing("no such page"),
        };
        match done {
            Ok(302) => page(302).header("Location", "/index.htm"),
            Ok(status) => page(status),
            Err(reason) => page(200).refusing(reason),
        }
    }
}

impl Snom {
    /// Returns whether the firmware is older than the version `parts`.
    fn is_older_than(&self, parts: &[u32]) -> bool {
        let own = self.device.options().firmware.split('.');
        let own: Vec<u32> = own.map_while(|part| part.parse().ok()).collect();
        own.as_slice() < parts
    }

    /// Restarts, at the page that the firmware has for it.
    fn advanced(&self, request: &Request) -> Result<(), String> {
        let page = if self.is_older_than(&[8]) {
            "/advanced.htm?reboot=Reboot"
        } else {
            "/advanced_update.htm?reboot=Reboot"
        };
        if request.target() != page {
            return Err(format!("unknown page {}", request.target()));
        }
        self.device
            .change(|state| state.remark("The phone restarts."));
        Ok(())
    }

    /// Takes a screenshot: a black picture, which differs while a model lacks its layer of lines.
    fn screen(&self) -> Response {
        let (width, height) = self.model.display;
        let mut picture = image::RgbImage::new(width, height);
        if self.model.hides_lines() && !self.device.state().settings.contains_key("FIX_LIL") {
            picture.fill(1);
        }
        let mut file = std::io::Cursor::new(Vec::new());
        match picture.write_to(&mut file, image::ImageFormat::Bmp) {
            Ok(()) => Response::with_body(200, "image/bmp", file.into_inner()),
            Err(_) => Response::empty(500),
        }
    }
}

/// Creates a page without information.
fn page(status: u16) -> Response {
    Response::with_body(status, "text/html", "<html><body>snom</body></html>\n")
        .header("Server", "snom embedded")
}
