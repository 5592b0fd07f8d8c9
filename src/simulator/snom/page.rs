//! How the minibrowser fetches, validates and leaves a page.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use url::{Url, form_urlencoded};

use super::{Snom, schema};
use crate::document::Element;
use crate::fetch::{Fetch, Resource};
use crate::form;
use crate::request::media_type;
use crate::state::{Content, Screen};

impl Snom {
    /// Fetches a page and shows it; an error is shown as on a real phone.
    ///
    /// Boxed, because a page may lead to another.
    pub(crate) fn load(&self, url: Url) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let fetch = Fetch::get(&url, phone.request_headers(), MAX_PAGE);
            let read = |resource: &Resource| {
                let read = read(resource)?;
                phone.validate(&read.0)?;
                Ok(read)
            };
            let screen = match phone.device.fetch(fetch, read).await {
                Ok((document, text)) => phone.present(&document, &text, &url).await,
                Err(failure) => Err(failure.to_string()),
            };
            if let Err(reason) = screen {
                phone.device.show(Screen {
                    content: Content::Error(format!("XML error: {reason}")),
                    source: Some(url.to_string()),
                    ..Screen::default()
                });
            }
        }
        .boxed()
    }

    /// Follows the `fetch` of a page after its delay, unless the page has changed meanwhile.
    pub(super) fn fetch_later(&self, document: &Element) {
        let Some(fetch) = document.child("fetch") else {
            return;
        };
        let milliseconds = fetch.attribute("mil").and_then(|mil| mil.parse().ok());
        let after = Duration::from_millis(milliseconds.unwrap_or_default());
        let target = fetch.text();
        if target.is_empty() {
            return;
        }
        let follow = self.follow(target);
        self.device
            .while_shown(self.device.current_screen(), after, follow);
    }

    /// Follows a URL: a page, or one of the phone's own that closes or keeps the page.
    pub(super) fn follow(&self, target: String) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let (url, commands) = target.split_once('#').unwrap_or((&target, ""));
            let is_known = match url {
                "snom://mb_exit" | "phone://mb_exit" => {
                    phone.device.clear();
                    true
                }
                "snom://mb_nop" | "phone://mb_nop" => true,
                _ => match Url::parse(url) {
                    Ok(url) if matches!(url.scheme(), "http" | "https") => {
                        phone.load(url).await;
                        true
                    }
                    _ => false,
                },
            };
            if !is_known || !phone.fragment(commands) {
                let remark = format!("`{target}` leads nowhere.");
                phone.device.change(|state| state.remark(remark));
            }
        }
        .boxed()
    }

    /// Runs the commands in a fragment; returns whether all of them are known.
    fn fragment(&self, commands: &str) -> bool {
        let Ok(commands) = form::fields(commands) else {
            return false;
        };
        commands.iter().all(|(name, value)| {
            match name.as_str() {
                "key" => self.press_key(value),
                "numberdial" => self.dial(value),
                _ => match name.strip_prefix("set:") {
                    Some(name) => self.set_by_page(name, value),
                    None => return false,
                },
            }
            true
        })
    }

    /// Changes a setting if the phone trusts web pages (`mb_trusted_hosts`); otherwise it is silent.
    fn set_by_page(&self, name: &str, value: &str) {
        let is_trusted = self
            .setting("mb_trusted_hosts")
            .is_some_and(|hosts| !hosts.is_empty());
        let name = name.replace(['[', ']'], "");
        let set = [(name.clone(), value.to_owned())];
        if !is_trusted || self.set(&set).is_err() {
            let remark = format!("Ignored the setting {name}={value}.");
            self.device.change(|state| state.remark(remark));
        }
    }

    /// Handles a NOTIFY of the registrar; the error says why it is ignored.
    pub(crate) fn receive_notify(
        &self,
        event: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(), String> {
        if event != "xml" || media_type(content_type) != "application/snomxml" {
            return Err(format!(
                "unsupported NOTIFY: event {event}, Content-Type {content_type}"
            ));
        }
        self.push(body)
    }

    /// Shows a document that was not fetched.
    pub(super) fn push(&self, text: &str) -> Result<(), String> {
        let document = Element::parse(text.as_bytes())?;
        self.validate(&document)?;
        let (phone, text) = (self.clone(), text.to_owned());
        let source = Url::parse("http://127.0.0.1/").map_err(|error| error.to_string())?;
        self.device.spawn(async move {
            if let Err(reason) = phone.present(&document, &text, &source).await {
                phone
                    .device
                    .change(|state| state.remark(format!("XML error: {reason}")));
            }
        });
        Ok(())
    }

    /// Validates a document, including whether the firmware supports it.
    fn validate(&self, document: &Element) -> Result<(), String> {
        schema::validate(document)?;
        let is_silent = schema::kind(document).as_deref() == Some("silent");
        if is_silent && self.is_older_than(&[10, 1, 82, 0]) {
            return Err(format!(
                "object {} requires firmware 10.1.82.0",
                document.name
            ));
        }
        Ok(())
    }

    /// Selects an item.
    pub(crate) async fn select(&self, screen: &Screen, index: usize) {
        match &screen.content {
            Content::Directory(entries) => {
                if let Some(entry) = entries.get(index) {
                    self.dial(&entry.number);
                }
            }
            Content::Menu(items) => {
                if let Some(item) = items.get(index) {
                    self.follow(item.target.clone()).await;
                }
            }
            _ => (),
        }
    }

    /// Runs a soft key; the first item counts as selected.
    pub(crate) async fn press(&self, screen: &Screen, target: &str) {
        match target {
            "F_MINIBROWSER_EXIT" | "F_MINIBROWSER_CANCEL" | "CANCEL" | "F_CANCEL" => {
                self.device.clear();
            }
            "F_MINIBROWSER_SELECT" | "F_MINIBROWSER_DIAL" | "ENTER" | "F_OK" => {
                match &screen.content {
                    Content::Form { .. } => self.submit(screen).await,
                    _ => self.select(screen, 0).await,
                }
            }
            _ if target.contains("://") => self.follow(target.to_owned()).await,
            _ => self.press_key(target),
        }
    }

    /// Submits a form.
    pub(crate) async fn submit(&self, screen: &Screen) {
        let Content::Form { submit, inputs } = &screen.content else {
            return;
        };
        let mut target = submit.clone();
        for input in inputs {
            let value: String = form_urlencoded::byte_serialize(input.value.as_bytes()).collect();
            if target.contains(&input.parameter) {
                target = target.replace(&input.parameter, &value);
            } else {
                let joint = if target.contains('?') { '&' } else { '?' };
                target = format!("{target}{joint}{}={value}", input.parameter);
            }
        }
        self.follow(target).await;
    }

    /// Returns the headers of every request that the phone sends.
    pub(super) fn request_headers(&self) -> Vec<(String, String)> {
        let options = self.device.options();
        let agent = format!(
            "Mozilla/4.0 (compatible; snom{}-SIP {} 2010.12-00004-g9ba52f5 {} SXM:0 UXM:0)",
            options.model.trim_start_matches("snom"),
            options.firmware,
            self.device.mac(),
        );
        vec![
            ("User-Agent".to_owned(), agent),
            (
                "Accept".to_owned(),
                "text/xml,application/xml,image/png,*/*".to_owned(),
            ),
            ("Accept-Language".to_owned(), "en".to_owned()),
        ]
    }
}

/// Validates a response; the error is human-readable.
fn read(resource: &Resource) -> Result<(Element, String), String> {
    let media_type = media_type(resource.content_type());
    if !matches!(
        media_type.as_str(),
        "text/xml" | "application/xml" | "application/snomxml"
    ) {
        return Err(format!(
            "unsupported Content-Type `{}`",
            resource.content_type()
        ));
    }
    let document = Element::parse(&resource.body)?;
    Ok((
        document,
        String::from_utf8_lossy(&resource.body).into_owned(),
    ))
}

/// Maximum size of a page in bytes.
const MAX_PAGE: usize = 512 * 1024;
