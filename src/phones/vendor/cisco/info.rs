//! Device information: `/DeviceInformationX` and related pages.
//!
//! The page has one name on old phones and another on the 79x5 and 8800. Lines are on separate pages
//! that need the password. The pages differ in content, in encoding (ISO 8859-1 or UTF-8) and in the
//! language of their values, so only element names are relied on.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answer::Replies;
use super::execute;
use super::family::Family;
use super::redirect::{self, Parse};
use crate::phone::{MacAddress, Phone};
use crate::vendor::lenient_xml::{self, Element};
use crate::vendor::{Plan, Reply, ReplyData, ReplyOutcome, Request, Step};

/// Plans to read model, firmware, MAC address and lines.
pub(super) fn plan(phone: &Phone) -> Plan {
    let device = page(phone, DEVICE, false);
    let modern = [
        "the 7800 series",
        "the 7832",
        "the 8800 series",
        "the 8832",
        "the 8875",
    ];
    let lines = if modern.contains(&Family::of(phone).title) {
        [LINES[1], LINES[0]]
    } else {
        LINES
    };
    Plan::new([device, lines_page(phone, lines)])
}

/// Requests the device page at the first of `targets` that exists.
fn page(phone: &Phone, targets: &'static [&'static str], is_fallback: bool) -> Step {
    let (first, rest) = targets.split_first().unwrap_or((&DEVICE[0], &[]));
    let (owned, replies) = (phone.clone(), Replies::of(phone));
    let parse: Parse = Arc::new(move |reply| match device(reply) {
        Some(info) => ReplyOutcome::Data(ReplyData::Value(info)),
        None if !rest.is_empty() && !matches!(reply.status, 401 | 403) => {
            ReplyOutcome::Then(vec![page(&owned, rest, true)])
        }
        None if is_fallback || matches!(reply.status, 200..=299) => replies.no_device_page(),
        None => replies.parse(reply),
    });
    // Only multiplatform phones ask for a password here.
    let request = Request::get(*first);
    Step::Http(redirect::exchange(phone, request, "cisco device", parse))
}

/// Requests the lines. They are optional: a phone that does not list them causes no failure.
fn lines_page(phone: &Phone, targets: [&'static str; 2]) -> Step {
    let owned = phone.clone();
    let request = |target, phone: &Phone| Request {
        auth: execute::auth(phone),
        ..Request::get(target)
    };
    let last: Parse = Arc::new(|reply| line_data(reply).unwrap_or(ReplyOutcome::Done));
    let first: Parse = Arc::new(move |reply| {
        line_data(reply).unwrap_or_else(|| {
            if reply.status != 404 {
                return ReplyOutcome::Done;
            }
            let request = request(targets[1], &owned);
            let exchange = redirect::exchange(&owned, request, "cisco lines", Arc::clone(&last));
            ReplyOutcome::Then(vec![Step::Http(exchange)])
        })
    });
    Step::Http(redirect::exchange(
        phone,
        request(targets[0], phone),
        "cisco lines",
        first,
    ))
}

/// Parses the device page; `None` if it is another page.
fn device(reply: &Reply) -> Option<Value> {
    let root = lenient_xml::parse(&reply.body).filter(|_| matches!(reply.status, 200..=299))?;
    let page = root.find("DeviceInformation").unwrap_or(&root);
    let text = |name: &str| page.text_of(name).map(bounded);
    let model = text("modelNumber")?;
    let mut info = Map::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            info.insert(name.to_owned(), value.into());
        }
    };
    let short = ["CP-", "DP-"]
        .iter()
        .find_map(|prefix| model.strip_prefix(prefix));
    add("model", Some(short.unwrap_or(&model).to_owned()));
    add("firmware", text("versionID").or_else(|| text("appLoadID")));
    let mac: Option<MacAddress> = text("MACAddress").and_then(|mac| mac.parse().ok());
    add("mac", mac.map(|mac| mac.to_string()));
    add("host", text("HostName"));
    add("serial", text("serialNumber"));
    add("load", text("appLoadID"));
    add("boot_load", text("bootLoadID"));
    add("hardware", text("hardwareRevision"));
    // In the display language of the phone.
    add("message_waiting", text("MessageWaiting"));
    let number = text("phoneDN").map(|number| json!({ "number": number }));
    info.insert(
        "lines".to_owned(),
        number.into_iter().collect::<Vec<_>>().into(),
    );
    Some(info.into())
}

fn line_data(reply: &Reply) -> Option<ReplyOutcome> {
    let lines = lines(reply)?;
    Some(ReplyOutcome::Data(ReplyData::Value(
        json!({ "lines": lines }),
    )))
}

/// Parses the page of the lines; `None` if it is another page or lists no line.
fn lines(reply: &Reply) -> Option<Vec<Value>> {
    let root = lenient_xml::parse(&reply.body).filter(|_| matches!(reply.status, 200..=299))?;
    let page = root.find("CiscoIPPhoneLineInfo")?;
    // Speed dials are listed among the lines.
    let is_line = |line: &&Element| line.text_of("LineType").is_none_or(|kind| kind == LINE);
    let lines: Vec<Value> = page
        .named("CiscoIPPhoneLines")
        .filter(is_line)
        .take(MAX_LINES)
        .map(line)
        .collect();
    (!lines.is_empty()).then_some(lines)
}

