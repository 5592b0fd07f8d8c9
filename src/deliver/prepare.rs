//! From an action to a task: pictures and tones are read, made to measure for the phone, and laid
//! out for it to fetch.

use std::sync::Arc;

use bytes::Bytes;

use super::durable::Durable;
use super::library::{self, Library};
use super::made::{File, Made, Wanted};
use super::template;
use crate::media::{self, Model};
use crate::outcome::Status;
use crate::phone::Phone;
use crate::screen::{Body, Source};
use crate::shelf::{Content, Stand};
use crate::vendor::{self, Image, Picture, Recording, Shown, Sound, Task};
use crate::verb::{Action, Content as Pushed, Fit, Push, Tone};

/// What preparing needs.
#[derive(Debug)]
pub(super) struct Workshop {
    pub(super) sources: Library,
    pub(super) durable: Durable,
    pub(super) made: Made,
}

/// Why an action can't be prepared, in words, and the status that it gives.
#[derive(Debug)]
pub(super) struct Unprepared {
    pub(super) status: Status,
    pub(super) reason: String,
}

impl Unprepared {
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

/// Prepares `action` for `phone`; what it is to fetch is laid out on `stand`.
pub(super) async fn prepare(
    workshop: &Arc<Workshop>,
    phone: &Phone,
    action: &Action,
    stand: &Stand,
) -> Result<Prepared, Unprepared> {
    let job = Job {
        workshop,
        phone,
        stand,
        model: Model::find(phone.vendor, &phone.model),
    };
    match action {
        Action::Background { image, fit } => job.background(image, *fit).await,
        Action::Control(control) => Ok(Task::Control(control.clone()).into()),
        Action::Mobility(_) => Err(Unprepared::unsupported(
            "the call manager does this, and not the phone".to_owned(),
        )),
        Action::Ping => Err(Unprepared::invalid(
            "ping asks nothing of a phone".to_owned(),
        )),
        Action::Push(push) => job.push(push).await,
        Action::Ring(Tone::BuiltIn(name)) => Ok(Task::Ring(Sound::BuiltIn(name.clone())).into()),
        Action::Ring(Tone::Source(source)) => job.ring(source).await,
        Action::Ringtone {
            tone: Tone::BuiltIn(name),
            line,
        } => Ok(Task::Ringtone(Sound::BuiltIn(name.clone()), *line).into()),
        Action::Ringtone {
            tone: Tone::Source(source),
            line,
        } => job.ringtone(source, *line).await,
    }
}

/// Makes the background that `phone` would be given, as a PNG file; `None` if the phone fetches the
/// picture as it is.
pub(super) async fn background_png(
    workshop: &Arc<Workshop>,
    phone: &Phone,
    source: &Source,
    fit: Fit,
) -> Result<Option<Bytes>, Unprepared> {
    let wanted = background(phone, fit)?;
    match make(workshop, "image", source, wanted).await? {
        Got::Foreign(_) => Ok(None),
        Got::Made(file, _) => {
            let png = blocking(move || media::picture::png(&file.bytes)).await;
            png.map(Some)
                .map_err(|error| Unprepared::invalid(format!("image: {error}")))
        }
    }
}

/// Says what a background for `phone` must be like.
fn background(phone: &Phone, fit: Fit) -> Result<Wanted, Unprepared> {
    let wanted = Model::find(phone.vendor, &phone.model)
        .background
        .map_err(|why| lacks(phone, "set a background", why))?;
    let fit = match fit {
        Fit::Contain => media::Fit::Contain,
        Fit::Cover => media::Fit::Cover,
    };
    Ok(Wanted::Background(wanted, fit))
}

struct Job<'a> {
    workshop: &'a Arc<Workshop>,
    phone: &'a Phone,
    stand: &'a Stand,
    model: Model,
}

