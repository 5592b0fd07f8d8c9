//! What fires a rule: names, lists and patterns of events.

use super::*;

#[test]
fn lists_and_patterns_fire_a_rule_once() {
    let text = r#"
        [[rule]]
        name = "queue"
        on = ["QueueMember*", "queuememberpause", "*Pause"]
        do = [{ verb = "ping" }]
        [[rule]]
        name = "phones"
        on = "phone.dnd_*"
        do = [{ verb = "clear", phone = "1001" }]
        [[rule]]
        name = "users"
        on = ["UserEvent", "UserEvent.D*"]
        do = [{ verb = "clear", phone = "1002" }]
    "#;
    let queue = "does not fire: it waits for QueueMember*, queuememberpause, *Pause";
    let phones = "does not fire: it waits for phone.dnd_*";
    let users = "does not fire: it waits for UserEvent, UserEvent.D*";
    check(
        text,
        &[
            (
                "Event: QueueMemberPause",
                &format!("1 ping\n{phones}\n{users}"),
            ),
            (
                "Event: QueueMemberAdded",
                &format!("2 ping\n{phones}\n{users}"),
            ),
            ("Event: Queue", &format!("{queue}\n{phones}\n{users}")),
            (
                "Event: phone.DND_on\nphone: 1001",
                &format!("3 clear phone=1001\n{queue}\n{users}"),
            ),
            (
                "Event: UserEvent\nUserEvent: Door",
                &format!("4 clear phone=1002\n{queue}\n{phones}"),
            ),
        ],
    );
}

#[test]
fn decisions_are_in_the_order_of_the_configuration() {
    let mut text = String::new();
    for on in ["B*", "A", "*", "A"] {
        let name = text.len();
        let rule =
            format!("[[rule]]\nname = \"{name}\"\non = \"{on}\"\ndo = [{{ verb = \"ping\" }}]\n");
        text.push_str(&rule);
    }
    let mut engine = engine(&text);
    let names: Vec<String> = engine.names().map(ToOwned::to_owned).collect();
    let decisions = engine.decide(&fact("Event: A"), Instant::now());
    let fired: Vec<String> = decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Start(run) => Some(run.rule.to_string()),
            Decision::Cancel(_) => None,
        })
        .collect();
    assert_eq!(fired, names[1..]);
}
