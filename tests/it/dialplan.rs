//! The project's dialplan on real Asterisk servers, called by a real SIP client.
//!
//! A scripted AGI server replaces handsetd: these tests check the requests it receives and how the
//! dialplan handles the results.

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::on_both_versions;
use super::support::scripted_agi::ScriptedAgi;
use super::support::sip_client::{Course, SipPhone};

on_both_versions! {
    hanging_up_runs_the_hangup_extension_of_the_callers_context
    groups_are_notified_of_the_caller
    pjsip_phones_can_dial_the_examples
    push_works_from_the_hangup_extension
    a_server_that_closes_the_connection_is_reported_as_unreachable
    an_absent_server_is_reported_as_unreachable
    any_text_arrives_unchanged
    each_verb_sends_its_keys
    the_longest_text_arrives_complete
}

async fn pjsip_phones_can_dial_the_examples(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let Some((asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, "").await else {
        return;
    };
    for (extension, verb, key) in [
        ("700", "push", "text"),
        ("701", "ring", "tone"),
        ("702", "ringtone", "tone"),
        ("703", "background", "image"),
        ("704", "push", "title"),
        ("706", "push", "text"),
        ("7071001", "dial", "phone"),
    ] {
        let call = phone.dial(extension, Course::Answered);
        let mut session = agi.accept().await;
        let (requested, keys) = session.request();
        assert_eq!((requested.as_str(), keys[0].0.as_str()), (verb, key));
        assert!(
            session
                .environment("agi_channel")
                .starts_with("PJSIP/1001-")
        );
        let whose =
            "GET FULL VARIABLE \"${CHANNEL(pjsip,remote_addr)}|${PJSIP_HEADER(read,User-Agent)}\"";
        assert_eq!(
            session.command(whose).await,
            format!("200 result=1 ({}|{USER_AGENT})", phone.address().port(5060))
        );
        session.finish("OK", extension).await;
        if extension != "706" {
            asterisk
                .line(&format!("handsetd: OK 1001 {extension}"))
                .await;
        }
        call.end().await;
    }
}

#[tokio::test]
async fn chan_sip_phones_can_dial_the_examples_on_16() {
    let agi = ScriptedAgi::listen().await;
    let with_phone = with_phone(Version::V16, Driver::ChanSip, &agi, "").await;
    let Some((asterisk, phone)) = with_phone else {
        return;
    };
    assert!(asterisk.cli("sip show peer 1001").contains(USER_AGENT));
    let call = phone.dial("700", Course::Answered);
    let mut session = agi.accept().await;
    assert_eq!(session.request().0, "push");
    assert!(session.environment("agi_channel").starts_with("SIP/1001-"));
    let whose = "GET FULL VARIABLE \"${CHANNEL(recvip)}|${CHANNEL(useragent)}\"";
    assert_eq!(
        session.command(whose).await,
        format!("200 result=1 ({}|{USER_AGENT})", phone.address().ip())
    );
    session.finish("OK", "shown").await;
    asterisk.line("handsetd: OK 1001 shown").await;
    call.end().await;
}

async fn groups_are_notified_of_the_caller(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let Some((_asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, "").await else {
        return;
    };
    let call = phone.dial("705", Course::Cancelled);
    let mut session = agi.accept().await;
    let keys = [
        ("title", "Call for reception"),
        ("phone", "reception"),
        ("wait", "no"),
        ("text", "\"1001\" <1001>"),
    ];
    let keys = keys.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(session.request(), ("push".to_owned(), keys.to_vec()));
    call.hang_up().await;
    assert_eq!(session.line().await, "HANGUP");
    session.finish("QUEUED", "").await;
    call.end().await;
}

async fn each_verb_sends_its_keys(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let dialplan = "
exten => 1,1,Gosub(handset-push,s,1(Hello,Note,1001&1002,wait=no&item=${URIENCODE(a|dial:1)}))
 same => n,Gosub(handset-push,s,1(Hello))
 same => n,Gosub(handset-push,s,1(,,,beep=yes))
 same => n,Gosub(handset-ring,s,1(,1002,stop=yes))
 same => n,Gosub(handset-ring,s,1(https://192.0.2.1/a?b=c&d))
 same => n,Gosub(handset-ringtone,s,1(bell.wav,,line=2))
 same => n,Gosub(handset-background,s,1(night sky.png,reception,fit=cover))
 same => n,Gosub(handset-verb,s,1(info))
 same => n,Gosub(handset-verb,s,1(key,1001&1002,keys=${URIENCODE(OFFHOOK,1:800:200,#)}))
 same => n,Hangup(17)
";
    let Some((_asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, dialplan).await else {
        return;
    };
    let call = phone.dial("1", Course::Rejected);
    for expected in [
        "push text=Hello title=Note phone=1001&1002 wait=no item=a|dial:1",
        "push text=Hello",
        "push beep=yes",
        "ring phone=1002 stop=yes",
        "ring tone=https://192.0.2.1/a?b=c&d",
        "ringtone tone=bell.wav line=2",
        "background image=night sky.png phone=reception fit=cover",
        "info",
        "key phone=1001&1002 keys=OFFHOOK,1:800:200,#",
    ] {
        let session = agi.accept().await;
        let (verb, keys) = session.request();
        let keys = keys.iter().map(|(key, value)| format!(" {key}={value}"));
        assert_eq!(verb + &keys.collect::<String>(), expected);
        session.finish("OK", "").await;
    }
    call.end().await;
}

async fn any_text_arrives_unchanged(version: Version) {
    let special = r#""Grüße", 100 % :-( ½ & Co; it's a\b {c} <d/> + ? # | %41 "#;
    let text: String = special.chars().cycle().take(500).collect();
    assert_arrives(version, &text).await;
}

async fn the_longest_text_arrives_complete(version: Version) {
    // The limit that the comment in the dialplan promises.
    assert_arrives(version, &"\"".repeat(1300)).await;
    assert_arrives(version, &"ü".repeat(670)).await;
}

async fn an_absent_server_is_reported_as_unreachable(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let Some((asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, TELLING).await else {
        return;
    };
    let address = agi.address();
    drop(agi);
    phone.dial("1", Course::Rejected).end().await;
    let reason = format!("handsetd at {address} did not answer (AGISTATUS FAILURE)");
    asterisk
        .line(&format!("RESULT|UNREACHABLE|{reason}|UNREACHABLE||"))
        .await;
}

async fn a_server_that_closes_the_connection_is_reported_as_unreachable(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let Some((asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, TELLING).await else {
        return;
    };
    let call = phone.dial("1", Course::Rejected);
    drop(agi.accept().await);
    call.end().await;
    let reason = format!(
        "handsetd at {} did not answer (AGISTATUS SUCCESS)",
        agi.address()
    );
    asterisk
        .line(&format!("RESULT|UNREACHABLE|{reason}|UNREACHABLE||"))
        .await;
}

async fn hanging_up_runs_the_hangup_extension_of_the_callers_context(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let dialplan = "
exten => 1,1,Gosub(sub,s,1(outer))
exten => h,1,Verbose(0,HANGUP|${HANDSET_STATUS}|${HANDSET_REASON}|)
[sub]
exten => s,1,Gosub(handset-push,s,1(inner))
exten => h,1,Verbose(0,SUB|${ARG1}|${HANDSET_STATUS}|)
 same => n,StackPop()
 same => n,Goto(phones,h,1)
";
    let Some((asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, dialplan).await else {
        return;
    };
    let call = phone.dial("1", Course::Cancelled);
    let mut session = agi.accept().await;
    call.hang_up().await;
    assert_eq!(session.line().await, "HANGUP");
    session.finish("OK", "shown all the same").await;
    asterisk.line("SUB|outer|OK|").await;
    asterisk.line("HANGUP|OK|shown all the same|").await;
    call.end().await;
}

async fn push_works_from_the_hangup_extension(version: Version) {
    let agi = ScriptedAgi::listen().await;
    let dialplan = "
exten => 1,1,Answer()
 same => n,Wait(60)
exten => h,1,Gosub(handset-push,s,1(You have hung up.))
 same => n,Verbose(0,RESULT|${HANDSET_STATUS}|${HANDSET_REASON}|${GOSUB_RETVAL}|)
";
    let Some((asterisk, phone)) = with_phone(version, Driver::Pjsip, &agi, dialplan).await else {
        return;
    };
    let call = phone.dial("1", Course::HungUp);
    asterisk.line("Executing [1@phones:2]").await;
    call.hang_up().await;
    let session = agi.accept().await;
    let text = ("text".to_owned(), "You have hung up.".to_owned());
    assert_eq!(session.request(), ("push".to_owned(), vec![text]));
    session.finish("OK", "shown").await;
    asterisk.line("RESULT|OK|shown|OK|").await;
    call.end().await;
}

/// Asserts that `text` arrives unchanged from a channel variable through the dialplan.
async fn assert_arrives(version: Version, text: &str) {
    let agi = ScriptedAgi::listen().await;
    let set = format!("exten => 1,1,Set(MSG={})", text.replace(';', "\\;"));
    let push = r#"
 same => n,Gosub(handset-push,s,1(,"a, \"b\"",,text=${URIENCODE(${MSG})}))
 same => n,Hangup(17)
"#;
    let with_phone = with_phone(version, Driver::Pjsip, &agi, &(set + push)).await;
    let Some((_asterisk, phone)) = with_phone else {
        return;
    };
    let call = phone.dial("1", Course::Rejected);
    let session = agi.accept().await;
    let expected = [("title", "a, \"b\""), ("text", text)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(session.request(), ("push".to_owned(), expected.to_vec()));
    session.finish("OK", "").await;
    call.end().await;
}

/// Starts an Asterisk with this dialplan and a registered phone, 1001.
async fn with_phone(
    version: Version,
    driver: Driver,
    agi: &ScriptedAgi,
    dialplan: &str,
) -> Option<(Asterisk, SipPhone)> {
    let options = Options {
        files: &[],
        agi: agi.address(),
        phones: &[(driver, "1001")],
        dialplan,
        pjsip: "",
    };
    let asterisk = Asterisk::start(version, &options).await?;
    let phone = SipPhone::new("1001", USER_AGENT, asterisk.sip(driver));
    phone.register().await;
    Some((asterisk, phone))
}

/// Pushes before the call is answered, with an earlier outcome on the channel, prints the outcome, and
/// ends the call as busy.
const TELLING: &str = "
exten => 1,1,Set(HANDSET_STATUS=OK)
 same => n,Set(HANDSET_REASON=of an earlier request)
 same => n,Set(HANDSET_RESULT=of an earlier request)
 same => n,Gosub(handset-push,s,1(Hello))
 same => n,Verbose(0,RESULT|${HANDSET_STATUS}|${HANDSET_REASON}|${GOSUB_RETVAL}|${HANDSET_RESULT}|)
 same => n,Hangup(17)
";

const USER_AGENT: &str = "Cisco-CP8841/12.8.1";
