use super::*;
use crate::screen::{Body, Screen, Source, Submit, Target};
use crate::verb::MAX_VALUES;
use crate::verb::{Content, Control, Fit, Push, Tone};

fn parse(line: &str) -> Result<Request, Refusal> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let pairs = rest.split(';').filter(|pair| !pair.is_empty());
    Request::parse(
        verb,
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))),
    )
}

fn refused(line: &str, message: &str) {
    assert_eq!(parse(line).unwrap_err().to_string(), message, "{line}");
}

fn screen(line: &str) -> Screen {
    match parse(line).unwrap().action {
        Action::Push(Push {
            content: Content::Screen(screen),
            ..
        }) => screen,
        other => panic!("{line} is {other:?}"),
    }
}

#[test]
fn forms_without_submit_come_back_to_handsetd() {
    let submit = |line: &str| match screen(line).body {
        Body::Form { submit, .. } => submit,
        other => panic!("{line} is {other:?}"),
    };
    assert_eq!(submit("push input=PIN|pin"), Submit::Handsetd);
    let elsewhere = submit("push input=PIN|pin;submit=http://192.0.2.1/");
    assert!(matches!(elsewhere, Submit::Url(_)), "{elsewhere:?}");
}

#[test]
fn text_is_pushed() {
    let request = parse("push title=Parking;text=You are number 3;timeout=30;beep=yes").unwrap();
    assert_eq!(
        (request.verb.name(), request.wait, request.phone),
        ("push", true, None)
    );
    let screen = screen("push title=Parking;text=You are number 3;timeout=30;beep=yes");
    assert_eq!(screen.title.as_deref(), Some("Parking"));
    assert_eq!(screen.body, Body::Text("You are number 3".into()));
    assert_eq!(
        (screen.timeout, screen.beep),
        (Some(Duration::from_secs(30)), Some(true))
    );
}

#[test]
fn repeated_keys_make_lists_in_order() {
    let Body::Menu(items) = screen("push item=A|dial:1;item=B|exit").body else {
        panic!()
    };
    let labels: Vec<_> = items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["A", "B"]);
    let screen = screen("push entry=Ada|201;entry=Bob|202;softkey=Leave|exit");
    assert!(matches!(screen.body, Body::Directory(entries) if entries.len() == 2));
    assert_eq!(
        screen.softkeys.first().map(|key| &key.target),
        Some(&Target::Exit)
    );
}

#[test]
fn text_with_a_list_or_image_becomes_its_prompt() {
    assert_eq!(
        screen("push text=Choose;item=A|exit").prompt.as_deref(),
        Some("Choose")
    );
    refused(
        "push text=a;prompt=b;image=x.png",
        "prompt and text cannot be combined",
    );
}

#[test]
fn common_keys_are_parsed() {
    let request = parse("ping phone=1001&reception;wait=no;keep=5m;via=notify;deadline=3").unwrap();
    assert_eq!(request.phone, Some("1001&reception".into()));
    assert!(!request.wait);
    assert_eq!(request.keep, Some(Duration::from_mins(5)));
    assert_eq!(
        (request.via, request.deadline),
        (Some(Via::Notify), Some(Duration::from_secs(3)))
    );
}

#[test]
fn keep_of_zero_stores_nothing() {
    for zero in ["0", "0s", "0ms"] {
        let request = parse(&format!("ping keep={zero}")).unwrap();
        assert_eq!(request.keep, None, "{zero}");
    }
}

#[test]
fn verbs_become_actions() {
    let action = |line: &str| parse(line).unwrap().action;
    let file = |name: &str| Source::File(name.to_owned());
    assert_eq!(
        action("ring tone=bell.wav"),
        Action::Ring(Tone::Source(file("bell.wav")))
    );
    assert_eq!(action("ring stop=yes"), Action::Control(Control::RingStop));
    let tone = Tone::BuiltIn("3".into());
    assert_eq!(
        action("ringtone tone=3;line=2"),
        Action::Ringtone {
            tone,
            line: Some(2)
        }
    );
    let background = Action::Background {
        image: file("night.jpg"),
        fit: Fit::Contain,
    };
    assert_eq!(action("background image=night.jpg;fit=contain"), background);
    assert_eq!(action("clear"), Action::Control(Control::Clear));
}

