//! What a dialplan writes is what the phone shows, or it is refused: on real Asterisk servers, since
//! they pass on line breaks, backslashes and blanks in their own ways.

use handset_simulator::Vendor;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::daemon::Daemon;
use super::support::on_both_versions;
use super::support::sim_phone::{self, SimPhone};

on_both_versions! {
    arguments_arrive_whole_or_are_refused
    user_events_arrive_whole
}

async fn arguments_arrive_whole_or_are_refused(version: Version) {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let options = Options {
        agi: daemon.agi(),
        dialplan: ARGUMENTS,
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    for (extension, status, reason, title, text) in SHOWN {
        dial(&asterisk, extension);
        let line = asterisk.line(&format!("RESULT {extension}|")).await;
        let expected = format!("RESULT {extension}|{status}|{reason}");
        assert!(line.contains(&expected), "{line}");
        let shown = sim_phone
            .shows(extension, |screen| screen.content.text() == Some(text))
            .await;
        assert_eq!(shown.title.trim(), *title, "{extension}");
    }
    let before = sim_phone.received().len();
    for (extension, reason) in REFUSED {
        dial(&asterisk, extension);
        let line = asterisk.line(&format!("RESULT {extension}|")).await;
        let expected = format!("RESULT {extension}|INVALID|{reason}");
        assert!(line.contains(&expected), "{line}");
    }
    assert_eq!(sim_phone.received().len(), before);

    // A verb that reads nothing leaves no result of an earlier one.
    dial(&asterisk, "930");
    asterisk.line("RESULT 930|OK|").await;
    asterisk.line("LEFT 930||").await;
    sim_phone.assert_accepted_all();
    daemon.terminate();
    assert!(daemon.end().await.success());
}

async fn user_events_arrive_whole(version: Version) {
    let options = Options {
        dialplan: USER_EVENTS,
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&format!(
        "{}\n[[asterisk]]\nname = \"pbx\"\naddress = \"{}\"\nusername = \"handsetd\"\nsecret = \"hush\"\n\
         [[rule]]\nname = \"note\"\non = \"UserEvent.Note\"\n\
         do = [ {{ verb = \"push\", phone = \"desk\", text = \"{{{{ event.Text }}}}\" }} ]\n",
        sim_phone.entry("desk"),
        asterisk.manager()
    ))
    .await;
    daemon.line("Connected to Asterisk").await;
    for (extension, text) in [
        ("901", "first\nsecond"),
        ("902", "Tür"),
        ("903", "Hello"),
        ("904", "up\ndown"),
        ("905", "all, in one\nheader"),
        ("906", "rule\nsecond"),
    ] {
        dial(&asterisk, extension);
        sim_phone
            .shows(extension, |screen| screen.content.text() == Some(text))
            .await;
    }
    dial(&asterisk, "907");
    let numbers = |state: &handset_simulator::State| {
        state.exchanges.iter().any(|exchange| {
            let body = String::from_utf8_lossy(&exchange.body);
            body.contains("Soup") && body.contains("030123456") && body.contains("Salad")
        })
    };
    sim_phone.until("the menu", numbers).await;
    sim_phone.assert_accepted_all();
    daemon.terminate();
    assert!(daemon.end().await.success());
}

fn dial(asterisk: &Asterisk, extension: &str) {
    asterisk.cli(&format!(
        "channel originate Local/{extension}@phones application Wait 1"
    ));
}

/// Extension, status, start of the reason, title and text.
const SHOWN: &[(&str, &str, &str, &str, &str)] = &[
    ("901", "OK", "", "Lines", "first\nsecond\nthird"),
    ("902", "OK", "", "", "Tür"),
    ("903", "OK", "", "", "Tür zu"),
    ("904", "OK", "", "", "up\ndown"),
    ("905", "OK", "", "", r"C:\new"),
    ("906", "OK", "", "", "one\ntwo"),
    ("908", "OK", "", "T", "sub\nroutine"),
    ("907", "OK", "title cut to 64 characters", CUT, "long"),
];

const REFUSED: &[(&str, &str)] = &[
    (
        "911",
        "a line break in the URL or in an argument; send it as ?text=",
    ),
    (
        "912",
        "a line break in the URL or in an argument; send it as ?text=",
    ),
    ("913", "unknown key titel; did you mean title?"),
    ("914", "text: the value is empty; there is nothing to show"),
    ("915", "colour is no key of push; "),
    ("916", "\"you there\" is no key of push; "),
    ("917", "entry: \"Office\": invalid number \"call?\""),
];

const CUT: &str = "a title of more characters than a phone has room for on its…";

const ARGUMENTS: &str = r#"
exten => 901,1,Set(DIALLED=901)
 same => n,Set(M=${URIDECODE(first%0Asecond%0Athird)})
 same => n,AGI(agi://${HANDSETD}/push, phone=desk, title=Lines, text=${M})
 same => n,Goto(result,1)
exten => 902,1,Set(DIALLED=902)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=${URIDECODE(T%FCr)})
 same => n,Goto(result,1)
exten => 903,1,Set(DIALLED=903)
 same => n,AGI(agi://${HANDSETD}/push?phone=desk&text=${URIENCODE(${URIDECODE(T%FCr zu)})})
 same => n,Goto(result,1)
exten => 904,1,Set(DIALLED=904)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=up\\ndown)
 same => n,Goto(result,1)
exten => 905,1,Set(DIALLED=905)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=C:\\\\new)
 same => n,Goto(result,1)
