//! What the tests of the backends share.

use url::Url;

use super::{Exchange, Image, Plan, PlanContext, PlanError, PreparedContent, Step, Task, plan};
use crate::documents::{Documents, StoredContent};
use crate::phone::{Firmware, Phone, Vendor};
use crate::screen::Screen;
use crate::verb::{Action, Content as Pushed, Push, Request, Via};

/// A phone, and the documents that it was sent.
pub(super) struct Bench {
    pub(super) phone: Phone,
    /// Whether Asterisk reaches it.
    pub(super) asterisk: bool,
    documents: Documents,
}

impl Bench {
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
            documents,
        }
    }

    pub(super) fn plan(&self, task: &Task) -> Result<Plan, PlanError> {
        plan(&self.phone, task, &self.means(None))
    }

    fn means(&self, via: Option<Via>) -> PlanContext<'_> {
        PlanContext {
            via,
            asterisk: self.asterisk,
            documents: &self.documents,
        }
    }

    /// Plans a task by NOTIFY, and shows what is sent: event, type and body.
    pub(super) fn notify(&self, task: &Task) -> Result<String, PlanError> {
        Ok(shown_notify(&self.plan_by(Via::Notify, task)?))
    }

    /// Plans a task by a certain way.
    pub(super) fn plan_by(&self, via: Via, task: &Task) -> Result<Plan, PlanError> {
        plan(&self.phone, task, &self.means(Some(via)))
    }

    /// Plans a push, written as `key=value` pairs with `;` between them.
    pub(super) fn push(&self, pairs: &str) -> Result<Plan, PlanError> {
        self.plan(&pushed(pairs))
    }

    /// Returns the document at one of our URLs.
    pub(super) fn fetch(&self, url: &str) -> StoredContent {
        let token = url
            .strip_prefix("http://192.0.2.10:8090/screen/")
            .expect(url);
        self.documents.content(token).expect("it was published")
    }
}

/// Returns the only step of a plan, which is an HTTP request.
pub(super) fn exchange(plan: &Plan) -> &Exchange {
    match plan.steps.as_slice() {
        [Step::Http(exchange)] => exchange,
        steps => panic!("{steps:?}"),
    }
}

/// Shows the only step of a plan, which is a NOTIFY: event, type and body.
pub(super) fn shown_notify(plan: &Plan) -> String {
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

/// Makes a task that needs nothing made to measure of a verb and `key=value` pairs with `;` between
/// them.
pub(super) fn control(verb: &str, pairs: &str) -> Task {
    let pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
    match Request::parse(verb, pairs).unwrap().action {
        Action::Control(control) => control.into(),
        other => panic!("{other:?}"),
    }
}

/// Makes a push of `key=value` pairs with `;` between them.
pub(super) fn pushed(pairs: &str) -> Task {
    let pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
    match Request::parse("push", pairs).unwrap().action {
        Action::Push(Push {
            content: Pushed::Screen(screen),
            priority,
        }) => Task::Push(shown(screen), priority),
        Action::Push(Push {
            content: Pushed::Url(url),
            priority,
        }) => Task::Push(PreparedContent::Url(url), priority),
        other => panic!("{other:?}"),
    }
}

fn shown(screen: Screen) -> PreparedContent {
    let image = Url::parse("http://192.0.2.10:8090/media/0123/picture.png").unwrap();
    let image = matches!(screen.body, crate::screen::Body::Image(_)).then_some(Image::File(image));
    PreparedContent::Screen(Box::new(screen), image)
}

/// Returns the values of all elements of that name in a document.
pub(super) fn values(document: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = document.split(&open).skip(1);
    rest.map(|rest| rest.split(&close).next().unwrap().to_owned())
        .collect()
}

/// Returns a shared recording of Cisco's phones and call managers; none (and it is said) where the
/// fixtures are absent.
pub(super) fn recorded(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        std::path::PathBuf::from,
    );
    let path = root.join("cisco").join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    bytes
}