#[test]
fn every_verb_is_parsed_with_its_required_keys() {
    for line in [
        "answer",
        "hangup",
        "hold",
        "resume",
        "info",
        "screenshot",
        "resync",
        "reboot",
        "clear",
        "ping",
        "who",
        "logout",
        "csta request=AnswerCall;callToBeAnswered.callID=-18",
        "dial number=1",
        "display state=off",
        "dnd state=on",
        "dtmf digits=1*#",
        "execute uri=Key:Soft1;uri=Init:Services",
        "firmware url=http://192.0.2.1/fw;confirm=yes",
        "forward state=off",
        "forward number=30",
        "key keys=OFFHOOK,1,0,0,OK",
        "led state=fast;led=LINE1;color=red",
        "login user=ada",
        "notify event=check-sync",
        "settings get=dnd",
        "settings set=a=b;set=c=d",
        "stream address=192.0.2.1:20480;mode=receive",
        "stream stop=yes",
        "transfer number=30;kind=blind",
    ] {
        if let Err(refusal) = parse(line) {
            panic!("{line}: {refusal}");
        }
    }
}

#[test]
fn refusals_of_push_name_the_key() {
    refused(
        "push text=a;colour=red",
        "unknown key \"colour\" of push (see handsetd help push); expected one of text, title, prompt, image, item, entry, \
         input, submit, softkey, template, xml, url, timeout, beep, priority, deadline, keep, \
         phone, via, wait",
    );
    refused("push", "text is missing; push requires it");
    refused("push title=only", "text is missing; push requires it");
    refused(
        "push text=a;text=b",
        "text is given twice; push takes it once",
    );
    for text in ["", " ", "\t", "\\n", "\u{1}\u{fffe}"] {
        let hint = "text: the value is empty; there is nothing to show; is a variable unset?";
        refused(&format!("push title=Note;text={text}"), hint);
    }
    refused(
        "push item=A|exit;image=x.png",
        "image and item cannot be combined",
    );
    refused(
        "push text=a;timeout=soon",
        "timeout: invalid duration \"soon\"; use 30s, 5m or a number of seconds",
    );
    refused(
        "push text=a;deadline=0s",
        "deadline: invalid duration \"0\"; no phone answers within it",
    );
    refused(
        "push text=a;beep=maybe",
        "beep: invalid value \"maybe\"; expected yes or no",
    );
    refused(
        "push text=a;priority=high",
        "priority: invalid value \"high\"; expected now, idle or only-idle",
    );
    refused("push item=A", "item: invalid item \"A\"; use Label|TARGET");
    refused(
        "push item=A|call me",
        "item: \"A\": invalid target \"call me\"; use dial:NUMBER, key:NAME, page:NAME, exit or an http URL",
    );
    refused(
        "push entry=Desk|201;entry=Sales|call?",
        "entry: \"Sales\": invalid number \"call?\"; use digits, letters and * # + . @ : _ -",
    );
    refused(
        "push text=a;softkey=Call|dial:1?",
        "softkey: \"Call\": invalid number \"1?\"; use digits, letters and * # + . @ : _ -",
    );
    refused(
        "push text=a;submit=http://192.0.2.1/",
        "input is missing; push requires it",
    );
    refused(
        "push input=A|p;input=B|p;submit=http://192.0.2.1/",
        "input: duplicate parameter \"p\"",
    );
    refused("push xml=<a/>;title=b", "xml and title cannot be combined");
    refused(
        "push url=http://192.0.2.1/;timeout=3",
        "url and timeout cannot be combined",
    );
    refused(
        "push url=ftp://192.0.2.1/",
        "url: invalid URL \"ftp://192.0.2.1/\"; use an http or https URL",
    );
    refused(
        "push template=../x",
        "template: invalid template \"../x\"; use the name of a file in the templates folder",
    );
    refused(
        "push text=a;wait=later",
        "wait: invalid value \"later\"; expected yes or no",
    );
    refused(
        "push text=a;via=pigeon",
        "via: invalid value \"pigeon\"; expected http, notify, csta or pbx",
    );
}

