//! The API's description, OpenAPI 3.1, made from the table of verbs.

use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::reply::code;
use crate::outcome::Status;
use handset_phones::verb::{COMMON, Key, Kind, Row, TABLE};

/// Answers `GET openapi.json`.
pub(super) async fn serve() -> Response {
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    (json, document().to_string()).into_response()
}

/// Returns the description.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for row in TABLE {
        let name = row.name;
        paths.insert(
            format!("/do/{name}"),
            json!({"post": operation(row, false)}),
        );
        let mut of_phone = json!({"parameters": [name_parameter()], "post": operation(row, true)});
        if name == "screenshot" {
            let png = json!({"description": "the picture", "content": {"image/png": {}}});
            let mut responses = responses();
            responses.insert("200".to_owned(), png);
            of_phone["get"] = json!({
                "operationId": "screenshot", "summary": "the picture on the screen",
                "responses": responses,
            });
        }
        paths.insert(format!("/phones/{{name}}/{name}"), of_phone);
    }
    let read = |summary: &str, parameters: Value| json!({"get": {"summary": summary, "parameters": parameters, "responses": responses()}});
    paths.insert("/phones".to_owned(), read("who is known", json!([])));
    paths.insert(
        "/phones/{name}".to_owned(),
        read("one phone", json!([name_parameter()])),
    );
    let search = [
        "phone", "verb", "status", "asker", "text", "since", "id", "limit",
    ];
    let search: Vec<Value> = search.into_iter().map(query_parameter).collect();
    paths.insert(
        "/deliveries".to_owned(),
        read("what was delivered", json!(search)),
    );
    paths.insert("/deliveries/{id}".to_owned(), json!({"delete": {
        "summary": "calls back what is not sent yet",
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
        "responses": responses(),
    }}));
    paths.insert("/events".to_owned(), json!({"get": {
        "summary": "what happens, as server-sent events",
        "parameters": [
            {"name": "event", "in": "query", "schema": {"type": "array", "items": {"type": "string"}},
             "description": "only events of these names; a * at the end stands for any rest"},
            {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": {"200": {"description": "events", "content": {"text/event-stream": {}}}},
    }}));
    let described = json!({"description": "this description", "content": {"application/json": {}}});
    paths.insert(
        "/openapi.json".to_owned(),
        json!({"get": {"responses": {"200": described}}}),
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
            "schemas": {"Answer": answer()},
        },
    })
}

fn operation(row: &Row, has_phone: bool) -> Value {
    let own = row.keys.iter().chain(COMMON);
    let keys = own.filter(|key| !(has_phone && key.name == "phone"));
    let mut properties = Map::new();
    for key in keys {
        properties.insert(key.name.to_owned(), property(key));
    }
    let required = row.keys.iter().filter(|key| key.required);
    let mut required: Vec<&str> = required.map(|key| key.name).collect();
    if !has_phone && row.name != "ping" {
        required.push("phone");
    }
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": row.takes_elements,
    });
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
    });
    json!({
        "operationId": if has_phone { format!("phone-{}", row.name) } else { row.name.to_owned() },
        "summary": row.summary,
        "parameters": [key],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": responses(),
    })
}

fn property(key: &Key) -> Value {
    let one = schema(key.kind);
    if key.repeatable {
        json!({"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    } else {
        one
    }
}

/// Returns what a value may be.
fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Duration => {
            json!({"type": ["string", "integer"], "examples": ["30s", "5m", 10]})
        }
        Kind::Entry => json!({"type": "string", "examples": ["Name|Number"]}),
        Kind::Input => json!({"type": "string", "examples": ["Label|param|kind"]}),
        Kind::Item => json!({"type": "string", "examples": ["Label|TARGET"]}),
        Kind::Url => json!({"type": "string", "format": "uri"}),
        Kind::Whole(from, to) => json!({"type": "integer", "minimum": from, "maximum": to}),
        Kind::Word(words) if words.contains(&"yes") || words.contains(&"on") => {
            json!({"anyOf": [{"enum": words}, {"type": "boolean"}]})
        }
        Kind::Word(words) => json!({"enum": words}),
        _ => json!({"type": "string"}),
    }
}

/// Returns the answers that every request may have, by their HTTP status.
fn responses() -> Map<String, Value> {
    let mut responses = Map::new();
    for status in Status::ALL {
        let body = json!({"schema": {"$ref": "#/components/schemas/Answer"}});
        responses.insert(
            code(status).as_str().to_owned(),
            json!({"description": status.word(), "content": {"application/json": body}}),
        );
    }
    responses
}

fn answer() -> Value {
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
        },
        "required": ["status", "reason", "phone", "vendor", "id", "result"],
    })
}

fn name_parameter() -> Value {
    json!({
        "name": "name", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "a name, an endpoint, a MAC or an IP address, or a group; several with &",
    })
}

fn query_parameter(name: &str) -> Value {
    json!({"name": name, "in": "query", "schema": {"type": "string"}})
}