impl Job<'_> {
    async fn background(&self, source: &Source, fit: Fit) -> Result<Prepared, Unprepared> {
        let wanted = background(self.phone, fit)?;
        let made = make(self.workshop, "image", source, wanted).await?;
        let (picture, note) = match made {
            Got::Foreign(url) => {
                let name = file_name(&url);
                (
                    Picture {
                        image: url,
                        thumbnail: None,
                        name,
                    },
                    Some(AS_IT_IS),
                )
            }
            Got::Made(image, thumbnail) => {
                let (image, name) = self.keep(image).await;
                let thumbnail = match thumbnail {
                    Some(thumbnail) => Some(self.keep(thumbnail).await.0),
                    None => None,
                };
                (
                    Picture {
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

    async fn push(&self, push: &Push) -> Result<Prepared, Unprepared> {
        let (shown, note) = match &push.content {
            Pushed::Document(document) => (Shown::Document(sound("xml", document.clone())?), None),
            Pushed::Template { name, values } => (
                Shown::Document(self.template(name, values.clone()).await?),
                None,
            ),
            Pushed::Url(url) => (Shown::Url(url.clone()), None),
            Pushed::Screen(screen) => {
                let (image, note) = match &screen.body {
                    Body::Image(source) => self.screen_image(source).await?,
                    _ => (None, None),
                };
                (Shown::Screen(Box::new(screen.clone()), image), note)
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
    ) -> Result<(Option<Image>, Option<&'static str>), Unprepared> {
        let wanted = self
            .model
            .screen_image
            .map_err(|why| lacks(self.phone, "show a picture", why))?;
        Ok(
            match make(self.workshop, "image", source, Wanted::Picture(wanted)).await? {
                Got::Foreign(url) => (Some(Image::File(url)), Some(AS_IT_IS)),
                Got::Made(
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
                Got::Made(file, _) => (Some(Image::File(self.lay_out("picture", file).0)), None),
            },
        )
    }

    async fn ring(&self, source: &Source) -> Result<Prepared, Unprepared> {
        let wanted = self
            .model
            .play
            .map_err(|why| lacks(self.phone, "play a file", why))?;
        let lay_out = async |file| self.lay_out("tone", file);
        let (recording, note) = self.recording(source, wanted, lay_out).await?;
        Ok(Prepared {
            task: Task::Ring(Sound::Recording(recording)),
            note,
        })
    }

    async fn ringtone(&self, source: &Source, line: Option<u8>) -> Result<Prepared, Unprepared> {
        let keep = async |file| self.keep(file).await;
        let (recording, note) = self.recording(source, self.model.ringtone, keep).await?;
        Ok(Prepared {
            task: Task::Ringtone(Sound::Recording(recording), line),
            note,
        })
    }

    /// Makes a tone, which `shelve` lays out; also returns what is to be said of it.
    async fn recording(
        &self,
        source: &Source,
        wanted: media::ToneFormat,
        shelve: impl AsyncFnOnce(File) -> (url::Url, String),
    ) -> Result<(Recording, Option<&'static str>), Unprepared> {
        let made = make(self.workshop, "tone", source, Wanted::Tone(wanted)).await?;
        let (url, name, note) = match made {
            Got::Foreign(url) => {
                let name = file_name(&url);
                (url, name, Some(AS_IT_IS))
            }
            Got::Made(file, _) => {
                let (url, name) = shelve(file).await;
                (url, name, None)
            }
        };
        Ok((Recording { url, name }, note))
    }

    async fn template(
        &self,
        name: &str,
        values: Vec<(&'static str, String)>,
    ) -> Result<String, Unprepared> {
        let workshop = Arc::clone(self.workshop);
        let name = name.to_owned();
        let vendor = self.phone.vendor;
        blocking(move || {
            // A vendor's own template comes before one that does for all.
            let own = workshop.sources.read(&format!("{vendor}/{name}"));
            let wrong = |why: String| Unprepared::invalid(format!("template: {why}"));
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
            .stand
            .media(Content::new(file.content_type, file.bytes), &name);
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
        let content = Content::new(content_type, bytes);
        let token = blocking(move || workshop.durable.keep(content, extension)).await;
        let short: String = token.chars().take(8).collect();
        let name = format!("handsetd-{short}.{extension}");
        (self.stand.media_address(&token, &name), name)
    }
}

/// Reads a source and makes it to measure; one of a host that handsetd does not fetch from is left to
/// the phone.
async fn make(
    workshop: &Arc<Workshop>,
    key: &str,
    source: &Source,
    wanted: Wanted,
) -> Result<Got, Unprepared> {
    let wrong = |error: library::Error| Unprepared::invalid(format!("{key}: {error}"));
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
        Source::Url(url) => return Ok(Got::Foreign(url.clone())),
    };
    let made = workshop.made.make(bytes, wanted).await;
    let (file, thumbnail) =
        made.map_err(|error| Unprepared::invalid(format!("{key}: {source}: {error}")))?;
    Ok(Got::Made(file, thumbnail))
}

/// Says what a phone can't do.
fn lacks(phone: &Phone, what: &str, why: &str) -> Unprepared {
    let title = phone.vendor.title();
    let model = match phone.model.as_str() {
        "" => "of unknown model",
        model => model,
    };
    Unprepared::unsupported(format!("a {title} {model} can't {what}: {why}"))
}

/// What came of a source.
enum Got {
    /// An address that only the phone fetches from.
    Foreign(url::Url),
    /// The file, and its thumbnail if it has one.
    Made(File, Option<File>),
}

/// Refuses a document that no phone could read.
fn sound(key: &str, document: String) -> Result<String, Unprepared> {
    match vendor::document_fault(&document) {
        None => Ok(document),
        Some(fault) => Err(Unprepared::invalid(format!(
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
