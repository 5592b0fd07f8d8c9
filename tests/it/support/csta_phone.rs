//! A simulated phone that registers an identity for CSTA sessions with the daemon of the test.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_net::pin::Pin;
use handset_net::pin::testing::{certificate_in, fixture};
use handset_simulator::sip::Protocol;
use handset_simulator::{CstaIdentity, CstaLine, Options, Quirks, SimulatedPhone, State};

use super::loopback::Loopback;
use super::sim_phone::{self, SimPhone};

/// A phone whose identity has the user name `NAME-csta` and the password `NAME-secret`.
#[derive(Debug)]
pub(crate) struct CstaPhone {
    name: String,
    sim_phone: SimPhone,
    line: CstaLine,
}

impl CstaPhone {
    /// Starts a phone that registers over UDP.
    pub(crate) async fn start(name: &str, options: Options, registrar: SocketAddr) -> Self {
        Self::start_with(name, options, registrar, |_| {}).await
    }

    /// Starts a phone that registers over UDP, unless `change` says otherwise.
    pub(crate) async fn start_with(
        name: &str,
        options: Options,
        registrar: SocketAddr,
        change: impl FnOnce(&mut CstaIdentity),
    ) -> Self {
        let sim_phone = SimPhone::new(options).await;
        Self::connect(name, sim_phone, registrar, change).await
    }

    /// Starts one of many phones, which share the address of the registrar.
    pub(crate) async fn start_many(name: &str, options: Options, registrar: SocketAddr) -> Self {
        let address = SocketAddr::new(registrar.ip(), 0);
        let sim_phone = SimPhone::at(options, address).await;
        Self::connect(name, sim_phone, registrar, |_| {}).await
    }

    async fn connect(
        name: &str,
        sim_phone: SimPhone,
        registrar: SocketAddr,
        change: impl FnOnce(&mut CstaIdentity),
    ) -> Self {
        let mut identity = CstaIdentity {
            local: SocketAddr::new(sim_phone.phone().address().ip(), 0),
            registrar,
            proxy: None,
            protocol: Protocol::Udp,
            user: format!("{name}-csta"),
            password: format!("{name}-secret"),
            expires: 3600,
            quirks: Quirks::default(),
        };
        change(&mut identity);
        let line = sim_phone.phone().connect_csta(identity).await.unwrap();
        Self {
            name: name.to_owned(),
            sim_phone,
            line,
        }
    }

    /// Withdraws the registration.
    pub(crate) async fn unregister(&self) {
        self.line.unregister().await.unwrap();
    }

    /// Renews the registration before its time.
    pub(crate) async fn register_again(&self) {
        self.line.register().await.unwrap();
    }

    /// Returns the simulated phone itself.
    pub(crate) fn phone(&self) -> &SimulatedPhone {
        self.sim_phone.phone()
    }

    /// Returns its current state.
    pub(crate) fn state(&self) -> State {
        self.sim_phone.state()
    }

    /// Waits until its state satisfies `wanted`.
    pub(crate) async fn until(&self, what: &str, wanted: impl FnMut(&State) -> bool) -> State {
        let what = format!("{} of {}", what, self.name);
        self.sim_phone.until(&what, wanted).await
    }

    /// Waits until a session monitors it.
    pub(crate) async fn monitored(&self) -> State {
        self.until("a monitor", |state| state.csta.monitors == 1)
            .await
    }

    /// Waits until it has performed a request of CSTA.
    pub(crate) async fn performed(&self, name: &str) -> State {
        let wanted = |state: &State| state.csta.requests.iter().any(|done| done == name);
        self.until(name, wanted).await
    }

    /// Asserts that it has refused nothing but requests without credentials.
    pub(crate) fn assert_accepted_all(&self) {
        self.sim_phone.assert_accepted_all();
    }
}

/// Returns the `[uacsta]` section of a daemon whose phones register at `address`.
pub(crate) fn server(address: &Loopback) -> String {
    let (at, tls) = (address.port(PORT), address.port(TLS_PORT));
    format!(
        "[uacsta]\nlisten = ['udp:{at}', 'tcp:{at}', 'tls:{tls}']\nallow = ['127.0.0.0/8']\n\
         tls = {{ certificate_file = '{}', key_file = '{}' }}\n",
        fixture("server.pem").display(),
        fixture("server.key").display(),
    )
}

/// Returns where phones register.
pub(crate) fn registrar(address: &Loopback) -> SocketAddr {
    address.port(PORT)
}

/// Returns where phones register over TLS.
pub(crate) fn tls_registrar(address: &Loopback) -> SocketAddr {
    address.port(TLS_PORT)
}

/// Returns the pin of the certificate in this fixture; that of the daemon is in `server.pem`.
pub(crate) fn pin_of(fixture: &str) -> Pin {
    Pin::of(&certificate_in(fixture))
}

/// Makes an identity register over TLS, at a server with this pin.
pub(crate) fn use_tls(identity: &mut CstaIdentity, pin: Pin) {
    identity.registrar.set_port(TLS_PORT);
    identity.protocol = Protocol::Tls(Arc::new(pin.client_config()));
}

/// Returns a `[[phone]]` entry without an address for HTTP: what it is asked to do goes over its session.
pub(crate) fn entry(name: &str, options: &Options, more: &str) -> String {
    let Options { vendor, model, .. } = options;
    let model = model.trim_start_matches("SIP-");
    format!(
        "[[phone]]\nname = \"{name}\"\nvendor = \"{vendor}\"\nmodel = \"{model}\"\n\
         firmware = \"{firmware}\"\n\
         csta = {{ user = \"{name}-csta\", password = \"{name}-secret\"{more} }}\n",
        firmware = options.firmware,
    )
}

/// Returns the options of a typical phone of `vendor` with these settings.
pub(crate) fn options(vendor: handset_simulator::Vendor, settings: &[(&str, &str)]) -> Options {
    let mut options = sim_phone::options(vendor);
    for (name, value) in settings {
        let set = ((*name).to_owned(), (*value).to_owned());
        options.settings.extend([set]);
    }
    options
}

/// The port of the registrar over UDP and TCP.
const PORT: u16 = 6060;

/// The port of the registrar over TLS.
const TLS_PORT: u16 = 6061;
