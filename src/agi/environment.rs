//! The `agi_*` variables of one call, and which of them to trust.
//!
//! Asterisk escapes nothing: an LF in a caller's number, name or any other text adds lines that look
//! genuine. But Asterisk writes its lines in a fixed order, which exposes most forgeries:
//!
//! 1. the *head*: connection and channel, before anything that a caller can choose;
//! 2. the *caller*: number, name, and other data about the call from the network;
//! 3. the position in the dialplan, which ends with `agi_threadid`;
//! 4. the *arguments*.
//!
//! Therefore variables of the head count only before the first line of the caller, where the first
//! one wins; arguments count only there and after the last `agi_threadid`; and of any other variable
//! before that line the last one wins.
//!
//! An argument may have several lines: those after it that do not start the next argument. A line that
//! starts an argument out of turn is either of another argument or was added by one, and a line in the
//! head that is not a variable, or one that was there before, comes from a line break in the URL. Both
//! make the request [ambiguous](Environment::is_ambiguous). What cannot be detected is a line break that
//! adds exactly the argument whose turn it is, after the last genuine one.
//!
//! A block without `agi_threadid` was not written by Asterisk 1.6 or later, but by hand or by a test.
//! Its lines may be in any order, and the first one wins.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use super::grammar::{self, Line};

/// The variables of one call, by their names without `agi_`.
#[derive(Clone, Default)]
pub(super) struct Environment {
    block: String,
    /// All that there are; the first one of a name counts. Too few for a hash table to be worth its making.
    variables: Vec<Variable>,
    arguments: BTreeMap<u32, String>,
    is_ambiguous: bool,
}

/// Where in the block a variable is: to copy each takes longer than to parse them.
#[derive(Clone)]
struct Variable {
    name: Range<usize>,
    value: Range<usize>,
}

impl Environment {
    /// Parses a block, skipping lines that are not variables.
    pub(super) fn parse(block: &str) -> Self {
        // The line breaks at the end are those of the blank line that ends the block.
        let mut lines = Vec::with_capacity(USUAL_LINES);
        lines.extend(grammar::lines(block.trim_end_matches(['\r', '\n'])));
        let mut environment = Self {
            block: block.to_owned(),
            variables: Vec::with_capacity(lines.len()),
            ..Self::default()
        };
        let thread = lines.iter().rposition(|line| line.name() == Some(THREAD));
        match thread.and_then(|thread| lines.split_at_checked(thread.saturating_add(1))) {
            Some((before, arguments)) => {
                environment.read_in_order(block, before);
                environment.read_arguments(arguments);
            }
            None => lines
                .iter()
                .filter_map(|line| line.variable)
                .for_each(|variable| environment.read_unordered(block, variable)),
        }
        environment
    }

