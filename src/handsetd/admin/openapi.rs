//! The OpenAPI 3.1 document of the API, generated from the table of verbs.

mod phones;
mod responses;

use std::fmt::Write;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use handset_phones::phone::PhoneNames;
use handset_phones::verb::{COMMON, Key, Kind, Row, TABLE};
use serde_json::{Map, Value, json};

use super::deliveries;
use super::overview;
use super::query::{self, NoQuery};
use super::repeat;
use super::requests::MAX_KEY;
use super::role::Role;
use crate::outcome::Status;
use crate::reference;

/// Handles `GET openapi.json`.
pub(super) async fn serve(_: NoQuery) -> Response {
    let headers = [(CONTENT_TYPE, "application/json")];
    (headers, document().to_string()).into_response()
}

pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for row in TABLE {
        let name = row.name();
        paths.insert(
            format!("/do/{name}"),
            json!({"post": operation(row, false)}),
        );
        let mut phone_path =
            json!({"parameters": [name_parameter()], "post": operation(row, true)});
        if name == "screenshot" {
            let png = json!({"description": "the image", "content": {"image/png": {}}});
            let mut responses = responses::replies();
            responses.insert("200".to_owned(), png);
            phone_path["get"] = json!({
                "operationId": "screenshot", "summary": "returns the image on the display",
                "responses": responses,
            });
        }
        paths.insert(format!("/phones/{{name}}/{name}"), phone_path);
    }
    for (path, summary, parameters) in [
        (
            "/phones",
            "lists the configured and registered phones, of all daemons",
            json!([daemon_parameter()]),
        ),
        (
            "/phones/{name}",
            "returns one phone",
            json!([name_parameter(), daemon_parameter()]),
        ),
    ] {
        let mut get = get(summary, &parameters);
        let schema = phones::reply(path == "/phones");
        get["get"]["responses"]["200"]["content"]["application/json"]["schema"] = schema;
        paths.insert(path.to_owned(), get);
    }
    paths.insert("/phones/{name}/fetch-test".to_owned(), json!({"post": {
        "summary": "makes phones fetch a document that shows as little as possible, and says whether they did",
        "description": "Requires the role send.",
        "parameters": [name_parameter()],
        "responses": responses::replies(),
    }}));
    paths.extend(delivery_paths());
    let period = overview::KEYS.map(query_parameter);
    paths.insert(
        "/overview".to_owned(),
        get(
            "summarizes the deliveries of a period by time, status and vendor, and the rules",
            &json!(period),
        ),
    );
    paths.insert("/events".to_owned(), json!({"get": {
        "summary": "streams events as server-sent events",
        "parameters": [
            {"name": "event", "in": "query", "schema": {"type": "array", "items": {"type": "string"}},
             "description": "names of the wanted events; a trailing * matches any suffix"},
            daemon_parameter(),
            {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": with_success(json!({
            "description": "events: objects with event, at, fields and, if known, server; with [cluster] also daemon",
            "content": {"text/event-stream": {}},
        })),
    }}));
    paths.insert("/reload".to_owned(), json!({"post": {
        "summary": "reads the configuration again, and applies what needs no restart",
        "description": "Requires the role admin. The result has changed, needs_restart, warnings and errors; \
                        INVALID if there are errors, and the old configuration stays in effect.",
        "responses": responses::replies(),
    }}));
    paths.insert(
        "/status".to_owned(),
        get(
            "returns version, listeners, Asterisk servers, whether handsetd answers at http.url, rules that failed, and \
             the cluster; with [cluster] those of the other daemons as the member daemons",
            &json!([daemon_parameter()]),
        ),
    );
    paths.extend(rule_paths());
    let document = json!({"description": "this document", "content": {"application/json": {}}});
    paths.insert(
        "/openapi.json".to_owned(),
        json!({"get": {"summary": "returns this document", "responses": with_success(document)}}),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "handsetd",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Phone": phones::schema(), "Reply": reply_schema()},
        },
    })
}

