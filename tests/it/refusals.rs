//! Every status other than `OK`, as the dialplan sees it.

use std::time::Duration;

use handset_simulator::Vendor;
use handset_simulator::{Faults, Options, Scheme};

use super::support::caller::{CallResult, Caller};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn invalid_requests_name_the_error() {
    let daemon = Daemon::start(ONE_PHONE).await;
    let caller = Caller::new(daemon.agi());
    for (script, arguments, reason) in INVALID {
        let arguments: Vec<&str> = arguments.to_vec();
        let outcome = caller.run(script, &arguments).await;
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
        assert_one_short_line(&outcome);
    }
    for (script, arguments, reason) in INVALID_FOR_THE_PHONE {
        let arguments: Vec<&str> = arguments.iter().chain(&["phone=desk"]).copied().collect();
        let outcome = caller.run(script, &arguments).await;
        assert_eq!(
            outcome.status, "INVALID",
            "{script} {arguments:?}: {}",
            outcome.reason
        );
        assert!(
            outcome.reason.starts_with(reason),
            "{script} {arguments:?}: {:?}",
            outcome.reason
        );
        assert_eq!(
            (outcome.phone.as_str(), outcome.vendor.as_str()),
            ("desk", "snom")
        );
        assert_one_short_line(&outcome);
    }
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

#[tokio::test]
async fn ping_is_always_ok() {
    let daemon = Daemon::start("").await;
    let outcome = Caller::new(daemon.agi()).run("ping", &[]).await;
    assert_eq!(
        (outcome.status.as_str(), outcome.reason.as_str()),
        ("OK", "")
    );
    assert_eq!((outcome.phone.as_str(), outcome.vendor.as_str()), ("", ""));
    let again = Caller::new(daemon.agi()).run("ping", &[]).await;
    assert!(!outcome.id.is_empty() && outcome.id != again.id);
}

#[tokio::test]
async fn unsupported_transports_are_refused_and_nothing_is_sent() {
    let [cisco, snom, yealink] =
        [Vendor::Cisco, Vendor::Snom, Vendor::Yealink].map(sim_phone::options);
    let sim_phones = [
        ("cisco", SimPhone::new(cisco).await),
        ("snom", SimPhone::new(snom).await),
        ("yealink", SimPhone::new(yealink).await),
    ];
    let entries: Vec<_> = sim_phones
        .iter()
        .map(|(name, sim_phone)| sim_phone.entry(name))
        .collect();
    let daemon = Daemon::start(&entries.concat()).await;
    let caller = Caller::new(daemon.agi());
    for (name, sim_phone) in &sim_phones {
        let phone = format!("phone={name}");
        for (argument, reason) in [
            (
                "via=notify",
                match *name {
                    "cisco" => "Cisco phones accept no screens or tones by NOTIFY; omit via",
                    _ => "no [[asterisk]] is configured, which NOTIFYs and via=pbx require",
                },
            ),
            (
                "via=csta",
                "only Snom phones speak CSTA over HTTP; others need a session over SIP: [uacsta], and csta in the [[phone]]",
            ),
            (
                "via=pbx",
                "only dial, ring, hangup and transfer support via=pbx; omit via",
            ),
        ] {
            if (*name, argument) == ("snom", "via=csta") {
                continue;
            }
            let outcome = caller.run("push", &["Hello", argument, &phone]).await;
            assert_eq!(
                (&*outcome.status, &*outcome.reason),
                ("UNSUPPORTED", reason)
            );
        }
        assert_eq!(sim_phone.received().len(), 0, "{name} was sent something");
    }
}

#[tokio::test]
async fn wrong_passwords_are_denied_and_nothing_is_shown() {
    let right = || Some(("admin".to_owned(), "right".to_owned()));
    let snom = SimPhone::new(Options {
        credentials: right(),
        scheme: Scheme::Digest,
        ..sim_phone::options(Vendor::Snom)
    })
    .await;
    let yealink = SimPhone::new(Options {
        credentials: right(),
        scheme: Scheme::Digest,
        ..sim_phone::options(Vendor::Yealink)
    })
    .await;
    let challenging = SimPhone::new(Options {
        credentials: right(),
        scheme: Scheme::Basic,
        ..sim_phone::options(Vendor::Snom)
    })
    .await;
    let wrong = "username = 'admin'\npassword = 'wrong'\n";
    let config = format!(
        "{}{wrong}{}{wrong}{}",
        snom.entry("snom"),
        yealink.entry("yealink").replace(":03\"", ":04\""),
        challenging.entry("challenging").replace(":02\"", ":05\"")
    );
    let daemon = Daemon::start(&config).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=snom"]).await;
    assert_denied(
        &outcome,
        "the phone refused the user name and password (HTTP 401); they are its settings http_user and http_pass",
    );
    let outcome = caller.run("push", &["Hello", "phone=challenging"]).await;
    assert_denied(
        &outcome,
        "the phone asks for a password (HTTP 401) and none is configured: put its http_user and http_pass \
         into [vendor.snom]",
    );
    let outcome = caller.run("push", &["Hello", "phone=yealink"]).await;
    assert_denied(
        &outcome,
        "the phone refused the user name and password (HTTP 401); use its settings push_xml.username",
    );
    // The phone locks out clients after three wrong passwords.
    for script in [
        "push",
        "ringtone",
        "push",
        "background?image=background.png",
        "push",
    ] {
        let outcome = caller
            .run(
                script,
                &[
                    if script == "ringtone" { "1" } else { "text=a" },
                    "phone=yealink",
                ],
            )
            .await;
        if script.starts_with("background") {
            continue;
        }
        assert_denied(&outcome, "the phone refused the user name and password ");
        assert!(
            outcome
                .reason
                .contains("locks handsetd out if that repeats"),
            "{}",
            outcome.reason
        );
    }
    assert_eq!(yealink.state().bad_credentials, 1);
    for sim_phone in [&snom, &yealink, &challenging] {
        assert!(sim_phone.state().screen.is_none());
    }
}

#[tokio::test]
async fn cisco_phone_whose_authentication_url_rejects_is_denied() {
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    let entry = sim_phone::entry("cisco", &options, address.port(8080));
    let daemon = Daemon::start(&format!(
        "{entry}username = 'push'\npassword = 'hush-8x2'\n"
    ))
    .await;
    let other = Daemon::start("").await;
    // The phone verifies the password at a server that does not know it.
    let foreign = format!("http://{}/cisco/authenticate", other.http());
    let sim_phone = SimPhone::at(
        Options {
            authentication_url: Some(foreign.parse().unwrap()),
            ..options
        },
        address.port(8080),
    )
    .await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=cisco"])
        .await;
    assert_denied(
        &outcome,
        "the phone refused the user name and password: it answered error 4; check them, and that its authenticationURL is /cisco/authenticate",
    );
    assert!(sim_phone.state().screen.is_none());
    other.line("Rejected a phone's credentials.").await;
    assert!(!other.log().contains("hush-8x2") && !daemon.log().contains("hush-8x2"));
}

#[tokio::test]
async fn yealink_phone_that_allows_only_another_server_is_denied() {
    let allow = Some(vec!["192.0.2.1".parse().unwrap()]);
    let sim_phone = SimPhone::new(Options {
        push_servers: allow,
        ..sim_phone::options(Vendor::Yealink)
    })
    .await;
    let daemon = Daemon::start(&format!(
        "{}username = 'u'\npassword = 'p'\n",
        sim_phone.entry("desk")
    ))
    .await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=desk"])
        .await;
    assert_denied(
        &outcome,
        "the phone does not allow it (HTTP 403): its setting push_xml.server lacks handsetd",
    );
}

#[tokio::test]
async fn rejections_quote_the_phone() {
    let failing = |vendor, status| {
        let faults = Faults {
            status: Some(status),
            ..Faults::default()
        };
        SimPhone::new(Options {
            faults,
            ..sim_phone::options(vendor)
        })
    };
    for (vendor, status, reason) in [
        (
            Vendor::Cisco,
            404,
            "the phone refused: it answered HTTP 404; is web access enabled",
        ),
        (
            Vendor::Cisco,
            500,
            "the phone refused: it answered HTTP 500",
        ),
        (Vendor::Snom, 404, "the phone has no such page (HTTP 404)"),
        (Vendor::Snom, 500, "the phone answered HTTP 500"),
        (
            Vendor::Yealink,
            404,
            "the phone has no such page (HTTP 404)",
        ),
        (Vendor::Yealink, 503, "the phone answered HTTP 503"),
    ] {
        let sim_phone = failing(vendor, status).await;
        let daemon = Daemon::start(&sim_phone.entry("desk")).await;
        let outcome = Caller::new(daemon.agi())
            .run("push", &["Hello", "phone=desk"])
            .await;
        assert_eq!(
            outcome.status, "REJECTED",
            "{vendor} {status}: {}",
            outcome.reason
        );
        assert!(
            outcome.reason.starts_with(reason),
            "{vendor} {status}: {}",
            outcome.reason
        );
        // Rejections are not retried; a Yealink phone of unknown firmware may have another page.
        let pages = if (vendor, status) == (Vendor::Yealink, 404) {
            2
        } else {
            1
        };
        assert_eq!(sim_phone.received().len(), pages);
    }
}

#[tokio::test]
async fn cisco_errors_are_rejections() {
    // A phone with the display of a 7970, configured as an 8841.
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Cisco)).await;
    let entry = sim_phone.entry("desk").replace("7970G", "8841");
    let daemon = Daemon::start(&entry).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller
        .run("background", &["background.png", "phone=desk"])
        .await;
    assert_eq!(outcome.status, "REJECTED");
    assert_eq!(
        outcome.reason,
        "the phone refused: it considers the URL invalid (error 6)"
    );
    assert!(sim_phone.state().background.is_none());
}

