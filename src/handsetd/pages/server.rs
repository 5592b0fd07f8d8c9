//! Answers requests for pages and the forms that come back.

use std::net::IpAddr;
use std::sync::Arc;

use handset_phones::documents::StoredContent;
use handset_phones::phone::Vendor;
use handset_phones::screen::{Body, Input, PageName, Screen, Submit};
use handset_phones::vendor::closing_document;
use handset_phones::verb::{Content, Priority, Push};
use parking_lot::RwLock;
use tokio::time::Instant;
use tracing::warn;

use super::catalogue::Catalogue;
use super::client::{AdmittedPhone, PageClient};
use super::form::{Answers, FORM, remembered};
use super::form_state;
use super::open_form::OpenForm;
use super::page::{Page, inputs};
use super::rate::RequestRate;
use super::refusal::Refusal;
use crate::content_store::ContentStore;
use crate::deliver::{Courier, FormAddress};
use crate::page_names::PageNames;
use crate::phone_networks::PhoneNetworks;
use crate::resolver::{NamedPhone, PhoneResolver};
use crate::rules::{FilledPage, Moment, PagePhones, PageRequest};

/// Answers requests. Cheap to clone; [`replace`](Self::replace) affects all clones.
#[derive(Clone, Debug)]
pub(crate) struct Pages(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    catalogue: RwLock<Arc<Catalogue>>,
    /// The names of the catalogue, for those who check links to pages.
    names: PageNames,
    courier: Courier,
    resolver: PhoneResolver,
    networks: PhoneNetworks,
    phones: PagePhones,
    content_store: ContentStore,
    rate: RequestRate,
}

/// A page, and its keys and values or why it cannot be filled in.
pub(crate) type Preview = (PageName, Result<Vec<(String, String)>, String>);

/// What a phone gets.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) content: StoredContent,
    /// The form that the request has completed.
    pub(crate) submission: Option<Submission>,
}

/// The values of a completed form.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// Where they came from.
    pub(crate) peer: IpAddr,
    /// The phone that sent them, or why it is not known.
    pub(crate) phone: Result<NamedPhone, String>,
    /// The vendor of the phone.
    pub(crate) vendor: Vendor,
    /// The name of the form, and its values.
    pub(crate) values: Vec<(String, String)>,
    /// When they came.
    pub(crate) at: Instant,
}

impl Pages {
    /// Serves the pages of `catalogue`, whose names `names` has from now on. Screens are written by
    /// `courier`; `phones` are those that pages can name.
    pub(crate) fn new(
        (catalogue, names): (Catalogue, PageNames),
        courier: Courier,
        resolver: PhoneResolver,
        networks: PhoneNetworks,
        phones: PagePhones,
        content_store: ContentStore,
    ) -> Self {
        names.replace(catalogue.names());
        Self(Arc::new(Inner {
            names,
            catalogue: RwLock::new(Arc::new(catalogue)),
            courier,
            resolver,
            networks,
            phones,
            content_store,
            rate: RequestRate::default(),
        }))
    }

    /// Replaces the pages. Forms of pages that are gone are no longer valid.
    pub(crate) fn replace(&self, catalogue: Catalogue) {
        self.0.names.replace(catalogue.names());
        *self.0.catalogue.write() = Arc::new(catalogue);
    }

    /// Returns all pages, ordered by name: each with its keys and values, as a request with `query` from no
    /// phone in particular fills it in, or why it cannot be.
    pub(crate) fn previews(&self, query: &[(String, String)]) -> Vec<Preview> {
        let request = PageRequest {
            phone: None,
            query,
            now: Moment::now(),
        };
        let catalogue = Arc::clone(&self.0.catalogue.read());
        let preview = |page: &Page| {
            let filled = page.fill(&request, &self.0.phones);
            (page.name.clone(), filled.map(|filled| filled.pairs))
        };
        catalogue.iter().map(preview).collect()
    }

    /// Returns whether there are pages.
    pub(crate) fn has_pages(&self) -> bool {
        self.0.catalogue.read().iter().next().is_some()
    }

    /// Answers a request for a page.
    pub(crate) async fn show(
        &self,
        client: PageClient,
        name: &str,
        query: &[(String, String)],
    ) -> Result<Answer, Refusal> {
        let admitted = self.admit(client)?;
        let page = self.page(name)?;
        Ok(Answer {
            content: self.render(&admitted, &page, query).await,
            submission: None,
        })
    }

    /// Takes what a phone has sent for the form of a page.
    pub(crate) async fn submit_page(
        &self,
        client: PageClient,
        name: &str,
        state: &str,
        sent: &[(String, String)],
    ) -> Result<Answer, Refusal> {
        let admitted = self.admit(client)?;
        let page = self.page(name)?;
        let before = form_state::decode(state).ok_or(Refusal::NoSuchForm)?;
        let form = match self.fill(&admitted, &page, &before) {
            Ok(filled) => OpenForm::of_page(&page, filled.push),
            Err(reason) => {
                warn!(page = %page.name, reason, "Cannot evaluate the form of a page.");
                None
            }
        };
        self.submit(admitted, form, before, sent).await
    }

    /// Takes what a phone has sent for a pushed form.
    pub(crate) async fn submit_form(
        &self,
        client: PageClient,
        token: &str,
        state: &str,
        sent: &[(String, String)],
    ) -> Result<Answer, Refusal> {
        let admitted = self.admit(client)?;
        let before = form_state::decode(state).ok_or(Refusal::NoSuchForm)?;
        let screen = self.0.content_store.form(token);
        let form = screen.map(|screen| OpenForm::of_push(token, &screen));
        self.submit(admitted, form, before, sent).await
    }

