//! What each object of the XML browser looks like or does, once the schema has judged it.

use std::time::Duration;

use bytes::Bytes;
use image::{Rgb, RgbImage};
use url::Url;

use super::Yealink;
use super::uploads::PICTURE_FORMATS;
use crate::document::Element;
use crate::fetch::Fetch;
use crate::picture::Picture;
use crate::state::{Content, DirectoryEntry, FormField, MenuItem, Screen, SoftKey};

impl Yealink {
    /// Shows an object, or does what it says; the error says in words what is wrong.
    pub(super) async fn present(
        &self,
        document: &Element,
        text: &str,
        source: Option<&Url>,
    ) -> Result<(), String> {
        let content = match document.name.trim_start_matches("YealinkIPPhone") {
            "Configuration" => {
                self.configure(document).await;
                return Ok(());
            }
            "Directory" => Content::Directory(entries(document)),
            "Execute" => {
                for item in document.named("ExecuteItem") {
                    self.uri(item.attribute("URI").unwrap_or_default().to_owned())
                        .await;
                }
                return Ok(());
            }
            "FormattedTextScreen" => Content::Text(lines(document).join("\n")),
            "ImageMenu" | "ImageScreen" => Content::Image {
                picture: self.image(document).await?,
                text: String::new(),
            },
            "InputScreen" => Content::Form {
                submit: document.text_of("URL"),
                inputs: document
                    .named("InputField")
                    .map(|field| input(document, field))
                    .collect(),
            },
            "Status" => {
                self.status(document);
                return Ok(());
            }
            "TextMenu" => Content::Menu(items(document)),
            _ => Content::Text(document.text_of("Text")),
        };
        let mut soft_keys: Vec<SoftKey> = document.named("SoftKey").map(soft_key).collect();
        // The keys of a picture menu stand for what they lead to.
        let list = document.child("URIList");
        let base = list.and_then(|list| list.attribute("base"));
        for uri in list.into_iter().flat_map(|list| list.named("URI")) {
            soft_keys.push(SoftKey {
                position: soft_keys.len() + 1,
                label: uri.attribute("key").unwrap_or_default().to_owned(),
                target: format!("{}{}", base.unwrap_or_default(), uri.text()),
            });
        }
        soft_keys.sort_by_key(|key| key.position);
        if soft_keys.is_empty() {
            soft_keys = default_keys(&content);
        }
        let screen = self.device.show(Screen {
            title: document.text_of("Title"),
            content,
            soft_keys,
            source: source.map(Url::to_string),
            document: text.to_owned(),
            beep: document.attribute("Beep") != Some("no"),
            timeout: Some(seconds(document, "Timeout").unwrap_or(DEFAULT_TIMEOUT))
                .filter(|timeout| !timeout.is_zero()),
            ..Screen::default()
        });
        if let (Some(after), Some(url)) = (seconds(document, "refresh"), document.attribute("url"))
        {
            let next = self.uri(url.to_owned());
            self.device.while_shown(screen, after, next);
        }
        Ok(())
    }

    /// Shows the messages of a status until their time is over; none takes them away.
    fn status(&self, document: &Element) {
        let messages: Vec<String> = document
            .named("Message")
            .map(Element::text)
            .filter(|message| !message.is_empty())
            .collect();
        let status = Some(messages.join(" | ")).filter(|status| !status.is_empty());
        let timeout = seconds(document, "Timeout").unwrap_or(STATUS_TIMEOUT);
        self.device.change(|state| state.status.clone_from(&status));
        if status.is_none() || timeout.is_zero() {
            return;
        }
        let device = self.device.clone();
        self.device.spawn(async move {
            tokio::time::sleep(timeout).await;
            device.change(|state| {
                if state.status == status {
                    state.status = None;
                }
            });
        });
    }

    /// Reads the picture of a screen: a URL on displays with colours, else points in the document.
    async fn image(&self, document: &Element) -> Result<Picture, String> {
        let image = document.child("Image").ok_or("a picture without Image")?;
        let (most_wide, most_high) = self.model.display;
        let text = image.text();
        let picture = if text.starts_with("http://") || text.starts_with("https://") {
            if !self.model.has_colours {
                return Err("the URL of a picture, and this display has no colours".to_owned());
            }
            let url = Url::parse(&text).map_err(|error| format!("the URL `{text}`: {error}"))?;
            let fetch = Fetch::get(&url, self.request_headers(), MAX_PICTURE);
            let resource = self.device.fetch(fetch, |resource| {
                Picture::decode(url.as_str(), &resource.body, &PICTURE_FORMATS)
            });
            resource.await.map_err(|failure| failure.to_string())?
        } else {
            points(image, &text)?
        };
        let (width, height) = (picture.width(), picture.height());
        if width > most_wide || height > most_high {
            return Err(format!(
                "a picture of {width}x{height}, and {most_wide}x{most_high} is the most"
            ));
        }
        Ok(picture)
    }
}

