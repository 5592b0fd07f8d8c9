//! `handsetd simulate`, whose user acts by lines of standard input.

use std::io::{PipeWriter, Write, pipe};
use std::net::SocketAddr;
use std::process::Command;

use super::support::daemon::Daemon;
use super::support::event_stream::Events;
use super::support::loopback::Loopback;
use super::support::process::Process;

/// A menu that leads to a form, and the page that answers it.
const PAGES: &str = r#"
[[page]]
name = "menu"
title = "Canteen"
item = ["Bread|page:order?meal=Bread", "Soup|page:order?meal=Soup"]

[[page]]
name = "order"
title = "{{ query.meal }}"
input = "How many|count|number"
then = "thanks"

[[page]]
name = "thanks"
text = "{{ query.count }} times {{ query.meal }}"
"#;

#[tokio::test]
async fn user_opens_a_page_selects_fills_in_and_sends() {
    for vendor in ["cisco", "snom", "yealink"] {
        let own = Loopback::claim();
        let entry = format!(
            "[[phone]]\nname = 'desk'\nvendor = '{vendor}'\naddress = '{}'\n",
            own.ip()
        );
        let daemon = Daemon::start(&(entry + PAGES)).await;
        let mut events = Events::open(&daemon).await;
        let mut phone = Phone::start(vendor, own.port(0));
        phone.shows("Type help for what its user can do.").await;

        let url = format!("open http://{}/page/menu", daemon.http());
        phone.types(&url);
        phone.shows("2 Soup").await;
        phone.types("select 3");
        phone.shows("the screen has no item 3").await;
        phone.types("select 2");
        phone.shows("How many: [___").await;
        phone.types("fill Nothing=1");
        phone.shows("the screen has no field `Nothing`").await;
        phone.types("fill How many=2");
        phone.shows("How many: [2___").await;
        phone.types("submit");
        phone.shows("2 times Soup").await;
        let event = events.next().await;
        assert_eq!(event["event"], "phone.form", "{event}");
        assert_eq!(event["fields"]["count"], "2", "{event}");

        phone.types("dance");
        phone.shows("unknown command \"dance\"").await;
        phone.ends().await;
    }
}

/// A simulated phone in a process of its own.
struct Phone {
    process: Process,
    input: Option<PipeWriter>,
}

impl Phone {
    fn start(vendor: &str, listen: SocketAddr) -> Self {
        let (reader, writer) = pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        command.args(["simulate", vendor, "--listen", &listen.to_string()]);
        Self {
            process: Process::start_reading(vendor, &mut command, reader.into()),
            input: Some(writer),
        }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    async fn shows(&self, text: &str) {
        self.process.line_after(0, text).await;
    }

    /// Ends the input, which the phone outlives, then the phone.
    async fn ends(mut self) {
        self.input = None;
        let process = &mut self.process;
        process.terminate();
        assert!(process.exit().await.success(), "{}", process.log());
    }
}
