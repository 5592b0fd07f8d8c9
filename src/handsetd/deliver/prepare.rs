//! Turns an action into a task: pictures and tones are read, converted for the model of phone, and
//! published for the phone to fetch.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use handset_phones::documents::StoredContent;
use handset_phones::media::{self, Model};
use handset_phones::phone::Phone;
use handset_phones::screen::{Body, Source};
use handset_phones::vendor::{
    self, AudioFile, BackgroundImage, Image, PreparedContent, PreparedTone, Task,
};
use handset_phones::verb::{Action, Content as Pushed, Fit, Push, Tone};

use super::blocking::blocking;
use super::conversion_cache::{ConversionCache, File, Target};
use super::failure::Failure;
use super::media_source::{self, MediaSource};
use super::media_store::MediaStore;
use super::template;
use crate::content_store::ContentPublisher;
use crate::fleet::{CarriedFiles, ReadError};
use crate::outcome::Status;

/// Where media come from, and where they go.
#[derive(Debug)]
pub(super) struct MediaPipeline {
    pub(super) source: MediaSource,
    pub(super) store: MediaStore,
    pub(super) cache: ConversionCache,
}

/// A task, and a note for the caller on how it was prepared.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) task: Task,
    pub(super) note: Option<Cow<'static, str>>,
}

impl From<Task> for Prepared {
    fn from(task: Task) -> Self {
        Self { task, note: None }
    }
}

/// Prepares `action` for `phone`; content that the phone fetches is published by `publisher`.
pub(super) async fn prepare(
    pipeline: &Arc<MediaPipeline>,
    files: &CarriedFiles,
    phone: &Phone,
    action: &Action,
    publisher: &ContentPublisher,
) -> Result<Prepared, Failure> {
    let preparation = Preparation {
        pipeline,
        files,
        phone,
        publisher,
        model: Model::find(phone.vendor, &phone.model),
    };
    match action {
        Action::Background { image, fit } => preparation.background(image, *fit).await,
        Action::Control(control) => Ok(Task::Control(control.clone()).into()),
        Action::Mobility(_) => Err(unsupported(
            "this goes to the call manager, not to the phone",
        )),
        Action::Ping => Err(invalid("ping sends nothing to a phone")),
        Action::Push(push) => preparation.push(push).await,
        Action::Ring(Tone::BuiltIn(name)) => {
            Ok(Task::Ring(PreparedTone::BuiltIn(name.clone())).into())
        }
        Action::Ring(Tone::Source(source)) => preparation.ring(source).await,
        Action::Ringtone {
            tone: Tone::BuiltIn(name),
            line,
        } => Ok(Task::Ringtone(PreparedTone::BuiltIn(name.clone()), *line).into()),
        Action::Ringtone {
            tone: Tone::Source(source),
            line,
        } => preparation.ringtone(source, *line).await,
    }
}

/// Returns the background that `phone` would get, as a PNG file; `None` if the phone fetches the
/// original itself.
pub(super) async fn background_png(
    pipeline: &Arc<MediaPipeline>,
    phone: &Phone,
    source: &Source,
    fit: Fit,
) -> Result<Option<Bytes>, Failure> {
    let target = background_target(phone, fit)?;
    match convert(
        (pipeline, &CarriedFiles::default()),
        "image",
        source,
        target,
    )
    .await?
    {
        Fetched::Remote(_) => Ok(None),
        Fetched::Converted(file, _) => {
            let png = blocking(move || media::picture::png(&file.bytes)).await;
            png.map(Some)
                .map_err(|error| invalid(format!("image: {error}")))
        }
    }
}

/// Returns the format of backgrounds for `phone`.
fn background_target(phone: &Phone, fit: Fit) -> Result<Target, Failure> {
    let wanted = Model::find(phone.vendor, &phone.model)
        .background
        .map_err(|why| lacks(phone, "set a background", why))?;
    let fit = match fit {
        Fit::Contain => media::Fit::Contain,
        Fit::Cover => media::Fit::Cover,
    };
    Ok(Target::Background(wanted, fit))
}

struct Preparation<'a> {
    pipeline: &'a Arc<MediaPipeline>,
    files: &'a CarriedFiles,
    phone: &'a Phone,
    publisher: &'a ContentPublisher,
    model: Model,
}

