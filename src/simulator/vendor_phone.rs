//! One phone of any vendor: a closed enum, so that a new vendor is a compiler error wherever the
//! vendors differ.

use url::Url;

use crate::Vendor;
use crate::cisco::Cisco;
use crate::device::Device;
use crate::error::Error;
use crate::request::{Request, Response};
use crate::snom::Snom;
use crate::state::Screen;
use crate::yealink::Yealink;

/// The vendor-specific part of a phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum VendorPhone {
    Cisco(Cisco),
    Snom(Snom),
    Yealink(Yealink),
}

impl VendorPhone {
    pub(crate) fn new(device: &Device) -> Result<Self, Error> {
        Ok(match device.options().vendor {
            Vendor::Cisco => Self::Cisco(Cisco::new(device)?),
            Vendor::Snom => Self::Snom(Snom::new(device)?),
            Vendor::Yealink => Self::Yealink(Yealink::new(device)?),
        })
    }

    /// Responds to a request to the phone's web server.
    pub(crate) async fn respond(&self, request: &Request) -> Response {
        match self {
            Self::Cisco(phone) => phone.respond(request).await,
            Self::Snom(phone) => phone.respond(request),
            Self::Yealink(phone) => phone.respond(request).await,
        }
    }

    /// Handles a NOTIFY; the error says why the phone ignores it.
    pub(crate) fn receive_notify(
        &self,
        event: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(), String> {
        match self {
            Self::Cisco(_) => Err("NOTIFY is not simulated for Cisco phones".to_owned()),
            Self::Snom(phone) => phone.receive_notify(event, content_type, body),
            Self::Yealink(phone) => phone.receive_notify(event, content_type, body),
        }
    }

    /// Returns the width and height of the display in pixels.
    pub(crate) fn display(&self) -> (u32, u32) {
        match self {
            Self::Cisco(phone) => phone.display(),
            Self::Snom(phone) => phone.display(),
            Self::Yealink(phone) => phone.display(),
        }
    }

    /// Fetches a document and shows it.
    pub(crate) async fn open(&self, url: Url) {
        match self {
            Self::Cisco(phone) => phone.load(url).await,
            Self::Snom(phone) => phone.load(url).await,
            Self::Yealink(phone) => phone.load(url).await,
        }
    }

    /// Selects a menu item or directory entry.
    pub(crate) async fn select(&self, screen: &Screen, index: usize) {
        match self {
            Self::Cisco(phone) => phone.select(screen, index).await,
            Self::Snom(phone) => phone.select(screen, index).await,
            Self::Yealink(phone) => phone.select(screen, index).await,
        }
    }

    /// Presses the soft key with that target.
    pub(crate) async fn press(&self, screen: &Screen, target: &str) {
        match self {
            Self::Cisco(phone) => phone.press(screen, target).await,
            Self::Snom(phone) => phone.press(screen, target).await,
            Self::Yealink(phone) => phone.press(screen, target).await,
        }
    }

    /// Submits the form on the screen.
    pub(crate) async fn submit(&self, screen: &Screen) {
        match self {
            Self::Cisco(phone) => phone.submit(screen).await,
            Self::Snom(phone) => phone.submit(screen).await,
            Self::Yealink(phone) => phone.submit(screen).await,
        }
    }
}
