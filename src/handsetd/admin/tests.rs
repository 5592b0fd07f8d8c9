use std::collections::BTreeSet;

use handset_phones::verb::{COMMON, Kind, Row, TABLE};

use super::openapi;
use super::router::api_routes;

#[test]
fn openapi_document_has_every_verb_with_every_key() {
    let document = openapi::document();
    assert_eq!(document["openapi"], "3.1.0");
    for row in TABLE {
        for path in [
            format!("/do/{}", row.name()),
            format!("/phones/{{name}}/{}", row.name()),
        ] {
            let body = &document["paths"][&path]["post"]["requestBody"];
            let schema = &body["content"]["application/json"]["schema"];
            for key in row.keys {
                let property = &schema["properties"][key.name];
                assert!(property.is_object(), "{path}: {}", key.name);
                let single = match &property["oneOf"] {
                    serde_json::Value::Null => property,
                    variants => &variants[0],
                };
                if single["type"] == "string" {
                    assert!(single["minLength"].is_number(), "{path}: {}", key.name);
                    assert!(single["maxLength"].is_number(), "{path}: {}", key.name);
                }
            }
            assert_eq!(
                schema["properties"]["phone"].is_object(),
                path.starts_with("/do")
            );
            assert_eq!(schema["additionalProperties"], row.takes_elements);
        }
    }
    let responses = &document["paths"]["/do/push"]["post"]["responses"];
    for code in [
        "200", "202", "207", "400", "401", "403", "404", "405", "408", "409", "413", "415", "421",
        "422", "429", "500", "502", "503", "504",
    ] {
        assert!(responses[code].is_object(), "{code}");
    }
}

#[test]
fn openapi_document_describes_verbs_and_keys_as_their_table_does() {
    let document = openapi::document();
    for row in TABLE {
        let operation = &document["paths"][format!("/do/{}", row.name())]["post"];
        assert_eq!(operation["summary"], row.summary);
        let description = operation["description"].as_str().unwrap();
        assert!(description.starts_with(row.details), "{description}");
        if let Some(result) = row.result {
            let end = format!(" Result: {result}.");
            assert!(description.ends_with(&end), "{description}");
        }
        let body = &operation["requestBody"]["content"]["application/json"];
        let examples = body["examples"].as_object().unwrap();
        assert_eq!(examples.len(), row.examples.len(), "{}", row.name());
        let schema = &body["schema"];
        for key in row.keys.iter().chain(COMMON) {
            let property = &schema["properties"][key.name];
            let text = property["description"].as_str().unwrap();
            assert!(text.starts_with(&format!("{}.", key.meaning)), "{text}");
            assert_eq!(text.contains("Required."), key.required, "{text}");
            match key.kind {
                Kind::Word(words) => {
                    let values = property.to_string();
                    for word in words {
                        assert!(values.contains(&format!("{word:?}")), "{values}");
                    }
                }
                kind => assert!(text.contains(&kind.syntax()), "{text}"),
            }
            let default = property["default"].as_str();
            assert_eq!(default, key.default, "{} {}", row.name(), key.name);
            if let Some(default) = default {
                assert!(text.contains(&format!("Default: `{default}`.")), "{text}");
            }
            let required = schema["required"].as_array().unwrap();
            let is_required = required.iter().any(|name| name == key.name);
            assert!(is_required || !key.required, "{} {}", row.name(), key.name);
        }
    }
}

#[test]
fn openapi_document_has_exactly_the_routes_of_the_router() {
    let mut routes = BTreeSet::new();
    for route in api_routes() {
        let method = route.method.as_str().to_ascii_lowercase();
        if route.path.ends_with("/{verb}") && method == "get" {
            // All verbs but this one require POST.
            let path = route.path.replace("{verb}", "screenshot");
            routes.insert((path, method));
            continue;
        }
        let verbs = TABLE.iter().map(Row::name);
        routes.extend(verbs.map(|verb| (route.path.replace("{verb}", verb), method.clone())));
    }
    let document = openapi::document();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys();
        let methods = methods.filter(|method| *method != "parameters");
        documented.extend(methods.map(|method| (path.clone(), method.clone())));
    }
    assert_eq!(documented, routes);
}
