//! Variables that an AGI script sets on real Asterisk servers, and what that costs.

use std::sync::{Arc, Mutex};

use handset_agi::{Channel, Config, Error, Request, Script, Server};
use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tokio_util::sync::CancellationToken;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::on_both_versions;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};

on_both_versions! {
    any_value_is_set_unchanged_together_with_others
    a_call_costs_two_commands_and_one_without_a_phone
}

async fn any_value_is_set_unchanged_together_with_others(version: Version) {
    let differences = Arc::default();
    let script = SetAndRead {
        rounds: rounds(),
        differences: Arc::clone(&differences),
    };
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        ..Config::default()
    };
    let server = Server::bind(config).unwrap();
    let stop = CancellationToken::new();
    let options = Options {
        agi: server.local_addr(),
        dialplan: "exten => 1,1,Answer()\n same => n,AGI(agi://@AGI@/set)\n\
                   same => n,Verbose(0,SET|${LAST}|)\n",
        ..Options::registrar(&[])
    };
    let dialplan = options
        .dialplan
        .replace("@AGI@", &server.local_addr().to_string());
    let options = Options {
        dialplan: &dialplan,
        ..options
    };
    let running = Tasks::new().spawn("agi", server.run(script, stop.clone()));
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    asterisk.cli("agi set debug on");
    asterisk.cli("channel originate Local/1@phones application Wait 60");
    asterisk.line("SET|done|").await;
    let differences = differences.lock().unwrap().clone();
    assert!(differences.is_empty(), "{differences:#?}");
    let commands = |start: &str| asterisk.count(&format!("AGI Rx << {start}"));
    assert_eq!(commands("EXEC \"MSet\" "), rounds().len());
    assert_eq!(commands("SET VARIABLE "), 1);
    stop.cancel();
    running.await.unwrap();
}

async fn a_call_costs_two_commands_and_one_without_a_phone(version: Version) {
    let daemon = Daemon::start("").await;
    let dialplan = "
exten => 1,1,Answer()
 same => n,AGI(agi://@AGI@/ping)
 same => n,Verbose(0,PING|${HANDSET_STATUS}|${HANDSET_REASON}|${HANDSET_RESULT}|)
 same => n,Wait(1)
 same => n,AGI(agi://@AGI@/push,Hello)
 same => n,Verbose(0,PUSH|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|)
 same => n,Wait(60)
exten => h,1,AGI(agi://@AGI@/ping)
 same => n,Verbose(0,HANGUP|${HANDSET_STATUS}|${LEN(${HANDSET_ID})}|)
";
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[(Driver::Pjsip, "1001")],
        dialplan: &dialplan.replace("@AGI@", &daemon.agi().to_string()),
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let phone = sim_phone::options(Vendor::Snom);
    let sip = SipPhone::new("1001", &phone.user_agent(), asterisk.sip(Driver::Pjsip));
    let sim_phone = SimPhone::at(phone, sip.address().port(80)).await;
    sip.register().await;
    asterisk.cli("agi set debug on");
    let call = sip.dial("1", Course::HungUp);
    asterisk.line("PING|OK|||").await;
    let commands = |start: &str| asterisk.count(&format!("AGI Rx << {start}"));
    assert_eq!((commands("EXEC \"MSet\" "), commands("")), (1, 1));
    asterisk.line("PUSH|OK|1001|snom|").await;
    let asked = commands("GET FULL VARIABLE ");
    assert_eq!((commands("EXEC \"MSet\" "), asked, commands("")), (2, 1, 3));
    sim_phone.shows_text("Hello").await;
    call.hang_up().await;
    call.end().await;
    asterisk.line("HANGUP|OK|").await;
    assert_eq!(commands(""), 4);
}

#[derive(Debug)]
struct SetAndRead {
    rounds: Vec<[String; 6]>,
    differences: Arc<Mutex<Vec<(String, String)>>>,
}

impl Script for SetAndRead {
    async fn run(&self, _: &Request, channel: &mut Channel) -> Result<(), Error> {
        for values in &self.rounds {
            let variables: Vec<_> = NAMES
                .into_iter()
                .zip(values.iter().map(String::as_str))
                .collect();
            channel.set_variables(&variables).await?;
            for (name, value) in variables {
                let got = channel.variable(name).await?.unwrap_or_default();
                if got != value {
                    self.differences
                        .lock()
                        .unwrap()
                        .push((value.to_owned(), got));
                }
            }
        }
        channel.set_variable("LAST", "done").await
    }
}

fn rounds() -> Vec<[String; 6]> {
    let mut runner = TestRunner::deterministic();
    let piece = proptest::sample::select(&PIECES[..]);
    let odd = proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let any = "\\PC{0,40}";
    let value = proptest::prop_oneof![odd, any];
    let six = proptest::array::uniform6(value);
    let mut rounds: Vec<_> = (0..100)
        .map(|_| six.new_tree(&mut runner).unwrap().current())
        .collect();
    rounds.push([
        "ü".repeat(200),
        String::new(),
        "\"".repeat(60),
        "\\".repeat(9),
        " a ".to_owned(),
        "=".to_owned(),
    ]);
    rounds
}

const NAMES: [&str; 6] = ["A1", "A2", "A3", "A4", "A5", "A6"];

const PIECES: [&str; 30] = [
    ",", "\"", "\\", "(", ")", "[", "]", "=", "${EXTEN}", "$[1+1]", "$", "{", "}", "|", ";", "&",
    " ", "  ", "'", "`", "%", "ü", "€", "😀", "a", "B=c", "\\n", "^", "<", ">",
];