#[test]
fn refusals_of_other_verbs_name_the_key() {
    refused("ring", "tone is missing; ring requires it");
    refused("ring tone=1;stop=yes", "tone and stop cannot be combined");
    refused("ring stop=no", "stop: invalid value \"no\"; expected yes");
    refused(
        "ringtone tone=1;line=0",
        "line: invalid number \"0\"; use a whole number from 1 to 255",
    );
    refused("background", "image is missing; background requires it");
    refused(
        "background image=",
        "image: the value is empty; use a file or a URL",
    );
    refused(
        "background image=x.png;fit=stretch",
        "fit: invalid value \"stretch\"; expected cover or contain",
    );
    refused(
        "firmware url=http://192.0.2.1/fw",
        "confirm is missing; firmware requires it",
    );
    refused(
        "forward kind=busy",
        "number is missing; forward requires it",
    );
    refused(
        "forward number=Off",
        "number: invalid number \"Off\"; write state=off",
    );
    refused("settings", "set is missing; settings requires it");
    refused("stream", "address is missing; stream requires it");
    refused(
        "dtmf digits=12x",
        "digits: invalid digits \"12x\"; use 0-9 * # A-D",
    );
    refused(
        "dial number=1;2",
        "unknown key \"2\" of dial (see handsetd help dial); expected one of number, line, deadline, keep, phone, via, wait",
    );
    refused(
        "csta request=X;a..b=1",
        "unknown key \"a..b\" of csta (see handsetd help csta); expected one of request, deadline, keep, phone, via, wait",
    );
}

#[test]
fn unknown_verb_and_key_suggest_a_close_name() {
    refused("pusch text=a", "unknown verb \"pusch\"; did you mean push?");
    refused("push txt=a", "unknown key txt; did you mean text?");
    refused("push titel=a", "unknown key titel; did you mean title?");
    refused("push Title=a", "unknown key Title; did you mean title?");
    refused("ping phne=a", "unknown key phne; did you mean phone?");
}

/// A request of `count` pairs, and the error.
fn refused_pairs(verb: &str, pairs: impl IntoIterator<Item = (String, String)>) -> String {
    match Request::parse(verb, pairs) {
        Ok(request) => panic!("{} is accepted", request.verb),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn requests_are_bounded() {
    let items = |count| (0..count).map(|_| ("item".to_owned(), "A|exit".to_owned()));
    assert!(Request::parse("push", items(MAX_VALUES)).is_ok());
    let error = refused_pairs("push", items(MAX_VALUES + 1));
    assert_eq!(error, "item: too many values (10001); the limit is 10000");

    let element = |at| (format!("e{at}"), String::new());
    let request = || [("request".to_owned(), "X".to_owned())];
    let elements = |count| request().into_iter().chain((0..count).map(element));
    assert!(Request::parse("csta", elements(MAX_ELEMENTS)).is_ok());
    let error = refused_pairs("csta", elements(MAX_ELEMENTS + 1));
    assert_eq!(error, "e1000: too many elements (1001); the limit is 1000");

    let long = "a".repeat(MAX_LENGTH);
    let error = refused_pairs("push", [("text".to_owned(), long)]);
    assert!(
        error.starts_with("the request is too long; the limit is 1048576 bytes"),
        "{error}"
    );

    let label = format!("{}|exit", "a".repeat(64 * 1024));
    let error = refused_pairs("push", [("item".to_owned(), label)]);
    assert_eq!(error, "item: too many bytes (65541); the limit is 65536");

    let phones = |count| vec!["1"; count].join("&");
    let to = |phones| [("text", "a".to_owned()), ("phone", phones)];
    assert!(Request::parse("push", to(phones(PhoneNames::MAX))).is_ok());
    let error = Request::parse("push", to(phones(PhoneNames::MAX + 1))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "phone: too many names (2001); the limit is 2000"
    );
}

#[test]
fn messages_quote_the_start_of_a_long_value() {
    for long in ["\u{1}".repeat(60_000), "ä".repeat(30_000)] {
        let pair = |key: &str, value: &str| [(key.to_owned(), value.to_owned())];
        for (verb, pairs) in [
            ("push", pair(&long, "")),
            ("dnd", pair("state", &long)),
            ("dial", pair("number", &long)),
            ("push", pair("item", &long)),
            ("push", pair("url", &long)),
            ("push", pair("input", &format!("A|{long}"))),
            ("push", pair("keep", &long)),
            ("key", pair("keys", &long)),
            ("execute", pair("uri", &long)),
            ("led", pair("state", &long)),
            ("settings", pair("set", &long)),
            ("login", pair("user", &long)),
            ("csta", pair("request", &long)),
            ("notify", pair("event", &long)),
            ("ring", pair("tone", &long)),
            ("stream", pair("address", &long)),
            (&long, pair("", "")),
        ] {
            let error = refused_pairs(verb, pairs);
            assert!(error.len() < 2000, "{} bytes", error.len());
        }
    }
}