fn delivery_paths() -> Map<String, Value> {
    let mut paths = Map::new();
    let search = deliveries::KEYS.map(query_parameter);
    let mut list = get("searches the recent deliveries", &json!(search));
    list["get"]["responses"]["200"]["content"]["text/csv"] = json!({"schema": {"type": "string"}});
    paths.insert("/deliveries".to_owned(), list);
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}});
    paths.insert(
        "/deliveries/{id}".to_owned(),
        json!({"delete": {
            "summary": "cancels a delivery that has not been sent",
            "parameters": [id],
            "responses": responses::replies(),
        }}),
    );
    let [phone] = repeat::KEYS.map(query_parameter);
    paths.insert("/deliveries/{id}/again".to_owned(), json!({"post": {
        "summary": "makes the request of a delivery once more, for the same phones or for one of them",
        "description": "Requires the role that the request requires. INVALID if the delivery is not over, or if a \
                        part of the request was not recorded.",
        "parameters": [id, phone, idempotency_key()],
        "responses": responses::replies(),
    }}));
    paths
}

/// The header by which a repeated request is executed once.
fn idempotency_key() -> Value {
    let schema = json!({"type": "string", "minLength": 1, "maxLength": MAX_KEY});
    json!({"name": "Idempotency-Key", "in": "header", "schema": schema})
}

fn rule_paths() -> Map<String, Value> {
    let mut paths = Map::new();
    paths.insert(
        "/rules".to_owned(),
        get(
            "lists the rules with their counters, of all daemons",
            &json!([daemon_parameter()]),
        ),
    );
    let rule =
        json!({"name": "name", "in": "path", "required": true, "schema": {"type": "string"}});
    paths.insert(
        "/rules/{name}".to_owned(),
        get(
            "returns one rule with its last traces; with [cluster] those of all daemons that have it, and the sum of \
             its counters",
            &json!([rule, daemon_parameter()]),
        ),
    );
    paths.insert("/traces".to_owned(), json!({"get": {
        "summary": "streams what rules decide, and why, and how their runs end, as server-sent events",
        "parameters": [
            {"name": "rule", "in": "query", "schema": {"type": "array", "items": {"type": "string"}},
             "description": "names of the wanted rules; all if there is none"},
            daemon_parameter(),
        ],
        "responses": with_success(json!({"description": "trace and run events: traces as of a rule, and runs that have ended", "content": {"text/event-stream": {}}})),
    }}));
    paths
}

fn get(summary: &str, parameters: &Value) -> Value {
    json!({"get": {"summary": summary, "parameters": parameters, "responses": responses::replies()}})
}

/// Returns the responses of an operation that answers with something else than a reply.
fn with_success(success: Value) -> Map<String, Value> {
    let mut responses = responses::common();
    responses.insert("200".to_owned(), success);
    responses
}

fn operation(row: &Row, has_phone: bool) -> Value {
    let mut properties = Map::new();
    for key in row.keys.iter().chain(COMMON) {
        if !(has_phone && key.name == "phone") {
            properties.insert(key.name.to_owned(), property(key));
        }
    }
    let required = row.keys.iter().filter(|key| key.required);
    let mut required: Vec<&str> = required.map(|key| key.name).collect();
    if !has_phone && row.name() != "ping" {
        required.push("phone");
    }
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": row.takes_elements,
    });
    json!({
        "operationId": if has_phone { format!("phone-{}", row.name()) } else { row.name().to_owned() },
        "summary": row.summary,
        "parameters": [idempotency_key()],
        "description": description(row),
        "requestBody": {"content": {"application/json": {
            "schema": schema, "examples": examples(row, has_phone),
        }}},
        "responses": responses::replies_to_bodies(),
    })
}

