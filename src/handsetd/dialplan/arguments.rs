//! Parses path, query and arguments of an AGI call into a verb, keys and values.
//!
//! The path is the verb. Keys come from the query and from arguments `key=value`; an argument takes
//! precedence, and one that does not start with a key of the verb is the value of its main key.

use std::collections::HashSet;

use handset_agi as agi;
use handset_phones::verb::{Refusal, Verb};

/// Parses the request of a call. Values are not checked yet.
pub fn read(call: &agi::Request) -> Result<(Verb, Vec<(String, String)>), Refusal> {
    let script = call.script().trim_matches('/');
    let verb: Verb = script.parse()?;
    // Empty arguments count as omitted.
    let arguments = call.arguments().filter(|argument| !argument.is_empty());
    let mut pairs = Vec::new();
    for argument in arguments {
        pairs.push(pair(verb, argument)?);
    }
    let given: HashSet<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
    let query = call
        .query()
        .into_iter()
        .filter(|(key, _)| !given.contains(key));
    // The query comes first, as in the line of the dialplan.
    Ok((verb, query.chain(pairs).collect()))
}

/// Parses one argument: `key=value`, or the value of the verb's main key.
pub(crate) fn pair(verb: Verb, argument: &str) -> Result<(String, String), Refusal> {
    let row = verb.row();
    match argument.split_once('=') {
        Some((key, value)) if row.key(key).is_some() || row.takes_elements && is_word(key) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => match row.main_key {
            Some(main) => Ok((main.to_owned(), argument.to_owned())),
            None => Err(Refusal::NoMainKey {
                verb,
                value: argument.to_owned(),
            }),
        },
    }
}

/// Whether `key` may name an element of a CSTA request: `callToBeAnswered.callID`.
fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

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
        assert_eq!(pushed("/push/", &["Text=x"]), expected("", "Text=x"));
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
        assert!(refused("push", &["a", "b"]).starts_with("text is given twice"));
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
