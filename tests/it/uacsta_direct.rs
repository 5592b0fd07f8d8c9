//! CSTA sessions with phones that are called at the contact which a real Asterisk knows.

use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_simulator::sip::{Agent, Protocol, SipOptions};
use handset_simulator::{CallState, Quirks, State, Vendor};

use super::support::agi_call::agi_call;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::csta_phone::{options, server};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::SimPhone;
use super::support::{on_both_versions, soon};
use super::why::why_of;

on_both_versions! {
    phones_are_called_at_their_contact
    phones_that_filter_their_registrar_are_named_with_the_cure
}

/// A phone that is registered with Asterisk and nowhere else, and a daemon that calls it.
struct Fixture {
    sim_phone: SimPhone,
    daemon: Daemon,
    // Dropped after those that need them.
    _asterisk: Asterisk,
    _tasks: Tasks,
    _address: Loopback,
}

impl Fixture {
    async fn new(version: Version, settings: &[(&str, &str)]) -> Option<Self> {
        let registrar = Options::registrar(&[(Driver::Pjsip, "1002")]);
        let asterisk = Asterisk::start(version, &registrar).await?;
        let sim_phone = SimPhone::new(options(Vendor::Snom, settings)).await;
        let tasks = Tasks::new();
        let agent = SipOptions {
            local: SocketAddr::new(sim_phone.phone().address().ip(), 0),
            registrar: asterisk.sip(Driver::Pjsip),
            proxy: None,
            user: "1002".to_owned(),
            password: Some("1002-secret".to_owned()),
            user_agent: sim_phone.phone().options().user_agent(),
            protocol: Protocol::Udp,
            contact_parameters: ";line=q7".to_owned(),
        };
        let agent = Agent::start(agent, &tasks).await.unwrap();
        sim_phone.phone().serve_csta(&agent, Quirks::default());
        agent.register().await.unwrap();
        let address = Loopback::claim();
        let manager = asterisk.manager();
        let config = format!(
            "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
             secret = 'hush'\n{}direct = true\n[[phone]]\nname = 'desk'\n\
             endpoint = 'PJSIP/1002'\nvendor = 'snom'\n\
             csta = {{ user = '1002', password = '1002-secret' }}\n",
            server(&address)
        );
        let daemon = Daemon::start(&config).await;
        Some(Self {
            sim_phone,
            daemon,
            _asterisk: asterisk,
            _tasks: tasks,
            _address: address,
        })
    }
}

async fn phones_are_called_at_their_contact(version: Version) {
    let settings = [("filter_registrar", "off"), ("csta_challenge", "1")];
    let Some(fixture) = Fixture::new(version, &settings).await else {
        return;
    };
    let monitored = |state: &State| state.csta.monitors == 1;
    fixture.sim_phone.until("a monitor", monitored).await;
    fixture.sim_phone.phone().receive_call("201");
    let arguments = ["phone=desk", "via=csta", "call=-1"];
    let outcome = agi_call(fixture.daemon.agi(), "answer", &arguments).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    let answered = |state: &State| state.calls.all()[0].state == CallState::Connected;
    fixture.sim_phone.until("an answer", answered).await;
}

async fn phones_that_filter_their_registrar_are_named_with_the_cure(version: Version) {
    let Some(fixture) = Fixture::new(version, &[]).await else {
        return;
    };
    let dropped = |state: &State| state.refusals().next().is_some();
    fixture.sim_phone.until("a dropped INVITE", dropped).await;
    let refused = async {
        loop {
            let report = why_of(&fixture.daemon, "desk").await.to_string();
            if report.contains("filter_registrar") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    // The INVITE is given up after 32 seconds at the latest.
    if tokio::time::timeout(Duration::from_secs(40), refused)
        .await
        .is_err()
    {
        let report = soon("a report", why_of(&fixture.daemon, "desk")).await;
        panic!("{report}");
    }
}
