//! The verb `execute`: URLs of the minibrowser, and the commands of `command.htm`.
//!
//! Sources: the minibrowser's special URLs and fragments, "Remote phone control", and "Can I control
//! my snom phone remotely". They include a factory reset, which is refused here.

use url::Url;

use super::notes::TRUSTED;
use super::timing;
use super::{command_document, document, keys, minibrowser, model, web};
use crate::documents::Documents;
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError};
use crate::verb::{Action, Control, KeyPress, Priority, Request, VendorUri};

/// A parsed URI.
#[derive(Debug)]
enum Command {
    /// A query of `command.htm` that does not press keys.
    Plain(String),
    /// A number to dial.
    Dial(Number),
    /// Keys to press.
    Keys(Vec<KeyPress>),
    /// A special URL of the minibrowser.
    Special(String),
    /// A position on the touch screen, and an action there.
    Touch(String),
    /// A document to show.
    Url(Url),
}

/// Plans to run URIs in order, by pages of the phone.
pub(super) fn run_pages(
    phone: &Phone,
    uris: &[VendorUri],
    documents: &Documents,
) -> Result<Plan, PlanError> {
    run_each(uris, |command| match command {
        Command::Plain(query) => Ok(web::get(&format!("/command.htm?{query}"))),
        Command::Dial(number) => {
            let number = keys::encoded(number.as_str());
            Ok(web::get(&format!("/command.htm?number={number}")))
        }
        Command::Keys(presses) => Ok(web::get(&keys::page(phone, presses)?)),
        Command::Special(url) => minibrowser::show(phone, redirect_to(phone, url), documents),
        Command::Touch(position) => {
            check_touch(phone)?;
            Ok(web::get(&format!("/command.htm?touch={position}")))
        }
        Command::Url(url) => Ok(web::get(&web::minibrowser(phone, url)?)),
    })
}

/// Plans to run URIs in order, by documents that `push` sends.
pub(super) fn run_documents(
    phone: &Phone,
    uris: &[VendorUri],
    push: impl Fn(&str) -> Plan,
) -> Result<Plan, PlanError> {
    run_each(uris, |command| match command {
        Command::Plain(_) | Command::Touch(_) => Err(PlanError::unsupported(
            "uri: command: and touch: require via=http",
        )),
        Command::Dial(number) => Ok(push(&redirect_to(
            phone,
            &command_document::dialing(number),
        ))),
        Command::Keys(presses) => {
            let documents = command_document::presses(phone, presses)?;
            Ok(timing::join_paced(
                documents.iter().map(|(document, _)| push(document)),
            ))
        }
        Command::Special(url) => Ok(push(&redirect_to(phone, url))),
        Command::Url(url) => Ok(push(&document::fetching(url.as_str()))),
    })
}

fn run_each(
    uris: &[VendorUri],
    run: impl Fn(&Command) -> Result<Plan, PlanError>,
) -> Result<Plan, PlanError> {
    let plans = uris.iter().map(|uri| run(&parse(uri.as_str())?));
    let plan = timing::join_paced(plans.collect::<Result<Vec<_>, _>>()?);
    let is_guarded = uris.iter().any(|uri| needs_trust(uri.as_str()));
    let plan = if is_guarded {
        plan.with_note(TRUSTED)
    } else {
        plan
    };
    let waits = uris.iter().any(|uri| uri.priority() != Priority::Now);
    Ok(if waits {
        plan.with_note("Snom phones run URIs at once and ignore the priority")
    } else {
        plan
    })
}