    /// Reads what was sent into a form, then asks for the rest of it, or ends it.
    async fn submit(
        &self,
        admitted: AdmittedPhone,
        form: Option<OpenForm<'_>>,
        before: Vec<(String, String)>,
        sent: &[(String, String)],
    ) -> Result<Answer, Refusal> {
        let Some(form) = form else {
            return Ok(self.expired(&admitted).await);
        };
        let answers = form.answers(&admitted, before, sent)?;
        if answers.open.is_empty() {
            let (name, then) = (form.name(), form.then());
            return Ok(self.complete(admitted, name, answers, then).await);
        }
        let state = form_state::encode(&answers.values);
        let (address, open) = (form.address(&state), answers.open);
        Ok(self
            .ask_next(&admitted, form.screen().clone(), open, address)
            .await)
    }

    fn admit(&self, client: PageClient) -> Result<AdmittedPhone, Refusal> {
        if !self.0.rate.admits(client.peer) {
            return Err(Refusal::TooMany);
        }
        client.admit(&self.0.resolver, &self.0.networks)
    }

    fn page(&self, name: &str) -> Result<Arc<Page>, Refusal> {
        let page = name
            .parse()
            .ok()
            .and_then(|name| self.0.catalogue.read().get(&name));
        page.ok_or_else(|| Refusal::NoSuchPage {
            name: name.chars().take(MAX_SHOWN_NAME).collect(),
        })
    }

    fn fill(
        &self,
        admitted: &AdmittedPhone,
        page: &Page,
        query: &[(String, String)],
    ) -> Result<FilledPage, String> {
        let request = PageRequest {
            phone: admitted
                .speaker
                .as_ref()
                .ok()
                .map(|phone| (phone.name.as_str(), phone.server.as_ref())),
            query,
            now: Moment::now(),
        };
        let filled = page.fill(&request, &self.0.phones)?;
        // Links that are filled in may lead anywhere.
        if let Content::Screen(screen) = &filled.push.content {
            for link in screen.page_links() {
                self.0.names.check(link.name.as_str())?;
            }
        }
        Ok(filled)
    }

    /// Writes a page. A fault is logged; the phone shows that there is one.
    async fn render(
        &self,
        admitted: &AdmittedPhone,
        page: &Page,
        query: &[(String, String)],
    ) -> StoredContent {
        let written = match self.fill(admitted, page, query) {
            Ok(filled) => {
                let state = form_state::encode(&remembered(inputs(&filled.push), query));
                let address = FormAddress::Page(&page.name, &state);
                let courier = &self.0.courier;
                let written = courier
                    .document(&admitted.phone, &filled.push, address)
                    .await;
                written.map_err(|failure| failure.reason)
            }
            Err(reason) => Err(reason),
        };
        match written {
            Ok(content) => content,
            Err(reason) => {
                warn!(page = %page.name, phone = %admitted.phone.name, reason, "Cannot show a page.");
                self.message(
                    admitted,
                    "This page cannot be shown. The log of handsetd says why.",
                )
                .await
            }
        }
    }

    /// Asks for the fields that are still open, with the next form.
    async fn ask_next(
        &self,
        admitted: &AdmittedPhone,
        form: Screen,
        open: Vec<Input>,
        address: FormAddress<'_>,
    ) -> Answer {
        let push = screen_push(Screen {
            body: Body::Form {
                submit: Submit::Handsetd,
                inputs: open,
            },
            ..form
        });
        let written = self
            .0
            .courier
            .document(&admitted.phone, &push, address)
            .await;
        let content = match written {
            Ok(content) => content,
            Err(failure) => {
                warn!(phone = %admitted.phone.name, reason = failure.reason, "Cannot show a form.");
                closing_document(&admitted.phone)
            }
        };
        Answer {
            content,
            submission: None,
        }
    }

    /// Ends a form: the phone is shown the page `then`, or goes back.
    async fn complete(
        &self,
        admitted: AdmittedPhone,
        form: &str,
        answers: Answers,
        then: Option<&PageName>,
    ) -> Answer {
        let then = then.and_then(|name| self.0.catalogue.read().get(name));
        let content = match (&admitted.speaker, then) {
            (Err(_), _) => {
                self.message(&admitted, "handsetd does not know this phone.")
                    .await
            }
            (Ok(_), Some(page)) => self.render(&admitted, &page, &answers.values).await,
            (Ok(_), None) => closing_document(&admitted.phone),
        };
        let name = (FORM.to_owned(), form.to_owned());
        Answer {
            content,
            submission: Some(Submission {
                peer: admitted.peer,
                phone: admitted.speaker,
                vendor: admitted.phone.vendor,
                values: std::iter::once(name).chain(answers.values).collect(),
                at: Instant::now(),
            }),
        }
    }

    async fn expired(&self, admitted: &AdmittedPhone) -> Answer {
        let text = Refusal::NoSuchForm.to_string();
        Answer {
            content: self.message(admitted, &text).await,
            submission: None,
        }
    }

    /// Writes a text.
    async fn message(&self, admitted: &AdmittedPhone, text: &str) -> StoredContent {
        let push = screen_push(Screen {
            title: None,
            prompt: None,
            body: Body::Text(text.to_owned()),
            softkeys: Vec::new(),
            timeout: None,
            beep: None,
        });
        let nowhere = FormAddress::Token("", "");
        let written = self
            .0
            .courier
            .document(&admitted.phone, &push, nowhere)
            .await;
        written.unwrap_or_else(|_| closing_document(&admitted.phone))
    }
}

fn screen_push(screen: Screen) -> Push {
    Push {
        content: Content::Screen(screen),
        priority: Priority::Now,
    }
}

/// How much of an unknown name is repeated, in characters.
const MAX_SHOWN_NAME: usize = 64;
