//! Presentation and execution of the XML browser's objects, after validation.

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
    /// Shows or executes an object; the error is human-readable.
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
        // The digit keys of a picture menu become soft keys.
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

    /// Shows the messages of a status until their timeout; a status without messages clears them.
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

    /// Reads the picture of a screen: a URL on colour displays, or pixels in the document.
    async fn image(&self, document: &Element) -> Result<Picture, String> {
        let image = document.child("Image").ok_or("screen without Image")?;
        let (max_width, max_height) = self.model.display;
        let text = image.text();
        let picture = if text.starts_with("http://") || text.starts_with("https://") {
            if !self.model.has_colours {
                return Err("picture by URL; the display is monochrome".to_owned());
            }
            let url =
                Url::parse(&text).map_err(|error| format!("invalid URL `{text}`: {error}"))?;
            let fetch = Fetch::get(&url, self.request_headers(), MAX_PICTURE);
            let resource = self.device.fetch(fetch, |resource| {
                Picture::decode(url.as_str(), &resource.body, &PICTURE_FORMATS)
            });
            resource.await.map_err(|failure| failure.to_string())?
        } else {
            pixels(image, &text)?
        };
        let (width, height) = (picture.width(), picture.height());
        if width > max_width || height > max_height {
            return Err(format!(
                "picture of {width}x{height}; the maximum is {max_width}x{max_height}"
            ));
        }
        Ok(picture)
    }
}

/// Decodes pixels of four bits each, with the low half of a byte first and 15 for black.
fn pixels(image: &Element, text: &str) -> Result<Picture, String> {
    let side = |name: &str| {
        let side = image
            .attribute(name)
            .and_then(|side| side.parse::<u32>().ok());
        side.filter(|side| (1..=4096).contains(side))
            .ok_or_else(|| format!("Image without a valid {name}"))
    };
    let (width, height) = (side("width")?, side("height")?);
    let digits: String = text.split_whitespace().collect();
    let data = hex::decode(&digits).map_err(|_| "Image is not hexadecimal".to_owned())?;
    let count = usize::try_from(width * height).unwrap_or(usize::MAX);
    if data.len() != count.div_ceil(2) {
        return Err(format!(
            "Image of {} bytes for {width}x{height} pixels",
            data.len()
        ));
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

/// Returns the lines of a formatted text in order, including those that scroll.
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

/// Reads a field, which inherits attributes of the screen.
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

/// Returns the soft keys of a screen that defines none.
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

/// Timeout of a screen without the attribute.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45);

/// Timeout of a status without the attribute.
const STATUS_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of a picture in bytes.
const MAX_PICTURE: usize = 2 * 1024 * 1024;
