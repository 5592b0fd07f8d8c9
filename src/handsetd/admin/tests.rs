use super::openapi;
use handset_phones::verb::TABLE;

#[test]
fn the_description_has_every_verb_with_every_key() {
    let document = openapi::document();
    assert_eq!(document["openapi"], "3.1.0");
    for row in TABLE {
        for path in [
            format!("/do/{}", row.name),
            format!("/phones/{{name}}/{}", row.name),
        ] {
            let body = &document["paths"][&path]["post"]["requestBody"];
            let schema = &body["content"]["application/json"]["schema"];
            for key in row.keys {
                assert!(
                    schema["properties"][key.name].is_object(),
                    "{path}: {}",
                    key.name
                );
            }
            assert_eq!(
                schema["properties"]["phone"].is_object(),
                path.starts_with("/do")
            );
            assert_eq!(schema["additionalProperties"], row.takes_elements);
        }
    }
    let answers = &document["paths"]["/do/push"]["post"]["responses"];
    for code in [
        "200", "202", "207", "400", "404", "409", "422", "500", "502", "503", "504",
    ] {
        assert!(answers[code].is_object(), "{code}");
    }
    assert!(document["paths"]["/phones/{name}/screenshot"]["get"].is_object());
}
