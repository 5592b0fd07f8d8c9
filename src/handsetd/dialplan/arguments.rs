//! Parses path, query and arguments of an AGI call into a verb, keys and values.
//!
//! The path is the verb. Keys come from the query and from arguments `key=value`; an argument takes
//! precedence, and one that does not start with a key of the verb is the value of its main key.

use std::collections::HashSet;

use handset_agi as agi;
use handset_phones::verb::{Key, Refusal, Verb};

/// Parses the request of a call. Values are not checked yet.
pub fn read(call: &agi::Request) -> Result<(Verb, Vec<(String, String)>), Refusal> {
    let script = call.script().trim_matches('/');
    let verb: Verb = script.parse()?;
    if call.is_ambiguous() {
        return Err(Refusal::LineBreak);
    }
    let query = call.query();
    let given = |key: &str| query.iter().any(|(known, _)| known == key);
    let pairs = pairs(verb, call.arguments(), given)?;
    let replaced: HashSet<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
    let query = query.into_iter().filter(|(key, _)| !replaced.contains(key));
    // The query comes first, as in the line of the dialplan.
    Ok((verb, query.chain(pairs).collect()))
}

/// Parses arguments `key=value`; one that does not start with a key is the value of the verb's main
/// key. Blank arguments count as omitted. `given` says which keys have a value elsewhere, which an
/// argument may replace.
pub(crate) fn pairs<'a>(
    verb: Verb,
    arguments: impl IntoIterator<Item = &'a str>,
    given: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String)>, Refusal> {
    let (mut pairs, mut claims) = (Vec::new(), Vec::new());
    for text in arguments {
        if text.trim().is_empty() {
            continue;
        }
        match Argument::parse(verb, text)? {
            Argument::Keyed(key, value) => pairs.push((key.to_owned(), value.to_owned())),
            Argument::Main { key, claim } => {
                pairs.push((key.to_owned(), claim.text.to_owned()));
                claims.push((key, claim));
            }
        }
    }
    match claims.first() {
        Some(&(main_key, _)) if !verb.row().key(main_key).is_some_and(Key::is_repeatable) => {
            let values = pairs.iter().filter(|(key, _)| key == main_key).count();
            let claims = claims.iter().map(|(_, claim)| claim);
            // A word before `=` was probably meant as a key; else the part after a comma is reported.
            let culprit = claims.clone().find(|claim| claim.word.is_some());
            let is_replacement = culprit.is_none() || !given(main_key);
            match culprit.or_else(|| claims.clone().next_back()) {
                Some(culprit) if values > 1 || !is_replacement => Err(Refusal::NotAKey {
                    verb,
                    argument: culprit.name(),
                    main_key,
                }),
                _ => Ok(pairs),
            }
        }
        _ => Ok(pairs),
    }
}

/// One argument.
enum Argument<'a> {
    /// `key=value`.
    Keyed(&'a str, &'a str),
    /// The value of the main key.
    Main { key: &'static str, claim: Claim<'a> },
}

/// An argument that does not start with a key of the verb.
struct Claim<'a> {
    text: &'a str,
    /// The single word before its first `=`.
    word: Option<&'a str>,
}

impl<'a> Argument<'a> {
    /// Parses an argument. White space before a key is that after a comma, and dropped.
    fn parse(verb: Verb, text: &'a str) -> Result<Self, Refusal> {
        let row = verb.row();
        let text = text.trim_start();
        let mut word = None;
        if let Some((key, value)) = text.split_once('=') {
            let key = key.trim_end();
            if row.key(key).is_some() || row.takes_elements && is_element(key) {
                return Ok(Self::Keyed(key, value));
            }
            word = is_word(key).then_some(key);
        }
        match (row.main_key, word) {
            (Some(key), Some(word)) if row.misspelt_key(word).is_none() => Ok(Self::Main {
                key,
                claim: Claim {
                    text,
                    word: Some(word),
                },
            }),
            (_, Some(word)) => Err(Refusal::UnknownKey {
                verb,
                key: word.to_owned(),
            }),
            (Some(key), None) => Ok(Self::Main {
                key,
                claim: Claim { text, word: None },
            }),
            (None, None) => Err(Refusal::NoMainKey {
                verb,
                value: text.to_owned(),
            }),
        }
    }
}

