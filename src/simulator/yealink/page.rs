//! How a document reaches the XML browser, pushed or fetched, and what its keys and items do.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use url::{Url, form_urlencoded};

use super::remote::ALLOW;
use super::{Yealink, schema};
use crate::document::Element;
use crate::fetch::{Fetch, FetchError};
use crate::request::{Request, media_type};
use crate::state::{Content, Screen, Tone};
use crate::wave::{Coding, Wave};

impl Yealink {
    /// Validates a pushed document, and executes it once the push is answered.
    pub(super) async fn pushed(&self, request: &Request) -> Result<(), String> {
        if request.media_type() != "text/xml" {
            return Err("Content-Type is not text/xml".to_owned());
        }
        let xml = request
            .body
            .strip_prefix(b"xml=")
            .ok_or("body does not begin with xml=")?;
        let (document, text) = read(xml)?;
        // Pictures are fetched before the response, everything else after it.
        if document.name == "YealinkIPPhoneImageScreen" {
            return self.present(&document, &text, None).await;
        }
        self.show_later(document, text);
        Ok(())
    }

    /// Validates and executes the document of a NOTIFY.
    pub(super) fn document_notify(&self, body: &str) -> Result<(), String> {
        if self.model.is_android() {
            return Err("Android models do not accept documents".to_owned());
        }
        let (document, text) = read(body.as_bytes())?;
        self.show_later(document, text);
        Ok(())
    }

    fn show_later(&self, document: Element, text: String) {
        let phone = self.clone();
        self.device
            .spawn(async move { phone.show_or_report(&document, &text, None).await });
    }