impl Preparation<'_> {
    async fn background(&self, source: &Source, fit: Fit) -> Result<Prepared, Failure> {
        let target = background_target(self.phone, fit)?;
        let fetched = convert((self.pipeline, self.files), "image", source, target).await?;
        let (picture, note) = match fetched {
            Fetched::Remote(url) => {
                let name = file_name(&url);
                (
                    BackgroundImage {
                        image: url,
                        thumbnail: None,
                        name,
                    },
                    Some(UNCONVERTED.into()),
                )
            }
            Fetched::Converted(image, thumbnail) => {
                let (image, name) = self.store(image).await;
                let thumbnail = match thumbnail {
                    Some(thumbnail) => Some(self.store(thumbnail).await.0),
                    None => None,
                };
                (
                    BackgroundImage {
                        image,
                        thumbnail,
                        name,
                    },
                    None,
                )
            }
        };
        Ok(Prepared {
            task: Task::Background(picture),
            note,
        })
    }

    async fn push(&self, push: &Push) -> Result<Prepared, Failure> {
        let (content, note) = match &push.content {
            Pushed::Document(document) => (
                PreparedContent::Document(well_formed("xml", document.clone())?),
                None,
            ),
            Pushed::Template { name, values } => (
                PreparedContent::Document(self.template(name, values.clone()).await?),
                None,
            ),
            Pushed::Url(url) => (PreparedContent::Url(url.clone()), None),
            Pushed::Screen(screen) => {
                let (image, note) = match &screen.body {
                    Body::Image(source) => self.screen_image(source).await?,
                    _ => (None, None),
                };
                (
                    PreparedContent::Screen(Box::new(screen.clone()), image),
                    note,
                )
            }
        };
        Ok(Prepared {
            task: Task::Push(content, push.priority),
            note,
        })
    }

    async fn screen_image(
        &self,
        source: &Source,
    ) -> Result<(Option<Image>, Option<Cow<'static, str>>), Failure> {
        let wanted = self
            .model
            .screen_image
            .map_err(|why| lacks(self.phone, "show a picture", why))?;
        Ok(
            match convert(
                (self.pipeline, self.files),
                "image",
                source,
                Target::Picture(wanted),
            )
            .await?
            {
                Fetched::Remote(url) => (Some(Image::File(url)), Some(UNCONVERTED.into())),
                Fetched::Converted(
                    File {
                        bytes,
                        width,
                        height,
                        ..
                    },
                    _,
                ) if wanted.encoding.is_inline() => {
                    let data = String::from_utf8_lossy(&bytes).into_owned();
                    (
                        Some(Image::Pixels {
                            width,
                            height,
                            data,
                        }),
                        None,
                    )
                }
                Fetched::Converted(file, _) => {
                    (Some(Image::File(self.publish("picture", file).0)), None)
                }
            },
        )
    }

    async fn ring(&self, source: &Source) -> Result<Prepared, Failure> {
        let wanted = self
            .model
            .play
            .map_err(|why| lacks(self.phone, "play a file", why))?;
        let publish = async |file| self.publish("tone", file);
        let (recording, note) = self.recording(source, wanted, publish).await?;
        Ok(Prepared {
            task: Task::Ring(PreparedTone::AudioFile(recording)),
            note,
        })
    }

    async fn ringtone(&self, source: &Source, line: Option<u8>) -> Result<Prepared, Failure> {
        let store = async |file| self.store(file).await;
        let (recording, note) = self.recording(source, self.model.ringtone, store).await?;
        Ok(Prepared {
            task: Task::Ringtone(PreparedTone::AudioFile(recording), line),
            note,
        })
    }

    /// Converts a tone, which `publish` publishes; also returns a note for the caller.
    async fn recording(
        &self,
        source: &Source,
        wanted: media::ToneFormat,
        publish: impl AsyncFnOnce(File) -> (url::Url, String),
    ) -> Result<(AudioFile, Option<Cow<'static, str>>), Failure> {
        let target = Target::Tone(wanted, media::Headerless::of_name(&source_name(source)));
        let fetched = convert((self.pipeline, self.files), "tone", source, target).await?;
        let (url, name, note) = match fetched {
            Fetched::Remote(url) => {
                let name = file_name(&url);
                (url, name, Some(UNCONVERTED.into()))
            }
            Fetched::Converted(mut file, _) => {
                let note = file.note.take().map(Cow::Owned);
                let (url, name) = publish(file).await;
                (url, name, note)
            }
        };
        Ok((AudioFile { url, name }, note))
    }

    async fn template(
        &self,
        name: &str,
        values: Vec<(&'static str, String)>,
    ) -> Result<String, Failure> {
        let name = name.to_owned();
        let from = (self.pipeline, self.files);
        let of_template = |failure: Failure| failure.of("template");
        // A template for the vendor takes precedence.
        let source = match read(from, &format!("{}/{name}", self.phone.vendor)).await {
            Ok(specific) => specific,
            Err(failure) if failure.status == Status::Unreachable => {
                return Err(of_template(failure));
            }
            Err(_) => read(from, &name).await.map_err(of_template)?,
        };
        blocking(move || {
            let error = |why: String| invalid(format!("template: {why}"));
            let source =
                String::from_utf8(source).map_err(|_| error(format!("{name} is not UTF-8")))?;
            let filled =
                template::fill(&name, &source, &values).map_err(|e| error(format!("{e:#}")))?;
            well_formed("template", filled)
        })
        .await
    }

    /// Publishes a file for as long as a screen; returns its URL and its name.
    fn publish(&self, name: &str, file: File) -> (url::Url, String) {
        let name = format!("{name}.{}", file.extension);
        let url = self
            .publisher
            .publish_media(StoredContent::new(file.content_type, file.bytes), &name);
        (url, name)
    }

    /// Stores a file for as long as phones may fetch it again; returns its URL and its name, which
    /// depends on the content.
    async fn store(&self, file: File) -> (url::Url, String) {
        let pipeline = Arc::clone(self.pipeline);
        let File {
            bytes,
            content_type,
            extension,
            ..
        } = file;
        let content = StoredContent::new(content_type, bytes);
        let token = blocking(move || pipeline.store.insert(content, extension)).await;
        let short: String = token.chars().take(8).collect();
        let name = format!("handsetd-{short}.{extension}");
        (self.publisher.media_url(&token, &name), name)
    }
}