impl Claim<'_> {
    /// Names the argument in a message.
    fn name(&self) -> String {
        let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
        match self.word {
            Some(word) => shown(word),
            None => format!("{:?}", shown(self.text)),
        }
    }
}

/// Whether `key` may name an element of a CSTA request: `callToBeAnswered.callID`.
fn is_element(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

/// Whether `key` is a single word, which may be a misspelt key.
fn is_word(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// How much of an argument a message shows, in characters.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use handset_phones::screen::Body;
    use handset_phones::verb::{Action, Content, Push, Request};

    fn read(call: &agi::Request) -> Result<Request, Refusal> {
        let (verb, pairs) = super::read(call)?;
        Request::parse(verb.name(), pairs)
    }

    fn call(script: &str, arguments: &[&str]) -> agi::Request {
        let mut block = format!(
            "agi_network: yes\nagi_network_script: {script}\nagi_request: agi://127.0.0.1/{script}\n\
             agi_channel: PJSIP/1001-00000001\nagi_threadid: 1\n"
        );
        for (at, argument) in arguments.iter().enumerate() {
            let _ = writeln!(block, "agi_arg_{}: {argument}", at + 1);
        }
        block.push('\n');
        agi::Request::parse(block.as_bytes()).unwrap()
    }

    /// Returns title and text of a push.
    fn pushed(script: &str, arguments: &[&str]) -> (String, String) {
        match read(&call(script, arguments)).unwrap().action {
            Action::Push(Push {
                content: Content::Screen(screen),
                ..
            }) => match screen.body {
                Body::Text(text) => (screen.title.unwrap_or_default(), text),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn expected(title: &str, text: &str) -> (String, String) {
        (title.to_owned(), text.to_owned())
    }

    #[test]
    fn arguments_take_precedence_over_the_query() {
        assert_eq!(
            pushed("push?title=Hi+you&text=a%2Cb", &[]),
            expected("Hi you", "a,b")
        );
        assert_eq!(
            pushed("push", &["title=Hi", "text=a+b%20c"]),
            expected("Hi", "a+b%20c")
        );
        assert_eq!(
            pushed("push?title=Old&text=old", &["title=New"]),
            expected("New", "old")
        );
    }

    #[test]
    fn value_without_a_key_of_the_verb_is_the_main_value() {
        assert_eq!(
            pushed("push", &["2+2=4 is true"]),
            expected("", "2+2=4 is true")
        );
        assert_eq!(
            pushed("push", &["Hello", "title=T"]),
            expected("T", "Hello")
        );
        assert_eq!(pushed("push", &["text=a=b"]), expected("", "a=b"));
        assert_eq!(pushed("push", &["", "Hello", ""]), expected("", "Hello"));
        assert_eq!(pushed("/push/", &["x=y"]), expected("", "x=y"));
        assert_eq!(pushed("push", &["colour=red"]), expected("", "colour=red"));
    }

    #[test]
    fn white_space_before_a_key_is_dropped() {
        for arguments in [
            ["title=Hi", " text=You are number 3"],
            [" title=Hi", "  text=You are number 3"],
            ["\ttitle =Hi", " You are number 3"],
        ] {
            assert_eq!(
                pushed("push", &arguments),
                expected("Hi", "You are number 3"),
                "{arguments:?}"
            );
        }
        assert_eq!(
            pushed("push", &["title= Hi ", "text= a "]),
            expected(" Hi ", " a ")
        );
        assert_eq!(pushed("push", &["  ", " Hello"]), expected("", "Hello"));
    }

    #[test]
    fn text_of_several_lines_arrives_whole_or_is_refused() {
        let lines = "text=first\nsecond\n\nfourth";
        assert_eq!(
            pushed("push", &[lines, "title=T"]),
            expected("T", "first\nsecond\n\nfourth")
        );
        assert_eq!(
            pushed("push?text=first%0Asecond", &[]),
            expected("", "first\nsecond")
        );
        assert_eq!(pushed("push", &[r"text=a\nb"]), expected("", "a\nb"));
        let message = "a line break in the URL or in an argument; send it as ?text=${URIENCODE(…)}";
        for (script, arguments) in [
            ("push", ["text=first\nagi_arg_2: title=x", "title=T"]),
            ("push?text=first\nsecond", ["title=T", ""]),
        ] {
            let refusal = read(&call(script, &arguments)).unwrap_err();
            assert_eq!(refusal.to_string(), message, "{arguments:?}");
        }
    }

    #[test]
    fn misspelt_key_is_no_text() {
        let refused = |script: &str, arguments: &[&str]| {
            read(&call(script, arguments)).unwrap_err().to_string()
        };
        let message = "unknown key titel; did you mean title?";
        assert_eq!(refused("push", &["titel=Lunch"]), message);
        assert_eq!(refused("push", &["text=a", " titel=Lunch"]), message);
        assert_eq!(refused("push", &["Hello", "titel=Lunch"]), message);
        assert_eq!(
            refused("push", &["Text=x"]),
            "unknown key Text; did you mean text?"
        );
        assert_eq!(
            refused("dial", &["201", "phon=1001"]),
            "unknown key phon; did you mean phone?"
        );
        assert_eq!(
            refused("ping", &["phon=1001"]),
            "unknown key phon; did you mean phone?"
        );
        assert!(refused("ping", &["colour=red"]).starts_with("unknown key \"colour\" of ping"));
        // A text that begins so stays possible.
        assert_eq!(
            pushed("push", &["text=titel=Lunch"]),
            expected("", "titel=Lunch")
        );
        assert_eq!(
            pushed("push", &["the titel=Lunch"]),
            expected("", "the titel=Lunch")
        );
    }

    #[test]
    fn second_claim_to_the_main_key_is_named() {
        let refused = |script: &str, arguments: &[&str]| {
            let refusal = read(&call(script, arguments)).unwrap_err().to_string();
            let (start, _) = refusal.split_once("; write text= once").unwrap();
            start.to_owned()
        };
        for (script, arguments, start) in [
            (
                "push",
                &["text=a", "colour=red"],
                "colour is no key of push",
            ),
            (
                "push",
                &["colour=red", "text=a"],
                "colour is no key of push",
            ),
            ("push", &["colour=red", "Hello"], "colour is no key of push"),
            ("push", &["Hello", " world"], "\"world\" is no key of push"),
            (
                "push",
                &["text=Hello", "world"],
                "\"world\" is no key of push",
            ),
        ] {
            assert_eq!(refused(script, arguments), start, "{arguments:?}");
        }
        assert_eq!(
            refused("push?text=a", &["colour=red"]),
            "colour is no key of push"
        );
        assert_eq!(pushed("push?text=old", &["new"]), expected("", "new"));
        let long = "x".repeat(1000);
        assert!(refused("push", &["a", &long]).len() < 80);
        assert!(refused("push", &["a", &format!("{long}=b")]).len() < 80);
        let settings = read(&call("settings", &["dnd=on", "lang=de"]));
        assert_eq!(settings.unwrap().verb.name(), "settings");
    }

    #[test]
    fn argument_replaces_every_value_of_its_key_in_the_query() {
        let request = read(&call("push?item=A|exit&item=B|exit", &["item=C|exit"])).unwrap();
        let Action::Push(Push {
            content: Content::Screen(screen),
            ..
        }) = request.action
        else {
            panic!()
        };
        assert!(matches!(screen.body, Body::Menu(items) if items.len() == 1));
    }

    #[test]
    fn refusals_name_the_verb_or_key() {
        let refused = |script: &str, arguments: &[&str]| {
            read(&call(script, arguments)).unwrap_err().to_string()
        };
        assert!(refused("", &[]).starts_with("unknown verb \"\""));
        assert!(refused("pusch", &["a"]).starts_with("unknown verb \"pusch\""));
        assert!(refused("push?colour=red", &["a"]).starts_with("unknown key \"colour\" of push"));
        let message = "text is given twice; push takes it once";
        assert_eq!(refused("push", &["text=a", "text=b"]), message);
        let message = "ping has no main key for the value \"now\"; write KEY=now";
        assert_eq!(refused("ping", &["now"]), message);
    }

    #[test]
    fn csta_accepts_dotted_keys() {
        let request = read(&call(
            "csta",
            &["AnswerCall", "callToBeAnswered.callID=-18"],
        ));
        assert_eq!(request.unwrap().verb.name(), "csta");
    }
}
