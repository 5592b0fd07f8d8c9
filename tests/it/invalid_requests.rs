//! Requests that are `INVALID`: the reason names what is wrong.

use super::support::caller::{CallResult, Caller};
use super::support::daemon::Daemon;

#[tokio::test]
async fn invalid_requests_name_the_error() {
    let daemon = Daemon::start(ONE_PHONE).await;
    let caller = Caller::new(daemon.agi());
    for (script, arguments, reason) in INVALID {
        assert_invalid(&caller, script, arguments, reason).await;
    }
    for (script, arguments, reason) in INVALID_FOR_THE_PHONE {
        let arguments = [*arguments, &["phone=desk"]].concat();
        let outcome = assert_invalid(&caller, script, &arguments, reason).await;
        assert_eq!(
            (outcome.phone.as_str(), outcome.vendor.as_str()),
            ("desk", "snom")
        );
    }
}

/// Makes a request that is `INVALID` for a reason that begins with `reason`.
async fn assert_invalid(
    caller: &Caller,
    script: &str,
    arguments: &[&str],
    reason: &str,
) -> CallResult {
    let outcome = caller.run(script, arguments).await;
    assert_eq!(
        outcome.status, "INVALID",
        "{script} {arguments:?}: {}",
        outcome.reason
    );
    assert!(
        outcome.reason.starts_with(reason),
        "{script} {arguments:?}: {:?} is not {reason:?}",
        outcome.reason
    );
    outcome.assert_one_short_line();
    outcome
}