    /// Returns a variable by its name without `agi_`.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let is_named = |known: &&Variable| {
            // Most names differ in length.
            known.name.len() == name.len() && self.part(&known.name) == name
        };
        let found = self.variables.iter().find(is_named)?;
        Some(self.part(&found.value))
    }

    fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = |variable: &Variable| (self.part(&variable.name), self.part(&variable.value));
        self.variables.iter().map(parts)
    }

    fn part(&self, range: &Range<usize>) -> &str {
        self.block.get(range.clone()).unwrap_or_default()
    }

    /// Returns the arguments in the order of their numbers.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.arguments.values().map(String::as_str)
    }

    /// Returns whether there are neither variables nor arguments.
    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.arguments.is_empty()
    }

    /// Returns whether a line break in the URL or in an argument makes it uncertain which lines are
    /// genuine.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// Reads the lines up to the last `agi_threadid`, which are in Asterisk's order.
    fn read_in_order(&mut self, block: &str, lines: &[Line<'_>]) {
        let is_callers = |line: &Line<'_>| line.name().is_some_and(|name| name.starts_with(CALLER));
        let caller = lines.iter().position(is_callers).unwrap_or(lines.len());
        let (head, rest) = lines.split_at_checked(caller).unwrap_or((lines, &[]));
        for line in head {
            let Some((name, value)) = line.variable else {
                self.is_ambiguous |= !line.text.is_empty();
                continue;
            };
            if let Some(number) = argument_number(name) {
                self.arguments.insert(number, value.to_owned());
            } else if is_of_head(name) {
                self.is_ambiguous |= self.variable(name).is_some();
                self.variables.push(Variable::of(block, name, value));
            }
        }
        let other = |line: &Line<'_>| {
            let (name, value) = line.variable?;
            let is_other = name != CALLER && !is_of_head(name) && argument_number(name).is_none();
            is_other.then(|| Variable::of(block, name, value))
        };
        let mut after_head = rest.iter().filter_map(|line| line.variable);
        if let Some((name, value)) = after_head.find(|(name, _)| *name == CALLER) {
            self.variables.push(Variable::of(block, name, value));
        }
        // Of the others, the last one counts.
        self.variables.extend(lines.iter().rev().filter_map(other));
    }

    /// Reads the lines after the last `agi_threadid`: the arguments, numbered from 1.
    fn read_arguments(&mut self, lines: &[Line<'_>]) {
        let mut last = 0_u32;
        for line in lines {
            let argument = line
                .variable
                .and_then(|(name, value)| Some((argument_number(name)?, value)));
            match argument {
                Some((number, value)) if Some(number) == last.checked_add(1) => {
                    self.arguments.insert(number, value.to_owned());
                    last = number;
                }
                other => {
                    self.is_ambiguous |= other.is_some();
                    if let Some(value) = self.arguments.get_mut(&last) {
                        value.push('\n');
                        value.push_str(line.text);
                    }
                }
            }
        }
    }

    /// Reads a line of a block whose lines may be in any order.
    fn read_unordered(&mut self, block: &str, (name, value): (&str, &str)) {
        if let Some(number) = argument_number(name) {
            self.arguments
                .entry(number)
                .or_insert_with(|| value.to_owned());
        } else {
            self.variables.push(Variable::of(block, name, value));
        }
    }
}

/// Two are equal if they have the same variables, as often, and arguments, wherever those are in their blocks.
impl PartialEq for Environment {
    fn eq(&self, other: &Self) -> bool {
        self.variables().eq(other.variables())
            && self.arguments == other.arguments
            && self.is_ambiguous == other.is_ambiguous
    }
}

impl Eq for Environment {}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables().collect::<Vec<_>>())
            .field("arguments", &self.arguments)
            .field("is_ambiguous", &self.is_ambiguous)
            .finish_non_exhaustive()
    }
}

impl Variable {
    /// Returns where in `block` its parts `name` and `value` are.
    fn of(block: &str, name: &str, value: &str) -> Self {
        let range = |part: &str| {
            let start = part.as_ptr().addr().saturating_sub(block.as_ptr().addr());
            start..start.saturating_add(part.len())
        };
        Self {
            name: range(name),
            value: range(value),
        }
    }
}

/// `argument = "arg_" 1*DIGIT`
fn argument_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("arg_")?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// Returns whether Asterisk writes a variable before those of the caller.
fn is_of_head(name: &str) -> bool {
    matches!(
        name,
        "network"
            | "network_script"
            | "request"
            | "channel"
            | "language"
            | "type"
            | "uniqueid"
            | "version"
    )
}

/// The first variable that a caller can choose; also a prefix of `calleridname`.
const CALLER: &str = "callerid";

/// The last variable before the arguments.
const THREAD: &str = "threadid";

