//! Comparisons of the values of events.

use super::*;

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
        ("event.Cause is even", true),
        ("event.Cause is odd", false),
        ("event.Nine is odd", true),
        ("event.Negative is odd", true),
        ("event.Zero is even", true),
        ("event.Cause is divisibleby 4", true),
        ("event.Cause is divisibleby(event.Nine)", false),
        ("18 is divisibleby event.Nine", true),
        ("4.5 is divisibleby 1.5", true),
        // As with `==`, these are no numbers.
        ("event.Zeros is even", false),
        ("event.Text is odd", false),
        ("event.Decimal is even", false),
        ("event.Huge is divisibleby 3", false),
        (
            "[event.Cause, event.Nine]|select('odd')|list|length == 1",
            true,
        ),
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
        ("event.Cause is divisibleby 0", "cannot divide 16 by zero"),
        ("1.5 is divisibleby event.Zero", "cannot divide 1.5 by zero"),
        (
            "event.Cause|int is divisibleby(event.Zero|int)",
            "cannot divide 16 by zero",
        ),
        ("event.Nope is even", "the event has no Nope"),
        ("1 is divisibleby event.Nope", "the event has no Nope"),
        ("event.Nope == 1", "the event has no Nope"),
        ("1 in event.Nope", "the event has no Nope"),
        ("0 < event.Nope < 5", "the event has no Nope"),
        ("event.Cause in 5", "nothing is in the number 5"),
    ] {
        let error = met(condition).unwrap_err();
        assert!(error.contains(expected), "{condition}: {error}");
    }
}

#[test]
fn smallest_number_is_divisible_without_overflow() {
    let smallest = format!("'{}' is divisibleby(-1)", i128::MIN);
    assert_eq!(met(&smallest), Ok(true));
}
