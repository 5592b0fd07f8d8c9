//! From an action to a task: pictures and tones are read, made to measure for the phone, and laid
//! out for it to fetch.

use std::sync::Arc;

use bytes::Bytes;

use super::conversion_cache::{ConversionCache, File, Target};
use super::media_source::{self, MediaSource};
use super::media_store::MediaStore;
use super::template;
use crate::content_store::ContentPublisher;
use crate::outcome::Status;
use handset_phones::documents::StoredContent;
use handset_phones::media::{self, Model};
use handset_phones::phone::Phone;
use handset_phones::screen::{Body, Source};
use handset_phones::vendor::{
    self, AudioFile, BackgroundImage, Image, PreparedContent, PreparedTone, Task,
};
use handset_phones::verb::{Action, Content as Pushed, Fit, Push, Tone};

/// What preparing needs.
#[derive(Debug)]
pub(super) struct MediaPipeline {
    pub(super) sources: MediaSource,
    pub(super) durable: MediaStore,
    pub(super) made: ConversionCache,
}

/// Why an action can't be prepared, in words, and the status that it gives.
#[derive(Debug)]
pub(super) struct PrepareError {
    pub(super) status: Status,
    pub(super) reason: String,
}

impl PrepareError {
    fn invalid(reason: String) -> Self {
        Self {
            status: Status::Invalid,
            reason,
        }
    }

    fn unsupported(reason: String) -> Self {
        Self {
            status: Status::Unsupported,
            reason,
        }
    }
}

/// A task, and what whoever asked should know of how it was made.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) task: Task,
    pub(super) note: Option<&'static str>,
}

impl From<Task> for Prepared {
    fn from(task: Task) -> Self {
        Self { task, note: None }
    }
}

/// Prepares `action` for `phone`; what it is to fetch is laid out on `publisher`.
pub(super) async fn prepare(
    workshop: &Arc<MediaPipeline>,
    phone: &Phone,
    action: &Action,
    publisher: &ContentPublisher,
) -> Result<Prepared, PrepareError> {
    let job = Preparation {
        workshop,
        phone,
        publisher,
        model: Model::find(phone.vendor, &phone.model),
    };
    match action {
        Action::Background { image, fit } => job.background(image, *fit).await,
        Action::Control(control) => Ok(Task::Control(control.clone()).into()),
        Action::Mobility(_) => Err(PrepareError::unsupported(
            "the call manager does this, and not the phone".to_owned(),
        )),
        Action::Ping => Err(PrepareError::invalid(
            "ping asks nothing of a phone".to_owned(),
        )),
        Action::Push(push) => job.push(push).await,
        Action::Ring(Tone::BuiltIn(name)) => {
            Ok(Task::Ring(PreparedTone::BuiltIn(name.clone())).into())
        }
        Action::Ring(Tone::Source(source)) => job.ring(source).await,
        Action::Ringtone {
            tone: Tone::BuiltIn(name),
            line,
        } => Ok(Task::Ringtone(PreparedTone::BuiltIn(name.clone()), *line).into()),
        Action::Ringtone {
            tone: Tone::Source(source),
            line,
        } => job.ringtone(source, *line).await,
    }
}

/// Makes the background that `phone` would be given, as a PNG file; `None` if the phone fetches the
/// picture as it is.
pub(super) async fn background_png(
    workshop: &Arc<MediaPipeline>,
    phone: &Phone,
    source: &Source,
    fit: Fit,
) -> Result<Option<Bytes>, PrepareError> {
    let wanted = background(phone, fit)?;
    match make(workshop, "image", source, wanted).await? {
        Fetched::Remote(_) => Ok(None),
        Fetched::ConversionCache(file, _) => {
            let png = blocking(move || media::picture::png(&file.bytes)).await;
            png.map(Some)
                .map_err(|error| PrepareError::invalid(format!("image: {error}")))
        }
    }
}

/// Says what a background for `phone` must be like.
fn background(phone: &Phone, fit: Fit) -> Result<Target, PrepareError> {
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
    workshop: &'a Arc<MediaPipeline>,
    phone: &'a Phone,
    publisher: &'a ContentPublisher,
    model: Model,
}