/// Script, arguments, and how the reason begins.
const INVALID: &[(&str, &[&str], &str)] = &[
    (
        "",
        &[],
        "unknown verb \"\"; expected one of answer, background, clear, ",
    ),
    (
        "pusch",
        &["text=Hello"],
        "unknown verb \"pusch\"; did you mean push?",
    ),
    ("PUSH", &["text=Hello"], "unknown verb \"PUSH\"; "),
    ("push/more", &["text=Hello"], "unknown verb \"push/more\"; "),
    ("push", &[], "text is missing; push requires it"),
    (
        "push",
        &["title=Hello"],
        "text is missing; push requires it",
    ),
    (
        "push?colour=red",
        &["Hello"],
        "unknown key \"colour\" of push (see handsetd help push); expected one of text, title, prompt, ",
    ),
    (
        "push",
        &["Hello", "world"],
        "\"world\" is no key of push; write text= once, with quotes around a value that contains",
    ),
    (
        "push",
        &["text=a", "title=b", "title=c"],
        "title is given twice; ",
    ),
    ("push?title=a&title=b", &["text"], "title is given twice; "),
    (
        "push",
        &["text=a", "beep=maybe"],
        "beep: invalid value \"maybe\"; expected yes or no",
    ),
    (
        "push",
        &["text=a", "wait=later"],
        "wait: invalid value \"later\"; expected yes or no",
    ),
    (
        "push",
        &["text=a", "via=fax"],
        "via: invalid value \"fax\"; expected http, notify, csta or pbx",
    ),
    (
        "push",
        &["text=a", "keep=soon"],
        "keep: invalid duration \"soon\"; use 30s, 5m or a number of seconds",
    ),
    (
        "push",
        &["text=a", "deadline=31d"],
        "deadline: invalid duration \"31d\"; the limit is 30 days",
    ),
    (
        "push",
        &["text=a", "timeout=-1"],
        "timeout: invalid duration \"-1\"; ",
    ),
    (
        "push",
        &["text=a", "priority=high"],
        "priority: invalid value \"high\"; expected now, idle or only-idle",
    ),
    (
        "push",
        &["item=Sales"],
        "item: invalid item \"Sales\"; use Label|TARGET",
    ),
    (
        "push",
        &["item=Sales|call:201"],
        "item: \"Sales\": invalid target \"call:201\"; use dial:NUMBER, key:NAME, page:NAME, exit or an http URL",
    ),
    (
        "push",
        &["item=Sales|dial:20;1"],
        "item: \"Sales\": invalid number \"20;1\"; ",
    ),
    (
        "push",
        &["item=Sales|key:A B"],
        "item: \"Sales\": invalid key name \"A B\"; ",
    ),
    (
        "push",
        &["entry=Sales"],
        "entry: invalid entry \"Sales\"; use Name|Number",
    ),
    (
        "push",
        &["entry=|201"],
        "entry: invalid entry \"|201\"; use Name|Number",
    ),
    (
        "push",
        &["input=Name|n|secret", "submit=http://192.0.2.1/"],
        "input: \"Name\": invalid kind of input \"secret\"; expected lower, number, password, phone, text or upper",
    ),
    (
        "push",
        &["input=Name|n m", "submit=http://192.0.2.1/"],
        "input: \"Name\": invalid parameter \"n m\"; ",
    ),
    (
        "push",
        &["input=A|n", "input=B|n", "submit=http://192.0.2.1/"],
        "input: duplicate parameter \"n\"",
    ),
    (
        "push",
        &["text=a", "submit=http://192.0.2.1/"],
        "input is missing; push requires it",
    ),
    (
        "push",
        &["input=Name|n", "submit=ftp://192.0.2.1/"],
        "submit: invalid URL \"ftp://192.0.2.1/\"; use an http or https URL",
    ),
    (
        "push",
        &["softkey=Go"],
        "softkey: invalid item \"Go\"; use Label|TARGET",
    ),
    (
        "push",
        &["url=192.0.2.1/a"],
        "url: invalid URL \"192.0.2.1/a\"; use an http or https URL",
    ),
    (
        "push",
        &["url=http://192.0.2.1/", "text=a"],
        "url and text cannot be combined",
    ),
    (
        "push",
        &["xml=<a/>", "title=a"],
        "xml and title cannot be combined",
    ),
    (
        "push",
        &["item=A|exit", "entry=B|201"],
        "item and entry cannot be combined",
    ),
    (
        "push",
        &["item=A|exit", "text=a", "prompt=b"],
        "prompt and text cannot be combined",
    ),
    (
        "push",
        &["template=../secret"],
        "template: invalid template \"../secret\"",
    ),
    (
        "push",
        &["template=a", "timeout=1"],
        "template and timeout cannot be combined",
    ),
    (
        "push",
        &["image="],
        "image: the value is empty; use a file or a URL",
    ),
    ("ring", &[], "tone is missing; ring requires it"),
    (
        "ring",
        &["1", "stop=yes"],
        "tone and stop cannot be combined",
    ),
    (
        "ring",
        &["stop=no"],
        "stop: invalid value \"no\"; expected yes",
    ),
    (
        "ring",
        &["tone=a;b"],
        "tone: invalid tone \"a;b\"; use a built-in tone, an audio file or a URL",
    ),
    (
        "ringtone",
        &["line=2"],
        "tone is missing; ringtone requires it",
    ),
    (
        "ringtone",
        &["1", "line=0"],
        "line: invalid number \"0\"; use a whole number from 1 to 255",
    ),
    (
        "ringtone",
        &["1", "line=first"],
        "line: invalid number \"first\"; use a whole number from 1 to 255",
    ),
    (
        "background",
        &[],
        "image is missing; background requires it",
    ),
    (
        "background",
        &["a.png", "fit=stretch"],
        "fit: invalid value \"stretch\"; expected cover or contain",
    ),
    (
        "background",
        &["image=file:///etc/passwd"],
        "image: invalid URL \"file:///etc/passwd\"; use an http or https URL",
    ),
    ("key", &[], "keys is missing; key requires it"),
    ("dial", &[], "number is missing; dial requires it"),
    ("dial", &["1;2"], "number: invalid number \"1;2\"; "),
    (
        "dial",
        &["201", "line=0"],
        "line: invalid number \"0\"; use a whole number from 1 to 255",
    ),
    (
        "answer",
        &["now"],
        "answer has no main key for the value \"now\"; write KEY=now",
    ),
    (
        "transfer",
        &["201", "kind=warm"],
        "kind: invalid value \"warm\"; expected blind or attended",
    ),
    ("transfer", &[], "number is missing; transfer requires it"),
    (
        "dtmf",
        &["12x"],
        "digits: invalid digits \"12x\"; use 0-9 * # A-D",
    ),
    ("dnd", &[], "state is missing; dnd requires it"),
    (
        "dnd",
        &["maybe"],
        "state: invalid value \"maybe\"; expected on or off",
    ),
    ("forward", &[], "number is missing; forward requires it"),
    (
        "forward",
        &["201", "kind=some"],
        "kind: invalid value \"some\"; expected all, busy or noanswer",
    ),
    (
        "forward",
        &["201", "after=4000"],
        "after: invalid number \"4000\"; use a whole number from 0 to 3600",
    ),
    (
        "display",
        &["dim"],
        "state: invalid value \"dim\"; expected on, off or default",
    ),
    (
        "display",
        &["on", "minutes=2000"],
        "minutes: invalid number \"2000\"; use a whole number from 0 to 1440",
    ),
    (
        "led",
        &["blue"],
        "state: invalid value \"blue\"; expected on, off, slow or fast",
    ),
    ("settings", &[], "set is missing; settings requires it"),
    ("execute", &[], "uri is missing; execute requires it"),
    ("csta", &[], "request is missing; csta requires it"),
    (
        "csta?1st=a",
        &["AnswerCall"],
        "unknown key \"1st\" of csta (see handsetd help csta); ",
    ),
    ("stream", &[], "address is missing; stream requires it"),
    (
        "stream",
        &["192.0.2.1:5004", "mode=duplex"],
        "mode: invalid value \"duplex\"; expected receive, send or both",
    ),
    (
        "stream",
        &["192.0.2.1:5004", "volume=101"],
        "volume: invalid number \"101\"; use a whole number from 0 to 100",
    ),
    ("notify", &[], "event is missing; notify requires it"),
    (
        "firmware",
        &["http://192.0.2.1/fw"],
        "confirm is missing; firmware requires it",
    ),
    (
        "firmware",
        &["http://192.0.2.1/fw", "confirm=no"],
        "confirm: invalid value \"no\"; expected yes",
    ),
    (
        "firmware",
        &["confirm=yes"],
        "url is missing; firmware requires it",
    ),
    ("login", &[], "user is missing; login requires it"),
    (
        "login",
        &["jo", "minutes=0"],
        "minutes: invalid number \"0\"; use a whole number from 1 to 14400",
    ),
    (
        "ping",
        &["now"],
        "ping has no main key for the value \"now\"; write KEY=now",
    ),
    (
        "ping?tone=1",
        &[],
        "unknown key \"tone\" of ping (see handsetd help ping); expected one of deadline, keep, phone, via, wait",
    ),
    ("push", &["text=a", "phone=&"], "phone: it names no phone"),
];

/// Invalid only for this phone, or because of a file.
const INVALID_FOR_THE_PHONE: &[(&str, &[&str], &str)] = &[
    (
        "ring",
        &["10"],
        "tone: unknown ringer \"10\"; Snom phones have 1 to 9",
    ),
    (
        "ringtone",
        &["11"],
        "tone: unknown ringer \"11\"; Snom phones have 1 to 10 and Silent",
    ),
    (
        "ringtone",
        &["1", "line=13"],
        "line: Snom phones have lines 1 to 12, not 13",
    ),
    (
        "ringtone",
        &["missing.wav"],
        "tone: no file missing.wav in the media folders",
    ),
    ("background", &["../../etc/passwd"], "image: "),
    ("background", &["doorbell.wav"], "image: "),
    ("ringtone", &["/etc/passwd.wav"], "tone: "),
    (
        "push",
        &["image=missing.png"],
        "image: no file missing.png in the media folders",
    ),
    ("push", &["template=missing"], "template: "),
    ("push", &["xml=<a>"], "xml: "),
];

const ONE_PHONE: &str = "
[[phone]]
name = 'desk'
vendor = 'snom'
model = 'D785'
address = '127.0.0.1:9'
";
