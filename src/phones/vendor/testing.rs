//! Helpers for the tests of the backends.

use url::Url;

use super::{
    CstaSession, Exchange, Image, Plan, PlanContext, PlanError, PreparedContent, Step, Task, plan,
};
use crate::csta::SessionDialect;
use crate::documents::{Documents, StoredContent};
use crate::phone::{Firmware, Phone, Vendor};
use crate::screen::Screen;
use crate::verb::{Action, Content, Push, Request, Via};

/// A phone and the documents published for it.
pub(super) struct Fixture {
    pub(super) phone: Phone,
    /// Whether Asterisk can reach the phone.
    pub(super) asterisk: bool,
    /// The CSTA session of the phone.
    pub(super) csta: Option<SessionDialect>,
    /// Whether the session is up or expected to be.
    pub(super) is_expected: bool,
    documents: Documents,
}

impl Fixture {
    pub(super) fn new(vendor: Vendor, model: &str, firmware: &str) -> Self {
        let phone = Phone {
            firmware: Firmware::new(firmware),
            ..Phone::example(vendor, model)
        };
        let base = Url::parse("http://192.0.2.10:8090").unwrap();
        let documents = Documents::new(base, "a1b2".to_owned());
        Self {
            phone,
            asterisk: false,
            csta: None,
            is_expected: true,
            documents,
        }
    }

    pub(super) fn plan(&self, task: &Task) -> Result<Plan, PlanError> {
        plan(&self.phone, task, &self.context(None))
    }

    fn context(&self, via: Option<Via>) -> PlanContext<'_> {
        PlanContext {
            via,
            asterisk: self.asterisk,
            csta: self.csta.as_ref().map(|dialect| CstaSession {
                dialect,
                is_expected: self.is_expected,
            }),
            documents: &self.documents,
        }
    }

    /// Plans a task by NOTIFY. Returns the event, content type and body.
    pub(super) fn notify(&self, task: &Task) -> Result<String, PlanError> {
        Ok(format_notify(&self.plan_via(Via::Notify, task)?))
    }

    /// Plans a task over a given transport.
    pub(super) fn plan_via(&self, via: Via, task: &Task) -> Result<Plan, PlanError> {
        plan(&self.phone, task, &self.context(Some(via)))
    }

    /// Plans a push of `key=value` pairs separated by `;`.
    pub(super) fn push(&self, pairs: &str) -> Result<Plan, PlanError> {
        self.plan(&push_task(pairs))
    }

    /// Returns the document published at a URL.
    pub(super) fn fetch(&self, url: &str) -> StoredContent {
        let token = url
            .strip_prefix("http://192.0.2.10:8090/screen/")
            .expect(url);
        self.documents.content(token).expect("no such document")
    }
}

/// Returns the only step of a plan, which is an HTTP request.
pub(super) fn exchange(plan: &Plan) -> &Exchange {
    match plan.steps.as_slice() {
        [Step::Http(exchange)] => exchange,
        steps => panic!("{steps:?}"),
    }
}

/// Formats the only step of a plan, which is a NOTIFY: event, content type and body.
pub(super) fn format_notify(plan: &Plan) -> String {
    let [Step::Notify(notify)] = plan.steps.as_slice() else {
        panic!("{:?}", plan.steps)
    };
    let event = &notify.event;
    match &notify.body {
        None => format!("Event: {event}"),
        Some((content_type, text)) => {
            format!("Event: {event}\nContent-Type: {content_type}\n\n{text}")
        }
    }
}

/// Creates a control task from a verb and `key=value` pairs separated by `;`.
pub(super) fn control_task(verb: &str, pairs: &str) -> Task {
    let pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
    match Request::parse(verb, pairs).unwrap().action {
        Action::Control(control) => control.into(),
        other => panic!("{other:?}"),
    }
}

/// Creates a push task from `key=value` pairs separated by `;`.
pub(super) fn push_task(pairs: &str) -> Task {
    let pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
    match Request::parse("push", pairs).unwrap().action {
        Action::Push(Push {
            content: Content::Screen(screen),
            priority,
        }) => Task::Push(prepare(screen), priority),
        Action::Push(Push {
            content: Content::Url(url),
            priority,
        }) => Task::Push(PreparedContent::Url(url), priority),
        other => panic!("{other:?}"),
    }
}

/// Creates the content of a push from `key=value` pairs separated by `;`.
pub(super) fn push_content(pairs: &str) -> PreparedContent {
    match push_task(pairs) {
        Task::Push(content, _) => content,
        other => panic!("{other:?}"),
    }
}

fn prepare(screen: Screen) -> PreparedContent {
    let image = Url::parse("http://192.0.2.10:8090/media/0123/picture.png").unwrap();
    let image = matches!(screen.body, crate::screen::Body::Image(_)).then_some(Image::File(image));
    PreparedContent::Screen(Box::new(screen), image)
}

/// Returns the text of all elements with a name in a document.
pub(super) fn element_texts(document: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = document.split(&open).skip(1);
    rest.map(|rest| rest.split(&close).next().unwrap().to_owned())
        .collect()
}

/// Returns a recorded message of a Cisco phone or call manager; `None`, with a printed notice, if the
/// fixtures are not installed.
pub(super) fn fixture_file(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        std::path::PathBuf::from,
    );
    let path = root.join("cisco").join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} does not exist", path.display());
    }
    bytes
}
