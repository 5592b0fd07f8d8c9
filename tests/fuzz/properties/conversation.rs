//! A conversation with a phone: the plan of a request, and the replies of the phone.
//!
//! An input is a verb, its keys as lines `key=value`, an empty line, and the replies of the phone,
//! separated by lines `--`. A reply is a line `STATUS [TYPE [LOCATION]]` and a body of any bytes. The
//! last reply repeats.

use std::collections::VecDeque;
use std::sync::LazyLock;

use bytes::Bytes;
use handset_phones::csta::{self, Message, SessionDialect};
use handset_phones::documents::{Documents, media_url};
use handset_phones::phone::{Credentials, Firmware, Listing, Phone, Vendor};
use handset_phones::vendor::{
    AudioFile, BackgroundImage, Call, CstaSession, Image, Notify, PlanContext, PreparedContent,
    PreparedTone, Reply, ReplyData, ReplyOutcome, Request, Step, Task, document_fault, plan,
};
use handset_phones::verb::{Action, Content, Tone, Via};
use url::Url;

/// Plans the request of an input for `phone`, and executes the plan with its replies.
pub(super) fn check(phone: &Phone, via: Option<Via>, input: &[u8]) {
    let (head, replies) = split(input, b"\n\n").unwrap_or((input, b""));
    let Some((task, own_via)) = task(&String::from_utf8_lossy(head)) else {
        return;
    };
    let documents = Documents::new(BASE.clone(), "0123".to_owned());
    let dialect = SessionDialect::of(phone);
    let context = PlanContext {
        via: via.or(own_via),
        asterisk: true,
        csta: dialect.as_ref().map(|dialect| CstaSession {
            dialect,
            is_expected: true,
        }),
        documents: &documents,
    };
    let Ok(plan) = plan(phone, &task, &context) else {
        return;
    };
    let is_generated = !matches!(task, Task::Push(PreparedContent::Document(_), _));
    let mut replies = Replies(replies);
    let mut steps: VecDeque<Step> = plan.steps.into();
    // Like the courier, which gives up after as many steps.
    for _ in 0..STEPS {
        let Some(step) = steps.pop_front() else {
            return;
        };
        match &step {
            Step::Call(call) => check_call(call),
            Step::Http(exchange) => {
                check_request(&exchange.request, is_generated);
                let reply = replies.next();
                let outcome = exchange.parser.parse(&reply);
                let Some(more) = interpret(outcome, reply.body.len()) else {
                    return;
                };
                for step in more.into_iter().rev() {
                    steps.push_front(step);
                }
            }
            Step::Csta(exchange) => {
                let document = exchange.message.document();
                assert_eq!(document_fault(document), None, "{document}");
                let reply = replies.next();
                let reply = csta::Reply {
                    status: reply.status,
                    phrase: reply.content_type,
                    document: String::from_utf8_lossy(&reply.body).into_owned(),
                };
                check_answer(&exchange.message, &reply);
                // Each byte that is not UTF-8 is three bytes of the document.
                let outcome = exchange.parser.parse(&reply);
                let Some(more) = interpret(outcome, reply.document.len()) else {
                    return;
                };
                for step in more.into_iter().rev() {
                    steps.push_front(step);
                }
            }
            Step::Notify(notify) => check_notify(notify),
            Step::Channel(_) | Step::HangUp | Step::Pause(_) => {}
        }
        assert!(steps.len() <= STEPS, "one reply adds {} steps", steps.len());
    }
}

/// Returns a phone of which everything is known.
pub(super) fn phone(vendor: Vendor, model: &str, firmware: &str) -> Phone {
    Phone {
        name: "1001".to_owned(),
        vendor,
        model: model.to_owned(),
        firmware: Firmware::new(firmware),
        address: "192.0.2.21".parse().expect("a valid address"),
        mac: Some("00005E005301".parse().expect("a valid hardware address")),
        endpoint: Some("PJSIP/1001".parse().expect("a valid endpoint")),
        server: Some("pbx".parse().expect("a valid name")),
        contact: Some("sip:1001@192.0.2.21:5060".to_owned()),
        behind_nat: None,
        listing: Listing::Listed,
        credentials: Some(Credentials::new("admin", "secret".into())),
        is_denied_credentials: false,
        via: None,
        pin: None,
        call_id: Some("1@192.0.2.21".to_owned()),
        csta: None,
        csta_calls: None,
        left_out: Vec::new(),
    }
}

