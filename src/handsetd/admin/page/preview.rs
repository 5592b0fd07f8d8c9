//! Payload a request would do, for each kind of phone that it names, before it is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::{Value, context};

use super::{fields, render, screen};
use crate::admin::AppState;
use handset_phones::media::Model;
use handset_phones::phone::{Phone, Vendor};
use handset_phones::verb::{Action, Request};

/// Answers `/page/preview`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (verb, pairs) = fields::read(form);
    let wrong = |why: String| {
        let none = Vec::<Value>::new;
        render::html(
            "preview.html",
            context! { wrong => why, kinds => none(), lost => none(), count => 0 },
        )
    };
    let read = Request::parse(&verb, pairs.iter().map(|(key, value)| (key, value)));
    let request = match read {
        Ok(request) => request,
        Err(refusal) => return wrong(refusal.to_string()),
    };
    let Some(names) = request.phone else {
        return wrong("phone is missing; name one, several with &, or a group".to_owned());
    };
    let mut by_kind: BTreeMap<(Vendor, String), Vec<Phone>> = BTreeMap::new();
    let mut lost = Vec::new();
    for found in state.parts.dispatcher.resolver().find(&names) {
        match found {
            Ok(phone) => by_kind
                .entry((phone.vendor, phone.model.clone()))
                .or_default()
                .push(phone),
            Err(missing) => lost.push(missing.outcome.reason),
        }
    }
    let count: usize = by_kind.values().map(Vec::len).sum();
    let mut kinds = Vec::new();
    for ((vendor, model), phones) in by_kind {
        let (mut screen, mut picture, mut words) = (Value::from(""), String::new(), String::new());
        match (&request.action, phones.first()) {
            (Action::Push(_), _) => screen = screen::draw(Some(vendor), &model, &pairs),
            (Action::Background { image, fit }, Some(phone)) if kinds.len() < MAX_PICTURES => {
                let made = state.parts.dispatcher.courier();
                match made.background(phone, image, *fit).await {
                    Ok(Some(png)) => picture = BASE64_STANDARD.encode(png),
                    Ok(None) => words = format!("{image}, fetched by the phone as it is"),
                    Err(why) => words = why,
                }
            }
            _ => words = told(&verb, vendor, &model, &pairs),
        }
        let names: Vec<&str> = phones.iter().map(|phone| phone.name.as_str()).collect();
        kinds.push(context! {
            name => format!("{} {model}", vendor.title()).trim(),
            phones => names.join(", "),
            screen,
            picture,
            told => words,
        });
    }
    render::html("preview.html", context! { wrong => "", kinds, lost, count })
}

/// Says in words what a phone of that model gets.
fn told(verb: &str, vendor: Vendor, model: &str, pairs: &[(String, String)]) -> String {
    let knows = Model::find(vendor, model);
    let value = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str()).to_owned()
    };
    match verb {
        "ring" if value("stop") == "yes" => "what plays is ended".to_owned(),
        "ring" => match knows.play {
            Ok(format) => format!(
                "plays {}; files are made to {} Hz",
                value("tone"),
                format.rate
            ),
            Err(why) => format!(
                "plays {} only if it is one of its own: {why}",
                value("tone")
            ),
        },
        _ => {
            let keys = pairs.iter().filter(|(key, _)| key != "phone");
            let keys: Vec<String> = keys.map(|(key, value)| format!("{key}={value}")).collect();
            format!("{verb} {}", keys.join(" "))
        }
    }
}

/// For how many kinds of phones a picture is made at once; each takes a moment.
const MAX_PICTURES: usize = 12;
