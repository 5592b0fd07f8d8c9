//! One element of a rule's `do`: checked at load as far as it goes, filled in for each event.

use super::config::{Value, Values};
use super::error::Error;
use super::fact::Fact;
use super::template::Template;
use handset_phones::verb::{Kind, Refusal, Request, Verb};

/// One request of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The request.
    pub request: Request,
    /// Its keys and values as the rule gives them, in the order of their names.
    pub pairs: Vec<(String, String)>,
}

/// A verb, and templates for its keys.
#[derive(Debug)]
pub(super) struct Plan {
    verb: Verb,
    pairs: Vec<(String, Template)>,
}

impl Plan {
    /// Compiles an element of `do`; a fault has the key that it concerns.
    pub(super) fn parse(values: &Values) -> Result<Self, Vec<(Option<String>, Error)>> {
        let name = match values.get(VERB) {
            Some(Value::Text(name)) => name.as_str(),
            _ => "",
        };
        let verb: Verb = name
            .parse()
            .map_err(|error| vec![(Some(VERB.to_owned()), Refusal::UnknownVerb(error).into())])?;
        let mut faults = Vec::new();
        let mut pairs = Vec::new();
        for (key, text) in texts(verb, values) {
            match Template::parse(&text) {
                Ok(template) => pairs.push((key, template)),
                Err(error) => faults.push((Some(key), error)),
            }
        }
        let plan = Self { verb, pairs };
        if faults.is_empty() {
            faults = plan.faults();
        }
        if faults.is_empty() {
            Ok(plan)
        } else {
            Err(faults)
        }
    }

    /// Makes the request that `fact` asks for.
    pub(super) fn fill(&self, fact: &Fact) -> Result<Step, Error> {
        let mut pairs = Vec::with_capacity(self.pairs.len().saturating_add(1));
        for (key, template) in &self.pairs {
            pairs.push((key.clone(), template.fill(fact)?));
        }
        if !PHONELESS.contains(&self.verb.name()) && !pairs.iter().any(|(key, _)| key == PHONE) {
            let phone = fact.phone().ok_or(Error::NoPhone { verb: self.verb })?;
            let at = pairs.partition_point(|(key, _)| key.as_str() < PHONE);
            pairs.insert(at, (PHONE.to_owned(), phone.to_owned()));
        }
        let request = Request::parse(self.verb.name(), pairs.iter().map(borrowed))?;
        Ok(Step { request, pairs })
    }

    /// Finds what is wrong whatever the event is.
    fn faults(&self) -> Vec<(Option<String>, Error)> {
        let parse =
            |pairs: &[(&str, &str)]| Request::parse(self.verb.name(), pairs.iter().copied()).err();
        let mut faults = Vec::new();
        for (key, template) in &self.pairs {
            let refusal = parse(&[(key, template.literal().unwrap_or_default())]);
            let is_literal = template.literal().is_some();
            match refusal {
                Some(refusal @ Refusal::UnknownKey { .. }) => {
                    faults.push((Some(key.clone()), refusal.into()));
                }
                Some(Refusal::InvalidValue { error, .. }) if is_literal => {
                    faults.push((
                        Some(key.clone()),
                        Error::Unfit {
                            why: error.to_string(),
                        },
                    ));
                }
                _ => (),
            }
        }
        if faults.is_empty() {
            let literals: Vec<(&str, &str)> = self
                .pairs
                .iter()
                .filter_map(|(key, template)| Some((key.as_str(), template.literal()?)))
                .collect();
            let is_open = |wanted: &str| {
                let mut open = self.pairs.iter();
                open.any(|(key, template)| key == wanted && template.literal().is_none())
            };
            match parse(&literals) {
                None => (),
                // A key whose value the event decides, or one that it may stand for.
                Some(Refusal::MissingKey { key, .. })
                    if is_open(key) || self.may_stand_for(key) =>
                {
                    ()
                }
                Some(Refusal::RequiresKey { required, .. })
                    if is_open(required.split('=').next().unwrap_or_default()) => {}
                Some(refusal) => faults.push((None, refusal.into())),
            }
        }
        faults
    }

    /// Returns whether a value that the event decides may make `key` needless.
    fn may_stand_for(&self, key: &str) -> bool {
        let is_required = self
            .verb
            .row()
            .keys
            .iter()
            .any(|known| known.name == key && known.required);
        let has_gaps = |(_, template): &(String, Template)| template.literal().is_none();
        let common = |(name, _): &(String, Template)| {
            handset_phones::verb::COMMON
                .iter()
                .any(|known| known.name == name)
        };
        let mut own = self.pairs.iter().filter(|pair| !common(pair));
        !is_required && own.any(has_gaps)
    }
}

/// Returns the keys and texts of an element, the verb aside; lists come apart.
pub(super) fn texts(verb: Verb, values: &Values) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (key, value) in values.iter().filter(|(key, _)| *key != VERB) {
        let list = match value {
            Value::Boolean(value) => vec![word(verb, key, *value).to_owned()],
            Value::Integer(number) => vec![number.to_string()],
            Value::List(list) => list.clone(),
            Value::Text(text) => vec![text.clone()],
        };
        texts.extend(list.into_iter().map(|text| (key.clone(), text)));
    }
    texts
}

/// Returns the word that `key` has for true or false.
fn word(verb: Verb, key: &str, value: bool) -> &'static str {
    let is_switch = verb
        .row()
        .key(key)
        .is_some_and(|key| matches!(key.kind, Kind::Word(words) if words.contains(&"on")));
    match (is_switch, value) {
        (true, true) => "on",
        (true, false) => "off",
        (false, true) => "yes",
        (false, false) => "no",
    }
}

fn borrowed((key, value): &(String, String)) -> (&str, &str) {
    (key, value)
}

const PHONE: &str = "phone";
const VERB: &str = "verb";

/// The verbs that need no phone.
const PHONELESS: [&str; 4] = ["login", "logout", "ping", "who"];
