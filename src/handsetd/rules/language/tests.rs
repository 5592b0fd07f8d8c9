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

#[test]
fn values_compare_as_numbers_with_numbers_and_as_texts_with_texts() {
    for (condition, expected) in [
        ("event.Cause == 16", true),
        ("16 == event.Cause", true),
        ("event.Cause == '16'", true),
        ("event.Cause == 16.0", true),
        ("event.Cause != 16", false),
        ("event.Cause != 17", true),
        ("event.Cause > 100", false),
        ("event.Cause < 100", true),
        ("100 > event.Cause", true),
        ("event.Cause >= 16 and event.Cause <= 16", true),
        ("event.Cause > 15.5", true),
        ("event.Cause > '100'", true),
        ("event.Cause > event.Nine", false),
        ("event.Cause == event.Same", true),
        ("event.Cause == event.Blank", false),
        ("event.Blank == 16", false),
        ("event.Plus == 16", false),
        ("event.Text == 16", false),
        ("event.Text != 16", true),
        ("event.Empty == 0", false),
        ("event.Zero == 0", true),
        ("event.Negative < 0", true),
        ("event.Negative == -5", true),
        ("event.Decimal > 0.07 and event.Decimal < 1", true),
        ("event.Zeros == 42", false),
        ("event.Zeros == '042'", true),
        ("event.Zeros < 5", true),
        ("event.Huge == 1", false),
        ("event.Cause in [16, 17]", true),
        ("event.Cause in ['16', '17']", true),
        ("event.Cause in (17, 18)", false),
        ("event.Cause not in [17, 18]", true),
        ("16 in [event.Cause]", true),
        ("16 in values.Cause", true),
        ("'16' in values.Cause", true),
        ("'6' in event.Cause", true),
        ("6 in event.Cause", true),
        ("event.Cause in {16: 'a'}", true),
        ("event.Cause in {'16': 'a'}", true),
        ("{16: 'a'}[event.Cause] == 'a'", true),
        ("{16: 'a'}.get(event.Cause) == 'a'", true),
        ("{16: 'a'}.get(event.Nine, 'b') == 'b'", true),
        ("10 <= event.Cause < 100", true),
        ("10 <= event.Cause < 16", false),
        ("1 < event.Nine < event.Cause", false),
        ("event.Nine == '9' == event.Nine", true),
        ("event.Cause is eq(16)", true),
        ("event.Cause is gt 15", true),
        ("event.Cause is in [16]", true),
        (
            "[event.Cause, event.Nine]|select('gt', 10)|list|length == 1",
            true,
        ),
        ("[event.Cause, 100]|max == 100", true),
        ("[event.Cause, 9]|min == 9", true),
        ("event.Cause|int + 1 == 17", true),
        ("event.Queue|length > 5", true),
        ("event.Cause and not event.Empty", true),
        ("event.Nope is undefined", true),
        ("event.Nope|default(0) == 0", true),
        ("(event.Cause if event.Cause > 5 else 1) == 16", true),
        ("not event.Cause == 16", false),
        ("phone.name == 'door-front'", true),
    ] {
        assert_eq!(met(condition), Ok(expected), "{condition}");
    }
}