/// Returns whether a URL has a command that phones accept only from trusted hosts.
fn needs_trust(uri: &str) -> bool {
    let commands = uri.split_once('#').map_or("", |(_, commands)| commands);
    commands.split('&').any(|command| {
        let name = command.split([':', '=']).next().unwrap_or_default();
        GUARDED.iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// Writes a document that redirects to a special URL.
fn redirect_to(phone: &Phone, url: &str) -> String {
    if document::knows_silent(phone) {
        document::silent(url)
    } else {
        document::fetching(url)
    }
}

fn check_touch(phone: &Phone) -> Result<(), PlanError> {
    let firmware = &phone.firmware;
    let is_between = !firmware.is_older_than(&[8, 7]) && firmware.is_older_than(&[8, 7, 2]);
    if !model::has_touch(phone) || firmware.is_older_than(&[8, 4, 34]) || is_between {
        return Err(PlanError::unsupported(
            "uri: touch: requires an 870 with firmware 8.4.34, or 8.7.2 and later",
        ));
    }
    Ok(())
}

fn parse(uri: &str) -> Result<Command, PlanError> {
    let invalid = |why: &str| PlanError::Invalid(format!("uri: {uri:?} {why}"));
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "command" => command(rest).ok_or_else(|| {
            invalid(
                "is not a command; use RELEASE_ALL_CALLS, LOGOFFALL, LOGOFFLINE=1, REREGISTER=1 or \
                 keys",
            )
        }),
        "dial" => rest.parse().map(Command::Dial).map_err(|error| {
            PlanError::Invalid(format!("uri: {error}"))
        }),
        "http" | "https" => Url::parse(uri)
            .map(Command::Url)
            .map_err(|_| invalid("is not a valid URL")),
        "key" => keys_of(rest).ok_or_else(|| invalid("has no valid keys; use key:ENTER,1:800")),
        "phone" | "snom" => own(uri).ok_or_else(|| {
            invalid("is not supported; use snom://mb_exit or snom://mb_nop#key=ENTER, without a reset")
        }),
        "touch" => touch(rest)
            .ok_or_else(|| invalid("is not a position; use touch:X,Y or touch:X,Y,press with X up to 479 and Y up to 271")),
        _ => Err(invalid(
            "is not supported by Snom phones; use snom://, http://, key:, dial:, command: or touch:",
        )),
    }
}

/// Parses a command of `command.htm`; anything else is taken as keys.
fn command(text: &str) -> Option<Command> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let name = name.to_ascii_uppercase();
    let line: Option<u8> = value.parse().ok().filter(|line| (1..=12).contains(line));
    match (name.as_str(), line) {
        ("RELEASE_ALL_CALLS" | "LOGOFFALL", _) if value.is_empty() => Some(Command::Plain(name)),
        ("LOGOFFLINE" | "REREGISTER", Some(line)) => Some(Command::Plain(format!("{name}={line}"))),
        _ => keys_of(&text.replace(';', ",")),
    }
}

fn keys_of(text: &str) -> Option<Command> {
    let request = Request::parse("key", [("keys", text)]).ok()?;
    match request.action {
        Action::Control(Control::Keys(presses)) => Some(Command::Keys(presses)),
        _ => None,
    }
}

fn own(uri: &str) -> Option<Command> {
    let (page, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    let known = [
        "snom://mb_exit",
        "snom://mb_nop",
        "phone://mb_exit",
        "phone://mb_nop",
    ];
    let is_known = known.iter().any(|known| page.eq_ignore_ascii_case(known));
    // A factory reset cannot be undone.
    let resets = fragment.split('&').any(|command| {
        let command = percent_encoding::percent_decode_str(command).decode_utf8_lossy();
        let command = command.to_ascii_lowercase();
        command.starts_with("reboot") && command.contains("reset")
    });
    (is_known && !resets).then(|| Command::Special(uri.to_owned()))
}

fn touch(text: &str) -> Option<Command> {
    let mut parts = text.split(',').map(str::trim);
    let (x, y) = (parts.next()?, parts.next()?);
    let within = |text: &str, most: u16| text.parse().ok().filter(|at: &u16| *at <= most);
    let (x, y) = (within(x, 479)?, within(y, 271)?);
    let verb = match (parts.next(), parts.next()) {
        (None, None) => "",
        (Some("press" | "p"), None) => "%20press",
        (Some("release" | "r"), None) => "%20release",
        (Some("pr"), None) => "%20pr",
        _ => return None,
    };
    Some(Command::Touch(format!("{x}%20{y}{verb}")))
}

/// The commands of the minibrowser that the setting `mb_trusted_hosts` guards.
const GUARDED: [&str; 9] = [
    "action_ifc",
    "clearcache",
    "flush",
    "next_edit_mode",
    "reloadset",
    "set",
    "setcache",
    "toggleset",
    "var_ifc",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::{Fixture, control_task};

    fn targets(fixture: &Fixture, uris: &str) -> Result<Vec<String>, String> {
        let plan = fixture.plan(&control_task("execute", uris));
        let plan = plan.map_err(|refused| refused.to_string())?;
        let targets = plan.exchanges().map(|step| step.request.target.clone());
        Ok(targets.collect())
    }

    #[test]
    fn uris_become_pages() {
        let fixture = Fixture::new(Vendor::Snom, "870", "8.7.5.35");
        for (uri, target) in [
            ("key:HOLD,1:800", "/command.htm?key=F_HOLD;1,800"),
            ("command:OK,DOWN", "/command.htm?key=ENTER;DOWN"),
            ("command:REREGISTER=3", "/command.htm?REREGISTER=3"),
            (
                "command:release_all_calls",
                "/command.htm?RELEASE_ALL_CALLS",
            ),
            ("dial:*20#", "/command.htm?number=%2A20%23"),
            ("touch:479,0", "/command.htm?touch=479%200"),
            ("touch:1,2,press@1", "/command.htm?touch=1%202%20press"),
            (
                "http://192.0.2.1/a?b=c",
                "/minibrowser.htm?url=http%3A%2F%2F192.0.2.1%2Fa%3Fb%3Dc",
            ),
        ] {
            assert_eq!(
                targets(&fixture, &format!("uri={uri}")).unwrap(),
                [target],
                "{uri}"
            );
        }
    }

    #[test]
    fn special_url_is_wrapped_in_a_document() {
        let fixture = Fixture::new(Vendor::Snom, "D785", "10.1.198.12");
        let [target] = &targets(&fixture, "uri=snom://mb_nop#key=F_HOLD&applyline").unwrap()[..]
        else {
            panic!("one page");
        };
        let url = target.strip_prefix("/minibrowser.htm?url=").unwrap();
        let url = percent_encoding::percent_decode_str(url)
            .decode_utf8()
            .unwrap();
        let document = String::from_utf8_lossy(&fixture.fetch(&url).body).into_owned();
        insta::assert_snapshot!(document, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneSilent state="relevant" document_id="handsetd"><fetch mil="10">snom://mb_nop#key=F_HOLD&amp;applyline</fetch></SnomIPPhoneSilent>"#);
    }

    #[test]
    fn commands_for_trusted_hosts_are_noted() {
        let fixture = Fixture::new(Vendor::Snom, "D785", "10.1.198.12");
        for (uri, is_said) in [
            ("snom://mb_nop#set:language=Deutsch", true),
            ("snom://mb_exit#key=1&toggleset:dnd_mode", true),
            ("snom://mb_exit#numberdial=1", false),
        ] {
            let plan = fixture.plan(&control_task("execute", &format!("uri={uri}")));
            assert_eq!(plan.unwrap().note.is_some(), is_said, "{uri}");
        }
    }

    #[test]
    fn several_uris_are_paced() {
        let fixture = Fixture::new(Vendor::Snom, "D785", "10.1.198.12");
        let plan = fixture.plan(&control_task("execute", "uri=key:1;uri=key:2"));
        assert_eq!(plan.unwrap().steps.len(), 3);
    }

    #[test]
    fn dangerous_and_malformed_uris_are_refused() {
        let fixture = Fixture::new(Vendor::Snom, "870", "8.7.5.35");
        for uri in [
            "snom://mb_nop#reboot=reset",
            "snom://mb_nop#reboot%3Dreset",
            "snom://elsewhere",
            "touch:480,0",
            "touch:0,272",
            "touch:1,2,kick",
            "command:LOGOFFLINE=13",
            "command:reset=Reset",
            "dial:1%262",
            "Key",
            "App:Close",
        ] {
            let Ok(request) = Request::parse("execute", [("uri", uri)]) else {
                continue;
            };
            let Action::Control(control) = request.action else {
                panic!("{request:?}")
            };
            assert!(fixture.plan(&control.into()).is_err(), "{uri}");
        }
        let old = Fixture::new(Vendor::Snom, "870", "8.7.1");
        assert!(
            targets(&old, "uri=touch:1,1")
                .unwrap_err()
                .contains("8.7.2")
        );
    }
}