fn property(key: &Key) -> Value {
    let value = schema(key);
    let max = match key.kind {
        Kind::Phones => PhoneNames::MAX,
        _ => key.max_values,
    };
    let mut property = if max > 1 {
        json!({"oneOf": [
            value,
            {"type": "array", "items": value, "minItems": 1, "maxItems": max},
        ]})
    } else {
        value
    };
    property["description"] = reference::describe(key).into();
    property["examples"] = json!([example_value(key, key.example)]);
    if let Some(default) = key.default {
        property["default"] = default.into();
    }
    property
}

/// Returns a value in the type that the schema prefers.
fn example_value(key: &Key, text: &str) -> Value {
    match key.kind {
        Kind::Whole(..) => text
            .parse::<u32>()
            .map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}

/// Returns bodies that work as they are.
fn examples(row: &Row, has_phone: bool) -> Map<String, Value> {
    let examples = (1..).zip(row.examples).map(|(number, pairs)| {
        let mut body = Map::new();
        if !has_phone && row.name() != "ping" {
            body.insert("phone".to_owned(), "1001".into());
        }
        for (name, text) in *pairs {
            if has_phone && *name == "phone" {
                continue;
            }
            let value = row
                .key(name)
                .map_or_else(|| (*text).into(), |key| example_value(key, text));
            let is_repeatable = row.key(name).is_some_and(Key::is_repeatable);
            match body.get_mut(*name) {
                Some(Value::Array(values)) => values.push(value),
                _ if is_repeatable => _ = body.insert((*name).to_owned(), json!([value])),
                _ => _ = body.insert((*name).to_owned(), value),
            }
        }
        (number.to_string(), json!({"value": body}))
    });
    examples.collect()
}

/// Describes what the summary of an operation leaves out.
fn description(row: &Row) -> String {
    let role = Role::for_verb(row.verb).max(Role::Send);
    let mut description = format!("Requires the role {role}.");
    if !row.details.is_empty() {
        description = format!("{} {description}", row.details);
    }
    if let Some(result) = row.result {
        let _ = write!(description, " Result: {result}.");
    }
    description
}

/// Returns the schema of a value.
fn schema(key: &Key) -> Value {
    let mut text = json!({"type": "string"});
    let (min, max) = key.kind.length();
    text["minLength"] = min.max(usize::from(key.required)).into();
    text["maxLength"] = max.into();
    match key.kind {
        Kind::Duration => text["type"] = json!(["string", "integer"]),
        Kind::Url => text["format"] = json!("uri"),
        Kind::Whole(from, to) => {
            return json!({"type": "integer", "minimum": from, "maximum": to});
        }
        Kind::Word(words) if words.contains(&"yes") || words.contains(&"on") => {
            return json!({"anyOf": [{"enum": words}, {"type": "boolean"}]});
        }
        Kind::Word(words) => return json!({"enum": words}),
        _ => {}
    }
    text
}

fn reply_schema() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "properties": {
            "status": {"enum": Status::ALL.map(Status::word)},
            "reason": text,
            "phone": text,
            "vendor": text,
            "id": text,
            "result": {},
            "missing": {
                "type": "array",
                "description": "with [cluster], in replies about all daemons: those whose part is missing, and why",
                "items": {
                    "type": "object",
                    "properties": {"daemon": text, "reason": text},
                    "required": ["daemon", "reason"],
                },
            },
        },
        "required": ["status", "reason", "phone", "vendor", "id", "result"],
    })
}

fn name_parameter() -> Value {
    json!({
        "name": "name", "in": "path", "required": true,
        "schema": {"type": "string", "minLength": 1},
        "description": "a name, an endpoint, a MAC or IP address, or a group; several joined with &; SERVER/NAME (with %2F) where phones of several servers have the name",
    })
}

/// The key that narrows a reply to one daemon.
fn daemon_parameter() -> Value {
    query_parameter(query::DAEMON)
}

fn query_parameter(name: &str) -> Value {
    if name == query::DAEMON {
        return json!({
            "name": name, "in": "query", "schema": {"type": "string"},
            "description": "with [cluster], the name of the daemon that is asked; all if there is none",
        });
    }
    json!({"name": name, "in": "query", "schema": {"type": "string"}})
}
