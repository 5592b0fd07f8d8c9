//! Shows what a request would do, for each model of the phones that it names.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Extension, Form, State};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handset_phones::media::Model;
use handset_phones::phone::{Phone, Vendor};
use handset_phones::verb::{Action, Request, Verb};
use minijinja::{Value, context};

use super::{fields, render, screen};
use crate::admin::accounts::Principal;
use crate::admin::role::Role;
use crate::admin::state::AppState;

/// Handles `POST /page/preview`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    if let Some(reason) = principal.refusal(Role::Send, "a preview") {
        return invalid(&reason);
    }
    let (verb, pairs) = fields::parse(form);
    let parsed = Request::parse(&verb, pairs.iter().map(|(key, value)| (key, value)));
    let request = match parsed {
        Ok(request) => request,
        Err(refusal) => return invalid(&refusal.to_string()),
    };
    let Some(names) = &request.phone else {
        return invalid("phone is missing; give a name, several joined with &, or a group");
    };
    let mut by_model: BTreeMap<(Vendor, String), Vec<Phone>> = BTreeMap::new();
    let (mut not_found, mut unable) = (Vec::new(), Vec::new());
    let found = state.services.resolver.find(names, None);
    let mut count = 0_usize;
    let mut concerned_names = Vec::new();
    for found in found {
        match found {
            Ok(phone) => {
                count = count.saturating_add(1);
                concerned_names.push(phone.name.clone());
                if count <= MAX_REHEARSED
                    && let Some(failure) = state.services.courier.objection(&phone, &request).await
                {
                    unable.push(context! { phone => &phone.name, reason => failure.reason });
                }
                by_model
                    .entry((phone.vendor, phone.model.clone()))
                    .or_default()
                    .push(phone);
            }
            Err(error) => not_found.push(error.outcome.reason),
        }
    }
    let mut models = Vec::new();
    for ((vendor, model), phones) in by_model {
        let (mut screen, mut image, mut description) = (Value::from(""), None, String::new());
        match (&request.action, phones.first()) {
            (Action::Push(_), _) => screen = screen::render(Some(vendor), &model, &pairs),
            (Action::Background { image: source, fit }, Some(phone))
                if models.len() < MAX_IMAGES =>
            {
                let courier = &state.services.courier;
                match courier.background(phone, source, *fit).await {
                    Ok(Some(png)) => image = Some(BASE64_STANDARD.encode(png)),
                    Ok(None) => description = format!("the phone fetches {source} itself"),
                    Err(failure) => description = failure.reason,
                }
            }
            _ => description = describe(&verb, vendor, &model, &pairs),
        }
        let names: Vec<&str> = phones.iter().map(|phone| phone.name.as_str()).collect();
        models.push(context! {
            name => format!("{} {model}", vendor.title()).trim(),
            phones => names.join(", "),
            screen,
            image,
            description,
        });
    }
    let (role, what) = Role::for_request(&request);
    let preview = context! {
        error => principal.refusal(role, &what).unwrap_or_default(),
        models,
        not_found,
        unable,
        count,
        verb,
        concerned => concerned(&concerned_names),
        needs_confirmation => needs_confirmation(request.verb),
    };
    render::html("preview.html", preview)
}

/// Returns whether what restarts a phone or changes its configuration has to be confirmed.
pub(super) fn needs_confirmation(verb: Verb) -> bool {
    NEEDS_CONFIRMATION.contains(&verb)
}

/// Returns the names of the phones that a request concerns.
fn concerned(names: &[String]) -> String {
    let more = names.len().saturating_sub(MAX_NAMED);
    let shown = names.get(..MAX_NAMED).unwrap_or(names).join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}

fn invalid(error: &str) -> Response {
    let none: [Value; 0] = [];
    let preview = context! {
        error,
        models => &none,
        not_found => &none,
        unable => &none,
        count => 0,
        verb => "",
        concerned => "",
        needs_confirmation => false,
    };
    render::html("preview.html", preview)
}

/// Describes what a phone of that model would do.
fn describe(verb: &str, vendor: Vendor, model: &str, pairs: &[(String, String)]) -> String {
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    };
    if verb == "ring" {
        let tone = value("tone");
        return match Model::find(vendor, model).play {
            _ if value("stop") == "yes" => "stops the current tone".to_owned(),
            Ok(format) => format!(
                "plays {tone}; audio files are converted to {} Hz",
                format.rate
            ),
            Err(reason) => format!("plays {tone} only if it is a built-in tone: {reason}"),
        };
    }
    let mut words = vec![verb.to_owned()];
    for (key, value) in pairs.iter().filter(|(key, _)| key != "phone") {
        words.push(format!("{key}={value}"));
    }
    words.join(" ")
}

/// Verbs that restart a phone or change its configuration: their button names the phone, and has to be
/// opened first.
const NEEDS_CONFIRMATION: [Verb; 4] = [Verb::Firmware, Verb::Reboot, Verb::Resync, Verb::Settings];

/// How many phones a confirmation names.
const MAX_NAMED: usize = 20;

/// For how many phones a preview examines whether they can do it; each takes a millisecond.
const MAX_REHEARSED: usize = 500;

/// For how many models an image is converted in one preview; each conversion takes a moment.
const MAX_IMAGES: usize = 12;