#[tokio::test]
async fn offline_phones_are_unreachable() {
    let unused = Loopback::claim();
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let entry = sim_phone::entry("desk", &sim_phone::options(vendor), unused.port(8080));
        let daemon = Daemon::start(&entry).await;
        let outcome = Caller::new(daemon.agi())
            .run("push", &["Hello", "phone=desk"])
            .await;
        assert_eq!(outcome.status, "UNREACHABLE", "{}", outcome.reason);
        let reason = format!("cannot connect to {}: ", unused.port(8080));
        assert!(outcome.reason.starts_with(&reason), "{}", outcome.reason);
        assert_eq!((&*outcome.phone, &*outcome.vendor), ("desk", vendor.name()));
    }
}

#[tokio::test]
async fn unanswered_requests_are_unknown_and_not_repeated() {
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let hanging = Faults {
            hang: true,
            ..Faults::default()
        };
        let closing = Faults {
            close: true,
            ..Faults::default()
        };
        let hanging = SimPhone::new(Options {
            faults: hanging,
            ..sim_phone::options(vendor)
        })
        .await;
        let closing = SimPhone::new(Options {
            faults: closing,
            ..sim_phone::options(vendor)
        })
        .await;
        let config = format!(
            "{}{}",
            hanging.entry("hanging"),
            closing.entry("closing").replace("00:00:5E", "00:00:5F")
        );
        let daemon = Daemon::start(&config).await;
        let caller = Caller::new(daemon.agi());
        let outcome = caller
            .run("push", &["Hello", "phone=hanging", "deadline=300ms"])
            .await;
        assert_eq!(outcome.status, "UNKNOWN", "{vendor}: {}", outcome.reason);
        assert!(
            outcome
                .reason
                .ends_with(" took the request and did not answer in time"),
            "{}",
            outcome.reason
        );
        let outcome = caller.run("push", &["Hello", "phone=closing"]).await;
        assert_eq!(outcome.status, "UNKNOWN", "{vendor}: {}", outcome.reason);
        assert!(
            outcome.reason.contains(" took the request and broke off: "),
            "{}",
            outcome.reason
        );
    }
}