/// Reads a file: one that came with the request, or one of the media folders.
pub(super) async fn read(
    (pipeline, files): (&Arc<MediaPipeline>, &CarriedFiles),
    name: &str,
) -> Result<Vec<u8>, Failure> {
    if let Some(carried) = files.read(name).await {
        return carried.map(Vec::from).map_err(|why| match why {
            ReadError::Away(why) => Failure::new(Status::Unreachable, why),
            ReadError::Invalid(why) => invalid(why),
        });
    }
    let (pipeline, name) = (Arc::clone(pipeline), name.to_owned());
    let read = blocking(move || pipeline.source.read(&name)).await;
    read.map_err(|error| invalid(error.to_string()))
}

/// Reads and converts a source; one on a host that handsetd does not fetch from is left to the phone.
async fn convert(
    (pipeline, files): (&Arc<MediaPipeline>, &CarriedFiles),
    key: &str,
    source: &Source,
    target: Target,
) -> Result<Fetched, Failure> {
    let unreadable = |error: media_source::Error| invalid(format!("{key}: {error}"));
    let bytes = match source {
        Source::File(name) => {
            let read = read((pipeline, files), name).await;
            read.map_err(|failure| failure.of(key))?
        }
        Source::Url(url) if pipeline.source.fetches(url) => {
            pipeline.source.fetch(url).await.map_err(unreadable)?
        }
        Source::Url(url) => return Ok(Fetched::Remote(url.clone())),
    };
    let converted = pipeline.cache.convert(bytes, target).await;
    let (file, thumbnail) =
        converted.map_err(|error| invalid(format!("{key}: {source}: {error}")))?;
    Ok(Fetched::Converted(file, thumbnail))
}

/// The failure for something that this model cannot do.
pub(super) fn lacks(phone: &Phone, what: &str, why: &str) -> Failure {
    let title = phone.vendor.title();
    let model = match phone.model.as_str() {
        "" => "of unknown model",
        model => model,
    };
    unsupported(format!("a {title} {model} cannot {what}: {why}"))
}

fn invalid(reason: impl Into<String>) -> Failure {
    Failure::new(Status::Invalid, reason)
}

fn unsupported(reason: impl Into<String>) -> Failure {
    Failure::new(Status::Unsupported, reason)
}

/// A source after fetching.
enum Fetched {
    /// A URL that only the phone fetches.
    Remote(url::Url),
    /// The converted file, and its thumbnail if it has one.
    Converted(File, Option<File>),
}

/// Rejects a document that is not well-formed XML.
fn well_formed(key: &str, document: String) -> Result<String, Failure> {
    match vendor::document_fault(&document) {
        None => Ok(document),
        Some(fault) => Err(invalid(format!("{key}: invalid XML document: {fault}"))),
    }
}

/// Returns the name of a file, or of that of a URL.
fn source_name(source: &Source) -> Cow<'_, str> {
    match source {
        Source::File(name) => name.into(),
        Source::Url(url) => file_name(url).into(),
    }
}

/// Returns the last segment of a URL as the name of a file.
fn file_name(url: &url::Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back());
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    last.unwrap_or_default().chars().filter(fits).collect()
}

/// Note for files that handsetd does not fetch itself.
const UNCONVERTED: &str =
    "the phone fetches the file unconverted; add its host to media.hosts to have it converted";