/// Reads points of four bits each, the low half of a byte first, 15 for black.
fn points(image: &Element, text: &str) -> Result<Picture, String> {
    let side = |name: &str| {
        let side = image
            .attribute(name)
            .and_then(|side| side.parse::<u32>().ok());
        side.filter(|side| (1..=4096).contains(side))
            .ok_or_else(|| format!("Image without {name}"))
    };
    let (width, height) = (side("width")?, side("height")?);
    let digits: String = text.split_whitespace().collect();
    let data = hex::decode(&digits).map_err(|_| "points that are not hexadecimal".to_owned())?;
    let count = usize::try_from(width * height).unwrap_or(usize::MAX);
    if data.len() != count.div_ceil(2) {
        return Err(format!("{} bytes for {width}x{height} points", data.len()));
    }
    let mut pixels = RgbImage::new(width, height);
    for (index, pixel) in pixels.pixels_mut().enumerate() {
        let byte = data.get(index / 2).copied().unwrap_or_default();
        let value = if index % 2 == 0 { byte & 15 } else { byte >> 4 };
        *pixel = Rgb([255 - value * 17; 3]);
    }
    Ok(Picture::from_pixels(
        "the document",
        Bytes::from(data),
        pixels,
    ))
}

/// Returns the lines of a formatted text, in order, those that scroll in their place.
fn lines(document: &Element) -> Vec<String> {
    document
        .children()
        .flat_map(|child| match child.name.as_str() {
            "Line" => vec![child.text()],
            "Scroll" => child.named("Line").map(Element::text).collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn items(document: &Element) -> Vec<MenuItem> {
    document
        .named("MenuItem")
        .map(|item| {
            let dial = item.text_of("Dial");
            let target = if dial.is_empty() {
                item.text_of("URI")
            } else {
                format!("Dial:{dial}")
            };
            MenuItem {
                label: item.text_of("Prompt"),
                target,
            }
        })
        .collect()
}

fn entries(document: &Element) -> Vec<DirectoryEntry> {
    let own = document.named("MenuItem").map(|item| DirectoryEntry {
        name: item.text_of("Prompt"),
        number: item.text_of("URI"),
    });
    let book = document
        .named("DirectoryEntry")
        .map(|entry| DirectoryEntry {
            name: entry.text_of("Name"),
            number: entry.text_of("Telephone"),
        });
    own.chain(book).collect()
}

/// Reads a field; the screen's attributes hold where the field has none of its own.
fn input(screen: &Element, field: &Element) -> FormField {
    let attribute = |name: &str| field.attribute(name).or_else(|| screen.attribute(name));
    FormField {
        label: field.text_of("Prompt"),
        parameter: field.text_of("Parameter"),
        value: field.text_of("Default"),
        kind: attribute("type").unwrap_or("string").to_owned(),
        secret: attribute("password") == Some("yes"),
    }
}

fn soft_key(key: &Element) -> SoftKey {
    SoftKey {
        position: key
            .attribute("index")
            .and_then(|index| index.parse().ok())
            .unwrap_or_default(),
        label: key.text_of("Label"),
        target: key.text_of("URI"),
    }
}

/// Returns the keys of a screen that brings none of its own.
fn default_keys(content: &Content) -> Vec<SoftKey> {
    let key = |position, label: &str| SoftKey {
        position,
        label: label.to_owned(),
        target: format!("SoftKey:{label}"),
    };
    match content {
        Content::Directory(_) => vec![key(1, "Exit"), key(4, "Dial")],
        Content::Form { .. } => vec![key(1, "Exit"), key(4, "Submit")],
        Content::Menu(_) => vec![key(1, "Exit"), key(4, "Select")],
        _ => vec![key(1, "Exit")],
    }
}

fn seconds(document: &Element, attribute: &str) -> Option<Duration> {
    document
        .attribute(attribute)?
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// How long a screen stays that does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45);

/// How long a status stays that does not say.
const STATUS_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of a picture.
const MAX_PICTURE: usize = 2 * 1024 * 1024;
