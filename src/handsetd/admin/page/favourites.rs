//! The favourites beside the form for requests: used, saved, renamed and deleted there.

use std::sync::Arc;

use axum::extract::{Extension, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use handset_phones::verb::{Request, Verb};
use minijinja::{Value, context};

use super::{fields, render};
use crate::admin::accounts::Principal;
use crate::admin::favourites::{Editor, Error, Favourite, Name};
use crate::admin::role::Role;
use crate::admin::state::AppState;

/// Handles `POST /page/favourites`: saves the request of the form.
pub(super) async fn save(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    if let Some(refused) = refusal(&principal) {
        return refused;
    }
    let name = fields::value(&form, NAME).to_owned();
    let replaces = fields::value(&form, REPLACE) == "yes";
    let (verb, pairs) = fields::parse(
        form.into_iter()
            .filter(|(key, _)| key != NAME && key != REPLACE)
            .collect(),
    );
    let parsed = Request::parse(&verb, pairs.iter().map(|(key, value)| (key, value)));
    let refused = match parsed {
        Ok(request) => {
            let (role, what) = Role::for_request(&request);
            let refused = principal.refusal(role, &what);
            refused.map(|reason| (StatusCode::FORBIDDEN, reason))
        }
        Err(refusal) => Some((StatusCode::BAD_REQUEST, refusal.to_string())),
    };
    if let Some((code, reason)) = refused {
        return reply(&state, &principal, code, &reason, "").await;
    }
    let favourites = &state.services.favourites;
    let saved = async {
        let name = Name::parse(&name)?;
        let request = (verb, pairs);
        favourites
            .save(editor(&principal), name, request, replaces)
            .await
    };
    let done = saved.await.map(|_| format!("Saved {}.", name.trim()));
    answer(&state, &principal, done).await
}

/// Handles `POST /page/favourites/ID/rename`.
pub(super) async fn rename(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<u64>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    if let Some(refused) = refusal(&principal) {
        return refused;
    }
    let name = fields::value(&form, NAME);
    let renamed = async {
        let new = Name::parse(name)?;
        let favourites = &state.services.favourites;
        favourites.rename(editor(&principal), id, new).await
    };
    let done = renamed
        .await
        .map(|()| format!("Renamed to {}.", name.trim()));
    answer(&state, &principal, done).await
}

/// Handles `DELETE /page/favourites/ID`.
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<u64>,
) -> Response {
    if let Some(refused) = refusal(&principal) {
        return refused;
    }
    let favourites = &state.services.favourites;
    let deleted = favourites.delete(editor(&principal), id).await;
    let done = deleted.map(|name| format!("Deleted {name}."));
    answer(&state, &principal, done).await
}

/// Renders the list, as the view has it at first.
pub(super) async fn list(state: &AppState, principal: &Principal) -> Value {
    render::safe("favourites.html", values(state, principal, "", "").await)
}

/// Returns the favourite with this id, if there is one.
pub(super) async fn find(state: &AppState, id: &str) -> Option<Favourite> {
    let id: u64 = id.parse().ok()?;
    let all = state.services.favourites.list().await.ok()?;
    all.into_iter().find(|favourite| favourite.id == id)
}

fn refusal(principal: &Principal) -> Option<Response> {
    let reason = principal.refusal(Role::Send, "changing favourites")?;
    Some((StatusCode::FORBIDDEN, reason).into_response())
}

fn editor(principal: &Principal) -> Editor {
    Editor {
        user: principal.name().to_owned(),
        is_admin: principal.role() == Role::Admin,
    }
}

/// Shows the list with what was done, or why it was not.
async fn answer(state: &AppState, principal: &Principal, done: Result<String, Error>) -> Response {
    let error = match done {
        Ok(done) => {
            let values = values(state, principal, "", "").await;
            return render::html("favourites.html", context! { done, ..values });
        }
        Err(error) => error,
    };
    let code = match error {
        Error::Name(_) | Error::Secret(_) | Error::TooLong(_) => StatusCode::BAD_REQUEST,
        Error::Forbidden(..) => StatusCode::FORBIDDEN,
        Error::Unknown => StatusCode::NOT_FOUND,
        Error::Taken(..) | Error::TakenByOneself(_) | Error::Full | Error::OwnFull => {
            StatusCode::CONFLICT
        }
        Error::File(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let replaceable = match &error {
        Error::TakenByOneself(name) => name.as_str(),
        _ => "",
    };
    reply(state, principal, code, &error.to_string(), replaceable).await
}

async fn reply(
    state: &AppState,
    principal: &Principal,
    code: StatusCode,
    reason: &str,
    replaceable: &str,
) -> Response {
    let values = values(state, principal, reason, replaceable).await;
    (code, render::html("favourites.html", values)).into_response()
}

/// Returns what the template needs. Favourites whose verb the role of the user does not permit are left out.
async fn values(state: &AppState, principal: &Principal, reason: &str, replaceable: &str) -> Value {
    let (all, failure) = match state.services.favourites.list().await {
        Ok(all) => (all, String::new()),
        Err(error) => (Vec::new(), error.to_string()),
    };
    let editor = editor(principal);
    let is_permitted = |favourite: &&Favourite| {
        let verb = Verb::find(&favourite.verb);
        verb.is_some_and(|verb| Role::for_verb(verb) <= principal.role())
    };
    let rows: Vec<Value> = all
        .iter()
        .filter(is_permitted)
        .map(|favourite| {
            context! {
                id => favourite.id,
                name => &favourite.name,
                words => words(favourite),
                user => &favourite.user,
                is_own => favourite.user == editor.user,
                can_change => editor.may_change(favourite),
            }
        })
        .collect();
    let reason = if reason.is_empty() { &failure } else { reason };
    context! { rows, reason, replaceable, done => "" }
}

/// Returns what a favourite does: the verb, the phones, and the text.
fn words(favourite: &Favourite) -> String {
    let value = |wanted: &str| {
        let found = favourite.keys.iter().find(|(key, _)| key == wanted);
        found.map_or("", |(_, value)| value.as_str())
    };
    let text = [value("title"), value("text")];
    let text: Vec<&str> = text.into_iter().filter(|text| !text.is_empty()).collect();
    let mut words = favourite.verb.clone();
    if !value("phone").is_empty() {
        words.push_str(" to ");
        words.push_str(value("phone"));
    }
    if !text.is_empty() {
        words.push_str(": ");
        words.push_str(&text.join(", "));
    }
    handset_net::excerpt::excerpt(&words, MAX_WORDS).into_owned()
}

/// The field with the name; no key of a verb is called so.
const NAME: &str = "favourite-name";

/// The field that permits to replace a favourite of that name.
const REPLACE: &str = "replace-favourite";

/// How much of a favourite is on its line, in bytes.
const MAX_WORDS: usize = 200;
