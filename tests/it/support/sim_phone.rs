//! A simulated phone of the library, on a desk of its own: an address, a web server, a user.

use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use handset_simulator::{self, Direction, Exchange, Options, Shown, Simulated, State};

use super::PATIENCE;
use super::loopback::Loopback;
use super::process::print_log;

/// A simulated phone. It ends when this is dropped; if the test has failed, what it refused is
/// printed.
#[derive(Debug)]
pub(crate) struct Desk {
    phone: Simulated,
    tasks: Tasks,
    /// Kept for as long as the phone, if it is its own.
    address: Option<Loopback>,
}

impl Desk {
    /// Puts a phone on an address of its own.
    pub(crate) async fn new(options: Options) -> Self {
        let address = Loopback::claim();
        let mut desk = Self::at(options, address.port(PORT)).await;
        desk.address = Some(address);
        desk
    }

    /// Puts a phone on a given address.
    pub(crate) async fn at(mut options: Options, address: SocketAddr) -> Self {
        options.listen = address;
        let tasks = Tasks::new();
        let phone = handset_simulator::start(options, &tasks).await.unwrap();
        Self {
            phone,
            tasks,
            address: None,
        }
    }

    /// Returns a `[[phone]]` of the configuration that tells all about it.
    pub(crate) fn entry(&self, name: &str) -> String {
        entry(name, self.phone.options(), self.phone.address())
    }

    /// Returns the phone.
    pub(crate) fn phone(&self) -> &Simulated {
        &self.phone
    }

    /// Returns its state now.
    pub(crate) fn state(&self) -> State {
        self.phone.state()
    }

    /// Waits until the phone is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl FnMut(&State) -> bool) -> State {
        match self.phone.until(wanted, PATIENCE).await {
            Some(state) => state,
            None => panic!(
                "{what}: not so within {PATIENCE:?}: {:#?}",
                self.phone.state()
            ),
        }
    }

    /// Waits until the phone shows something that is wanted.
    pub(crate) async fn shows(&self, what: &str, mut wanted: impl FnMut(&Shown) -> bool) -> Shown {
        let wanted = |state: &State| state.shown.as_ref().is_some_and(&mut wanted);
        self.until(what, wanted).await.shown.unwrap()
    }

    /// Waits until the phone shows a text that contains `part`.
    pub(crate) async fn shows_text(&self, part: &str) -> Shown {
        let wanted = |shown: &Shown| shown.content.text().is_some_and(|text| text.contains(part));
        self.shows(part, wanted).await
    }

    /// Checks that the phone has refused nothing.
    pub(crate) fn is_content(&self) {
        let refused: Vec<String> = refusals(&self.state());
        assert_eq!(refused, [""; 0]);
    }

    /// Returns what it was asked, in order.
    pub(crate) fn received(&self) -> Vec<Exchange> {
        let exchanges = self.state().exchanges.into_iter();
        exchanges
            .filter(|exchange| exchange.direction == Direction::Received)
            .collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
        if std::thread::panicking() {
            let name = format!("refused by {}", self.phone.options().vendor);
            print_log(&name, &refusals(&self.phone.state()).join("\n"));
        }
    }
}

/// Returns a `[[phone]]` of the configuration that tells all about a phone.
pub(crate) fn entry(name: &str, options: &Options, address: SocketAddr) -> String {
    let Options {
        vendor, model, mac, ..
    } = options;
    let model = model.trim_start_matches("SIP-");
    format!(
        "[[phone]]\nname = \"{name}\"\nvendor = \"{vendor}\"\nmodel = \"{model}\"\n\
         mac = \"{mac}\"\naddress = \"{address}\"\n"
    )
}

/// Describes a typical phone of `vendor`.
pub(crate) fn options(vendor: Vendor) -> Options {
    Options {
        // Shorter than any that a person would hear; the tests wait for it.
        playback: Duration::from_millis(50),
        ..Options::new(vendor)
    }
}

fn refusals(state: &State) -> Vec<String> {
    let refusals = state.refusals();
    // To ask for a password is no refusal.
    let refusals = refusals.filter(|(_, reason)| *reason != "no Authorization");
    let told = |(exchange, reason): (&Exchange, &str)| {
        format!("{} {}: {reason}", exchange.method, exchange.target)
    };
    refusals.map(told).collect()
}

/// Where these phones serve HTTP: no right is needed for it.
const PORT: u16 = 8080;