#[tokio::test]
async fn malformed_replies_are_not_ok() {
    let faults = Faults {
        garbage: true,
        ..Faults::default()
    };
    let sim_phone = SimPhone::new(Options {
        faults,
        ..sim_phone::options(Vendor::Snom)
    })
    .await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=desk"])
        .await;
    assert_eq!(outcome.status, "UNKNOWN", "{}", outcome.reason);
}

#[tokio::test]
async fn callers_wait_no_longer_than_the_budget_and_delivery_continues() {
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let faults = Faults {
            delay: Duration::from_secs(2),
            ..Faults::default()
        };
        let sim_phone = SimPhone::new(Options {
            faults,
            ..sim_phone::options(vendor)
        })
        .await;
        let daemon = Daemon::start(&format!(
            "{}[agi]\nbudget = '500ms'\n",
            sim_phone.entry("desk")
        ))
        .await;
        let caller = Caller::new(daemon.agi());
        let outcome = caller.run("push", &["Late", "phone=desk"]).await;
        assert_eq!(
            (&*outcome.status, &*outcome.reason),
            ("QUEUED", "delivery continues")
        );
        assert!(
            sim_phone.state().screen.is_none(),
            "the phone was faster than the budget"
        );
        sim_phone.shows_text("Late").await;
        daemon.line("Delivered.").await;
        let outcome = caller
            .run("push", &["No hurry", "phone=desk", "wait=no"])
            .await;
        assert_eq!((&*outcome.status, &*outcome.reason), ("QUEUED", ""));
        assert_eq!((&*outcome.phone, &*outcome.vendor), ("desk", vendor.name()));
        daemon.line(&outcome.id).await;
        sim_phone.shows_text("No hurry").await;
    }
}