#[test]
fn comparisons_without_meaning_are_errors() {
    for (condition, expected) in [
        (
            "event.Text > 100",
            "cannot compare \"abc\" with 100: it is not a number",
        ),
        (
            "5 < event.Empty",
            "cannot compare \"\" with 5: it is not a number",
        ),
        (
            "event.Cause < none",
            "cannot compare the text \"16\" with none",
        ),
        (
            "event.Cause + 1 == 17",
            "tried to use + operator on unsupported types string and number",
        ),
        ("event.Nope == 1", "the event has no Nope"),
        ("1 in event.Nope", "the event has no Nope"),
        ("0 < event.Nope < 5", "the event has no Nope"),
        ("event.Cause in 5", "nothing is in the number 5"),
    ] {
        let error = met(condition).unwrap_err();
        assert!(error.contains(expected), "{condition}: {error}");
    }
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

#[test]
fn names_that_do_not_exist_are_found_at_load() {
    for (condition, expected) in UNKNOWN_NAMES {
        let error = met(condition).unwrap_err();
        assert!(error.contains(expected), "{condition}: {error}");
        // The same in a branch that is never taken.
        let (fault, _) = error.split_once(" (").unwrap();
        if !fault.starts_with("syntax") {
            let template = format!("a {{% if false %}}{{{{ {condition} }}}}{{% endif %}} b");
            let error = filled(&template).unwrap_err();
            assert!(error.starts_with(fault), "{template}: {error}");
        }
    }
    for (condition, column) in [
        ("{{ event.A == '1' }}", 1),
        ("{{ event.A }} == '1'", 1),
        ("'1' == '{{ event.A }}'", 8),
        ("{% if event.A %}true{% endif %}", 1),
    ] {
        let error = met(condition).unwrap_err();
        let expected = format!("write event.Name without {{{{ }}}} (column {column}: ");
        assert!(error.contains(&expected), "{condition}: {error}");
    }
    for condition in [
        "event.A is defined and event.A == 'true'",
        "phone.activity in ['idle', 'away'] and phone.dnd != 'on' and 'unknown' == phone.hook",
        "event.Or == event.Contains",
        "(1 == 1) == true",
    ] {
        assert!(Condition::parse(condition).is_ok(), "{condition}");
    }
    for (template, expected) in [
        ("{{ event.A = 1 }}", "did you mean ==? (column 12: = 1 }})"),
        (
            "{% if event.A = 1 %}a{% endif %}",
            "did you mean ==? (column 15: = 1 %}",
        ),
        (
            "{% fi event.A %}{% endif %}",
            "syntax error: unknown statement fi",
        ),
        (
            "{% if event.A %}{% elsif event.B %}{% endif %}",
            "unknown statement elsif; did you mean elif?",
        ),
        ("{% for a in b %}{{ a }}{% endfor %}", "unknown name b"),
        (
            "{% for a in [1] %}{{ a }}{% endfor %}{{ a }}",
            "a is assigned to only inside a block, and used outside",
        ),
        ("{% set x = event.A %}{{ x|uper }}", "unknown filter uper"),
    ] {
        let error = filled(template).unwrap_err();
        assert!(error.contains(expected), "{template}: {error}");
    }
}

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

#[test]
fn names_of_filters_and_tests_are_complete() {
    // The only place where minijinja names them.
    let environment = format!("{:?}", *crate::rules::scope::ENVIRONMENT);
    let names = |kind: &str| {
        let start = environment.find(&format!("{kind}: [")).unwrap() + kind.len() + 3;
        let list = environment[start..].split(']').next().unwrap();
        let names = list
            .split(", ")
            .map(|name| name.trim_matches('"').to_owned());
        names
            .filter(|name| !name.starts_with("__"))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("filters"), vocabulary::FILTERS);
    assert_eq!(names("tests"), vocabulary::TESTS);
}

#[test]
fn methods_are_those_of_python() {
    for (expression, expected) in [
        ("'abc'.capitalize()", "Abc"),
        ("'ABC dEF'.capitalize()", "Abc def"),
        ("'ẞ'.casefold()", "ß"),
        ("'ab'.center(5, '*')", "*ab**"),
        ("'ababab'.count('ab')", "3"),
        ("'abc'.endswith('bc')", "True"),
        ("'abc'.endswith(('x', 'c'))", "True"),
        ("'äbc'.find('c')", "2"),
        ("'abcabc'.find('c', 3)", "5"),
        ("'abcabc'.find('c', 0, 2)", "-1"),
        ("'abc'.index('b')", "1"),
        ("'{0:>3}, {1}'.format('a', 'b')", "  a, b"),
        ("'{} and {}'.format(1, 'b')", "1 and b"),
        ("'a1'.isalnum()", "True"),
        ("'a1'.isalpha()", "False"),
        ("event.Cause.isdigit()", "True"),
        ("''.isdigit()", "False"),
        ("'abc1'.islower()", "True"),
        ("'ABC1'.isupper()", "True"),
        ("' '.isspace()", "True"),
        ("'Ab Cd'.istitle()", "True"),
        ("', '.join(['a', 1])", "a, 1"),
        ("'ab'.ljust(4) ~ '|'", "ab  |"),
        ("'ab'.rjust(4, '.')", "..ab"),
        ("event.Queue.lower()", "support-2"),
        ("event.Queue.upper()", "SUPPORT-2"),
        ("'xxabx'.lstrip('x')", "abx"),
        ("'xxabx'.rstrip('x')", "xxab"),
        ("' ab '.strip()", "ab"),
        ("'a-b-c'.partition('-')", "['a', '-', 'b-c']"),
        ("'a-b-c'.rpartition('-')", "['a-b', '-', 'c']"),
        ("'PJSIP/1001'.removeprefix('PJSIP/')", "1001"),
        ("'a.wav'.removesuffix('.wav')", "a"),
        ("'aaa'.replace('a', 'b')", "bbb"),
        ("'aaa'.replace('a', 'b', 2)", "bba"),
        ("'abcabc'.rfind('c')", "5"),
        ("'a b  c'.split()", "['a', 'b', 'c']"),
        ("'a b  c'.split(none, 1)", "['a', 'b  c']"),
        ("'a,b,c'.split(',')", "['a', 'b', 'c']"),
        ("'a,b,c'.split(',', 1)", "['a', 'b,c']"),
        ("'a,b,c'.split(sep=',', maxsplit=1)[1]", "b,c"),
        ("'a,b,c'.rsplit(',', 1)", "['a,b', 'c']"),
        ("'a b  c '.rsplit(none, 1)", "['a b', 'c']"),
        ("''.split(',')", "['']"),
        ("''.split()", "[]"),
        ("'a\\nb'.splitlines()", "['a', 'b']"),
        ("event.Queue.startswith('Supp')", "True"),
        ("event.Queue.startswith('upp', 1)", "True"),
        ("'aB'.swapcase()", "Ab"),
        ("\"they're bill's\".title()", "They'Re Bill'S"),
        ("'42'.zfill(5)", "00042"),
        ("'-42'.zfill(5)", "-0042"),
        ("[1, 2, 1].count(1)", "2"),
        ("[1, 2].index(2)", "1"),
        ("{'a': 1}.get('a')", "1"),
        ("{'a': 1}.get('b', 2)", "2"),
        ("{'a': 1}.items()", "[['a', 1]]"),
        ("{'a': 1}.keys()", "['a']"),
        ("{'a': 1}.values()", "[1]"),
        ("event.get('queue')", "Support-2"),
        ("event.get('Nope', '?')", "?"),
        ("event.List.split(';')[0].split(',')", "['a', 'b']"),
        ("event.Channel|endpoint", "PJSIP/door-front"),
        ("'Local/1@a-00000001;2'|endpoint", "Local/1@a"),
        ("'PJSIP/1001'|endpoint", "PJSIP/1001"),
        ("'\"Bob\" <1001>'|number", "1001"),
        ("'sip:1001@pbx'|number", "1001"),
        (
            "'\"Bob\" <sips:1001@pbx:5061;transport=tls>'|number",
            "1001",
        ),
        ("'tel:+4930123456;phone-context=x'|number", "+4930123456"),
        ("event.Channel|number", "door-front"),
        ("'Local/1001@phones-00000001;2'|number", "1001"),
        ("'<unknown>'|number", ""),
        ("'*21*100#'|number", "*21*100#"),
        ("1001|number", "1001"),
        ("event.Queue|regex_search('[0-9]+')", "2"),
        ("event.Queue|regex_search('[0-9]{2}')", "False"),
        ("'Größe'|regex_search('ß.')", "ße"),
        ("now.strftime('%H:%M')", "14:13"),
        ("now.hour ~ '.' ~ now.weekday ~ '.' ~ now.year", "14.1.2026"),
        ("now", "2026-09-21 14:13"),
        ("now.date ~ ' ' ~ now.time", "2026-09-21 14:13"),
        ("'x' * 3 ~ 2 * 'y'", "xxxyy"),
        ("[1, 2] * 2", "[1, 2, 1, 2]"),
        ("2 * 3 * 1.5", "9.0"),
    ] {
        let result = filled(&format!("{{{{ {expression} }}}}"));
        assert_eq!(result.as_deref(), Ok(expected), "{expression}");
    }
}

#[test]
fn methods_and_operators_are_bounded() {
    for template in [
        "{{ 'x' * 99999999 }}",
        "{{ [1] * 99999999 }}",
        "{{ 99999999 * 'x' }}",
        "{{ 170141183460469231731687303715884105727 * 2 }}",
        "{{ 'x'.center(99999999) }}",
        "{{ 'x'.ljust(99999999) }}",
        "{{ 'x'.rjust(1001) }}",
        "{{ 'x'.zfill(99999999) }}",
        "{{ '{:>99999999}'.format(1) }}",
        "{{ '{:{}}'.format(1, 99999999) }}",
        "{{ ('x' * 9999).replace('x', 'y' * 9999) }}",
        "{{ ('x' * 9999).replace('', 'y' * 9999) }}",
        "{{ ('x' * 9999).join(range(9999)) }}",
        "{{ ('x' * 20000).split('x')|length }}",
        "{{ ('x ' * 20000).split()|length }}",
        "{{ ('x ' * 20000)|split|length }}",
        "{{ ('x' * 20000)|split('x')|length }}",
        "{{ ('x\n' * 20000).splitlines()|length }}",
    ] {
        let error = filled(template).unwrap_err();
        assert!(error.contains("result too large"), "{template}: {error}");
    }
    let pattern = "{{ event.Text|regex_search('((a{200}){200}){200}') }}";
    let error = filled(pattern).unwrap_err();
    assert!(error.contains("invalid pattern"), "{error}");
    let dynamic = filled("{{ event.Text|regex_search('(' * 2000) }}").unwrap_err();
    assert!(dynamic.contains("exceeds the limit of 1024"), "{dynamic}");
    let long = filled("{{ now.strftime('%H' * 200) }}").unwrap_err();
    assert!(long.contains("too long"), "{long}");
}

#[test]
fn all_faults_of_a_text_are_found() {
    let faults = |text: &str| {
        let error = Condition::parse(text).unwrap_err();
        error.each()
    };
    assert_eq!(
        faults("Queue == 'a' and event.Channel.statswith('x') or evnt.Cause == 1"),
        [
            "unknown name Queue; use event.Queue for a value of the event, or put literal text in quotes \
             (column 1: Queue == 'a' and event.Channel.statswith…)",
            "unknown method statswith of a text; did you mean startswith? (column 32: statswith('x') or evnt.Cause == 1)",
            "unknown name evnt; did you mean event? (column 50: evnt.Cause == 1)",
        ]
    );
    // What explains another one at the same place stands for both.
    assert_eq!(faults("event.Cause-txt == 'x'").len(), 1);
    let error = Template::parse("{{ evnt.A }} {% if now.hours > 1 %}{{ event.B|uper }}{% endif %}");
    let columns: Vec<String> = error.unwrap_err().each();
    let columns = columns
        .iter()
        .map(|fault| fault.split(" (").next().unwrap());
    assert_eq!(
        columns.collect::<Vec<_>>(),
        [
            "unknown name evnt; did you mean event?",
            "now has no attribute hours; did you mean hour?",
            "unknown filter uper; did you mean upper?",
        ]
    );
}
