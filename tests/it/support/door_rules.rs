//! Events of an Asterisk that tests raise, and rules that report to a web server which daemon acts on which.

use std::ops::Range;

use handset_ami::{Action, Client, Config};
use handset_net::tasks::Tasks;

use super::asterisk::Asterisk;
use super::soon;
use super::stub_web_server::StubWebServer;

/// Returns the `[[asterisk]]` section of a daemon.
pub(crate) fn server(asterisk: &Asterisk) -> String {
    format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
        asterisk.manager()
    )
}

/// Returns rules that report to `web` which daemon acts on which event.
pub(crate) fn rules(web: &StubWebServer, daemon: &str) -> String {
    let door = web.url(&format!("/door/{{{{ event.Number }}}}/{daemon}"));
    let gap = web.url(&format!(
        "/gap/{{{{ event.Server }}}}/{{{{ event.Seconds }}}}/{daemon}"
    ));
    format!(
        "[[rule]]\nname = 'door'\non = 'UserEvent.Door'\nmode = 'parallel'\ndo = [ {{ webhook = '{door}' }} ]\n\
         [[rule]]\nname = 'gap'\non = 'handsetd.gap'\ndo = [ {{ webhook = '{gap}' }} ]\n"
    )
}

/// Asserts that each event has fired once, by one daemon.
pub(crate) fn assert_once(fired: &[String], numbers: Range<usize>, daemon: &str) {
    let mut expected: Vec<usize> = numbers.collect();
    let mut found: Vec<usize> = fired
        .iter()
        .map(|path| path.split('/').nth(2).unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{fired:?}");
    assert!(fired.iter().all(|path| path.ends_with(daemon)), "{fired:?}");
}

/// An account that raises events.
pub(crate) struct Operator {
    client: Client,
    tasks: Tasks,
}

impl Operator {
    pub(crate) fn of(asterisk: &Asterisk) -> Self {
        let address = asterisk.manager().to_string().parse().unwrap();
        let config = Config::new("pbx", address, "operator", "hush".into());
        let (client, driver) = Client::new(&config).unwrap();
        let tasks = Tasks::new();
        tasks.spawn("ami", driver.run_until(tasks.stop()));
        Self { client, tasks }
    }

    /// Raises `UserEvent.Door` with each of the numbers.
    pub(crate) async fn raise(&self, numbers: Range<usize>) {
        for number in numbers {
            let number = number.to_string();
            self.send(&[("UserEvent", "Door"), ("Number", &number)])
                .await;
        }
    }

    /// Requests a push by a user event.
    pub(crate) async fn push(&self, text: &str) {
        let keys = [
            ("UserEvent", "Handset"),
            ("Verb", "push"),
            ("Phone", "desk"),
            ("Text", text),
        ];
        self.send(&keys).await;
    }

    async fn send(&self, headers: &[(&str, &str)]) {
        let action = headers
            .iter()
            .fold(Action::builder("UserEvent"), |action, (name, value)| {
                action.with(name, *value)
            });
        let sent = self.client.send(action.build().unwrap());
        let response = soon("the response to UserEvent", sent).await.unwrap();
        assert!(response.is_success(), "{response:?}");
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}
