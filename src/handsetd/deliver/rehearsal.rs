//! Whether a phone can execute a request, without sending or converting anything.

use handset_phones::media::Model;
use handset_phones::phone::Phone;
use handset_phones::screen::Body;
use handset_phones::vendor::{PreparedContent, PreparedTone, Task};
use handset_phones::verb::{Action, Content, Push, Request, Tone};

use super::courier::Courier;
use super::failure::Failure;
use super::prepare::lacks;
use crate::outcome::Status;

impl Courier {
    /// Returns why `phone` would refuse `request`; `None` if nothing is known that it lacks. What depends on
    /// the content of a file is not examined.
    pub(crate) async fn objection(&self, phone: &Phone, request: &Request) -> Option<Failure> {
        let model = Model::find(phone.vendor, &phone.model);
        let task = match &request.action {
            Action::Background { .. } => {
                let why = model.background.err()?;
                return Some(lacks(phone, "set a background", why));
            }
            Action::Control(control) => Task::Control(control.clone()),
            Action::Push(push) => {
                if let Some(task) = without_files(push) {
                    task
                } else {
                    let shows_image = matches!(&push.content, Content::Screen(_));
                    let why = model.screen_image.err().filter(|_| shows_image)?;
                    return Some(lacks(phone, "show a picture", why));
                }
            }
            Action::Ring(Tone::BuiltIn(name)) => Task::Ring(PreparedTone::BuiltIn(name.clone())),
            Action::Ringtone {
                tone: Tone::BuiltIn(name),
                line,
            } => Task::Ringtone(PreparedTone::BuiltIn(name.clone()), *line),
            // What these need is a file, or no phone.
            Action::Mobility(_)
            | Action::Ping
            | Action::Ring(Tone::Source(_))
            | Action::Ringtone { .. } => return None,
        };
        let Some(publisher) = self.publisher(phone).await else {
            let reason = format!("no route to {}", phone.address.host);
            return Some(Failure::new(Status::Unreachable, reason));
        };
        let error = self.plan_error(phone, &task, request.via, &publisher)?;
        Some(Failure::new(Status::Unsupported, error.to_string()))
    }
}

/// Returns the task of a push whose content needs no file; `None` if it needs one.
fn without_files(push: &Push) -> Option<Task> {
    let content = match &push.content {
        Content::Document(document) => PreparedContent::Document(document.clone()),
        Content::Url(url) => PreparedContent::Url(url.clone()),
        Content::Screen(screen) if !matches!(screen.body, Body::Image(_)) => {
            PreparedContent::Screen(Box::new(screen.clone()), None)
        }
        Content::Screen(_) | Content::Template { .. } => return None,
    };
    Some(Task::Push(content, push.priority))
}
