//! A running simulated phone: how it is started, watched and used.

use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::info;

use crate::Vendor;
use crate::cisco::Cisco;
use crate::device::Device;
use crate::draw::View;
use crate::error::Error;
use crate::options::Options;
use crate::request::{Request, Response};
use crate::server;
use crate::snom::Snom;
use crate::state::{Content, Screen, State};
use crate::yealink::Yealink;

/// Starts a phone; it runs until `tasks` stop.
pub async fn start(options: Options, tasks: &Tasks) -> Result<SimulatedPhone, Error> {
    let address = options.listen;
    let device = Device::new(options, tasks)?;
    let vendor_phone = VendorPhone::new(&device)?;
    let bind = |source| Error::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let options = device.options();
    info!(vendor = %options.vendor, model = options.model, %address, "A simulated phone is ready.");
    let serving = server::serve(
        listener,
        device.clone(),
        vendor_phone.clone(),
        tasks.clone(),
    );
    tasks.spawn("simulated phone", serving);
    Ok(SimulatedPhone {
        address,
        device,
        vendor_phone,
    })
}

/// A running simulated phone. Cheap to clone; all clones are the same phone.
#[derive(Clone, Debug)]
pub struct SimulatedPhone {
    address: SocketAddr,
    device: Device,
    vendor_phone: VendorPhone,
}

impl SimulatedPhone {
    /// Returns where the phone's web server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what kind of phone it is.
    pub fn options(&self) -> &Options {
        self.device.options()
    }

    /// Returns everything that can be known of it now.
    pub fn state(&self) -> State {
        self.device.state()
    }

    /// Returns the width and height of its display in points.
    pub fn display(&self) -> (u32, u32) {
        self.vendor_phone.display()
    }

    /// Waits until the state is as wanted; none if it is not within that time.
    ///
    /// Every change is seen or a later one is; nothing is polled. Cancel safe.
    pub async fn wait_until(
        &self,
        mut what: impl FnMut(&State) -> bool,
        within: Duration,
    ) -> Option<State> {
        let mut states = self.device.watch();
        let seen = timeout(within, states.wait_for(|state| what(state))).await;
        seen.ok()?.ok().map(|state| state.clone())
    }

    /// Returns what there is to draw of it now.
    pub fn view(&self) -> View {
        View::new(self.options(), self.display(), self.state())
    }

    /// Returns a receiver that is told of every change.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.device.watch()
    }

    /// Lets somebody call it (Snom, Yealink); returns the number of the call, which rings until it is
    /// answered. It is the phone's own id of it, before which a Snom phone has a minus.
    pub fn receive_call(&self, number: &str) -> u32 {
        let mut id = 0;
        self.device.change(|state| {
            id = match &self.vendor_phone {
                VendorPhone::Snom(_) => state.calls.ring(number).unsigned_abs(),
                VendorPhone::Cisco(_) | VendorPhone::Yealink(_) => state.calling.ring(number),
            }
        });
        id
    }

    /// Hands it the body of a NOTIFY that came to its SIP side; the error says why the phone does
    /// nothing with it.
    pub fn receive_notify(
        &self,
        event: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(), String> {
        match &self.vendor_phone {
            VendorPhone::Snom(phone) => phone.receive_notify(event, content_type, body),
            VendorPhone::Yealink(phone) => phone.receive_notify(event, content_type, body),
            VendorPhone::Cisco(_) => {
                Err("a phone of this vendor whose NOTIFYs are not simulated".to_owned())
            }
        }
    }

    /// Chooses the menu item or directory entry at `index`, from 0, as its user would.
    ///
    /// Returns once the phone has fetched what the item leads to.
    pub async fn select(&self, index: usize) -> Result<(), Error> {
        let screen = self.state().screen.unwrap_or_default();
        let known = match &screen.content {
            Content::Directory(entries) => index < entries.len(),
            Content::Menu(items) => index < items.len(),
            _ => false,
        };
        if !known {
            return Err(Error::NoSuchItem(index));
        }
        self.vendor_phone.choose(&screen, index).await;
        Ok(())
    }

    /// Presses the soft key with that label, as its user would, with the first item chosen.
    ///
    /// Returns once the phone has fetched what the key leads to.
    pub async fn press(&self, label: &str) -> Result<(), Error> {
        let screen = self.state().screen.unwrap_or_default();
        let key = screen.soft_keys.iter().find(|key| key.label == label);
        let key = key
            .ok_or_else(|| Error::NoSuchKey(label.to_owned()))?
            .clone();
        self.vendor_phone.press(&screen, &key.target).await;
        Ok(())
    }

    /// Fills in the form on the screen and sends it, as its user would.
    ///
    /// Returns once the phone has fetched what the form leads to.
    pub async fn submit(&self, values: &[(&str, &str)]) -> Result<(), Error> {
        let mut screen = self.state().screen.unwrap_or_default();
        let field = |name: &str| Error::NoSuchField(name.to_owned());
        let Content::Form { inputs, .. } = &mut screen.content else {
            return Err(field(values.first().map_or("", |(name, _)| name)));
        };
        for (name, value) in values {
            let input = inputs.iter_mut().find(|input| input.parameter == *name);
            input.ok_or_else(|| field(name))?.value = String::from(*value);
        }
        self.vendor_phone.submit(&screen).await;
        Ok(())
    }
}

/// What is the vendor's own of a phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum VendorPhone {
    Cisco(Cisco),
    Snom(Snom),
    Yealink(Yealink),
}

impl VendorPhone {
    fn new(device: &Device) -> Result<Self, Error> {
        Ok(match device.options().vendor {
            Vendor::Cisco => Self::Cisco(Cisco::new(device)?),
            Vendor::Snom => Self::Snom(Snom::new(device)?),
            Vendor::Yealink => Self::Yealink(Yealink::new(device)?),
        })
    }

    /// Answers a request to the phone's web server.
    pub(crate) async fn answer(&self, request: &Request) -> Response {
        match self {
            Self::Cisco(phone) => phone.answer(request).await,
            Self::Snom(phone) => phone.answer(request),
            Self::Yealink(phone) => phone.answer(request).await,
        }
    }

    fn display(&self) -> (u32, u32) {
        match self {
            Self::Cisco(phone) => phone.display(),
            Self::Snom(phone) => phone.display(),
            Self::Yealink(phone) => phone.display(),
        }
    }

    async fn choose(&self, screen: &Screen, index: usize) {
        match self {
            Self::Cisco(phone) => phone.choose(screen, index).await,
            Self::Snom(phone) => phone.choose(screen, index).await,
            Self::Yealink(phone) => phone.choose(screen, index).await,
        }
    }

    async fn press(&self, screen: &Screen, target: &str) {
        match self {
            Self::Cisco(phone) => phone.press(screen, target).await,
            Self::Snom(phone) => phone.press(screen, target).await,
            Self::Yealink(phone) => phone.press(screen, target).await,
        }
    }

    async fn submit(&self, screen: &Screen) {
        match self {
            Self::Cisco(phone) => phone.submit(screen).await,
            Self::Snom(phone) => phone.submit(screen).await,
            Self::Yealink(phone) => phone.submit(screen).await,
        }
    }
}
