//! Screens: which document is pushed, and what there is to say of how the phone shows it.

use url::Url;

use super::document::{self, Execute};
use super::execute::{UNVERIFIED_KEY, is_line};
use super::handset::Handset;
use crate::screen::{Body, Screen, Target};
use crate::vendor::{Plan, PlanError, PreparedContent};
use crate::verb::Priority;

impl Handset<'_> {
    /// Shows something.
    pub(super) fn show(
        &self,
        content: &PreparedContent,
        priority: Priority,
    ) -> Result<Plan, PlanError> {
        let document = match content {
            PreparedContent::Document(document) => {
                check_root(document)?;
                document.clone()
            }
            PreparedContent::Screen(screen, image) => {
                let with_ok = self.model.has_ok_action();
                document::write(screen, image.as_ref(), self.context.documents, with_ok)?
            }
            PreparedContent::Url(url) => Execute::new().uri(Url::as_str(url)).to_document(),
        };
        let mut plan = self.push(&document)?;
        if let PreparedContent::Screen(screen, _) = content {
            let is_image = matches!(screen.body, Body::Image(_));
            if is_image && (screen.title.is_some() || screen.prompt.is_some()) {
                plan = plan.with_note("Yealink phones show images without a title");
            }
            if presses_other_keys(screen) {
                plan = plan.with_note(UNVERIFIED_KEY);
            }
        }
        let is_own = matches!(content, PreparedContent::Document(_));
        if is_own && self.model.is_touch() && document.contains("doneAction") {
            plan = plan.with_note("phones with a touch screen ignore doneAction");
        }
        Ok(if priority == Priority::Now {
            plan
        } else {
            plan.with_note("Yealink phones show screens at once and ignore the priority")
        })
    }
}

/// Whether an item or a soft key presses a key that is not proven to be pressed so.
fn presses_other_keys(screen: &Screen) -> bool {
    let items = match &screen.body {
        Body::Menu(items) => items.as_slice(),
        _ => &[],
    };
    let targets = items.iter().map(|item| &item.target);
    targets
        .chain(screen.softkeys.iter().map(|key| &key.target))
        .any(|target| matches!(target, Target::Key(key) if !is_line(key.as_str())))
}

/// Refuses a document that is not a Yealink object, which the phone would report as damaged.
fn check_root(document: &str) -> Result<(), PlanError> {
    let root = document
        .split('<')
        .skip(1)
        .find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(|tag| {
            let end = |c: char| !c.is_ascii_alphanumeric();
            tag.split(end).next().unwrap_or_default()
        });
    match root {
        Some(root) if !root.starts_with("YealinkIPPhone") => Err(PlanError::Invalid(format!(
            "xml: Yealink phones show only objects named YealinkIPPhone…, not {root:?}"
        ))),
        _ => Ok(()),
    }
}