impl Preparation<'_> {
    async fn background(&self, source: &Source, fit: Fit) -> Result<Prepared, PrepareError> {
        let wanted = background(self.phone, fit)?;
        let made = make(self.workshop, "image", source, wanted).await?;
        let (picture, note) = match made {
            Fetched::Remote(url) => {
                let name = file_name(&url);
                (
                    BackgroundImage {
                        image: url,
                        thumbnail: None,
                        name,
                    },
                    Some(AS_IT_IS),
                )
            }
            Fetched::ConversionCache(image, thumbnail) => {
                let (image, name) = self.keep(image).await;
                let thumbnail = match thumbnail {
                    Some(thumbnail) => Some(self.keep(thumbnail).await.0),
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

    async fn push(&self, push: &Push) -> Result<Prepared, PrepareError> {
        let (shown, note) = match &push.content {
            Pushed::Document(document) => (
                PreparedContent::Document(sound("xml", document.clone())?),
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
            task: Task::Push(shown, push.priority),
            note,
        })
    }

    async fn screen_image(
        &self,
        source: &Source,
    ) -> Result<(Option<Image>, Option<&'static str>), PrepareError> {
        let wanted = self
            .model
            .screen_image
            .map_err(|why| lacks(self.phone, "show a picture", why))?;
        Ok(
            match make(self.workshop, "image", source, Target::Picture(wanted)).await? {
                Fetched::Remote(url) => (Some(Image::File(url)), Some(AS_IT_IS)),
                Fetched::ConversionCache(
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
                Fetched::ConversionCache(file, _) => {
                    (Some(Image::File(self.lay_out("picture", file).0)), None)
                }
            },
        )
    }

    async fn ring(&self, source: &Source) -> Result<Prepared, PrepareError> {
        let wanted = self
            .model
            .play
            .map_err(|why| lacks(self.phone, "play a file", why))?;
        let lay_out = async |file| self.lay_out("tone", file);
        let (recording, note) = self.recording(source, wanted, lay_out).await?;
        Ok(Prepared {
            task: Task::Ring(PreparedTone::AudioFile(recording)),
            note,
        })
    }

    async fn ringtone(&self, source: &Source, line: Option<u8>) -> Result<Prepared, PrepareError> {
        let keep = async |file| self.keep(file).await;
        let (recording, note) = self.recording(source, self.model.ringtone, keep).await?;
        Ok(Prepared {
            task: Task::Ringtone(PreparedTone::AudioFile(recording), line),
            note,
        })
    }

    /// Makes a tone, which `shelve` lays out; also returns what is to be said of it.
    async fn recording(
        &self,
        source: &Source,
        wanted: media::ToneFormat,
        shelve: impl AsyncFnOnce(File) -> (url::Url, String),
    ) -> Result<(AudioFile, Option<&'static str>), PrepareError> {
        let made = make(self.workshop, "tone", source, Target::Tone(wanted)).await?;
        let (url, name, note) = match made {
            Fetched::Remote(url) => {
                let name = file_name(&url);
                (url, name, Some(AS_IT_IS))
            }
            Fetched::ConversionCache(file, _) => {
                let (url, name) = shelve(file).await;
                (url, name, None)
            }
        };
        Ok((AudioFile { url, name }, note))
    }

    async fn template(
        &self,
        name: &str,
        values: Vec<(&'static str, String)>,
    ) -> Result<String, PrepareError> {
        let workshop = Arc::clone(self.workshop);
        let name = name.to_owned();
        let vendor = self.phone.vendor;
        blocking(move || {
            // A vendor's own template comes before one that does for all.
            let own = workshop.sources.read(&format!("{vendor}/{name}"));
            let wrong = |why: String| PrepareError::invalid(format!("template: {why}"));
            let source = own
                .or_else(|_| workshop.sources.read(&name))
                .map_err(|e| wrong(e.to_string()))?;
            let source =
                String::from_utf8(source).map_err(|_| wrong(format!("{name} is not UTF-8")))?;
            let filled =
                template::fill(&name, &source, &values).map_err(|e| wrong(format!("{e:#}")))?;
            sound("template", filled)
        })
        .await
    }

    /// Lays a file out for as long as a screen; returns its address and its name.
    fn lay_out(&self, name: &str, file: File) -> (url::Url, String) {
        let name = format!("{name}.{}", file.extension);
        let url = self
            .publisher
            .publish_media(StoredContent::new(file.content_type, file.bytes), &name);
        (url, name)
    }

    /// Keeps a file for as long as phones may fetch it; returns its address and its name, which is
    /// another one for every content.
    async fn keep(&self, file: File) -> (url::Url, String) {
        let workshop = Arc::clone(self.workshop);
        let File {
            bytes,
            content_type,
            extension,
            ..
        } = file;
        let content = StoredContent::new(content_type, bytes);
        let token = blocking(move || workshop.durable.keep(content, extension)).await;
        let short: String = token.chars().take(8).collect();
        let name = format!("handsetd-{short}.{extension}");
        (self.publisher.media_url(&token, &name), name)
    }
}

/// Reads a source and makes it to measure; one of a host that handsetd does not fetch from is left to
/// the phone.
async fn make(
    workshop: &Arc<MediaPipeline>,
    key: &str,
    source: &Source,
    wanted: Target,
) -> Result<Fetched, PrepareError> {
    let wrong = |error: media_source::Error| PrepareError::invalid(format!("{key}: {error}"));
    let bytes = match source {
        Source::File(name) => {
            let (workshop, name) = (Arc::clone(workshop), name.clone());
            blocking(move || workshop.sources.read(&name))
                .await
                .map_err(wrong)?
        }
        Source::Url(url) if workshop.sources.fetches(url) => {
            workshop.sources.fetch(url).await.map_err(wrong)?
        }
        Source::Url(url) => return Ok(Fetched::Remote(url.clone())),
    };
    let made = workshop.made.make(bytes, wanted).await;
    let (file, thumbnail) =
        made.map_err(|error| PrepareError::invalid(format!("{key}: {source}: {error}")))?;
    Ok(Fetched::ConversionCache(file, thumbnail))
}

/// Says what a phone can't do.
fn lacks(phone: &Phone, what: &str, why: &str) -> PrepareError {
    let title = phone.vendor.title();
    let model = match phone.model.as_str() {
        "" => "of unknown model",
        model => model,
    };
    PrepareError::unsupported(format!("a {title} {model} can't {what}: {why}"))
}

/// What came of a source.
enum Fetched {
    /// An address that only the phone fetches from.
    Remote(url::Url),
    /// The file, and its thumbnail if it has one.
    ConversionCache(File, Option<File>),
}

/// Refuses a document that no phone could read.
fn sound(key: &str, document: String) -> Result<String, PrepareError> {
    match vendor::document_fault(&document) {
        None => Ok(document),
        Some(fault) => Err(PrepareError::invalid(format!(
            "{key}: it is no XML document: {fault}"
        ))),
    }
}

/// Returns the last part of an address, as the name of the file.
fn file_name(url: &url::Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back());
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    last.unwrap_or_default().chars().filter(fits).collect()
}

/// Runs what blocks or computes on a thread that may.
///
/// # Panics
///
/// Panics if `work` does.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// What is said of files that handsetd does not fetch itself.
const AS_IT_IS: &str = "the phone fetches the file as it is; media.hosts lets handsetd convert it";
