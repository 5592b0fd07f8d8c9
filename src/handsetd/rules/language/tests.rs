//! The language, as rules use it.

mod comparisons;
mod methods;
mod names;

use super::*;
use crate::rules::Fact;
use crate::rules::condition::Condition;
use crate::rules::context::testing::of;
use crate::rules::template::Template;

fn fact() -> Fact {
    let values = [
        ("Cause", "16"),
        ("Text", "abc"),
        ("Zeros", "042"),
        ("Zero", "0"),
        ("Negative", "-5"),
        ("Decimal", "0.0730"),
        ("Same", "16"),
        ("Nine", "9"),
        ("Empty", ""),
        ("Blank", " 16"),
        ("Plus", "+16"),
        ("Huge", "99999999999999999999999999999999999999999999"),
        ("Queue", "Support-2"),
        ("Channel", "PJSIP/door-front-0000001a"),
        ("List", "a,b;c"),
    ];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Fact::new("Test", values.map(own))
}

fn met(condition: &str) -> Result<bool, String> {
    let condition = Condition::parse(condition).map_err(|error| error.to_string())?;
    let fact = fact();
    condition
        .is_met(&of(&fact))
        .map_err(|error| error.to_string())
}

fn filled(template: &str) -> Result<String, String> {
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    let fact = fact();
    let filled = template
        .fill(&of(&fact))
        .map_err(|error| error.to_string())?;
    Ok(filled.into_text())
}

/// Conditions, and how the error about each begins.
const UNKNOWN_NAMES: &[(&str, &str)] = &[
    (
        "event.Queue.startwith('a')",
        "unknown method startwith of a text; did you mean startswith? (column 13: startwith('a'))",
    ),
    (
        "event.Paused = 1",
        "syntax error: unexpected input after expression; did you mean ==? (column 14: = 1)",
    ),
    (
        "event.Cause|integer",
        "unknown filter integer; did you mean int? (column 13: integer)",
    ),
    (
        "event.Cause is define",
        "unknown test define; did you mean defined? (column 16: define)",
    ),
    (
        "nwo.hour > 5",
        "unknown name nwo; did you mean now? (column 1: nwo.hour > 5)",
    ),
    (
        "now.huor > 5",
        "now has no attribute huor; did you mean hour? (column 5: huor > 5)",
    ),
    (
        "phone.naem == 'a'",
        "a phone has no attribute naem; did you mean name? (column 7: naem == 'a')",
    ),
    (
        "phones['1'].naem == 'a'",
        "a phone has no attribute naem; did you mean name? (column 13: naem == 'a')",
    ),
    (
        "phone['colour'] == 'red'",
        "a phone has no attribute colour; expected one of activity, address, dnd, hook, model, name, vendor (column 7: 'colour'] == 'red')",
    ),
    (
        "true or (false and event.X|nope)",
        "unknown filter nope (column 28: nope))",
    ),
    (
        "1 if true else lenght(event.X)",
        "unknown function lenght; did you mean the filter |length?",
    ),
    (
        "event.Queue|startswith('a')",
        "unknown filter startswith; did you mean the method .startswith()? (column 13",
    ),
    (
        "event.Queue.upper == 'A'",
        "upper of a text is a method; write upper() (column 13",
    ),
    (
        "event.Queue.length == 5",
        "a text has no attribute length; did you mean the filter |length?",
    ),
    ("event.Queue.name", "a text has no attribute name"),
    (
        "event.Cause-txt == 'x'",
        "unknown name txt; did you mean event['Cause-txt']? (column 13: txt == 'x')",
    ),
    (
        "event.A == one",
        "unknown name one; use event.one for a value of the event, or put literal text in quotes (column 12: one)",
    ),
    ("event.A == null", "unknown name null; did you mean none?"),
    (
        "event.A && event.B",
        "syntax error: unexpected character; did you mean and? (column 9: && event.B)",
    ),
    ("event.A || event.B", "did you mean or? (column 9"),
    ("!event.A", "did you mean not? (column 1"),
    (
        "event.A =~ 'x'",
        "did you mean the filter regex_search? (column 9",
    ),
    (
        "event.A ==",
        "syntax error: unexpected end of input, expected expression (column 11, at the end)",
    ),
    (
        "event.A|regex_search('(')",
        "invalid pattern \"(\": unclosed group (column 22: '('))",
    ),
    (
        "now.strftime('%H:%') == ''",
        "invalid format \"%H:%\" of strftime",
    ),
    (
        "now.strtime('%H') == ''",
        "unknown method strtime of now; did you mean strftime?",
    ),
    (
        "values.X|select('define')|list",
        "unknown test define; did you mean defined? (column 17",
    ),
    (
        "values.X|map('uper')|list",
        "unknown filter uper; did you mean upper? (column 14",
    ),
    (
        "values.X.append('a')",
        "values cannot be changed, so append does not exist",
    ),
    ("event.X|__eq(1)", "unknown filter __eq"),
    ("event.X is __eq", "unknown test __eq"),
    ("event('X')", "event is not a function"),
    (
        "event.A[::2]",
        "slices with a step, such as [::-1], are not supported; use [from:to] (column 11",
    ),
    (
        "event.A AND event.B",
        "did you mean and? (column 9: AND event.B)",
    ),
    (
        "event.A contains 'x'",
        "did you mean 'part' in event.Name? (column 9",
    ),
    (
        "event.A matches 'x'",
        "did you mean the filter regex_search? (column 9",
    ),
    (
        "event.A like 'x%'",
        "did you mean the method startswith or the filter regex_search? (column 9",
    ),
    (
        "event.A.contains('x')",
        "unknown method contains of a text; did you mean 'part' in event.Name? (column 9",
    ),
    (
        "len(event.A) > 3",
        "unknown function len; did you mean the filter |length? (column 1",
    ),
    (
        "event.A.match('x')",
        "unknown method match of a text; did you mean the filter |regex_search? (column 9",
    ),
    (
        "event.A|contains('x')",
        "unknown filter contains; did you mean 'part' in event.Name? (column 9",
    ),
    (
        "event.A|upcase == 'X'",
        "unknown filter upcase; did you mean upper? (column 9",
    ),
    (
        "event.A is null",
        "unknown test null; did you mean none? (column 12",
    ),
    (
        "event.A == true",
        "a text is never true; compare with the text itself, such as 'yes', or with a number (column 12: true)",
    ),
    ("event.A in ['yes', true]", "a text is never true"),
    ("false != event.A", "a text is never false"),
    (
        "event.A == none",
        "a text is never none; use \"is defined\" to ask whether there is a value (column 12",
    ),
    (
        "phone.activity == 'busy'",
        "the activity of a phone is never \"busy\"; it is one of away, dialing, holding, idle, ringing, talking, unknown (column 19: 'busy')",
    ),
    (
        "phones['1001'].dnd == true",
        "dnd of a phone is never true; it is one of on, off, unknown (column 23",
    ),
    (
        "phone.activity not in ['idle', 'Talking']",
        "the activity of a phone is never \"Talking\"",
    ),
    (
        "event.A ==\n  event.B|uper",
        "unknown filter uper; did you mean upper? (line 2, column 11: uper)",
    ),
];

