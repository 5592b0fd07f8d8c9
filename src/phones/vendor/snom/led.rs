//! Lamps: a document of the minibrowser that switches a lamp and closes at once. The lamp keeps its
//! state.
//!
//! Sources: the `Led` element, and for the numbers of the lamps gateways that drive them.

use super::document::EXIT;
use super::model;
use crate::phone::Phone;
use crate::vendor::PlanError;
use crate::verb::{Led, LedColor, LedName, LedState};
use crate::xml::Node;

/// Writes the document that switches a lamp.
pub(super) fn document(phone: &Phone, led: &Led) -> Result<String, PlanError> {
    let number = number(phone, led.name.as_ref())?;
    let state = match led.state {
        LedState::Fast => "blinkfast",
        LedState::Off => "off",
        LedState::On => "on",
        LedState::Slow => "blinkslow",
    };
    let mut node = Node::with_text("Led", state).attribute("number", &number.to_string());
    if let Some(color) = led.color {
        node = node.attribute("color", color_name(color));
    }
    let fetch = Node::with_text("fetch", EXIT).attribute("mil", "100");
    let document = Node::new("SnomIPPhoneText").attribute("track", "no");
    let text = Node::with_text("Text", "…");
    Ok(document.child(text).child(node).child(fetch).to_document())
}

/// Returns the phone's own number of a lamp: that of messages is 0, those of the programmable keys
/// begin where the model has them.
fn number(phone: &Phone, name: Option<&LedName>) -> Result<u16, PlanError> {
    let Some(name) = name else {
        return Ok(0);
    };
    let name = name.as_str().to_ascii_uppercase();
    if matches!(name.as_str(), "0" | "MESSAGE" | "MWI") {
        return Ok(0);
    }
    let after = |prefix: &str| {
        name.strip_prefix(prefix)
            .and_then(|digits| digits.parse().ok())
    };
    if let Some(number) = after("LED").filter(|number| *number <= MAX_LAMP) {
        return Ok(number);
    }
    let keys = model::function_keys(phone);
    let key = after("P").or_else(|| after("L")).or_else(|| after(""));
    let key: u16 = key.filter(|key| (1..=keys).contains(key)).ok_or_else(|| {
        PlanError::Invalid(format!(
            "led: unknown lamp {name}; use MESSAGE, P1 to P{keys}, or LED and the phone's own number"
        ))
    })?;
    let first = model::first_lamp(phone).ok_or_else(|| {
        PlanError::unsupported(format!(
            "led: the number of lamp {name} on this model is unknown; use LED and the phone's own number"
        ))
    })?;
    Ok(first.saturating_add(key).saturating_sub(1))
}

fn color_name(color: LedColor) -> &'static str {
    let mut all = LedColor::ALL.into_iter();
    all.find(|(_, known)| *known == color)
        .map_or("green", |(name, _)| name)
}

/// The highest number of a lamp.
const MAX_LAMP: u16 = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::Task;
    use crate::vendor::testing::{Fixture, control_task};
    use crate::verb::Control;

    fn written(model: &str, pairs: &str) -> Result<String, String> {
        let fixture = Fixture::new(Vendor::Snom, model, "10.1.198.12");
        match control_task("led", pairs) {
            Task::Control(Control::Led(led)) => {
                document(&fixture.phone, &led).map_err(|refused| refused.to_string())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lamps_have_the_numbers_of_the_model() {
        let document = written("D785", "state=slow;led=P3;color=green").unwrap();
        insta::assert_snapshot!(document, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneText track="no"><Text>…</Text><Led number="7" color="green">blinkslow</Led><fetch mil="100">snom://mb_exit</fetch></SnomIPPhoneText>"#);
        for (model, led, number) in [
            ("D713", "P1", 1),
            ("D385", "2", 3),
            ("D785", "L24", 28),
            ("320", "LED7", 7),
            ("320", "MESSAGE", 0),
        ] {
            let document = written(model, &format!("state=on;led={led}")).unwrap();
            assert!(
                document.contains(&format!("number=\"{number}\">on<")),
                "{document}"
            );
        }
        assert!(
            written("320", "state=off")
                .unwrap()
                .contains("number=\"0\">off<")
        );
    }

    #[test]
    fn missing_lamps_are_refused() {
        assert!(
            written("D713", "state=on;led=P5")
                .unwrap_err()
                .contains("P1 to P4")
        );
        assert!(
            written("D785", "state=on;led=LED256")
                .unwrap_err()
                .contains("LED256")
        );
        assert!(
            written("320", "state=on;led=P1")
                .unwrap_err()
                .contains("unknown")
        );
    }
}
