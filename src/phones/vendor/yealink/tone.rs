//! Tones and backgrounds: played now, or set.
//!
//! A phone plays WAV files by `Wav.Play`. Its own tones it plays for a call only, which Asterisk
//! places with the name of the tone in `Alert-Info`.

use super::document::{self, Execute};
use super::handset::Handset;
use super::model::Kind;
use crate::vendor::{BackgroundImage, Plan, PlanError, PreparedTone, Step, Task, pbx};

impl Handset<'_> {
    /// Plays a tone now.
    pub(super) fn ring(&self, sound: &PreparedTone) -> Result<Plan, PlanError> {
        let by_choice = self.context.via.is_none();
        let by_call = by_choice && self.context.asterisk;
        match (sound, self.model.kind()) {
            (PreparedTone::BuiltIn(_), kind) if by_call => {
                let plan = pbx::plan(self.phone, &Task::Ring(sound.clone()))?;
                Ok(match kind {
                    Kind::Dect => plan.with_note("that a DECT base heeds Alert-Info is unproven"),
                    Kind::Android | Kind::Desk => plan,
                })
            }
            (PreparedTone::BuiltIn(name), _) => Err(PlanError::Unsupported(format!(
                "a Yealink phone plays WAV files only; {name:?} is the name of a built-in tone, \
                 which it plays for a call by Asterisk (via=pbx)"
            ))),
            (PreparedTone::AudioFile(_), Kind::Android) if by_call => {
                let plan = pbx::plan(self.phone, &Task::Ring(sound.clone()))?;
                Ok(plan.with_note("only where the phone's account.N.alert_info_url_enable is 1"))
            }
            (PreparedTone::AudioFile(recording), _) => {
                let play = format!("Wav.Play:{}", recording.url);
                let plan = self.push(&Execute::new().uri(&play).to_document())?;
                Ok(plan.with_note(TWICE))
            }
        }
    }

    /// Ends a tone, whichever way it plays.
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
        sound: &PreparedTone,
        line: Option<u8>,
    ) -> Result<Plan, PlanError> {
        let parameter = match line {
            Some(line) => format!("account.{line}.ringtone.ring_type"),
            None => "phone_setting.ring_type".to_owned(),
        };
        match sound {
            PreparedTone::BuiltIn(name) => {
                let value = format!("Resource:{}", built_in(name)?);
                self.push(&document::configuration(&[(&parameter, &value)]))
            }
            PreparedTone::AudioFile(recording) => {
                let value = format!("Config:{}", recording.name);
                let items = [
                    ("ringtone.url", recording.url.as_str()),
                    (&parameter, &value),
                ];
                let plan = self.push(&document::configuration(&items))?;
                Ok(plan.with_note(UNPROVEN))
            }
        }
    }

    /// Sets the background.
    pub(super) fn background(&self, picture: &BackgroundImage) -> Result<Plan, PlanError> {
        let value = format!("Config:{}", picture.name);
        let items = [
            ("wallpaper_upload.url", picture.image.as_str()),
            ("phone_setting.backgrounds", &value),
        ];
        let plan = self.push(&document::configuration(&items))?;
        Ok(plan.with_note(UNPROVEN))
    }
}

/// Returns the file of a built-in tone: `3`, `Ring3`, `Silent` and `Splash` are such.
fn built_in(name: &str) -> Result<String, PlanError> {
    let number = name.strip_prefix("Ring").unwrap_or(name).parse::<u8>();
    match (number, name) {
        (Ok(number @ 1..=8), _) => Ok(format!("Ring{number}.wav")),
        (_, "Silent" | "Splash") => Ok(format!("{name}.wav")),
        _ => Err(PlanError::Invalid(format!(
            "tone: {name:?} is no tone of a Yealink phone; write 1 to 8, Silent or Splash"
        ))),
    }
}

/// The reference has no proof that a pushed configuration loads files.
pub(super) const UNPROVEN: &str =
    "that a pushed configuration loads the file is unproven on real phones";

/// A fault of the firmware of T4x and T5x phones.
pub(super) const TWICE: &str = "some Yealink firmware plays it twice";
