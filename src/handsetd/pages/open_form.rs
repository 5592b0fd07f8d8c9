//! A form that a phone has sent, of a page or of a push.

use handset_phones::screen::{Body, PageName, Screen, Submit};
use handset_phones::vendor::asks_one_field_at_a_time;
use handset_phones::verb::{Content, Push};

use super::client::AdmittedPhone;
use super::form::Answers;
use super::page::Page;
use super::refusal::Refusal;
use crate::deliver::FormAddress;

/// A form, and what it belongs to.
#[derive(Debug)]
pub(super) struct OpenForm<'a> {
    screen: Screen,
    origin: Origin<'a>,
}

#[derive(Debug)]
enum Origin<'a> {
    Page(&'a Page),
    /// The token of the screen.
    Push(&'a str),
}

impl<'a> OpenForm<'a> {
    /// Returns the form of a page that was filled in as `push`, if it has one that comes back to handsetd.
    pub(super) fn of_page(page: &'a Page, push: Push) -> Option<Self> {
        let Content::Screen(screen) = push.content else {
            return None;
        };
        let is_ours = matches!(
            screen.body,
            Body::Form {
                submit: Submit::Handsetd,
                ..
            }
        );
        let origin = Origin::Page(page);
        is_ours.then_some(Self { screen, origin })
    }

    /// Returns the form that was pushed with this token.
    pub(super) fn of_push(token: &'a str, screen: &Screen) -> Self {
        Self {
            screen: screen.clone(),
            origin: Origin::Push(token),
        }
    }

    /// Returns its screen.
    pub(super) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Returns what the event calls it.
    pub(super) fn name(&self) -> &str {
        match self.origin {
            Origin::Page(page) => page.name.as_str(),
            Origin::Push(_) => self.screen.title.as_deref().unwrap_or_default(),
        }
    }

    /// Returns the page that follows it.
    pub(super) fn then(&self) -> Option<&PageName> {
        match self.origin {
            Origin::Page(page) => page.then.as_ref(),
            Origin::Push(_) => None,
        }
    }

    /// Returns where what is still open is sent to.
    pub(super) fn address<'s>(&'s self, state: &'s str) -> FormAddress<'s> {
        match self.origin {
            Origin::Page(page) => FormAddress::Page(&page.name, state),
            Origin::Push(token) => FormAddress::Token(token, state),
        }
    }

    /// Reads what was sent into it, after what was sent `before`.
    pub(super) fn answers(
        &self,
        admitted: &AdmittedPhone,
        before: Vec<(String, String)>,
        sent: &[(String, String)],
    ) -> Result<Answers, Refusal> {
        let Body::Form { inputs, .. } = &self.screen.body else {
            return Err(Refusal::NoSuchForm);
        };
        let one_field = asks_one_field_at_a_time(admitted.phone.vendor);
        Answers::new(inputs, before, sent, one_field)
    }
}
