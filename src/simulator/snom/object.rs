//! Presentation of the minibrowser's objects, after validation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use image::ImageFormat;
use url::Url;

use super::{Snom, schema};
use crate::document::Element;
use crate::fetch::Fetch;
use crate::picture::Picture;
use crate::state::{Content, DirectoryEntry, FormField, MenuItem, Screen, SoftKey};

impl Snom {
    /// Shows an object; the error is human-readable.
    pub(super) async fn present(
        &self,
        document: &Element,
        text: &str,
        source: &Url,
    ) -> Result<(), String> {
        let kind = schema::kind(document).unwrap_or_default();
        let content = match kind.as_str() {
            // The first is shown; a page may jump to the others.
            "batch" => {
                return match document.children().next() {
                    Some(first) => Box::pin(self.present(first, text, source)).await,
                    None => Ok(()),
                };
            }
            "directory" => Content::Directory(self.entries(document)),
            "image" => {
                let data = document
                    .text_of("Data")
                    .split_whitespace()
                    .collect::<String>();
                let data = STANDARD.decode(data).map_err(|_| "Data is not Base64")?;
                let picture = self.picture("the document", &Bytes::from(data))?;
                Content::Image {
                    picture,
                    text: String::new(),
                }
            }
            "imagefile" => {
                let picture = self.image_file(&document.text_of("URL"), source).await?;
                Content::Image {
                    picture,
                    text: String::new(),
                }
            }
            "input" => self.form(document)?,
            "menu" => Content::Menu(self.items(document)),
            "silent" => {
                self.fetch_later(document);
                return Ok(());
            }
            _ => self.text_screen(document, source).await?,
        };
        for led in document.named("Led") {
            let number = led.attribute("number").unwrap_or_default();
            let does = format!(
                "{} {}",
                led.attribute("color").unwrap_or_default(),
                led.text()
            );
            self.device.change(|state| {
                state
                    .lamps
                    .insert(number.to_owned(), does.trim().to_owned());
            });
        }
        let title = document.attribute("title").map(ToOwned::to_owned);
        let title = title.unwrap_or_else(|| document.text_of("Title"));
        self.device.show(Screen {
            title: self.expanded(&title),
            prompt: self.expanded(&document.text_of("Prompt")),
            soft_keys: soft_keys(document, &content),
            content,
            source: Some(source.to_string()),
            document: text.to_owned(),
            ..Screen::default()
        });
        self.fetch_later(document);
        Ok(())
    }

    /// Reads a text, with its optional picture.
    async fn text_screen(&self, document: &Element, source: &Url) -> Result<Content, String> {
        let text = self.expanded(&document.text_of("Text"));
        let Some(image) = document.child("Image") else {
            return Ok(Content::Text(text));
        };
        let picture = self.image_file(&image.text_of("URL"), source).await?;
        Ok(Content::Image { picture, text })
    }

    fn items(&self, document: &Element) -> Vec<MenuItem> {
        document
            .named("MenuItem")
            .map(|item| {
                let label = item.attribute("name").map(ToOwned::to_owned);
                let label = label.unwrap_or_else(|| item.text_of("Name"));
                let url = item.text_of("URL");
                let target = if url.is_empty() {
                    item.text_of("SoftKey")
                } else {
                    url
                };
                MenuItem {
                    label: self.expanded(&label),
                    target,
                }
            })
            .collect()
    }

    fn entries(&self, document: &Element) -> Vec<DirectoryEntry> {
        document
            .named("DirectoryEntry")
            .map(|entry| DirectoryEntry {
                name: self.expanded(&entry.text_of("Name")),
                number: entry.text_of("Telephone"),
            })
            .collect()
    }

    fn form(&self, document: &Element) -> Result<Content, String> {
        let submit = document.text_of("URL");
        let inputs = document.named("InputItem").map(|item| {
            let kind = item.text_of("InputFlags");
            let token = item.text_of("InputToken");
            let parameter = item.text_of("QueryStringParam");
            let parameter = if token.is_empty() { parameter } else { token };
            if parameter.is_empty() {
                return Err("InputItem without QueryStringParam or InputToken".to_owned());
            }
            Ok(FormField {
                label: self.expanded(&item.text_of("DisplayName")),
                parameter,
                value: item.text_of("DefaultValue"),
                secret: kind.starts_with('p'),
                kind,
            })
        });
        Ok(Content::Form {
            submit,
            inputs: inputs.collect::<Result<_, _>>()?,
        })
    }

