//! The values of a form, as a phone has sent them.

use handset_phones::screen::Input;

use super::refusal::Refusal;

/// What a form has brought so far.
#[derive(Debug)]
pub(super) struct Answers {
    /// Names and values: first those that the form remembered, then those of its fields.
    pub(super) values: Vec<(String, String)>,
    /// The fields that are still to be asked for, in order.
    pub(super) open: Vec<Input>,
}

impl Answers {
    /// Joins what a form of `inputs` remembered with what the phone sent. Of that only the form's own
    /// parameters count. With `one_field`, the phone was asked for the first open field only; otherwise
    /// fields that the phone leaves out are empty.
    pub(super) fn new(
        inputs: &[Input],
        remembered: Vec<(String, String)>,
        sent: &[(String, String)],
        one_field: bool,
    ) -> Result<Self, Refusal> {
        let mut values = remembered;
        values.retain(|(name, _)| !is_reserved(name));
        // Before the form's own fields are added, so that those are never lost.
        values.truncate(MAX_VALUES);
        let is_answered =
            |values: &[(String, String)], name: &str| values.iter().any(|(known, _)| known == name);
        let mut was_asked = false;
        let mut open = Vec::new();
        for input in inputs {
            let name = &input.parameter;
            if one_field && is_answered(&values, name) {
                continue;
            }
            if one_field && was_asked {
                open.push(input.clone());
                continue;
            }
            was_asked = true;
            let value = sent.iter().find(|(known, _)| known == name);
            let value = value.map_or("", |(_, value)| value.as_str());
            values.retain(|(known, _)| known != name);
            values.push((name.clone(), value.to_owned()));
        }
        if values.iter().any(|(_, value)| value.len() > MAX_VALUE) {
            return Err(Refusal::TooLong { max: MAX_VALUE });
        }
        Ok(Self { values, open })
    }
}

/// Returns what a form of `inputs` is to remember of the query of its page: nothing that has the name of a
/// field, which is not answered yet.
pub(super) fn remembered(inputs: &[Input], query: &[(String, String)]) -> Vec<(String, String)> {
    let is_field = |name: &str| inputs.iter().any(|input| input.parameter == name);
    let kept = query
        .iter()
        .filter(|(name, _)| !is_field(name) && !is_reserved(name));
    kept.cloned().collect()
}

/// Returns whether a value of the event `phone.form` has this name without the form's doing, so that no
/// field can.
pub(super) fn is_reserved(name: &str) -> bool {
    ["Event", FORM, "phone"]
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// The value of the event `phone.form` that names the form.
pub(super) const FORM: &str = "Form";

/// The longest value, in bytes. No phone has a field for more.
const MAX_VALUE: usize = 1024;

/// The most values that a form remembers beside its fields. Phones show five or six fields at once.
const MAX_VALUES: usize = 64;

#[cfg(test)]
mod tests {
    use handset_phones::screen::InputKind;

    use super::*;

    fn inputs(names: &[&str]) -> Vec<Input> {
        let input = |name: &&str| Input {
            label: (*name).to_uppercase(),
            parameter: (*name).to_owned(),
            kind: InputKind::Text,
        };
        names.iter().map(input).collect()
    }

    fn pairs(text: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect()
    }

    fn answers(names: &[&str], remembered: &str, sent: &str, one_field: bool) -> (String, usize) {
        let answers = Answers::new(&inputs(names), pairs(remembered), &pairs(sent), one_field);
        let answers = answers.unwrap();
        let text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&answers.values)
            .finish();
        (text, answers.open.len())
    }

    #[test]
    fn only_fields_of_the_form_are_taken_and_all_of_them_have_a_value() {
        let sent = "pin=12&user=7&phone=1001&Form=other&x=y&user=8";
        let expected = ("meal=soup&user=7&pin=12&door=".to_owned(), 0);
        let names = ["user", "pin", "door"];
        assert_eq!(answers(&names, "meal=soup", sent, false), expected);
        let own = answers(&["user"], "phone=1&form=x&EVENT=z", "user=7", false);
        assert_eq!(own.0, "user=7");
    }

    #[test]
    fn fields_are_asked_for_one_after_the_other() {
        let names = ["user", "pin", "door"];
        assert_eq!(
            answers(&names, "", "user=7", true),
            ("user=7".to_owned(), 2)
        );
        let second = answers(&names, "user=7", "pin=1", true);
        assert_eq!(second, ("user=7&pin=1".to_owned(), 1));
        // A phone may leave out an empty field.
        let third = answers(&names, "user=7&pin=1", "", true);
        assert_eq!(third, ("user=7&pin=1&door=".to_owned(), 0));
    }

    #[test]
    fn query_of_a_page_answers_no_field() {
        let kept = remembered(&inputs(&["user", "pin"]), &pairs("user=7&meal=soup&form=x"));
        assert_eq!(kept, pairs("meal=soup"));
    }

    #[test]
    fn no_number_of_other_values_drops_a_field() {
        let many: Vec<String> = (0..1000).map(|n| format!("x{n}=1&")).collect();
        let many = many.concat();
        let (values, open) = answers(
            &["user", "pin"],
            &many,
            &format!("{many}pin=2&user=7"),
            false,
        );
        assert!(values.ends_with("&user=7&pin=2"), "{values}");
        assert_eq!((values.split('&').count(), open), (MAX_VALUES + 2, 0));
    }

    #[test]
    fn long_values_are_refused() {
        let sent = format!("user={}", "x".repeat(MAX_VALUE + 1));
        let refused = Answers::new(&inputs(&["user"]), Vec::new(), &pairs(&sent), false);
        assert_eq!(refused.unwrap_err(), Refusal::TooLong { max: MAX_VALUE });
    }
}