fn line(line: &Element) -> Value {
    let members = [
        ("number", "lineDirNum"),
        ("name", "LineLabel"),
        ("state", "LineIconState"),
        ("ringer", "RingerName"),
        ("message_waiting", "MessageWaiting"),
    ];
    let members = members.into_iter().filter_map(|(name, element)| {
        // Some phones write "null" for no value.
        let text = line.text_of(element).filter(|text| *text != "null")?;
        Some((name.to_owned(), bounded(text).into()))
    });
    Value::Object(members.collect())
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}

/// The device pages, by generation of the phones.
const DEVICE: &[&str] = &[
    "/DeviceInformationX",
    "/CGI/Java/Serviceability?adapterX=device.statistics.device",
];

/// The pages of the lines.
const LINES: [&str; 2] = ["/CGI/LineInfo", "/CGI/Java/LineInfo"];

/// The `LineType` of a line that can be called.
const LINE: &str = "9";

const MAX_LINES: usize = 128;
const MAX_VALUE: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::Auth;
    use crate::vendor::testing::Fixture;

    fn reply(status: u16, body: impl AsRef<[u8]>) -> Reply {
        Reply {
            status,
            body: body.as_ref().to_vec().into(),
            ..Reply::default()
        }
    }

    #[test]
    fn device_page_of_an_old_phone_is_parsed() {
        let page = b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<DeviceInformation>
            <MACAddress>00005E005301</MACAddress><HostName>SEP00005E005301</HostName>
            <phoneDN>5920</phoneDN><appLoadID>P00308010200</appLoadID>
            <versionID>8.1(2.0)</versionID><addonModule1></addonModule1>
            <serialNumber>INM1</serialNumber><modelNumber>CP-7940</modelNumber>
            <MessageWaiting> \xc9T\xc9</MessageWaiting></DeviceInformation>";
        insta::assert_snapshot!(device(&reply(200, page)).unwrap(), @r#"{"firmware":"8.1(2.0)","host":"SEP00005E005301","lines":[{"number":"5920"}],"load":"P00308010200","mac":"00:00:5E:00:53:01","message_waiting":"ÉTÉ","model":"7940","serial":"INM1"}"#);
        assert_eq!(device(&reply(404, page)), None);
        assert_eq!(device(&reply(200, "<html>hello</html>")), None);
    }

    #[test]
    fn speed_dials_are_not_lines() {
        let page = "<CiscoIPPhoneLineInfo><Status>null</Status>\
            <CiscoIPPhoneLines><LineType>9</LineType><lineDirNum>1028</lineDirNum>\
            <MessageWaiting>NO</MessageWaiting><RingerName>Chirp1</RingerName><LineLabel/>\
            <LineIconState>ONHOOK</LineIconState></CiscoIPPhoneLines>\
            <CiscoIPPhoneLines><LineType>2</LineType><lineDirNum>9700</lineDirNum>\
            </CiscoIPPhoneLines></CiscoIPPhoneLineInfo>";
        let lines = lines(&reply(200, page)).unwrap();
        insta::assert_snapshot!(json!(lines), @r#"[{"message_waiting":"NO","number":"1028","ringer":"Chirp1","state":"ONHOOK"}]"#);
    }

    #[test]
    fn second_page_is_tried_once() {
        let phone = Fixture::new(Vendor::Cisco, "8851", "").phone;
        let plan = plan(&phone);
        let targets: Vec<_> = plan
            .exchanges()
            .map(|one| one.request.target.clone())
            .collect();
        assert_eq!(targets, ["/DeviceInformationX", "/CGI/Java/LineInfo"]);
        let first = plan.exchanges().next().unwrap();
        assert_eq!(first.request.auth, Auth::OnChallenge);
        let ReplyOutcome::Then(steps) = first.parser.parse(&reply(404, "")) else {
            panic!("expected another page")
        };
        let [Step::Http(next)] = steps.as_slice() else {
            panic!("{steps:?}")
        };
        assert_eq!(next.request.target, DEVICE[1]);
        let ReplyOutcome::Rejected(why) = next.parser.parse(&reply(404, "")) else {
            panic!("expected no other page")
        };
        assert!(why.contains("webAccess"), "{why}");
        let lines = plan.exchanges().nth(1).unwrap();
        assert!(matches!(
            lines.parser.parse(&reply(404, "")),
            ReplyOutcome::Then(_)
        ));
        assert!(matches!(
            lines.parser.parse(&reply(401, "")),
            ReplyOutcome::Done
        ));
    }

    #[test]
    fn recorded_pages_are_parsed() {
        let recorded =
            |file: &str| crate::vendor::testing::fixture_file(&format!("webpages/{file}"));
        for (file, model) in [
            ("DeviceInformationX-CP-7940.xml", "7940"),
            ("DeviceInformationX-CP-7905G.xml", "7905G"),
        ] {
            if let Some(page) = recorded(file) {
                assert_eq!(device(&reply(200, page)).unwrap()["model"], model);
            }
        }
        if let Some(page) = recorded("LineInfo-88xx.xml") {
            let numbers: Vec<_> = lines(&reply(200, page)).unwrap();
            let numbers: Vec<_> = numbers.iter().map(|line| line["number"].clone()).collect();
            assert_eq!(numbers, ["1028", "1029", "1030"]);
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(<|DeviceInformation|CiscoIPPhoneLineInfo|CiscoIPPhoneLines|modelNumber|>|/|\\PC){0,60}") {
            let _ = device(&reply(200, &body));
            let _ = lines(&reply(200, &body));
        }
    }
}
