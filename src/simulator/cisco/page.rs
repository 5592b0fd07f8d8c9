//! How the phone fetches, validates and shows a page, and what its keys do.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use url::{Url, form_urlencoded};

use super::execute::{Origin, is_page};
use super::{Cisco, schema};
use crate::document::Element;
use crate::fetch::{Fetch, FetchError, Resource};
use crate::request::media_type;
use crate::state::{Content, Screen, SoftKey, Tone};

impl Cisco {
    /// Fetches a page and shows or plays it; an error is shown as on a real phone.
    ///
    /// Boxed, because a page may lead to another.
    pub(crate) fn load(&self, url: Url) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            if let Err(message) = phone.open(&url).await {
                phone.show_error(&url, &message);
            }
        }
        .boxed()
    }

    async fn open(&self, url: &Url) -> Result<(), String> {
        let file = url
            .path_segments()
            .and_then(Iterator::last)
            .unwrap_or_default();
        if file.len() > MAX_FILE_NAME {
            return Err("File name too long".to_owned());
        }
        let fetch = Fetch::get(url, self.request_headers(), MAX_PAGE);
        let page = self
            .device
            .fetch(fetch, read)
            .await
            .map_err(|failure| error_message(&failure))?;
        match page.body {
            Body::Document { document, text } => {
                let presented = self.present(&document, &text, Some(url)).await;
                presented.map_err(|reason| format!("XML Error[4]: Parse Error ({reason})"))?;
            }
            Body::Tone(sound) => {
                let played = Tone {
                    name: url.to_string(),
                    sound,
                };
                self.device.change(|state| state.play(played));
            }
            Body::Text(text) => {
                let screen = Screen {
                    content: Content::Text(text.clone()),
                    soft_keys: vec![soft_key(3, "Exit", "SoftKey:Exit")],
                    source: Some(url.to_string()),
                    document: text,
                    ..Screen::default()
                };
                self.device.show(screen);
            }
        }
        if let Some(refresh) = page.refresh {
            self.refresh(&refresh, url);
        }
        Ok(())
    }

    /// Shows an error message, as phones do.
    fn show_error(&self, url: &Url, message: &str) {
        self.device.show(Screen {
            content: Content::Error(message.to_owned()),
            soft_keys: vec![soft_key(3, "Exit", "SoftKey:Exit")],
            source: Some(url.to_string()),
            ..Screen::default()
        });
    }

    /// Obeys a `Refresh` header: after its delay, or with a soft key if it has none.
    fn refresh(&self, refresh: &str, page: &Url) {
        let (seconds, rest) = refresh.split_once(';').unwrap_or((refresh, ""));
        let next = rest.trim().strip_prefix("url=").unwrap_or_default();
        let Ok(next) = page.join(next) else {
            self.device
                .change(|state| state.remark(format!("Invalid Refresh header: {refresh}.")));
            return;
        };
        match seconds.trim().parse::<u64>() {
            Ok(seconds) if seconds > 0 => {
                let load = self.load(next);
                let screen = self.device.current_screen();
                self.device
                    .while_shown(screen, Duration::from_secs(seconds), load);
            }
            _ => {
                let label = if next == *page { "Update" } else { "Next" };
                let key = soft_key(2, label, next.as_str());
                self.device.change(|state| {
                    if let Some(screen) = &mut state.screen {
                        screen.soft_keys.push(key);
                    }
                });
            }
        }
    }

    /// Selects an item.
    pub(crate) async fn select(&self, screen: &Screen, index: usize) {
        match &screen.content {
            Content::Directory(entries) => {
                if let Some(entry) = entries.get(index) {
                    self.device.change(|state| state.dial(&entry.number));
                }
            }
            Content::Menu(items) => {
                if let Some(item) = items.get(index) {
                    self.follow(&item.target, screen).await;
                }
            }
            _ => (),
        }
    }

    /// Runs a soft key; the first item counts as selected.
    pub(crate) async fn press(&self, screen: &Screen, target: &str) {
        let chosen = screen.content.items().and_then(<[_]>::first);
        let chosen = chosen.map_or("", |item| item.target.as_str());
        match target {
            "SoftKey:Exit" | "SoftKey:Cancel" | "SoftKey:Back" => self.device.clear(),
            "SoftKey:Select" | "SoftKey:Dial" => self.select(screen, 0).await,
            "SoftKey:Submit" => self.submit(screen).await,
            "SoftKey:Update" | "SoftKey:Next" => {
                self.follow(screen.source.as_deref().unwrap_or_default(), screen)
                    .await;
            }
            _ => match (parameter(target), parameter(chosen)) {
                // The parameter of the key is appended to the item's URL, or the item's to the key's URL.
                (Some(parameter), _) => self.follow(&with_query(chosen, parameter), screen).await,
                (_, Some(parameter)) if is_page(target) => {
                    self.follow(&with_query(target, parameter), screen).await;
                }
                _ => self.follow(target, screen).await,
            },
        }
    }

    /// Submits a form.
    pub(crate) async fn submit(&self, screen: &Screen) {
        let Content::Form { submit, inputs } = &screen.content else {
            return;
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(inputs.iter().map(|input| (&input.parameter, &input.value)))
            .finish();
        self.follow(&with_query(submit, &query), screen).await;
    }

    async fn follow(&self, target: &str, screen: &Screen) {
        if self.uri(target, Origin::Screen).await.is_err() {
            let title = &screen.title;
            self.device
                .change(|state| state.remark(format!("`{target}` on `{title}` leads nowhere.")));
        }
    }

    /// Replaces the placeholder for the device name in a URL.
    pub(super) fn named(&self, url: &str) -> String {
        url.replace("#DEVICENAME#", &format!("SEP{}", self.device.mac()))
    }

    /// Returns the headers of every request that the phone sends.
    pub(super) fn request_headers(&self) -> Vec<(String, String)> {
        let options = self.device.options();
        let (width, height) = self.model.area;
        let colours = if self.model.has_colours { 'C' } else { 'G' };
        [
            ("User-Agent", "Allegro-Software-WebClient/4.34".to_owned()),
            (
                "Accept",
                "x-CiscoIPPhone/*, text/*,image/png,*/*".to_owned(),
            ),
            ("Accept-Language", "en".to_owned()),
            ("Accept-Charset", "utf-8,;q=0.8".to_owned()),
            (
                "x-CiscoIPPhoneModelName",
                format!("CP-{}", options.model.trim_start_matches("CP-")),
            ),
            ("x-CiscoIPPhoneSDKVersion", "8.5.1".to_owned()),
            (
                "x-CiscoIPPhoneDisplay",
                format!("{width},{height},{},{colours}", self.model.depth),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// A valid page.
struct FetchedPage {
    body: Body,
    refresh: Option<String>,
}

enum Body {
    Document { document: Element, text: String },
    Tone(Bytes),
    Text(String),
}

/// Validates a response; the error is human-readable.
fn read(resource: &Resource) -> Result<FetchedPage, String> {
    let body = match media_type(resource.content_type()).as_str() {
        "text/xml" => {
            let charset = resource.content_type().to_ascii_lowercase();
            if !charset.contains("charset=utf-8") && !charset.contains("charset=\"utf-8\"") {
                return Err("text/xml without charset=utf-8".to_owned());
            }
            let document = Element::parse(&resource.body)?;
            schema::validate(&document)?;
            if !document.name.starts_with("CiscoIPPhone") {
                return Err(format!("{} is only allowed in a push", document.name));
            }
            let text = String::from_utf8_lossy(&resource.body).into_owned();
            Body::Document { document, text }
        }
        "text/plain" | "text/html" if !resource.body.trim_ascii_start().starts_with(b"<") => {
            Body::Text(String::from_utf8_lossy(&resource.body).into_owned())
        }
        "audio/basic" => {
            if resource.body.is_empty() || resource.body.len() > MAX_TONE {
                let length = resource.body.len();
                return Err(format!("tone of {length} bytes; expected 1 to {MAX_TONE}"));
            }
            if resource.body.starts_with(b"RIFF") {
                return Err("WAV file; expected headerless µ-law".to_owned());
            }
            Body::Tone(resource.body.clone())
        }
        _ => {
            return Err(format!(
                "unsupported Content-Type `{}`",
                resource.content_type()
            ));
        }
    };
    Ok(FetchedPage {
        body,
        refresh: resource.header("refresh").map(ToOwned::to_owned),
    })
}

/// Returns the phone's message about a page that it cannot show.
fn error_message(failure: &FetchError) -> String {
    match failure {
        FetchError::Rejected(reason) => format!("XML Error[4]: Parse Error ({reason})"),
        FetchError::Status(status) => format!("HTTP Error[8]: Unknown HTTP Error ({status})"),
        FetchError::TooLong { .. } => "Data too large!".to_owned(),
        FetchError::Unreachable(_) => "HTTP Error[10]: HTTP Connection Failed".to_owned(),
    }
}

/// Creates a soft key.
pub(super) fn soft_key(position: usize, label: &str, target: &str) -> SoftKey {
    SoftKey {
        position,
        label: label.to_owned(),
        target: target.to_owned(),
    }
}

fn parameter(uri: &str) -> Option<&str> {
    uri.strip_prefix("QueryStringParam:")
}

fn with_query(url: &str, query: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{query}")
}

/// Maximum size of a page in bytes.
const MAX_PAGE: usize = 196_608;

/// Maximum length of a file name in bytes.
const MAX_FILE_NAME: usize = 127;

/// Maximum size of a tone in bytes: five seconds at 8000 Hz.
const MAX_TONE: usize = 40_000;
