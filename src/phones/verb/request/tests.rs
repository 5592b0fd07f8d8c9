use super::*;
use crate::screen::{Body, Screen, Source, Target};
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
    assert_eq!(request.phone.as_deref(), Some("1001&reception"));
    assert!(!request.wait);
    assert_eq!(request.keep, Some(Duration::from_mins(5)));
    assert_eq!(
        (request.via, request.deadline),
        (Some(Via::Notify), Some(Duration::from_secs(3)))
    );
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
        "unknown key \"colour\" of push; expected one of text, title, prompt, image, item, entry, \
         input, submit, softkey, template, xml, url, timeout, beep, priority, deadline, keep, \
         phone, via, wait",
    );
    refused("push", "text is missing; push requires it");
    refused("push title=only", "text is missing; push requires it");
    refused(
        "push text=a;text=b",
        "text is given twice; quote values that contain a comma",
    );
    refused(
        "push item=A|exit;image=x.png",
        "image and item cannot be combined",
    );
    refused(
        "push text=a;timeout=soon",
        "timeout: invalid duration \"soon\"; use 30s, 5m or a number of seconds",
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
        "item: invalid target \"call me\"; use dial:NUMBER, key:NAME, exit or an http URL",
    );
    refused("push input=PIN|pin", "submit is missing; push requires it");
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
    refused("settings", "set is missing; settings requires it");
    refused("stream", "address is missing; stream requires it");
    refused(
        "dtmf digits=12x",
        "digits: invalid digits \"12x\"; use 0-9 * # A-D",
    );
    refused(
        "dial number=1;2",
        "unknown key \"2\" of dial; expected one of number, line, deadline, keep, phone, via, wait",
    );
    refused(
        "csta request=X;a..b=1",
        "unknown key \"a..b\" of csta; expected one of request, deadline, keep, phone, via, wait",
    );
}

#[test]
fn unknown_verb_and_key_suggest_a_close_name() {
    refused("pusch text=a", "unknown verb \"pusch\"; did you mean push?");
    refused(
        "push txt=a",
        "unknown key \"txt\" of push; did you mean text?",
    );
}
