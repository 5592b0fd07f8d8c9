//! Methods of texts, lists and maps.

use super::*;

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
