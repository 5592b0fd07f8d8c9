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
fn a_text_is_pushed() {
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
fn a_text_beside_a_list_or_picture_becomes_its_prompt() {
    assert_eq!(
        screen("push text=Choose;item=A|exit").prompt.as_deref(),
        Some("Choose")
    );
    refused(
        "push text=a;prompt=b;image=x.png",
        "prompt and text can't be given together",
    );
}

#[test]
fn the_keys_of_every_verb_are_read() {
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
fn the_four_verbs_of_a_phone_become_actions() {
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
fn every_verb_is_known_with_its_least_keys() {
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
fn every_refusal_names_the_key() {
    refused(
        "push text=a;colour=red",
        &format!(
            "\"colour\" is no key of push; its keys are {}",
            "text, title, prompt, image, item, entry, input, submit, softkey, template, xml, url, \
         timeout, beep, priority, deadline, keep, phone, via, wait"
        ),
    );
    refused("push", "text is missing; push needs it");
    refused("push title=only", "text is missing; push needs it");
    refused(
        "push text=a;text=b",
        "text is given twice; a comma in a value separates two, unless it is quoted",
    );
    refused(
        "push item=A|exit;image=x.png",
        "image and item can't be given together",
    );
    refused(
        "push text=a;timeout=soon",
        "timeout: \"soon\" is no duration; write 30s, 5m or a number of seconds",
    );
    refused("push text=a;beep=maybe", "beep: \"maybe\" is not yes or no");
    refused(
        "push text=a;priority=high",
        "priority: \"high\" is not now or idle or only-idle",
    );
    refused("push item=A", "item: \"A\" is not of the form Label|TARGET");
    refused(
        "push item=A|call me",
        "item: \"call me\" is no target; write dial:NUMBER, key:NAME, exit or an http URL",
    );
    refused("push input=PIN|pin", "submit is missing; push needs it");
    refused(
        "push text=a;submit=http://192.0.2.1/",
        "input is missing; push needs it",
    );
    refused(
        "push input=A|p;input=B|p;submit=http://192.0.2.1/",
        "input: two inputs send the parameter \"p\"",
    );
    refused(
        "push xml=<a/>;title=b",
        "xml and title can't be given together",
    );
    refused(
        "push url=http://192.0.2.1/;timeout=3",
        "url and timeout can't be given together",
    );
    refused(
        "push url=ftp://192.0.2.1/",
        "url: \"ftp://192.0.2.1/\" is no http or https URL",
    );
    refused(
        "push template=../x",
        "template: \"../x\" is no name of a template",
    );
    refused("push text=a;wait=later", "wait: \"later\" is not yes or no");
    refused(
        "push text=a;via=pigeon",
        "via: \"pigeon\" is not http or notify or csta or pbx",
    );
    refused("ring", "tone is missing; ring needs it");
    refused(
        "ring tone=1;stop=yes",
        "tone and stop can't be given together",
    );
    refused("ring stop=no", "stop: \"no\" is not yes");
    refused(
        "ringtone tone=1;line=0",
        "line: \"0\" is no whole number from 1 to 255",
    );
    refused("background", "image is missing; background needs it");
    refused(
        "background image=",
        "image: it is empty; name a file or a URL",
    );
    refused(
        "background image=x.png;fit=stretch",
        "fit: \"stretch\" is not cover or contain",
    );
    refused(
        "firmware url=http://192.0.2.1/fw",
        "confirm is missing; firmware needs it",
    );
    refused("forward kind=busy", "number is missing; forward needs it");
    refused("settings", "set is missing; settings needs it");
    refused("stream", "address is missing; stream needs it");
    refused(
        "dtmf digits=12x",
        "digits: \"12x\" are no digits; digits are 0-9 * # A-D",
    );
    refused(
        "dial number=1;2",
        "\"2\" is no key of dial; its keys are number, line, deadline, keep, phone, via, wait",
    );
    refused(
        "csta request=X;a..b=1",
        "\"a..b\" is no key of csta; its keys are request, deadline, keep, phone, via, wait",
    );
}

#[test]
fn an_unknown_verb_is_refused_with_the_list() {
    let message = parse("pusch text=a").unwrap_err().to_string();
    assert!(
        message.starts_with("\"pusch\" is no verb; verbs are answer, background, clear,"),
        "{message}"
    );
}
