//! Presentation of the XML objects, after validation.

use bytes::Bytes;
use image::{Rgb, RgbImage};
use url::Url;

use super::Cisco;
use super::execute::Origin;
use super::page::soft_key;
use super::personalization::png;
use crate::document::Element;
use crate::fetch::Fetch;
use crate::picture::Picture;
use crate::state::{Content, DirectoryEntry, FormField, MenuItem, Screen, SoftKey};

impl Cisco {
    /// Shows or executes an object; the error is human-readable.
    pub(super) async fn present(
        &self,
        document: &Element,
        text: &str,
        source: Option<&Url>,
    ) -> Result<(), String> {
        let content = match document.name.trim_start_matches("CiscoIPPhone") {
            "Directory" => Content::Directory(entries(document)),
            "Execute" => {
                for item in document.named("ExecuteItem") {
                    let url = item.attribute("URL").unwrap_or_default();
                    let done = Box::pin(self.uri(url, Origin::Execute)).await;
                    done.map_err(|_| format!("invalid URI `{url}`"))?;
                }
                return Ok(());
            }
            "GraphicFileMenu" | "ImageFile" => {
                let picture = self.image_file(&document.text_of("URL")).await?;
                Content::Image {
                    picture,
                    text: String::new(),
                }
            }
            "GraphicMenu" | "Image" => Content::Image {
                picture: bitmap(document)?,
                text: String::new(),
            },
            "IconFileMenu" | "IconMenu" | "Menu" => Content::Menu(items(document)),
            "Input" => Content::Form {
                submit: document.text_of("URL"),
                inputs: document.named("InputItem").map(input).collect(),
            },
            "Status" | "StatusFile" => {
                self.device
                    .change(|state| state.status = Some(document.text_of("Text")));
                return Ok(());
            }
            "Text" => Content::Text(document.text_of("Text")),
            _ => return Err(format!("{} cannot be shown", document.name)),
        };
        let mut soft_keys: Vec<SoftKey> = document.named("SoftKeyItem").map(key).collect();
        soft_keys.sort_by_key(|key| key.position);
        if soft_keys.is_empty() {
            soft_keys = default_keys(&content);
        }
        self.device.show(Screen {
            title: document.text_of("Title"),
            prompt: document.text_of("Prompt"),
            content,
            soft_keys,
            source: source.map(Url::to_string),
            document: text.to_owned(),
            ..Screen::default()
        });
        Ok(())
    }

    /// Fetches the picture of an `ImageFile`, which must fit into the model's area.
    async fn image_file(&self, url: &str) -> Result<Picture, String> {
        let url = self.named(url);
        let url = Url::parse(&url).map_err(|error| format!("invalid URL `{url}`: {error}"))?;
        let fetch = Fetch::get(&url, self.request_headers(), MAX_PICTURE);
        let (max_width, max_height) = self.model.area;
        let picture = self.device.fetch(fetch, |resource| {
            let picture = png(&url, resource)?;
            let (width, height) = (picture.width(), picture.height());
            if width <= max_width && height <= max_height {
                return Ok(picture);
            }
            Err(format!(
                "picture of {width}x{height}; the maximum is {max_width}x{max_height}"
            ))
        });
        picture.await.map_err(|failure| failure.to_string())
    }
}

/// Decodes a bitmap: the first pixel is in the lowest bits, and 0 is white.
fn bitmap(document: &Element) -> Result<Picture, String> {
    let number = |name: &str| document.text_of(name).parse::<u32>().unwrap_or_default();
    let (width, height, depth) = (number("Width"), number("Height"), number("Depth"));
    let data = hex::decode(document.text_of("Data")).map_err(|_| "Data is not hexadecimal")?;
    let (per_byte, levels) = if depth == 1 { (8, 1) } else { (4, 3) };
    let mut pixels = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    for (index, pixel) in pixels.pixels_mut().enumerate() {
        let byte = data.get(index / per_byte).copied().unwrap_or_default();
        let value = byte >> (index % per_byte * (8 / per_byte)) & levels;
        *pixel = Rgb([255 - value * (255 / levels); 3]);
    }
    Ok(Picture::from_pixels(
        "the document",
        Bytes::from(data),
        pixels,
    ))
}

fn entries(document: &Element) -> Vec<DirectoryEntry> {
    document
        .named("DirectoryEntry")
        .map(|entry| DirectoryEntry {
            name: entry.text_of("Name"),
            number: entry.text_of("Telephone"),
        })
        .collect()
}

fn items(document: &Element) -> Vec<MenuItem> {
    document
        .named("MenuItem")
        .map(|item| MenuItem {
            label: item.text_of("Name"),
            target: item.text_of("URL"),
        })
        .collect()
}

fn input(item: &Element) -> FormField {
    let kind = item.text_of("InputFlags");
    FormField {
        label: item.text_of("DisplayName"),
        parameter: item.text_of("QueryStringParam"),
        value: item.text_of("DefaultValue"),
        secret: kind.contains('P'),
        kind,
    }
}

fn key(item: &Element) -> SoftKey {
    let position = item.text_of("Position").parse().unwrap_or_default();
    soft_key(position, &item.text_of("Name"), &item.text_of("URL"))
}

/// Returns the soft keys of a screen that defines none.
fn default_keys(content: &Content) -> Vec<SoftKey> {
    let keys: &[(&str, &str)] = match content {
        Content::Directory(_) => &[
            ("Dial", "SoftKey:Dial"),
            ("EditDial", "SoftKey:EditDial"),
            ("Exit", "SoftKey:Exit"),
        ],
        Content::Form { .. } => &[
            ("Submit", "SoftKey:Submit"),
            ("<<", "SoftKey:<<"),
            ("Cancel", "SoftKey:Cancel"),
        ],
        Content::Menu(_) => &[("Select", "SoftKey:Select"), ("Exit", "SoftKey:Exit")],
        _ => &[("Update", "SoftKey:Update"), ("Exit", "SoftKey:Exit")],
    };
    let numbered = keys.iter().zip(1..);
    numbered
        .map(|((label, target), position)| soft_key(position, label, target))
        .collect()
}

/// Maximum size of a picture in bytes.
const MAX_PICTURE: usize = 196_608;