#[tokio::test]
async fn every_phone_is_listed_however_long_the_reasons_are() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let unused = Loopback::claim();
    let mut config = sim_phone.entry("desk");
    for at in 0..9 {
        let entry = ONE_PHONE.replace("'desk'", &format!("'away-{at}'"));
        config += &entry.replace("127.0.0.1:9", &unused.port(8080 + at).to_string());
    }
    let names: Vec<_> = (0..9).map(|at| format!("away-{at}")).collect();
    let phones = format!("phone=desk&{}", names.join("&"));
    let daemon = Daemon::start(&config).await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", &phones])
        .await;
    assert_eq!(outcome.status, "PARTIAL");
    let listed: Vec<_> = (0..9).map(|at| format!("away-{at}: UNREACHABLE")).collect();
    let listed = listed.join("; ") + "; desk: OK";
    assert_eq!(outcome.reason, listed);
    sim_phone.shows_text("Hello").await;
}

#[tokio::test]
async fn long_reasons_are_truncated_to_200_characters() {
    let daemon = Daemon::start("").await;
    let verb = "ü".repeat(3000);
    let outcome = Caller::new(daemon.agi()).run(&verb, &[]).await;
    assert_eq!(outcome.status, "INVALID");
    assert_eq!(outcome.reason.chars().count(), 200);
    assert!(outcome.reason.ends_with('…'));
}

fn assert_denied(outcome: &CallResult, reason: &str) {
    assert_eq!(outcome.status, "DENIED", "{}", outcome.reason);
    assert!(outcome.reason.starts_with(reason), "{:?}", outcome.reason);
    assert_one_short_line(outcome);
}

fn assert_one_short_line(outcome: &CallResult) {
    assert!(outcome.reason.chars().count() <= 200, "{}", outcome.reason);
    assert!(
        !outcome.reason.contains(['\n', '\r']),
        "{:?}",
        outcome.reason
    );
}

const ONE_PHONE: &str = "
[[phone]]
name = 'desk'
vendor = 'snom'
model = 'D785'
address = '127.0.0.1:9'
";
