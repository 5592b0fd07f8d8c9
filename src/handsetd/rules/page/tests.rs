use handset_phones::screen::{Body, Target};
use handset_phones::verb::Content;
use tokio::time::Instant;

use super::*;

fn values(text: &str) -> Values {
    toml::from_str(text).unwrap()
}

fn errors(text: &str) -> Vec<String> {
    let errors = PageTemplate::parse(&values(text)).unwrap_err();
    let line = |(key, error): (Option<String>, Error)| match key {
        Some(key) => format!("{key}: {error}"),
        None => error.to_string(),
    };
    errors.into_iter().map(line).collect()
}

fn fill(text: &str, phone: Option<&str>, query: &[(&str, &str)]) -> Result<FilledPage, Error> {
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let request = PageRequest {
        phone: phone.map(|phone| (phone, None)),
        query: &query,
        now: Moment::from(Instant::now()),
    };
    let phones = PagePhones(PhoneTable::default());
    PageTemplate::parse(&values(text))
        .unwrap()
        .fill(&request, &phones)
}

fn body(page: FilledPage) -> Body {
    match page.push.content {
        Content::Screen(screen) => screen.body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn templates_use_the_query_and_the_phone() {
    let text = "title = 'Phone {{ phone.name }}'\ntext = '{{ query.meal|default(\"nothing\") }}'";
    let page = fill(text, Some("1001"), &[("meal", "soup"), ("meal", "fish")]).unwrap();
    assert_eq!(body(page), Body::Text("soup".to_owned()));
    let page = fill(text, None, &[]).unwrap();
    assert_eq!(
        page.pairs,
        [("text", "nothing"), ("title", "Phone ")].map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
}

#[test]
fn missing_value_of_the_query_is_an_error() {
    assert!(fill("text = '{{ query.meal }}'", Some("1001"), &[]).is_err());
}

#[test]
fn value_of_the_query_is_one_piece_of_text() {
    let hostile = "a|dial:0900&b\n{{ phone.name }}{% for x in range(9999) %}x{% endfor %}";
    let text = "item = ['{{ query.label }}|page:order?meal={{ query.label }}&n=1']";
    let page = fill(text, Some("1001"), &[("label", hostile)]).unwrap();
    let Body::Menu(items) = body(page) else {
        panic!()
    };
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].label, hostile);
    let Target::Page(link) = &items[0].target else {
        panic!("{:?}", items[0].target)
    };
    assert_eq!(
        link.query,
        [("meal", hostile), ("n", "1")].map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    // Neither is a target, nor the name of a page.
    for target in ["{{ query.label }}", "page:{{ query.label }}"] {
        let text = format!("item = ['A|{target}']");
        for value in ["../action/snom/dnd_on", "javascript:x", "a/b", "dial:1;2"] {
            assert!(fill(&text, None, &[("label", value)]).is_err(), "{value}");
        }
    }
}

#[test]
fn faults_name_the_key() {
    for (text, expected) in [
        (
            "titel = 'a'\ntext = 'b'",
            "titel: unknown key titel; did you mean title?",
        ),
        ("text = '{{ event.Queue }}'", "text: unknown name event"),
        ("text = '{{ query.a '", "text: syntax error"),
        ("item = ['a']", "item: invalid item"),
        (
            "item = ['{{ query.a }}']",
            "item: the page itself must contain |",
        ),
        (
            "text = 'a'\nitem = ['a|exit', 'b|pag:c']",
            "item: \"b\": invalid target",
        ),
        (
            "text = 'a'\nphone = '1001'",
            "phone: a page is shown to the phone that asks",
        ),
        ("text = 'a'\npriority = 'idle'", "priority: a page is shown"),
        (
            "url = 'http://192.0.2.1/'",
            "url: a page is written by handsetd",
        ),
        ("title = 'a'", "text is missing"),
        ("image = 'a.png'\nitem = ['a|exit']", "image"),
    ] {
        let errors = errors(text);
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert!(errors[0].contains(expected), "{text}: {errors:?}");
    }
}

#[test]
fn every_other_key_of_push_is_one_of_pages() {
    for key in Verb::Push.row().keys {
        let is_refused = refusal_of(key.name).is_some();
        assert_eq!(
            is_refused,
            matches!(key.name, "priority" | "url"),
            "{}",
            key.name
        );
    }
}
