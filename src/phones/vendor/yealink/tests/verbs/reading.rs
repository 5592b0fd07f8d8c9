//! Reading from a phone, and pages that differ by firmware.

use super::*;
use crate::vendor::testing::push_task;

#[test]
fn info_is_read_from_the_phone() {
    let mut desk = desk();
    desk.phone.mac = Some("00005e005303".parse().unwrap());
    let plan = desk.plan(&Control::Info.into()).unwrap();
    let verdict = exchange(&plan).parser.parse(&reply(200, REPLY));
    let ReplyOutcome::Data(ReplyData::Value(value)) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(
        value,
        json!({
            "model": "T46G",
            "mac": "00:00:5E:00:53:03",
            "firmware": "28.83.0.50",
            "dnd": false,
            "lines": [
                { "number": 2, "state": "enabled", "name": "Sales", "user": "1002", "server": "192.0.2.14" },
                { "number": 3, "state": "enabled", "name": "Odd", "user": "a&b", "server": "c" },
            ],
        })
    );
    let verdict = exchange(&plan)
        .parser
        .parse(&reply(200, "<html>Login</html>"));
    assert!(matches!(verdict, ReplyOutcome::Rejected(why) if why.contains("no [Status]")));
    let refused = desk
        .plan_via(Via::Notify, &Control::Info.into())
        .unwrap_err();
    assert!(refused.to_string().contains("a NOTIFY returns no data"));
    desk.phone.behind_nat = Some("10.0.0.2".parse().unwrap());
    assert!(
        desk.plan(&Control::Info.into())
            .unwrap_err()
            .to_string()
            .contains("NAT")
    );
}

#[test]
fn settings_are_written_by_document_and_read_by_phonecfg() {
    let desk = desk();
    insta::assert_snapshot!(plan(&desk, "settings", "set=features.dnd.allow=1;set=account.1.label=A & B"), @r#"POST /servlet?push=xml xml=<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneConfiguration Beep="no"><Item>features.dnd.allow = 1</Item><Item>account.1.label = A &amp; B</Item></YealinkIPPhoneConfiguration>"#);
    assert!(note(&desk, "settings", "set=a.b=1").contains("does not report"));
    assert!(note(&desk, "settings", "set=ringtone.url=http://h/x").contains("unverified"));
    assert!(refused(&model("T28P", "2.61.0.1"), "settings", "set=a.b=1").contains("V70"));
    let read = desk
        .plan(&control_task(
            "settings",
            "get=dnd.State;get=Status;set=a.b=1",
        ))
        .unwrap();
    let [Step::Http(_), Step::Http(get)] = read.steps.as_slice() else {
        panic!("{:?}", read.steps)
    };
    let ReplyOutcome::Data(ReplyData::Value(value)) = get.parser.parse(&reply(200, REPLY)) else {
        panic!("no data")
    };
    assert_eq!(
        value,
        json!({ "dnd.State": "Off", "Status": { "FirmwareVersion": "28.83.0.50" } })
    );
    let bare = get
        .parser
        .parse(&reply(200, "[Status]\nFirmwareVersion=1\n"));
    assert!(
        matches!(bare, ReplyOutcome::Rejected(why) if why == "the phone does not report dnd.State")
    );
    let why = refused(&desk, "settings", "get=account.1.label");
    assert!(why.contains(", not account.1.label"), "{why}");
}

#[test]
fn screenshots_are_requested_at_both_addresses() {
    let plan = desk().plan(&Control::Screenshot.into()).unwrap();
    let step = exchange(&plan);
    assert_eq!(step.request.target, "/screencapture");
    let verdict = step.parser.parse(&reply(200, *b"BM12"));
    assert!(matches!(
        verdict,
        ReplyOutcome::Data(ReplyData::ImageFile(_))
    ));
    let ReplyOutcome::Then(steps) = step.parser.parse(&reply(404, "")) else {
        panic!("no further step")
    };
    let older = Plan::new(steps);
    let older = exchange(&older);
    assert_eq!(older.request.target, "/servlet?command=screenshot");
    assert!(matches!(
        older.parser.parse(&reply(404, "")),
        ReplyOutcome::Rejected(_)
    ));
    assert!(matches!(
        step.parser.parse(&reply(403, "")),
        ReplyOutcome::Denied(_)
    ));
    assert!(refused(&model("T28P", "2.71.1.1"), "screenshot", "").contains("V73"));
}

#[test]
fn older_pages_are_tried_if_the_firmware_is_unknown() {
    let phone = Fixture::new(Vendor::Yealink, "T28P", "");
    let pages = |task: Task| {
        let mut plan = phone.plan(&task).unwrap();
        let mut pages = Vec::new();
        loop {
            let exchange = exchange(&plan);
            pages.push(exchange.request.target.clone());
            match exchange.parser.parse(&reply(404, "")) {
                ReplyOutcome::Instead(steps) => plan = Plan::new(steps),
                ReplyOutcome::Rejected(_) => return pages,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(
        pages(control_task("key", "keys=OK")),
        [
            "/servlet?key=OK",
            "/cgi-bin/ConfigManApp.com?key=OK",
            "/cgi-bin/cgiServer.exx?key=OK"
        ]
    );
    assert_eq!(pages(push_task("text=Hello")), ["/servlet?push=xml", "/"]);
    assert_eq!(pages(Control::Info.into()).len(), 3);
    let known = Fixture::new(Vendor::Yealink, "T53W", "96.86.0.70");
    let plan = known.plan(&push_task("text=Hello")).unwrap();
    let outcome = exchange(&plan).parser.parse(&reply(404, ""));
    assert!(matches!(outcome, ReplyOutcome::Rejected(_)), "{outcome:?}");
}
