//! Hostile replies: documents that expand, read files, nest deeply, or never end.

use std::fmt::Write as _;

use handset_simulator::Vendor;

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::sim_phone;
use super::support::soon;
use super::support::stub_web_server::StubWebServer;

#[tokio::test]
async fn expanding_external_and_nested_documents_cost_little() {
    for (name, document) in documents() {
        let phone = StubWebServer::serving("text/xml", &document).await;
        let address = phone.url("").replace("http://", "").parse().unwrap();
        let entry =
            |vendor| sim_phone::entry(&format!("{vendor}"), &sim_phone::options(vendor), address);
        let config = format!(
            "{}{}{}[cucm]\nurl = '{}'\napp_id = 'app'\npassword = 'secret'\n",
            entry(Vendor::Cisco),
            entry(Vendor::Snom),
            entry(Vendor::Yealink),
            phone.url("/emservice/EMServiceServlet")
        );
        let daemon = Daemon::start(&config).await;
        let before = daemon.peak();
        let caller = Caller::new(daemon.agi());
        for (verb, words) in [
            ("push", &["Hello", "phone=cisco"][..]),
            ("info", &["phone=cisco"]),
            ("settings", &["get=user_name1", "phone=snom"]),
            ("csta", &["request=GetDo", "phone=snom"]),
            ("dnd", &["state=on", "via=csta", "phone=snom"]),
            ("info", &["phone=snom"]),
            ("push", &["Hello", "phone=yealink"]),
            ("info", &["phone=yealink"]),
            ("login", &["user=john", "phone=cisco"]),
            ("who", &["phone=cisco"]),
        ] {
            let outcome = soon(name, caller.run(verb, words)).await;
            assert_ne!(
                outcome.status, "ERROR",
                "{name}: {verb}: {}",
                outcome.reason
            );
            for leaked in ["root:", "lollollol"] {
                assert!(
                    !outcome.reason.contains(leaked),
                    "{name}: {verb}: {}",
                    outcome.reason
                );
            }
        }
        assert_eq!(caller.run("ping", &[]).await.status, "OK");
        let after = daemon.peak();
        assert!(
            after < before + MAX_GROWTH,
            "{name}: {before} kB became {after} kB"
        );
    }
}

#[tokio::test]
async fn documents_from_callers_are_validated_and_refused() {
    let daemon = Daemon::start(&sim_phone::entry(
        "desk",
        &sim_phone::options(Vendor::Cisco),
        "127.0.0.1:9".parse().unwrap(),
    ))
    .await;
    let caller = Caller::new(daemon.agi());
    for document in [
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'http://169.254.169.254/'><a/>",
        "<?xml version='1.0'?><!doctype a><a/>",
        "<a>&x;</a",
        "<a><b></a></b>",
    ] {
        let xml = format!("xml={document}");
        let outcome = caller.run("push", &[&xml, "phone=desk"]).await;
        assert_eq!(outcome.status, "INVALID", "{document}: {}", outcome.reason);
        assert!(outcome.reason.starts_with("xml: "), "{}", outcome.reason);
        std::fs::write(daemon.media("bomb.xml"), document).unwrap();
        let outcome = caller
            .run("push", &["template=bomb.xml", "phone=desk"])
            .await;
        assert_eq!(outcome.status, "INVALID", "{document}: {}", outcome.reason);
    }
}

/// Returns the documents, each with the name of its attack.
fn documents() -> Vec<(&'static str, String)> {
    let mut laughs = "<!DOCTYPE l [<!ENTITY lol0 'lol'>".to_owned();
    for at in 1..12 {
        let ten = format!("&lol{};", at - 1).repeat(10);
        write!(laughs, "<!ENTITY lol{at} '{ten}'>").unwrap();
    }
    let inside = |text: &str| {
        format!(
            "<CiscoIPPhoneResponse><ResponseItem Status=\"0\" Data=\"{text}\" URL=\"{text}\"/>\
             </CiscoIPPhoneResponse><GetDoResponse><value>{text}</value></GetDoResponse>\
             <response><success>{text}</success></response>"
        )
    };
    let external = "<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>\
                    <!ENTITY % y SYSTEM 'http://127.0.0.1:9/'> %y;]>";
    let mut many = String::new();
    for at in 0..200_000 {
        write!(many, " a{at}=\"\"").unwrap();
    }
    vec![
        (
            "a billion laughs",
            format!("{laughs}]>{}", inside("&lol11;")),
        ),
        ("a file", format!("{external}{}", inside("&x;"))),
        ("depth", "<response>".repeat(300_000)),
        (
            "closed depth",
            format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000)),
        ),
        ("attributes", format!("<CiscoIPPhoneResponse{many}/>")),
        (
            "one attribute",
            format!("<a b=\"{}\"/>", "x".repeat(3_000_000)),
        ),
        (
            "references",
            format!("<a>{}</a>", "&#120;&amp;".repeat(300_000)),
        ),
        (
            "incomplete references",
            "<response>".to_owned() + &"&".repeat(2_000_000),
        ),
        ("items", inside("x").repeat(10_000)),
        (
            "an endless comment",
            "<!--".to_owned() + &"-".repeat(2_000_000),
        ),
        (
            "an endless section",
            "<![CDATA[".to_owned() + &"]".repeat(2_000_000),
        ),
        ("markup in a name", format!("<{}", "<".repeat(1_000_000))),
    ]
}

/// Allowed temporary growth of memory in kB, for a reply of a few million bytes.
const MAX_GROWTH: u64 = 200 * 1024;
