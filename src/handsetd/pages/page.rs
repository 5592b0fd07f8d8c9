//! A compiled page, and what is wrong with one.

use handset_phones::screen::{Body, Input, PageName};
use handset_phones::verb::{Content, Push};

use super::config::PageConfig;
use super::form::is_reserved;
use crate::rules::config::{Value, Values};
use crate::rules::{FilledPage, PagePhones, PageRequest, PageTemplate, linked_pages};

/// A compiled page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(super) name: PageName,
    pub(super) then: Option<PageName>,
    template: PageTemplate,
}

/// What is wrong with a page: the key, if it concerns one, and the reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    /// The key that is wrong.
    pub(crate) key: Option<String>,
    /// What is wrong, and what to write instead.
    pub(crate) reason: String,
}

impl Page {
    /// Compiles a page.
    ///
    /// # Errors
    ///
    /// All faults of the page. Whether the pages exist that it leads to is checked elsewhere.
    pub(crate) fn parse(config: &PageConfig) -> Result<Self, Vec<Fault>> {
        let template = PageTemplate::parse(&config.keys).map_err(|errors| {
            let faults = |(key, error): (Option<String>, crate::rules::Error)| {
                let fault = |reason| Fault {
                    key: key.clone(),
                    reason,
                };
                error.each().into_iter().map(fault).collect::<Vec<_>>()
            };
            errors.into_iter().flat_map(faults).collect::<Vec<_>>()
        })?;
        if let Some(name) = reserved_field(&config.keys) {
            return Err(vec![Fault {
                key: Some("input".to_owned()),
                reason: reserved(&name),
            }]);
        }
        if config.then.is_some() && !config.keys.contains_key("input") {
            let reason = "then has no effect without a form; add input, or remove then";
            return Err(vec![Fault {
                key: Some("then".to_owned()),
                reason: reason.to_owned(),
            }]);
        }
        if config.then.is_some() && config.keys.contains_key("submit") {
            let reason =
                "then has no effect on a form that is sent elsewhere; remove submit or then";
            return Err(vec![Fault {
                key: Some("then".to_owned()),
                reason: reason.to_owned(),
            }]);
        }
        Ok(Self {
            name: config.name.clone(),
            then: config.then.clone(),
            template,
        })
    }

    /// Fills in the page.
    pub(super) fn fill(
        &self,
        request: &PageRequest<'_>,
        phones: &PagePhones,
    ) -> Result<FilledPage, String> {
        let filled = self.template.fill(request, phones);
        let filled = filled.map_err(|error| error.to_string())?;
        match inputs(&filled.push)
            .iter()
            .find(|input| is_reserved(&input.parameter))
        {
            Some(input) => Err(format!("input: {}", reserved(&input.parameter))),
            None => Ok(filled),
        }
    }
}

/// Returns the first field whose name the event `phone.form` has itself, of those whose names are written out.
fn reserved_field(keys: &Values) -> Option<String> {
    let fields = match keys.get("input")? {
        Value::List(list) => list.as_slice(),
        field => std::slice::from_ref(field),
    };
    // `Label|NAME|KIND`. Filters of the label contain the separator as well.
    let name = |field: &Value| match field {
        Value::Text(text) => {
            let mut parts = text.split('|').skip(1).map(str::trim);
            parts.find(|part| is_reserved(part)).map(str::to_owned)
        }
        _ => None,
    };
    fields.iter().find_map(name)
}

fn reserved(name: &str) -> String {
    format!("the parameter {name} is the event's own; choose another")
}

/// Returns the fields of a form; none if the push shows something else.
pub(super) fn inputs(push: &Push) -> &[Input] {
    match &push.content {
        Content::Screen(screen) => match &screen.body {
            Body::Form { inputs, .. } => inputs,
            _ => &[],
        },
        _ => &[],
    }
}

/// Returns the names of pages that the keys of a page or a push lead to, each with its key, as far as they
/// are written out.
pub(crate) fn links(config: &PageConfig) -> impl Iterator<Item = (&'static str, String)> {
    linked_pages(&config.keys).into_iter()
}
