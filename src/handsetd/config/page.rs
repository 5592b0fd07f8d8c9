//! The `[[page]]` sections: screens that phones fetch by themselves.
//!
//! Templates and keys are compiled by [`pages`], whose faults are reported with their lines.
//!
//! [`pages`]: crate::pages

use handset_phones::screen::PageName;

use super::setting::{Setting, Step};
use super::unique_names::UniqueNames;
use super::validator::Validator;
use crate::page_names::PageNames;
use crate::pages::config::PageConfig;
use crate::pages::{Page, links};
use crate::rules::config::{Rule, Value, Values};
use crate::rules::linked_pages;

/// Reads the sections; returns the names of all pages as well, among them those of faulty ones.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> (Vec<PageConfig>, PageNames) {
    let list = validator.list::<Values>(root, "page");
    let mut names = UniqueNames::new("[[page]]");
    let mut pages = Vec::new();
    for (mut values, section) in list {
        let Some(name) = name(&mut values, &section, validator) else {
            continue;
        };
        names.register(&section, name.as_str(), validator);
        let before = validator.diagnostics.len();
        let then = then(&mut values, &section, validator);
        let page = PageConfig {
            name,
            then,
            keys: values,
        };
        if section.is_intact() && validator.diagnostics.len() == before {
            for fault in Page::parse(&page).err().unwrap_or_default() {
                let diagnostic = match &fault.key {
                    Some(key) => section.diagnostic_of(key, fault.reason),
                    None => section.diagnostic(fault.reason),
                };
                validator.diagnostics.push(diagnostic);
            }
        }
        pages.push((page, section));
    }
    let names = PageNames::new(pages.iter().map(|(page, _)| page.name.to_string()));
    for (page, section) in &pages {
        let then = page.then.iter().map(|then| ("then", then.to_string()));
        for (key, name) in then.chain(links(page)) {
            if let Err(text) = names.check(&name) {
                validator.reject(section, key, text);
            }
        }
    }
    (pages.into_iter().map(|(page, _)| page).collect(), names)
}

/// Reports the pages that are not among `names` and to which the pushes of a rule lead.
pub(super) fn check_rule(
    rule: &Rule,
    section: &Setting,
    names: &PageNames,
    validator: &mut Validator,
) {
    for (index, step) in rule.steps.iter().enumerate() {
        for (key, name) in linked_pages(step) {
            if let Err(text) = names.check(&name) {
                let path = [
                    Step::Key("do".to_owned()),
                    Step::Element(index),
                    Step::Key(key.to_owned()),
                ];
                let diagnostic = section.diagnostic_at(&path, text);
                validator.diagnostics.push(diagnostic);
            }
        }
    }
}

fn name(values: &mut Values, section: &Setting, validator: &mut Validator) -> Option<PageName> {
    match values.remove("name") {
        Some(value) => parse("name", &value, section, validator),
        None if section.mentions("name") => None,
        None => {
            let text = "missing; it is the last segment of the page's URL";
            validator.reject(section, "name", text);
            None
        }
    }
}

fn then(values: &mut Values, section: &Setting, validator: &mut Validator) -> Option<PageName> {
    let value = values.remove("then")?;
    parse("then", &value, section, validator)
}

fn parse(
    key: &str,
    value: &Value,
    section: &Setting,
    validator: &mut Validator,
) -> Option<PageName> {
    let Value::Text(text) = value else {
        validator.reject(section, key, "must be a string");
        return None;
    };
    text.parse()
        .map_err(|error: handset_phones::InvalidValue| {
            validator.reject(section, key, error.to_string());
        })
        .ok()
}