/// What is rewritten has the value that minijinja gives to the text as it was.
#[test]
fn texts_without_comparisons_keep_their_meaning() {
    for text in [
        "1 + 2 - 3 - 4",
        "1 - (2 - 3)",
        "2 ** 3 ** 2",
        "2 ** (3 ** 2)",
        "-2 ** 2",
        "-(2 ** 2)",
        "-(1 + 2)|abs",
        "(-3)|abs",
        "- -3",
        "7 // 2 % 2 / 4",
        "7 // (2 % (2 + 4))",
        "1 ~ 2 ~ 3",
        "1 ~ (2 + 3) ~ 'a'",
        "not (true and false) or false",
        "not true and false or true",
        "'a' if false else 'b' if true else 'c'",
        "('a' if true else 'b') ~ 'c'",
        "['a' if true else 'b', 'c'][0]",
        "(1,)|length",
        "()|length",
        "[1, [2, {'a': [3, 4]}]]",
        "{'a': 1, 'b': {'c': 2}}.b.c",
        "{'a': 1}['a']",
        "[1, 2, 3][1]",
        "[1, 2, 3][-1]",
        "[1, 2, 3][1:]",
        "'abcdef'[1:-1]",
        "'abc'[:2]",
        "1.5 + 2",
        "1e300",
        "1 is odd and 2 is even",
        "1 is not odd",
        "1 is divisibleby(1)",
        "(1 is odd) if true else 2",
        "'a\\nb\\t\"c\\\\d\\'' ~ \"it's\"",
        "'{{ x }}' ~ '%}'",
        "range(3)|map('string')|join(', ')",
        "['b', 'a']|sort(reverse=true)|first",
        "dict(a=1, **{'b': 2})|dictsort",
        "range(*[1, 4])|list",
        "none",
        "true",
        "5|string|length",
        "'a,b'|split(',')|last|upper",
        "340282366920938463463374607431768211455",
    ] {
        let environment = Environment::new();
        let own = own_environment()
            .compile_expression_owned(rewrite::expression(&syntax::expression(text).unwrap()))
            .unwrap()
            .eval(())
            .unwrap();
        let expression = environment.compile_expression(text).unwrap();
        let expected = expression.eval(()).unwrap();
        assert_eq!(format!("{own:?}"), format!("{expected:?}"), "{text}");
    }
    for text in [
        "",
        "a\n",
        "a\n\n",
        "  {{- 1 -}}  b",
        "{% if true -%}  a\n{%- else %}b{% endif %}\n c",
        "{% if false %}a{% elif true %}b{% else %}c{% endif %}",
        "{% for a in [1, 2] if a is odd %}{{ loop.index }}{{ a }}{% else %}none{% endfor %}",
        "{% for a in [] %}x{% else %}none{% endfor %}",
        "{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
        "{% for a, b in {'x': 1}|items %}{{ a }}{{ b }}{% endfor %}",
        "{% set x = 1 %}{% set y, z = (2, 3) %}{{ x }}{{ y }}{{ z }}",
        "{% set n = namespace(a=1) %}{% set n.a = 2 %}{{ n.a }}",
        "{% set c %}a{{ 1 }}b{% endset %}{{ c }}",
        "{% set c|upper|lower %}A{% endset %}{{ c }}",
        "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}",
        "{% filter upper|replace('A', 'b') %}xay{% endfilter %}",
        "{% raw %}{{ x }} {% if %}{% endraw %}",
        "{# comment #}a{#- b -#} c",
        "{% autoescape false %}<{% endautoescape %}",
        "{{ {'a': {'b': 1}}.a.b }}}}",
        "{{ '}}' }}{{ \"{%\" }}",
        "{% for a in [[1, [2]]] recursive %}{{ a }}{% endfor %}",
        "{% do [1]|length if true %}{% do range(1) %}",
        "{{ 1 }} %} }} #}",
    ] {
        let Ok(parsed) = syntax::template(text) else {
            let error = Environment::new().render_str(text, ()).map(drop);
            assert!(error.is_err(), "{text}");
            continue;
        };
        let own = own_environment().render_str(&rewrite::template(&parsed), ());
        let expected = Environment::new().render_str(text, ());
        assert_eq!(own.unwrap(), expected.unwrap(), "{text}");
    }
}

fn own_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    extend(&mut environment);
    environment
}