exten => 906,1,Set(DIALLED=906)
 same => n,Set(M=one\ntwo)
 same => n,AGI(agi://${HANDSETD}/push?phone=desk&text=${URIENCODE(${M})})
 same => n,Goto(result,1)
exten => 907,1,Set(DIALLED=907)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=long,title=a title of more characters than a phone has room for on its display)
 same => n,Goto(result,1)

exten => 908,1,Set(DIALLED=908)
 same => n,Gosub(handset-push,s,1("sub\\nroutine",T,desk))
 same => n,Goto(result,1)

exten => 911,1,Set(DIALLED=911)
 same => n,AGI(agi://${HANDSETD}/push?phone=desk&text=${URIDECODE(first%0Asecond)})
 same => n,Goto(result,1)
exten => 912,1,Set(DIALLED=912)
 same => n,AGI(agi://${HANDSETD}/push,text=${URIDECODE(first%0Aagi_arg_2: text=second)},phone=desk)
 same => n,Goto(result,1)
exten => 913,1,Set(DIALLED=913)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,titel=Lunch)
 same => n,Goto(result,1)
exten => 914,1,Set(DIALLED=914)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,title=Note,text=${NOBODY_SET_THIS})
 same => n,Goto(result,1)
exten => 915,1,Set(DIALLED=915)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=a,colour=red)
 same => n,Goto(result,1)
exten => 916,1,Set(DIALLED=916)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=Hello, you there)
 same => n,Goto(result,1)
exten => 917,1,Set(DIALLED=917)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,entry=Desk|(030) 123-456,entry=Office|call?)
 same => n,Goto(result,1)

exten => 930,1,Set(DIALLED=930)
 same => n,Set(HANDSET_RESULT=of an earlier request)
 same => n,AGI(agi://${HANDSETD}/push,phone=desk,text=Nothing to read)
 same => n,Verbose(0,LEFT 930|${HANDSET_RESULT}|)
 same => n,Goto(result,1)

exten => result,1,Verbose(0,RESULT ${DIALLED}|${HANDSET_STATUS}|${HANDSET_REASON}|)
"#;

const USER_EVENTS: &str = r"
exten => 901,1,UserEvent(Handset,Verb: push,Phone: desk,Text: ${URIDECODE(first%0Asecond)},Title: T)
exten => 902,1,UserEvent(Handset,Verb: push,Phone: desk,Query: text=${URIENCODE(${URIDECODE(T%FCr)})})
exten => 903,1,UserEvent(Handset, Verb: push, Phone: desk, Text: Hello)
exten => 904,1,UserEvent(Handset,Verb: push,Phone: desk,Text: up\\ndown)
exten => 905,1,UserEvent(Handset,Verb: push,Query: phone=desk&text=${URIENCODE(all, in one)}%0Aheader)
exten => 906,1,UserEvent(Note,Text: ${URIDECODE(rule%0Asecond)})
exten => 907,1,UserEvent(Handset,Verb: push,Phone: desk,Title: Lunch,Item1: Soup|dial:(030) 123-456,Item2: Salad|dial:202)
";