/// Parses verb and keys into a task, as if pictures and tones had been converted.
fn task(head: &str) -> Option<(Task, Option<Via>)> {
    let mut lines = head.lines();
    let verb = lines.next()?;
    let pairs = lines.filter_map(|line| line.split_once('='));
    let request = handset_phones::verb::Request::parse(verb, pairs).ok()?;
    let prepared = |tone| match tone {
        Tone::BuiltIn(name) => PreparedTone::BuiltIn(name),
        Tone::Source(_) => PreparedTone::AudioFile(AudioFile {
            url: media_url(&BASE, "0123", "tone.wav"),
            name: "tone.wav".to_owned(),
        }),
    };
    let picture = || media_url(&BASE, "0123", "picture.png");
    let task = match request.action {
        Action::Background { .. } => Task::Background(BackgroundImage {
            image: picture(),
            thumbnail: Some(picture()),
            name: "picture.png".to_owned(),
        }),
        Action::Control(control) => Task::Control(control),
        Action::Push(push) => Task::Push(
            match push.content {
                Content::Document(document) => PreparedContent::Document(document),
                Content::Screen(screen) => {
                    PreparedContent::Screen(Box::new(screen), Some(Image::File(picture())))
                }
                Content::Template { .. } => return None,
                Content::Url(url) => PreparedContent::Url(url),
            },
            push.priority,
        ),
        Action::Ring(tone) => Task::Ring(prepared(tone)),
        Action::Ringtone { tone, line } => Task::Ringtone(prepared(tone), line),
        Action::Mobility(_) | Action::Ping => return None,
    };
    Some((task, request.via))
}

/// The replies of a phone, the last of which repeats.
struct Replies<'a>(&'a [u8]);

impl Replies<'_> {
    fn next(&mut self) -> Reply {
        let (reply, rest) = split(self.0, b"\n--\n").unwrap_or((self.0, self.0));
        self.0 = rest;
        let (line, body) = split(reply, b"\n").unwrap_or((reply, b""));
        let line = String::from_utf8_lossy(line);
        let mut words = line.splitn(3, ' ');
        Reply {
            status: words
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(200),
            content_type: words.next().unwrap_or_default().to_owned(),
            location: words.next().map(ToOwned::to_owned),
            body: Bytes::copy_from_slice(body),
        }
    }
}

/// Checks that a response which names the request answers it, and that one which names another does not.
fn check_answer(message: &Message, reply: &csta::Reply) {
    let Ok(answer) = reply.answer() else {
        return;
    };
    let is_its_own = answer.name() == format!("{}Response", message.name());
    let is_status = message.name() == "RequestSystemStatus" && !answer.name().is_empty();
    let expected = is_its_own || is_status;
    let is_success = (200..300).contains(&reply.status);
    if is_success {
        assert_eq!(message.is_answered_by(&reply.document), expected);
    }
}

/// Checks the outcome of a reply of this length, in bytes; returns the steps it adds, unless the phone refused.
fn interpret(outcome: ReplyOutcome, length: usize) -> Option<Vec<Step>> {
    let limit = MAX_TEXT + 8 * length;
    match outcome {
        ReplyOutcome::Denied(why) | ReplyOutcome::Rejected(why) => {
            assert!(why.len() <= limit, "a reason has {} bytes", why.len());
            None
        }
        ReplyOutcome::Unconfirmed(why) => {
            assert!(why.len() <= limit, "a reason has {} bytes", why.len());
            Some(Vec::new())
        }
        ReplyOutcome::Done => Some(Vec::new()),
        ReplyOutcome::Instead(steps) | ReplyOutcome::Then(steps) => Some(steps),
        ReplyOutcome::Data(data) => {
            match data {
                ReplyData::Grey {
                    width,
                    height,
                    pixels,
                } => {
                    assert_eq!(pixels.len() as u64, u64::from(width) * u64::from(height));
                    assert!(pixels.len() <= limit, "a picture is larger than the reply");
                }
                ReplyData::ImageFile(file) => assert!(file.len() <= length),
                ReplyData::Value(value) => assert!(value.to_string().len() <= limit),
            }
            Some(Vec::new())
        }
    }
}

/// Checks that no value from the input or from replies breaks out of its place in a request.
fn check_request(request: &Request, is_generated: bool) {
    let target = &request.target;
    assert!(target.starts_with('/'), "{target:?} is not a path");
    let graphic = target.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(graphic, "{target:?} leaves its line");
    for (name, value) in &request.headers {
        assert!(is_line(value), "{name}: {value:?} leaves its line");
    }
    let body = String::from_utf8_lossy(&request.body);
    if is_generated && body.trim_start().starts_with('<') {
        assert_eq!(document_fault(&body), None, "{body}");
    }
}

fn check_notify(notify: &Notify) {
    assert!(is_line(&notify.event), "{:?} leaves its line", notify.event);
    if let Some((content_type, _)) = &notify.body {
        assert!(is_line(content_type), "{content_type:?} leaves its line");
    }
}

fn check_call(call: &Call) {
    for (name, value) in &call.headers {
        assert!(is_line(value), "{name}: {value:?} leaves its line");
    }
}

fn is_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

/// Splits at the first `mark`.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

/// The base URL of documents.
static BASE: LazyLock<Url> =
    LazyLock::new(|| "http://192.0.2.10:8090".parse().expect("a valid URL"));

/// The limit of the courier.
const STEPS: usize = 256;

/// Maximum length of the own text of handsetd in a reason or result, in bytes.
const MAX_TEXT: usize = 4096;