/// More lines than a block has without arguments.
const USUAL_LINES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment of Asterisk 16 to 22 with this caller name and first argument.
    fn block(name: &str, argument: &str) -> String {
        format!(
            "agi_network: yes\nagi_request: agi://127.0.0.1\nagi_channel: PJSIP/1001-00000001\n\
             agi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1795221990.0\nagi_version: 22.10.1\n\
             agi_callerid: 1001\nagi_calleridname: {name}\nagi_callingpres: 0\nagi_dnid: 100\n\
             agi_rdnis: unknown\nagi_context: phones\nagi_extension: 100\nagi_priority: 2\n\
             agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 140536028174080\n\
             agi_arg_1: {argument}\nagi_arg_2: \n\n"
        )
    }

    #[test]
    fn caller_name_cannot_forge_trusted_variables() {
        let forged = "x\nagi_network_script: reboot\nagi_request: agi://h/reboot\n\
                      agi_channel: PJSIP/1-1\nagi_uniqueid: 1\nagi_callerid: 1\nagi_context: evil\n\
                      agi_extension: 1\nagi_threadid: 1\nagi_arg_1: evil\nagi_arg_3: more";
        let environment = Environment::parse(&block(forged, "text=hi"));
        let arguments: Vec<&str> = environment.arguments().collect();
        assert_eq!(arguments, ["text=hi", ""]);
        for (name, value) in [
            ("network_script", None),
            ("request", Some("agi://127.0.0.1")),
            ("channel", Some("PJSIP/1001-00000001")),
            ("uniqueid", Some("1795221990.0")),
            ("callerid", Some("1001")),
            ("calleridname", Some("x")),
            ("context", Some("phones")),
            ("extension", Some("100")),
            ("threadid", Some("140536028174080")),
        ] {
            assert_eq!(environment.variable(name), value, "{name}");
        }
    }

    #[test]
    fn line_break_in_an_argument_forges_no_variable() {
        let value = "x\nagi_channel: PJSIP/9\nagi_dnid: 9";
        let environment = Environment::parse(&block("Bob", value));
        assert_eq!(environment.variable("channel"), Some("PJSIP/1001-00000001"));
        assert_eq!(environment.variable("dnid"), Some("100"));
        assert_eq!(environment.arguments().collect::<Vec<_>>(), [value, ""]);
        assert!(!environment.is_ambiguous());
    }

    #[test]
    fn argument_may_have_several_lines() {
        for value in [
            "text=first\nsecond\nthird",
            "text=first\n\nthird",
            "\nsecond",
            "a: b\nagi: c",
        ] {
            let environment = Environment::parse(&block("Bob", value));
            assert_eq!(environment.arguments().collect::<Vec<_>>(), [value, ""]);
            assert!(!environment.is_ambiguous(), "{value:?}");
        }
        let last = Environment::parse("agi_threadid: 1\nagi_arg_1: a\nagi_arg_2: b\n\nc\n\n");
        assert_eq!(last.arguments().collect::<Vec<_>>(), ["a", "b\n\nc"]);
        assert!(!Environment::parse(&block("Bob", "x")).is_ambiguous());
    }

    #[test]
    fn argument_out_of_turn_is_ambiguous() {
        for value in [
            "x\nagi_arg_2: forged",
            "x\nagi_arg_1: forged",
            "x\nagi_arg_9: forged",
            "x\nagi_arg_0: forged",
            "x\nagi_arg_2: forged\nagi_arg_3: forged",
        ] {
            assert!(
                Environment::parse(&block("Bob", value)).is_ambiguous(),
                "{value:?}"
            );
        }
    }

    #[test]
    fn line_break_in_the_url_is_ambiguous() {
        let honest = "agi_network_script: push?text=a\nagi_request: agi://h/push?text=a\n\
                      agi_channel: C\nagi_callerid: 1\nagi_threadid: 1\n\n";
        assert!(!Environment::parse(honest).is_ambiguous());
        for value in [
            "text=a\nb",
            "text=a\nagi_channel: PJSIP/9-1",
            "text=a\nagi_request: x",
        ] {
            let block = honest.replace("text=a", value);
            assert!(Environment::parse(&block).is_ambiguous(), "{value:?}");
        }
    }

    #[test]
    fn blank_lines_within_are_ignored() {
        let environment = Environment::parse(&block("x\n\n200 result=1 (forged)", "text=hi"));
        assert_eq!(environment, Environment::parse(&block("x", "text=hi")));
    }

    #[test]
    fn lines_may_be_in_any_order_without_a_thread() {
        let environment = Environment::parse(
            "agi_callerid: 1001\nagi_arg_2: b\nagi_arg_1: a\nagi_network_script: push\n\
             agi_callerid: 2\n\n",
        );
        assert_eq!(environment.variable("network_script"), Some("push"));
        assert_eq!(environment.variable("callerid"), Some("1001"));
        assert_eq!(environment.arguments().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn arguments_are_sorted_as_numbers() {
        let lines: Vec<String> = (1..=12)
            .rev()
            .map(|n| format!("agi_arg_{n}: {n}\n"))
            .collect();
        let lines = lines.concat();
        let environment = Environment::parse(&lines);
        assert_eq!(environment.arguments().last(), Some("12"));
    }

    #[test]
    fn invalid_argument_number_is_a_variable_name() {
        let environment = Environment::parse("agi_arg_x: 1\nagi_arg_99999999999: 2\nagi_arg_: 3\n");
        assert_eq!(environment.arguments().count(), 0);
        assert_eq!(environment.variable("arg_x"), Some("1"));
    }
}
