//! `handsetd media`: converts ring tones and backgrounds offline.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use handset_phones::media::{Fit, Model, Picture, background, model, ringtone};
use handset_phones::phone::Vendor;
use serde_json::{Value, json};

use crate::telemetry::TerminalSafeJson;

/// Convert a ring tone or a picture for a phone model
///
/// The result is what the daemon serves to a phone of this model
#[derive(Args, Debug)]
pub(super) struct Media {
    #[command(subcommand)]
    conversion: Conversion,
}

#[derive(Debug, Subcommand)]
enum Conversion {
    Background(Background),
    Ringtone(Ringtone),
}

/// Convert a PNG, JPEG, GIF or BMP to a background
///
/// Scale the picture to the display of the model. For models with thumbnails, write one next to the
/// picture, with -thumbnail appended to its name
#[derive(Args, Debug)]
#[command(after_help = BACKGROUND_EXAMPLES)]
struct Background {
    /// Read this picture
    #[arg(value_name = "IN")]
    source: PathBuf,
    /// Write the background here
    #[arg(value_name = "OUT")]
    target: PathBuf,
    #[command(flatten)]
    model: ModelName,
    /// Fill the display and crop the picture, or show all of it
    #[arg(long, value_enum, default_value_t)]
    fit: FitName,
    /// Print JSON: one object per file
    #[arg(long)]
    json: bool,
}

/// Convert a recording to a ring tone
#[derive(Args, Debug)]
#[command(after_help = RINGTONE_EXAMPLES)]
struct Ringtone {
    /// Read this file: a WAV of any rate with one or two channels, or by its extension a file without
    /// header (.raw, .rwb, .gsm, .ulaw, .alaw, .sln)
    #[arg(value_name = "IN")]
    source: PathBuf,
    /// Write the ring tone here
    #[arg(value_name = "OUT")]
    target: PathBuf,
    #[command(flatten)]
    model: ModelName,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a conversion says of a file that it has written.
struct Written {
    line: String,
    object: Value,
}

#[derive(Args, Debug)]
struct ModelName {
    /// Convert for this model, such as 7970, D785 or T46G
    #[arg(long, value_name = "M")]
    model: String,
    /// The vendor of the model; required only for models that handsetd does not know
    #[arg(long, value_name = "VENDOR", value_parser = clap::builder::PossibleValuesParser::new(VENDORS))]
    vendor: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FitName {
    #[default]
    Cover,
    Contain,
}

impl Media {
    /// Converts, and prints the result.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let (files, json) = match &self.conversion {
            Conversion::Background(conversion) => (conversion.run()?, conversion.json),
            Conversion::Ringtone(conversion) => (vec![conversion.run()?], conversion.json),
        };
        for Written { line, object } in files {
            if json {
                writeln!(out, "{}", TerminalSafeJson(object))
            } else {
                writeln!(out, "{line}")
            }
            .context("cannot write the result")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Background {
    fn run(&self) -> anyhow::Result<Vec<Written>> {
        let model = &self.model.model;
        let target = self
            .model
            .find()?
            .background
            .map_err(|reason| anyhow!("{model} does not support backgrounds: {reason}"))?;
        let fit = match self.fit {
            FitName::Contain => Fit::Contain,
            FitName::Cover => Fit::Cover,
        };
        let converted = background::convert(&read(&self.source)?, &target, fit)
            .with_context(|| format!("cannot convert {}", self.source.display()))?;
        let mut lines = vec![write_picture(&self.target, &converted.image)?];
        if let Some(thumbnail) = &converted.thumbnail {
            lines.push(write_picture(&thumbnail_path(&self.target), thumbnail)?);
        }
        Ok(lines)
    }
}

impl Ringtone {
    fn run(&self) -> anyhow::Result<Written> {
        let target = self.model.find()?.ringtone;
        let headerless = ringtone::Headerless::of_name(&self.source.to_string_lossy());
        let tone = ringtone::convert(&read(&self.source)?, headerless, target)
            .with_context(|| format!("cannot convert {}", self.source.display()))?;
        write(&self.target, &tone.bytes)?;
        let note = tone.note().map(|note| format!("; {note}"));
        let (file, bytes) = (self.target.display().to_string(), tone.bytes.len());
        let (samples, rate, content_type) = (tone.samples, tone.rate, &tone.content_type);
        Ok(Written {
            line: format!(
                "{file}: {samples} samples at {rate} Hz, {content_type}, {bytes} bytes{}",
                note.unwrap_or_default()
            ),
            object: json!({
                "file": file, "samples": samples, "rate": rate, "type": content_type, "bytes": bytes,
                "note": tone.note(),
            }),
        })
    }
}

impl ModelName {
    fn find(&self) -> anyhow::Result<Model> {
        if let Some(vendor) = &self.vendor {
            return Ok(Model::find(vendor.parse()?, &self.model));
        }
        let Some((_, model)) = model::guess(&self.model) else {
            let known = Vendor::WITH_BACKEND.map(|vendor| {
                let names: Vec<&str> = Model::all(vendor).collect();
                format!("{}: {}", vendor.title(), names.join(" "))
            });
            bail!(
                "unknown model {}; set its vendor with --vendor, or choose one of: {}",
                self.model,
                known.join("; ")
            );
        };
        Ok(model)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let context = || format!("cannot read {}", path.display());
    let file = fs::File::open(path).with_context(context)?;
    // This only bounds the memory; the conversions have limits of their own.
    file.take(MAX_SOURCE)
        .read_to_end(&mut bytes)
        .with_context(context)?;
    Ok(bytes)
}

fn write_picture(target: &Path, picture: &Picture) -> anyhow::Result<Written> {
    write(target, &picture.bytes)?;
    let (file, bytes) = (target.display().to_string(), picture.bytes.len());
    let (width, height, content_type) = (picture.width, picture.height, &picture.content_type);
    Ok(Written {
        line: format!("{file}: {width}x{height}, {content_type}, {bytes} bytes"),
        object: json!({
            "file": file, "width": width, "height": height, "type": content_type, "bytes": bytes,
        }),
    })
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Returns the path of the thumbnail of `target`: `night-thumbnail.png` for `night.png`.
fn thumbnail_path(target: &Path) -> PathBuf {
    let mut name = target.file_stem().unwrap_or_default().to_owned();
    name.push("-thumbnail");
    if let Some(extension) = target.extension() {
        name.push(".");
        name.push(extension);
    }
    target.with_file_name(name)
}

/// Maximum size of a file, in bytes; more than any conversion accepts.
const MAX_SOURCE: u64 = 256 << 20;

const VENDORS: [&str; 3] = [
    Vendor::Cisco.name(),
    Vendor::Snom.name(),
    Vendor::Yealink.name(),
];

const BACKGROUND_EXAMPLES: &str = "\
Examples:
  handsetd media background picture.jpg night.png --model 7970
  handsetd media background logo.bmp logo.png --model D785 --fit contain";

const RINGTONE_EXAMPLES: &str = "\
Examples:
  handsetd media ringtone bell.wav bell.raw --model 7970
  handsetd media ringtone bell.wav bell-t46.wav --model T46G";
