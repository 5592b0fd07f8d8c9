//! A conversation with a phone: what we plan to say, and what the phone answers.
//!
//! An input is written as people would: the verb, its keys as `key=value` lines, a blank line, and then
//! the phone's answers with a line `--` between them. An answer is a line `STATUS [TYPE [LOCATION]]`
//! and its body, whatever bytes. The last answer is given again and again, for as long as the phone is
//! asked.

use std::collections::VecDeque;
use std::sync::LazyLock;

use bytes::Bytes;
use handset_phones::documents::{Documents, media_url};
use handset_phones::phone::{Credentials, Firmware, Phone, Vendor};
use handset_phones::vendor::{
    AudioFile, BackgroundImage, Call, Exchange, Image, Notify, PlanContext, PreparedContent,
    PreparedTone, Reply, ReplyData, ReplyOutcome, Request, Step, Task, document_fault, plan,
};
use handset_phones::verb::{Action, Content, Tone, Via};
use url::Url;

/// Plans what an input asks of `phone`, and answers what the plan asks of it.
pub(super) fn check(phone: &Phone, via: Option<Via>, input: &[u8]) {
    let (head, answers) = split(input, b"\n\n").unwrap_or((input, b""));
    let Some((task, own_way)) = task(&String::from_utf8_lossy(head)) else {
        return;
    };
    let documents = Documents::new(BASE.clone(), "0123".to_owned());
    let context = PlanContext {
        via: via.or(own_way),
        asterisk: true,
        documents: &documents,
    };
    let Ok(plan) = plan(phone, &task, &context) else {
        return;
    };
    let is_ours = !matches!(task, Task::Push(PreparedContent::Document(_), _));
    let mut answers = Answers(answers);
    let mut left: VecDeque<Step> = plan.steps.into();
    // As the courier does it, which gives up after as many steps.
    for _ in 0..STEPS {
        let Some(step) = left.pop_front() else {
            return;
        };
        match &step {
            Step::Call(call) => calls_cleanly(call),
            Step::Http(exchange) => {
                asks_cleanly(&exchange.request, is_ours);
                let Some(more) = hear(exchange, &answers.next()) else {
                    return;
                };
                for step in more.into_iter().rev() {
                    left.push_front(step);
                }
            }
            Step::Notify(notify) => notifies_cleanly(notify),
            Step::HangUp | Step::Pause(_) => {}
        }
        assert!(
            left.len() <= STEPS,
            "one answer asks for {} steps",
            left.len()
        );
    }
}

/// Makes a phone with all that may be known of one.
pub(super) fn phone(vendor: Vendor, model: &str, firmware: &str) -> Phone {
    Phone {
        name: "1001".to_owned(),
        vendor,
        model: model.to_owned(),
        firmware: Firmware::new(firmware),
        address: "192.0.2.21".parse().expect("it is an address"),
        mac: Some("00005E005301".parse().expect("it is one")),
        endpoint: Some("PJSIP/1001".parse().expect("it is one")),
        contact: Some("sip:1001@192.0.2.21:5060".to_owned()),
        behind_nat: None,
        credentials: Some(Credentials::new("admin", "secret".into())),
        via: None,
        pin: None,
        call_id: Some("1@192.0.2.21".to_owned()),
        csta_calls: None,
    }
}

/// Reads verb and keys, and makes of it what a backend is asked; pictures and tones are made already.
fn task(head: &str) -> Option<(Task, Option<Via>)> {
    let mut lines = head.lines();
    let verb = lines.next()?;
    let pairs = lines.filter_map(|line| line.split_once('='));
    let request = handset_phones::verb::Request::parse(verb, pairs).ok()?;
    let sound = |tone| match tone {
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
        Action::Ring(tone) => Task::Ring(sound(tone)),
        Action::Ringtone { tone, line } => Task::Ringtone(sound(tone), line),
        Action::Mobility(_) | Action::Ping => return None,
    };
    Some((task, request.via))
}

/// The answers of a phone, the last one for ever.
struct Answers<'a>(&'a [u8]);

impl Answers<'_> {
    fn next(&mut self) -> Reply {
        let (answer, rest) = split(self.0, b"\n--\n").unwrap_or((self.0, self.0));
        self.0 = rest;
        let (line, body) = split(answer, b"\n").unwrap_or((answer, b""));
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

/// Reads an answer; returns what is to be done next, unless the phone refused.
fn hear(exchange: &Exchange, reply: &Reply) -> Option<Vec<Step>> {
    let most = TOLD + 8 * reply.body.len();
    match exchange.parser.parse(reply) {
        ReplyOutcome::Denied(why) | ReplyOutcome::Rejected(why) => {
            assert!(why.len() <= most, "a reason has {} bytes", why.len());
            None
        }
        ReplyOutcome::Done => Some(Vec::new()),
        ReplyOutcome::Then(steps) => Some(steps),
        ReplyOutcome::Data(told) => {
            match told {
                ReplyData::Grey {
                    width,
                    height,
                    pixels,
                } => {
                    assert_eq!(pixels.len() as u64, u64::from(width) * u64::from(height));
                    assert!(
                        pixels.len() <= most,
                        "a picture is larger than what was sent"
                    );
                }
                ReplyData::ImageFile(file) => assert!(file.len() <= reply.body.len()),
                ReplyData::Value(value) => assert!(value.to_string().len() <= most),
            }
            Some(Vec::new())
        }
    }
}

/// Nothing of what was asked, or of what the phone said before, leaves its place in a request.
fn asks_cleanly(request: &Request, is_ours: bool) {
    let target = &request.target;
    assert!(target.starts_with('/'), "{target:?} is no path");
    let graphic = target.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(graphic, "{target:?} does not stay in its line");
    for (name, value) in &request.headers {
        assert!(
            is_line(value),
            "{name}: {value:?} does not stay in its line"
        );
    }
    let body = String::from_utf8_lossy(&request.body);
    if is_ours && body.trim_start().starts_with('<') {
        assert_eq!(document_fault(&body), None, "{body}");
    }
}

fn notifies_cleanly(notify: &Notify) {
    assert!(
        is_line(&notify.event),
        "{:?} does not stay in its line",
        notify.event
    );
    if let Some((content_type, _)) = &notify.body {
        assert!(
            is_line(content_type),
            "{content_type:?} does not stay in its line"
        );
    }
}

fn calls_cleanly(call: &Call) {
    for (name, value) in &call.headers {
        assert!(
            is_line(value),
            "{name}: {value:?} does not stay in its line"
        );
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

/// Where the phone fetches documents.
static BASE: LazyLock<Url> =
    LazyLock::new(|| "http://192.0.2.10:8090".parse().expect("it is a URL"));

/// As many as the courier takes.
const STEPS: usize = 256;

/// What our own words in an answer may have, in bytes.
const TOLD: usize = 4096;
