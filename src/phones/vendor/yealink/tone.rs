//! Tones and backgrounds.
//!
//! Phones play WAV files with `Wav.Play`. They play built-in tones for calls only, so Asterisk places a
//! call with the name of the tone in `Alert-Info`.

use super::document::{self, Execute};
use super::handset::Handset;
use super::model::Kind;
use crate::vendor::{BackgroundImage, Plan, PlanError, PreparedTone, Step, Task, pbx};

impl Handset<'_> {
    /// Plays a tone now.
    pub(super) fn ring(&self, tone: &PreparedTone) -> Result<Plan, PlanError> {
        let by_choice = self.context.via.is_none();
        let by_call = by_choice && self.context.asterisk;
        match (tone, self.model.kind()) {
            (PreparedTone::BuiltIn(_), kind) if by_call => {
                let plan = pbx::plan(self.phone, &Task::Ring(tone.clone()))?;
                Ok(match kind {
                    Kind::Dect => {
                        plan.with_note("unverified on real phones: Alert-Info on DECT bases")
                    }
                    Kind::Android | Kind::Desk => plan,
                })
            }
            (PreparedTone::BuiltIn(name), _) => Err(PlanError::Unsupported(format!(
                "Yealink phones play only WAV files directly; the built-in tone {name:?} requires a \
                 call by Asterisk (via=pbx)"
            ))),
            (PreparedTone::AudioFile(_), Kind::Android) if by_call => {
                let plan = pbx::plan(self.phone, &Task::Ring(tone.clone()))?;
                Ok(plan
                    .with_note("requires the phone's setting account.N.alert_info_url_enable = 1"))
            }
            (PreparedTone::AudioFile(file), _) => {
                let play = format!("Wav.Play:{}", file.url);
                let plan = self.push(&Execute::new().uri(&play).to_document())?;
                Ok(plan.with_note(TWICE))
            }
        }
    }

    /// Plans to stop a tone, however it was started.
    pub(super) fn ring_stop(&self) -> Result<Plan, PlanError> {
        let by_call = self.context.via.is_none() && self.context.asterisk;
        let end = || Plan::new([Step::HangUp]);
        if by_call && self.model.kind() != Kind::Desk {
            return Ok(end());
        }
        let stop = self.push(&Execute::new().uri("Wav.Stop").to_document())?;
        Ok(if by_call { end().then(stop) } else { stop })
    }

    /// Sets the ring tone, of one line or of the phone.
    pub(super) fn ringtone(
        &self,
        tone: &PreparedTone,
        line: Option<u8>,
    ) -> Result<Plan, PlanError> {
        let parameter = match line {
            Some(line) => format!("account.{line}.ringtone.ring_type"),
            None => "phone_setting.ring_type".to_owned(),
        };
        match tone {
            PreparedTone::BuiltIn(name) => {
                let value = format!("Resource:{}", built_in(name)?);
                self.push(&document::configuration(&[(&parameter, &value)]))
            }
            PreparedTone::AudioFile(file) => {
                let value = format!("Config:{}", file.name);
                let items = [("ringtone.url", file.url.as_str()), (&parameter, &value)];
                let plan = self.push(&document::configuration(&items))?;
                Ok(plan.with_note(UNVERIFIED))
            }
        }
    }

    /// Sets the background.
    pub(super) fn background(&self, image: &BackgroundImage) -> Result<Plan, PlanError> {
        let value = format!("Config:{}", image.name);
        let items = [
            ("wallpaper_upload.url", image.image.as_str()),
            ("phone_setting.backgrounds", &value),
        ];
        let plan = self.push(&document::configuration(&items))?;
        Ok(plan.with_note(UNVERIFIED))
    }
}

/// Returns the file of a built-in tone, such as `3`, `Ring3`, `Silent` or `Splash`.
fn built_in(name: &str) -> Result<String, PlanError> {
    let number = name.strip_prefix("Ring").unwrap_or(name).parse::<u8>();
    match (number, name) {
        (Ok(number @ 1..=8), _) => Ok(format!("Ring{number}.wav")),
        (_, "Silent" | "Splash") => Ok(format!("{name}.wav")),
        _ => Err(PlanError::Invalid(format!(
            "tone: unknown tone {name:?}; Yealink phones have 1 to 8, Silent and Splash"
        ))),
    }
}

/// The caveat for configurations that load files.
pub(super) const UNVERIFIED: &str =
    "unverified on real phones: loading files by a pushed configuration";

/// The caveat for a bug in T4x and T5x firmware.
pub(super) const TWICE: &str = "some Yealink firmware plays the file twice";
