//! How the phone fetches a page, judges it, shows it, and what the keys on it do.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use url::{Url, form_urlencoded};

use super::super::document::Element;
use super::super::fetch::{Ask, Failure, Fetched};
use super::super::request::media_type;
use super::super::state::{Content, Played, Shown, SoftKey};
use super::execute::{Origin, is_page};
use super::{Cisco, schema};

impl Cisco {
    /// Fetches a page and shows or plays it; an error is shown in the phone's own words.
    ///
    /// Boxed, because a page may lead to the next.
    pub(super) fn load(&self, url: Url) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            if let Err(words) = phone.open(&url).await {
                phone.complain(&url, &words);
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
        let ask = Ask::get(url, self.request_headers(), MAX_PAGE);
        let page = self
            .device
            .fetch(ask, read)
            .await
            .map_err(|failure| words(&failure))?;
        match page.body {
            Body::Document { document, text } => {
                let presented = self.present(&document, &text, Some(url)).await;
                presented.map_err(|reason| format!("XML Error[4]: Parse Error ({reason})"))?;
            }
            Body::Tone(sound) => {
                let played = Played {
                    name: url.to_string(),
                    sound,
                };
                self.device.change(|state| state.play(played));
            }
            Body::Words(text) => {
                let shown = Shown {
                    content: Content::Text(text.clone()),
                    soft_keys: vec![soft_key(3, "Exit", "SoftKey:Exit")],
                    source: Some(url.to_string()),
                    document: text,
                    ..Shown::default()
                };
                self.device.show(shown);
            }
        }
        if let Some(refresh) = page.refresh {
            self.refresh(&refresh, url);
        }
        Ok(())
    }

    /// Shows what went wrong, as phones do.
    fn complain(&self, url: &Url, words: &str) {
        self.device.show(Shown {
            content: Content::Error(words.to_owned()),
            soft_keys: vec![soft_key(3, "Exit", "SoftKey:Exit")],
            source: Some(url.to_string()),
            ..Shown::default()
        });
    }

    /// Obeys a `Refresh` header: after some time, or by a soft key if it names none.
    fn refresh(&self, refresh: &str, page: &Url) {
        let (seconds, rest) = refresh.split_once(';').unwrap_or((refresh, ""));
        let next = rest.trim().strip_prefix("url=").unwrap_or_default();
        let Ok(next) = page.join(next) else {
            self.device
                .change(|state| state.remark(format!("No URL in Refresh: {refresh}.")));
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
                    if let Some(shown) = &mut state.shown {
                        shown.soft_keys.push(key);
                    }
                });
            }
        }
    }

    /// Does what choosing an item does.
    pub(in super::super) async fn choose(&self, shown: &Shown, index: usize) {
        match &shown.content {
            Content::Directory(entries) => {
                if let Some(entry) = entries.get(index) {
                    self.device.change(|state| state.dial(&entry.number));
                }
            }
            Content::Menu(items) => {
                if let Some(item) = items.get(index) {
                    self.follow(&item.target, shown).await;
                }
            }
            _ => (),
        }
    }

    /// Does what a soft key does; the first item counts as chosen.
    pub(in super::super) async fn press(&self, shown: &Shown, target: &str) {
        let chosen = shown.content.items().and_then(<[_]>::first);
        let chosen = chosen.map_or("", |item| item.target.as_str());
        match target {
            "SoftKey:Exit" | "SoftKey:Cancel" | "SoftKey:Back" => self.device.clear(),
            "SoftKey:Select" | "SoftKey:Dial" => self.choose(shown, 0).await,
            "SoftKey:Submit" => self.submit(shown).await,
            "SoftKey:Update" | "SoftKey:Next" => {
                self.follow(shown.source.as_deref().unwrap_or_default(), shown)
                    .await;
            }
            _ => match (parameter(target), parameter(chosen)) {
                // The key's parameter goes to the item's page, or the item's to the key's.
                (Some(parameter), _) => self.follow(&with_query(chosen, parameter), shown).await,
                (_, Some(parameter)) if is_page(target) => {
                    self.follow(&with_query(target, parameter), shown).await;
                }
                _ => self.follow(target, shown).await,
            },
        }
    }

    /// Sends a form.
    pub(in super::super) async fn submit(&self, shown: &Shown) {
        let Content::Form { submit, inputs } = &shown.content else {
            return;
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(inputs.iter().map(|input| (&input.parameter, &input.value)))
            .finish();
        self.follow(&with_query(submit, &query), shown).await;
    }

    async fn follow(&self, target: &str, shown: &Shown) {
        if self.uri(target, Origin::Screen).await.is_err() {
            let title = &shown.title;
            self.device
                .change(|state| state.remark(format!("`{target}` on `{title}` leads nowhere.")));
        }
    }

    /// Puts the device's name where a URL asks for it.
    pub(super) fn named(&self, url: &str) -> String {
        url.replace("#DEVICENAME#", &format!("SEP{}", self.device.mac()))
    }

    /// Returns the headers that the phone sends with every request.
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

/// What arrived, judged.
struct Page {
    body: Body,
    refresh: Option<String>,
}

enum Body {
    Document { document: Element, text: String },
    Tone(Bytes),
    Words(String),
}

/// Judges what arrived; the error says in words what is wrong.
fn read(fetched: &Fetched) -> Result<Page, String> {
    let body = match media_type(fetched.content_type()).as_str() {
        "text/xml" => {
            let charset = fetched.content_type().to_ascii_lowercase();
            if !charset.contains("charset=utf-8") && !charset.contains("charset=\"utf-8\"") {
                return Err("text/xml without its charset".to_owned());
            }
            let document = Element::parse(&fetched.body)?;
            schema::judge(&document)?;
            if !document.name.starts_with("CiscoIPPhone") {
                return Err(format!("{}, which only a push may hold", document.name));
            }
            let text = String::from_utf8_lossy(&fetched.body).into_owned();
            Body::Document { document, text }
        }
        "text/plain" | "text/html" if !fetched.body.trim_ascii_start().starts_with(b"<") => {
            Body::Words(String::from_utf8_lossy(&fetched.body).into_owned())
        }
        "audio/basic" => {
            if fetched.body.is_empty() || fetched.body.len() > MAX_TONE {
                let length = fetched.body.len();
                return Err(format!(
                    "a tone of {length} bytes, which are not 1 to {MAX_TONE}"
                ));
            }
            if fetched.body.starts_with(b"RIFF") {
                return Err("a WAV file, and the phone takes only headerless µ-law".to_owned());
            }
            Body::Tone(fetched.body.clone())
        }
        _ => return Err(format!("the Content-Type `{}`", fetched.content_type())),
    };
    Ok(Page {
        body,
        refresh: fetched.header("refresh").map(ToOwned::to_owned),
    })
}

/// Returns what the phone says about a page that it can't show.
fn words(failure: &Failure) -> String {
    match failure {
        Failure::Refused(reason) => format!("XML Error[4]: Parse Error ({reason})"),
        Failure::Status(status) => format!("HTTP Error[8]: Unknown HTTP Error ({status})"),
        Failure::TooLong { .. } => "Data too large!".to_owned(),
        Failure::Unreachable(_) => "HTTP Error[10]: HTTP Connection Failed".to_owned(),
    }
}

/// Makes a soft key.
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

/// The longest page.
const MAX_PAGE: usize = 196_608;

/// The longest file name.
const MAX_FILE_NAME: usize = 127;

/// The longest tone: five seconds of 8000 samples.
const MAX_TONE: usize = 40_000;
