use clap::CommandFactory;

use super::*;
use crate::cli::Cli;

fn names() -> Vec<String> {
    ["1001", "1002", "reception"].map(str::to_owned).to_vec()
}

/// Returns the candidates for a line without quotes; the part behind its last blank is the word to complete.
fn found(line: &str) -> Candidates {
    let words: Vec<&str> = line.split(' ').collect();
    let line = Line::parse(&Cli::command(), &words);
    line.map_or(Candidates::Unknown, |line| candidates::at(&line, names))
}

fn words(line: &str) -> Vec<String> {
    match found(line) {
        Candidates::Words(words) => words,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn verbs_have_their_own_keys_and_values() {
    assert_eq!(words("send pu"), ["push"]);
    assert_eq!(words("send --json scr"), ["screenshot"]);
    assert_eq!(words("send push ti"), ["timeout=", "title="]);
    assert_eq!(words("send ring st"), ["stop="]);
    assert_eq!(words("send push st"), [""; 0]);
    assert_eq!(
        words("send transfer kind="),
        ["kind=blind", "kind=attended"]
    );
    assert_eq!(words("send forward kind=n"), ["kind=noanswer"]);
    assert_eq!(words("send push via=c"), ["via=csta"]);
    // The main key needs no name.
    assert_eq!(words("send dnd o"), ["on", "off"]);
    assert_eq!(words("send dnd state=on o"), [""; 0]);
    assert_eq!(words("send push text=1"), [""; 0]);
    assert_eq!(words("send teleport st"), [""; 0]);
    assert_eq!(found("send background image=/srv/p"), Candidates::Files);
}

#[test]
fn keys_are_offered_as_often_as_they_may_be_given() {
    assert_eq!(words("send push title=x ti"), ["timeout="]);
    assert_eq!(words("send push item=A|exit it"), ["item="]);
}

#[test]
fn phones_are_offered_where_a_phone_is_named() {
    assert_eq!(words("send push phone=10"), ["phone=1001", "phone=1002"]);
    assert_eq!(words("send push phone=1001&1"), ["phone=1001&1002"]);
    assert_eq!(
        words("send --config my.toml push phone=r"),
        ["phone=reception"]
    );
    assert_eq!(words("prove 1"), ["1001", "1002"]);
    assert_eq!(words("phones --why 1001&r"), ["1001&reception"]);
    assert_eq!(words("phones --why=r"), ["--why=reception"]);
    assert_eq!(words("history --phone r"), ["reception"]);
    assert_eq!(words("events phone.* --phone=r"), ["--phone=reception"]);
}

#[test]
fn everything_else_is_left_to_the_script() {
    for line in [
        "",
        "se",
        "send --js",
        "send --config /etc",
        "send --token-file=/etc",
        "prove 1001 1",
        "prove --number 1",
        "phones im",
        "phones import 1",
        "history --verb p",
        "check 1",
    ] {
        assert_eq!(found(line), Candidates::Unknown, "{line}");
    }
}

#[test]
fn line_says_which_daemon_is_asked() {
    let program = Cli::command();
    let parse = |words: &[&'static str]| Line::parse(&program, words).unwrap();
    let line = parse(&["send", "--config=a.toml", "push", "phone="]);
    assert_eq!(line.config().unwrap().to_str(), Some("a.toml"));
    assert!(!line.is_remote());
    for words in [
        &["send", "--url", "https://pbx.example.com", "push", "phone="][..],
        &["send", "push", "--url=https://pbx.example.com", "phone="],
    ] {
        let line = parse(words);
        assert!(line.is_remote());
        assert_eq!(line.arguments, ["push"]);
        assert!(Names::known(&line).list().is_empty());
    }
}