    async fn image_file(&self, url: &str, source: &Url) -> Result<Picture, String> {
        let url = source
            .join(url)
            .map_err(|error| format!("invalid URL `{url}`: {error}"))?;
        let fetch = Fetch::get(&url, self.request_headers(), MAX_PICTURE);
        let picture = self
            .device
            .fetch(fetch, |resource| self.picture(url.as_str(), &resource.body))
            .await;
        picture.map_err(|failure| failure.to_string())
    }

    /// Decodes a picture of up to twice the display's size, and scales it down to the display.
    fn picture(&self, source: &str, bytes: &Bytes) -> Result<Picture, String> {
        let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp];
        let picture = Picture::decode(source, bytes, &formats)?;
        let (width, height) = self.model.display;
        let (max_width, max_height) = (width * 2, height * 2);
        if picture.width() > max_width || picture.height() > max_height {
            let (width, height) = (picture.width(), picture.height());
            return Err(format!(
                "picture of {width}x{height}; the maximum is {max_width}x{max_height}"
            ));
        }
        Ok(picture.fitted(width, height))
    }

    /// Expands `$(name:argument)` and `$[name:argument]` anywhere in a text, as the firmware does.
    /// Untrusted text can thereby read settings, which is why each expansion is remarked.
    fn expanded(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let closing = match after.chars().next() {
                Some('(') => ')',
                Some('[') => ']',
                _ => {
                    expanded.push('$');
                    rest = after;
                    continue;
                }
            };
            let inner = after.get(1..).unwrap_or_default();
            let Some((callback, behind)) = inner.split_once(closing) else {
                expanded.push('$');
                rest = after;
                continue;
            };
            expanded.push_str(&self.callback(callback));
            self.device
                .change(|state| state.remark(format!("Callback evaluated: {callback}.")));
            rest = behind;
        }
        expanded + rest
    }

    fn callback(&self, callback: &str) -> String {
        match callback {
            "phone_state" => "Idle".to_owned(),
            "display_type" => "color".to_owned(),
            "set:mac" => self.device.mac().to_owned(),
            _ => {
                let setting = callback.strip_prefix("set:").unwrap_or_default();
                let value = self.device.state().settings.get(setting).cloned();
                value.unwrap_or_else(|| format!("<{callback}>"))
            }
        }
    }
}

/// Returns the soft keys of the page, or the defaults if it has none.
fn soft_keys(document: &Element, content: &Content) -> Vec<SoftKey> {
    let own: Vec<SoftKey> = document
        .named("SoftKeyItem")
        .zip(1..)
        .map(|(item, place)| {
            // F1 to F4 have fixed positions; other keys follow in the order of the page.
            let name = item.text_of("Name");
            let label = item.text_of("Label");
            let target = [item.text_of("URL"), item.text_of("SoftKey"), name.clone()];
            let own = name
                .strip_prefix('F')
                .and_then(|number| number.parse().ok());
            SoftKey {
                position: own.unwrap_or(place),
                label: if label.is_empty() { name } else { label },
                target: target
                    .into_iter()
                    .find(|target| !target.is_empty())
                    .unwrap_or_default(),
            }
        })
        .collect();
    if !own.is_empty() {
        return own;
    }
    let key = |position, label: &str, target: &str| SoftKey {
        position,
        label: label.to_owned(),
        target: target.to_owned(),
    };
    let exit = key(4, "Exit", "F_MINIBROWSER_EXIT");
    match content {
        Content::Directory(_) => vec![key(1, "Dial", "F_MINIBROWSER_DIAL"), exit],
        Content::Form { .. } => vec![key(1, "OK", "ENTER"), exit],
        Content::Menu(_) => vec![key(1, "Select", "F_MINIBROWSER_SELECT"), exit],
        _ => vec![exit],
    }
}

/// Maximum size of a picture in bytes.
const MAX_PICTURE: usize = 2 * 1024 * 1024;
