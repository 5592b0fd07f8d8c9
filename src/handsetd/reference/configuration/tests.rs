use std::collections::BTreeSet;

use super::*;

/// Returns the keys that the parser accepts in a section, as it lists them for an unknown one.
fn accepted(header: &str) -> BTreeSet<String> {
    let error = faults(&format!("{header}\n{UNKNOWN} = 1\n"));
    let line = error.lines().find(|line| line.contains(UNKNOWN));
    let line = line.unwrap_or_else(|| panic!("{header}: {error}"));
    let list = line.split_once("expected one of ");
    let (_, list) = list.unwrap_or_else(|| panic!("{header}: {line}"));
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn every_key_is_described_and_no_other() {
    let mut wrong = String::new();
    for section in sections(&example()) {
        if section.header == PAGE {
            continue;
        }
        let mut expected = accepted(&section.header);
        let mut described = BTreeSet::new();
        for key in &section.keys {
            assert!(!key.text.is_empty(), "{} {}", section.header, key.name);
            if key.nested().is_some() {
                continue;
            }
            described.insert(key.name.clone());
            if key.is_secret() {
                described.insert(format!("{}_file", key.name));
            }
        }
        // A table of tables, described as a section of its own.
        let inner = format!("[{}.", section.header.trim_matches(['[', ']']));
        expected.retain(|name| {
            described.contains(name) || !example().contains(&format!("{inner}{name}]"))
        });
        if described != expected {
            let _ = writeln!(
                wrong,
                "{}: accepted but not described: {:?}; described but not accepted: {:?}",
                section.header,
                expected.difference(&described).collect::<Vec<_>>(),
                described.difference(&expected).collect::<Vec<_>>(),
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Returns what is wrong with an unknown key of the table, or of the elements of the list, called `table`.
fn refusal(header: &str, table: &str) -> String {
    let inner = format!("{{ {UNKNOWN} = 1 }}");
    let faults = if header == RULE && table == "test" {
        faults(&format!("{header}\n[[rule.test]]\n{UNKNOWN} = 1\n"))
    } else {
        faults(&format!("{header}\n{table} = {inner}\n"))
    };
    let line = faults.lines().find(|line| line.contains(UNKNOWN));
    line.unwrap_or_else(|| panic!("{header} {table}: {faults}"))
        .to_owned()
}

#[test]
fn every_key_of_a_table_is_described_and_no_other() {
    let sections = sections(&example());
    let mut checked = 0;
    for section in sections.iter().filter(|section| section.header != PAGE) {
        for key in &section.keys {
            let value = key.default.as_ref().or(key.example.as_ref());
            let value = value.and_then(|value| parsed(value));
            let is_table = value.is_some_and(|value| value.is_table());
            let mut nested = section.keys.iter().filter_map(Key::nested);
            let has_keys = nested.any(|(table, _)| table == key.name);
            let is_steps = section.header == RULE && key.name == "do";
            if is_steps || !(is_table || has_keys) {
                continue;
            }
            let mut described = BTreeSet::new();
            for inner in &section.keys {
                let Some((_, name)) = inner.nested().filter(|(table, _)| *table == key.name) else {
                    continue;
                };
                described.insert(name.to_owned());
                if inner.is_secret() {
                    described.insert(format!("{name}_file"));
                }
            }
            let refusal = refusal(&section.header, &key.name);
            let (_, list) = refusal.split_once("expected one of ").expect(&refusal);
            let accepted = list.split(", ").map(str::to_owned).collect();
            assert_eq!(described, accepted, "{} {}", section.header, key.name);
            checked += 1;
        }
    }
    // tls of six sections, csta, limit and test.
    assert_eq!(checked, 9);
}

#[test]
fn keys_of_steps_are_those_described() {
    let sections = sections(&example());
    let rule = sections
        .iter()
        .find(|section| section.header == RULE)
        .unwrap();
    let nested = rule.keys.iter().filter_map(Key::nested);
    let described: BTreeSet<&str> = nested
        .filter(|(table, _)| *table == "do")
        .map(|(_, name)| name)
        .collect();
    let step = |keys: &str| {
        faults(&format!(
            "[[rule]]\nname = 'a'\non = 'X'\ndo = [{{ {keys} }}]\n"
        ))
    };
    let none = step("");
    let (_, kinds) = none.split_once("requires one of ").expect(&none);
    let (kinds, _) = kinds.split_once(", such as").expect(&none);
    let unknown = step(&format!("webhook = 'http://192.0.2.1/', {UNKNOWN} = 1"));
    let (_, of_webhooks) = unknown.split_once("a web hook has ").expect(&unknown);
    let mut expected: BTreeSet<&str> = kinds.split([',', ' ']).collect();
    expected.extend(of_webhooks.trim().split(", "));
    for blank in ["", "and"] {
        expected.remove(blank);
    }
    // The other form of webhook, described with it.
    expected.remove("webhook_file");
    // Those of every step, and of actions, whose other keys are headers.
    expected.extend(["id", "if", "on_error", "server"]);
    assert_eq!(described, expected);
    for keys in [
        "wait = '24h', id = 'a', if = 'true', on_error = 'stop'",
        "webhook = 'http://192.0.2.1/', method = 'GET', headers = { A = 'b' }, deadline = '100ms'",
        "webhook = 'https://192.0.2.1/', json = {}, deadline = '60s'",
        "webhook = 'https://192.0.2.1/', body = 'a', on_error = 'continue'",
    ] {
        assert_eq!(step(keys), "", "{keys}");
    }
    assert!(step("wait = '25h'").contains("wait"));
}

const RULE: &str = "[[rule]]";

/// The section that has the keys of a verb as well.
const PAGE: &str = "[[page]]";

#[test]
fn keys_of_pages_are_those_of_push_and_those_described() {
    let sections = sections(&example());
    let page = sections
        .iter()
        .find(|section| section.header == PAGE)
        .unwrap();
    let names: Vec<&str> = page.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["name", "then"]);
    let faults = faults("[[page]]\nname = 'a'\nthen = 'a'\ntext = 'b'\nother = 'c'\n");
    assert_eq!(faults.lines().count(), 1, "{faults}");
    assert!(faults.contains("unknown key \"other\" of push"), "{faults}");
}

#[test]
fn every_section_is_described() {
    let text = example();
    let described: BTreeSet<String> = sections(&text)
        .iter()
        .filter_map(|section| {
            let name = section.header.trim_matches(['[', ']']);
            name.split('.').next().map(str::to_owned)
        })
        .collect();
    assert_eq!(described, accepted(""));
}
