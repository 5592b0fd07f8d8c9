use super::*;

#[test]
fn a_reason_is_one_short_line() {
    assert_eq!(one_line("a\r\n b\tc"), "a b c");
    let long = one_line(&"ä".repeat(300));
    assert_eq!(long.chars().count(), 200);
    assert!(long.ends_with('…'));
}

#[test]
fn reason_names_the_variables_that_are_cut() {
    let report = |phone: &str, reason: &str| {
        let phone = phone.to_owned();
        let reason = reason.to_owned();
        Report {
            phone,
            ..Report::from(Outcome::new(Status::Ok, reason))
        }
    };
    let (short, long) = ("{}", "\"".repeat(1000));
    assert_eq!(reason(&report("1001", "shown"), short), "shown");
    assert_eq!(
        reason(&report("1001", ""), &long),
        "HANDSET_RESULT cut, too long for a channel variable"
    );
    assert_eq!(
        reason(&report(&"1001&".repeat(500), "shown"), &long),
        "HANDSET_PHONE and HANDSET_RESULT cut, too long for a channel variable; shown"
    );
}
