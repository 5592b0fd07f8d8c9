//! Expressions and templates that multiply what they are given: memory and stack stay bounded.

use crate::rules::Fact;
use crate::rules::context::testing::of;
use crate::rules::filled::Filled;
use crate::rules::template::Template;

fn filled(template: &str) -> Result<String, String> {
    let fact = Fact::new("Test", [("Long".to_owned(), "x".repeat(60_000))]);
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    let filled = template.fill(&of(&fact));
    filled
        .map(Filled::into_text)
        .map_err(|error| error.to_string())
}

#[test]
fn nothing_doubles_a_value_without_bound() {
    let doublings = |statement: &str| statement.repeat(40);
    for template in [
        format!("{{% set a = event.Long %}}{}{{{{ a|length }}}}", doublings("{% set a = a ~ a %}")),
        format!("{{% set a = event.Long %}}{}{{{{ a|length }}}}", doublings("{% set a = a + a %}")),
        format!("{{% set a = ['x'] %}}{}{{{{ a|length }}}}", doublings("{% set a = a + a %}")),
        format!("{{% set a = ['x'] %}}{}{{{{ a }}}}", doublings("{% set a = [a, a] %}")),
        format!("{{% set a = ['x'] %}}{}{{{{ a == [1] }}}}", doublings("{% set a = (a, a) %}")),
        format!("{{% set a = 'x' %}}{}{{{{ a }}}}", doublings("{% set a = {'l': a, 'r': a} %}")),
        format!("{{% set a = event.Long %}}{}{{{{ a|length }}}}", doublings("{% set a %}{{ a }}{{ a }}{% endset %}")),
        "{% set n = namespace(a=event.Long) %}{% for i in range(40) %}{% set n.a = n.a ~ n.a %}{% endfor %}{{ n.a|length }}".to_owned(),
        "{% set n = namespace(a=['x']) %}{% for i in range(40) %}{% set n.a = n.a|list + n.a|list %}{% endfor %}{{ n.a|length }}".to_owned(),
        "{{ ([event.Long] * 9999)|join|length }}".to_owned(),
        "{{ ([event.Long] * 9999)|string|length }}".to_owned(),
        "{{ (['x'] * 9999)|map('replace', 'x', event.Long)|list|length }}".to_owned(),
        "{{ ('{0}' * 99999).format(event.Long)|length }}".to_owned(),
        "{{ ('%(a)s' * 99999)|format(a=event.Long)|length }}".to_owned(),
        "{% for i in range(4000) %}{{ event.Long }}{% endfor %}".to_owned(),
    ] {
        let error = filled(&template).unwrap_err();
        let is_told = error.contains("result too large") || error.contains("a text of more than 65536 bytes");
        assert!(is_told, "{}: {error}", &template[..template.len().min(120)]);
    }
}

#[test]
fn nothing_nests_without_bound() {
    for template in [
        "{% set n = namespace(a=[]) %}{% for i in range(4000) %}{% set n.a = [n.a] %}{% endfor %}{{ n.a }}".to_owned(),
        "{% set n = namespace(a=[]) %}{% for i in range(4000) %}{% set n.a = {'a': n.a} %}{% endfor %}{{ n.a }}".to_owned(),
        "{% set n = namespace(a=[1]) %}{% for i in range(4000) %}{% set n.a = n.a|batch(1) %}{% endfor %}{{ n.a }}".to_owned(),
        format!("{{% set n = namespace() %}}{}{{{{ n }}}}", "{% set n = namespace(a=n) %}".repeat(100)),
    ] {
        let error = filled(&template).unwrap_err();
        assert!(error.contains("result too large"), "{}: {error}", &template[..60]);
    }
    let own = "{% set n = namespace(a=1) %}{% set n.a = n %}{% set n.b = [n] %}{{ n.b }}";
    assert_eq!(filled(own).unwrap(), "[{'a': {'a': 1}}]");
}

#[test]
fn ordinary_values_are_as_before() {
    for (template, expected) in [
        ("{{ (1 + 2) ~ 'a' ~ 'b' + 'c' }}", "3abc"),
        ("{{ [1] + [2, 3 + 4] }}", "[1, 2, 7]"),
        ("{{ (1, 2) + (3,) }}", "(1, 2, 3)"),
        ("{{ (0.5 + 1 - 2 * 3) ~ '!' }}", "-4.5!"),
        ("{{ {'a': 1 + 1}.a + 1 }}", "3"),
        (
            "{% set n = namespace(a={}) %}{% set n.a = {'b': [1, (2, 3)]} %}{{ n.a.b[1][0] + 1 }}",
            "3",
        ),
        ("{% set a, b = [1, 2] %}{{ b ~ a }}", "21"),
    ] {
        assert_eq!(filled(template).as_deref(), Ok(expected), "{template}");
    }
    let error = filled("{{ 1 + 'a' }}").unwrap_err();
    assert!(error.contains("unsupported"), "{error}");
}
