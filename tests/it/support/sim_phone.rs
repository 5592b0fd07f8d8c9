//! A simulated phone of handset-simulator on a loopback address of its own.

use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use handset_simulator::{self, Direction, Exchange, Options, Screen, SimulatedPhone, State};

use super::TIMEOUT;
use super::loopback::Loopback;
use super::process::print_log;

/// A simulated phone. It stops when this is dropped; if the test has failed, the requests that it
/// rejected are printed.
#[derive(Debug)]
pub(crate) struct SimPhone {
    phone: SimulatedPhone,
    tasks: Tasks,
    /// Claimed until the phone is dropped; `None` if the test chose the address.
    address: Option<Loopback>,
}

impl SimPhone {
    /// Starts a phone on a loopback address of its own.
    pub(crate) async fn new(options: Options) -> Self {
        let address = Loopback::claim();
        let mut sim_phone = Self::at(options, address.port(PORT)).await;
        sim_phone.address = Some(address);
        sim_phone
    }

    /// Starts a phone on `address`.
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

    /// Returns a complete `[[phone]]` entry for it.
    pub(crate) fn entry(&self, name: &str) -> String {
        entry(name, self.phone.options(), self.phone.address())
    }

    /// Returns the simulated phone itself.
    pub(crate) fn phone(&self) -> &SimulatedPhone {
        &self.phone
    }

    /// Returns its current state.
    pub(crate) fn state(&self) -> State {
        self.phone.state()
    }

    /// Waits until the state satisfies `wanted`.
    pub(crate) async fn until(&self, what: &str, wanted: impl FnMut(&State) -> bool) -> State {
        match self.phone.wait_until(wanted, TIMEOUT).await {
            Some(state) => state,
            None => panic!("{what}: not within {TIMEOUT:?}: {:#?}", self.phone.state()),
        }
    }

    /// Waits until the screen content satisfies `wanted`.
    pub(crate) async fn shows(
        &self,
        what: &str,
        mut wanted: impl FnMut(&Screen) -> bool,
    ) -> Screen {
        let wanted = |state: &State| state.screen.as_ref().is_some_and(&mut wanted);
        self.until(what, wanted).await.screen.unwrap()
    }

    /// Waits until the screen shows a text that contains `part`.
    pub(crate) async fn shows_text(&self, part: &str) -> Screen {
        let wanted = |shown: &Screen| shown.content.text().is_some_and(|text| text.contains(part));
        self.shows(part, wanted).await
    }

    /// Lets every request wait until [`release`](Self::release).
    pub(crate) fn hold(&self) {
        self.phone.hold();
    }

    /// Waits until a request waits.
    pub(crate) async fn until_waiting(&self) {
        self.until("a request", |state| state.waiting > 0).await;
    }

    /// Does and answers what has waited since [`hold`](Self::hold), and what comes.
    pub(crate) fn release(&self) {
        self.phone.release();
    }

    /// Asserts that the phone has rejected no request.
    pub(crate) fn assert_accepted_all(&self) {
        let refused: Vec<String> = refusals(&self.state());
        assert_eq!(refused, [""; 0]);
    }

    /// Returns the requests that it received, in order.
    pub(crate) fn received(&self) -> Vec<Exchange> {
        let exchanges = self.state().exchanges.into_iter();
        exchanges
            .filter(|exchange| exchange.direction == Direction::Received)
            .collect()
    }
}

impl Drop for SimPhone {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
        if std::thread::panicking() {
            let name = format!("refused by {}", self.phone.options().vendor);
            print_log(&name, &refusals(&self.phone.state()).join("\n"));
        }
    }
}

/// Returns a complete `[[phone]]` entry for a phone with these options.
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

/// Returns the options of a typical phone of `vendor`.
pub(crate) fn options(vendor: Vendor) -> Options {
    Options {
        // Short, because tests wait for the end of playback.
        playback: Duration::from_millis(50),
        ..Options::new(vendor)
    }
}

fn refusals(state: &State) -> Vec<String> {
    let refusals = state.refusals();
    // A request for authentication is not a rejection.
    let refusals = refusals.filter(|(_, reason)| *reason != "no Authorization header");
    refusals
        .map(|(exchange, reason)| format!("{} {}: {reason}", exchange.method, exchange.target))
        .collect()
}

/// The HTTP port of these phones; unprivileged.
const PORT: u16 = 8080;