    /// Fetches a document, and shows or executes it.
    ///
    /// Boxed, because a document may lead to another.
    pub(crate) fn load(&self, url: Url) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let fetch = Fetch::get(&url, phone.request_headers(), MAX_OBJECT);
            let resource = phone.device.fetch(fetch, |resource| {
                let media_type = media_type(resource.content_type());
                if !matches!(media_type.as_str(), "text/xml" | "application/xml") {
                    return Err(format!(
                        "unsupported Content-Type `{}`",
                        resource.content_type()
                    ));
                }
                read(&resource.body)
            });
            match resource.await {
                Ok((document, text)) => phone.show_or_report(&document, &text, Some(&url)).await,
                Err(failure) => phone.show_error(&failure.to_string(), Some(&url)),
            }
        }
        .boxed()
    }

    async fn show_or_report(&self, document: &Element, text: &str, source: Option<&Url>) {
        if let Err(reason) = self.present(document, text, source).await {
            self.show_error(&reason, source);
        }
    }

    fn show_error(&self, reason: &str, source: Option<&Url>) {
        self.device.show(Screen {
            content: Content::Error(format!("Parse XML failed: {reason}")),
            source: source.map(Url::to_string),
            ..Screen::default()
        });
    }

    /// Runs a URI; a remark notes an unknown one.
    pub(super) fn uri(&self, uri: String) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let device = &phone.device;
            let (scheme, rest) = uri.split_once(':').unwrap_or((&uri, ""));
            match scheme {
                "http" | "https" => match Url::parse(&uri) {
                    Ok(url) => phone.load(url).await,
                    Err(error) => {
                        device.change(|s| s.remark(format!("Invalid URL `{uri}`: {error}.")));
                    }
                },
                "Wav.Play" => phone.play(rest).await,
                "Wav.Stop" if rest.is_empty() => device.change(|state| state.ringing = false),
                "Dial" if !rest.is_empty() => phone.dial(rest, None),
                "Led" => match rest.split_once('=') {
                    Some((lamp, state_name))
                        if phone.has_lamp(lamp) && LAMP_STATES.contains(&state_name) =>
                    {
                        device.change(|state| {
                            state.lamps.insert(lamp.to_owned(), state_name.to_owned());
                        });
                    }
                    _ => device.change(|s| s.remark(format!("Unknown lamp or state: `{uri}`."))),
                },
                "Key" | "Command" if !rest.is_empty() => device.change(|state| state.press(rest)),
                "" => (),
                _ => device.change(|state| state.remark(format!("`{uri}` leads nowhere."))),
            }
        }
        .boxed()
    }

    /// Fetches a WAV file and plays it.
    async fn play(&self, url: &str) {
        let Ok(url) = Url::parse(url) else {
            self.device
                .change(|state| state.remark(format!("Wav.Play has an invalid URL: `{url}`.")));
            return;
        };
        // On failure the exchange holds the reason, and the phone stays silent.
        if let Ok(sound) = self
            .sound(&url, &[Coding::Pcm(16), Coding::MuLaw], MAX_SOUND)
            .await
        {
            let played = Tone {
                name: url.to_string(),
                sound,
            };
            self.device.change(|state| state.play(played));
        }
    }

    /// Fetches a narrowband WAV file in one of `codings`.
    pub(super) async fn sound(
        &self,
        url: &Url,
        codings: &[Coding],
        most: usize,
    ) -> Result<Bytes, FetchError> {
        let fetch = Fetch::get(url, self.request_headers(), most);
        let resource = self.device.fetch(fetch, |resource| {
            Wave::parse(&resource.body)?.require_narrowband(codings)?;
            Ok(resource.body.clone())
        });
        resource.await
    }

    /// Returns whether the phone has a lamp, such as `LINE1_GREEN` or `POWER`.
    fn has_lamp(&self, lamp: &str) -> bool {
        let Some((line, colour)) = lamp.split_once('_') else {
            return lamp == "POWER";
        };
        let line = line
            .strip_prefix("LINE")
            .and_then(|line| line.parse::<u8>().ok());
        let has_line = line.is_some_and(|line| (1..=self.model.line_keys).contains(&line));
        has_line && matches!(colour, "GREEN" | "RED" | "ORANGE")
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
                    self.uri(item.target.clone()).await;
                }
            }
            _ => (),
        }
    }

    /// Runs a soft key; the first item counts as selected.
    pub(crate) async fn press(&self, screen: &Screen, target: &str) {
        match target {
            "SoftKey:Exit" | "SoftKey:Cancel" => self.device.clear(),
            ALLOW => self.allow_pending(),
            "SoftKey:Select" | "SoftKey:Dial" => self.select(screen, 0).await,
            "SoftKey:Submit" => self.submit(screen).await,
            _ => self.uri(target.to_owned()).await,
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
        let joint = if submit.contains('?') { '&' } else { '?' };
        self.uri(format!("{submit}{joint}{query}")).await;
    }

    /// Returns the headers of every request that the phone sends.
    pub(super) fn request_headers(&self) -> Vec<(String, String)> {
        let options = self.device.options();
        let mac: Vec<String> = self
            .device
            .mac()
            .to_ascii_lowercase()
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).into_owned())
            .collect();
        let agent = format!(
            "Yealink {} {} {}",
            options.model,
            options.firmware,
            mac.join(":")
        );
        vec![
            ("User-Agent".to_owned(), agent),
            ("Accept".to_owned(), "*/*".to_owned()),
        ]
    }
}

/// Validates a document; the error is human-readable.
fn read(bytes: &[u8]) -> Result<(Element, String), String> {
    if bytes.len() > MAX_OBJECT {
        return Err(format!(
            "object of {} bytes; the maximum is {MAX_OBJECT}",
            bytes.len()
        ));
    }
    let document = Element::parse(bytes)?;
    schema::validate(&document)?;
    Ok((document, String::from_utf8_lossy(bytes).into_owned()))
}

/// The states of a lamp.
const LAMP_STATES: [&str; 4] = ["on", "off", "slowflash", "fastflash"];

/// Maximum size of an object in bytes.
const MAX_OBJECT: usize = 10_000;

/// Maximum size of a sound to play in bytes.
const MAX_SOUND: usize = 2 * 1024 * 1024;
