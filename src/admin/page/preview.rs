//! What a request would do, for each kind of phone that it names, before it is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::{fields, render, screen};
use crate::admin::Office;
use crate::media::Model;
use crate::phone::Vendor;
use crate::verb::Request;

/// Answers `/page/preview`.
pub(super) async fn serve(
    State(office): State<Arc<Office>>,
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
    let mut kinds: BTreeMap<(Vendor, String), Vec<String>> = BTreeMap::new();
    let mut lost = Vec::new();
    for found in office.parts.dispatcher.finder().find(&names) {
        match found {
            Ok(phone) => kinds
                .entry((phone.vendor, phone.model))
                .or_default()
                .push(phone.name),
            Err(outcome) => lost.push(outcome.reason),
        }
    }
    let count: usize = kinds.values().map(Vec::len).sum();
    let kinds: Vec<Value> = kinds
        .into_iter()
        .map(|((vendor, model), phones)| {
            let is_push = verb == "push";
            context! {
                name => format!("{} {model}", vendor.title()).trim(),
                phones => phones.join(", "),
                screen => if is_push { screen::draw(Some(vendor), &model, &pairs) } else { Value::from("") },
                told => if is_push { String::new() } else { told(&verb, vendor, &model, &pairs) },
            }
        })
        .collect();
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
        "background" => match knows.background {
            Ok(background) => {
                let size = background.display;
                format!(
                    "{}, made to {} by {} points",
                    value("image"),
                    size.width,
                    size.height
                )
            }
            Err(why) => format!("can't set a background: {why}"),
        },
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
