//! A running simulated phone: how it is started, observed and operated.

use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::info;
use url::Url;

use crate::device::Device;
use crate::draw::View;
use crate::error::Error;
use crate::options::Options;
use crate::state::{Content, State};
use crate::vendor_phone::VendorPhone;
use crate::{accept, server};

/// Starts a phone, which runs until `tasks` stop.
///
/// # Errors
///
/// Fails if the model is unknown, the MAC address is invalid or the address cannot be bound.
pub async fn start(options: Options, tasks: &Tasks) -> Result<SimulatedPhone, Error> {
    let address = options.listen;
    let device = Device::new(options, tasks)?;
    let vendor_phone = VendorPhone::new(&device)?;
    let listener = accept::bind("simulated phone", address)
        .map_err(|source| Error::Bind { address, source })?;
    let address = listener.local_addr();
    let options = device.options();
    info!(vendor = %options.vendor, model = options.model, %address, "Started a simulated phone.");
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
    /// Returns the address of the phone's web server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn vendor_phone(&self) -> &VendorPhone {
        &self.vendor_phone
    }

    /// Returns the options that the phone was started with.
    pub fn options(&self) -> &Options {
        self.device.options()
    }

    /// Returns a snapshot of the phone.
    pub fn state(&self) -> State {
        self.device.state()
    }

    /// Returns the width and height of the display in pixels.
    pub fn display(&self) -> (u32, u32) {
        self.vendor_phone.display()
    }

    /// Waits until `condition` holds; returns the state in which it did, or `None` after `within`.
    ///
    /// Nothing is polled, and states between two changes may be skipped. Cancel safe.
    pub async fn wait_until(
        &self,
        mut condition: impl FnMut(&State) -> bool,
        within: Duration,
    ) -> Option<State> {
        let mut states = self.device.watch();
        let found = timeout(within, states.wait_for(|state| condition(state))).await;
        found.ok()?.ok().map(|state| state.clone())
    }

    /// Lets every HTTP request wait from now on: nothing is done and answered until
    /// [`release`](Self::release). [`State::waiting`] counts them.
    pub fn hold(&self) {
        self.device.set_held(true);
    }

    /// Does and answers what has waited since [`hold`](Self::hold), and what comes.
    pub fn release(&self) {
        self.device.set_held(false);
    }

    /// Returns what [`draw`](crate::draw) needs to draw the phone as it is now.
    pub fn view(&self) -> View {
        View::new(self.options(), self.display(), self.state())
    }

    /// Returns a receiver of every new state.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.device.watch()
    }

    /// Hands the phone the body of a NOTIFY that its SIP side received.
    ///
    /// # Errors
    ///
    /// Returns why the phone ignores it.
    pub fn receive_notify(
        &self,
        event: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(), String> {
        self.vendor_phone.receive_notify(event, content_type, body)
    }

    /// Opens a document, as the user does with a service button to which `url` is assigned.
    ///
    /// Returns once the phone has fetched it.
    ///
    /// # Errors
    ///
    /// Fails if the URL is invalid.
    pub async fn open(&self, url: &str) -> Result<(), Error> {
        let parsed = Url::parse(url).ok().filter(Url::has_host);
        let url = parsed.ok_or_else(|| Error::InvalidUrl(url.to_owned()))?;
        self.vendor_phone.open(url).await;
        Ok(())
    }

    /// Selects the menu item or directory entry at `index`, counted from 0, as the user would.
    ///
    /// Returns once the phone has fetched whatever the item leads to.
    ///
    /// # Errors
    ///
    /// Fails if the screen has no such item.
    pub async fn select(&self, index: usize) -> Result<(), Error> {
        let screen = self.state().screen.unwrap_or_default();
        let exists = match &screen.content {
            Content::Directory(entries) => index < entries.len(),
            Content::Menu(items) => index < items.len(),
            _ => false,
        };
        if !exists {
            return Err(Error::NoSuchItem(index));
        }
        self.vendor_phone.select(&screen, index).await;
        Ok(())
    }

    /// Presses the soft key with that label, as the user would, while the first item is highlighted.
    ///
    /// Returns once the phone has fetched whatever the key leads to.
    ///
    /// # Errors
    ///
    /// Fails if the screen has no such soft key.
    pub async fn press(&self, label: &str) -> Result<(), Error> {
        let screen = self.state().screen.unwrap_or_default();
        let key = screen.soft_keys.iter().find(|key| key.label == label);
        let key = key.ok_or_else(|| Error::NoSuchKey(label.to_owned()))?;
        self.vendor_phone.press(&screen, &key.target).await;
        Ok(())
    }

    /// Types a value into a field of the form on the screen, as the user would. The field is named by its
    /// parameter or its label.
    ///
    /// # Errors
    ///
    /// Fails if the screen is not a form or lacks the field.
    pub fn fill(&self, field: &str, value: &str) -> Result<(), Error> {
        let mut is_filled = false;
        self.device.change(|state| {
            if let Some(screen) = &mut state.screen
                && let Content::Form { inputs, .. } = &mut screen.content
                && let Some(input) = inputs.iter_mut().find(|input| input.is_called(field))
            {
                value.clone_into(&mut input.value);
                is_filled = true;
            }
        });
        if is_filled {
            Ok(())
        } else {
            Err(Error::NoSuchField(field.to_owned()))
        }
    }

    /// Fills in the form on the screen and submits it, as the user would.
    ///
    /// Returns once the phone has fetched whatever the form leads to.
    ///
    /// # Errors
    ///
    /// Fails if the screen is not a form or lacks one of the fields.
    pub async fn submit(&self, values: &[(&str, &str)]) -> Result<(), Error> {
        let mut screen = self.state().screen.unwrap_or_default();
        let no_such_field = |name: &str| Error::NoSuchField(name.to_owned());
        let Content::Form { inputs, .. } = &mut screen.content else {
            return Err(no_such_field(values.first().map_or("", |(name, _)| name)));
        };
        for (name, value) in values {
            let input = inputs.iter_mut().find(|input| input.parameter == *name);
            input.ok_or_else(|| no_such_field(name))?.value = String::from(*value);
        }
        self.vendor_phone.submit(&screen).await;
        Ok(())
    }
}
