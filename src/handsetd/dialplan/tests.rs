use super::*;

#[test]
fn a_reason_is_one_short_line() {
    assert_eq!(one_line("a\r\n b\tc"), "a b c");
    let long = one_line(&"ä".repeat(300));
    assert_eq!(long.chars().count(), 200);
    assert!(long.ends_with('…'));
}
