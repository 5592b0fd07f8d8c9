use handset_ami::wire::Packet;
use handset_ami::{Config, Event};
use serde_json::json;

use super::*;

fn response(text: &str) -> Response {
    Response::new(Packet::parse(text.as_bytes()))
}

#[test]
fn result_is_a_list_an_output_or_else_the_headers() {
    let headers = response("Response: Success\r\nActionID: 1\r\nVariable: A\r\nValue: 5\r\n");
    let expected = json!({"Response": "Success", "Variable": "A", "Value": "5"});
    assert_eq!(value(&headers), expected);
    let output = response("Response: Success\r\nOutput: one\r\nOutput: two\r\n");
    assert_eq!(value(&output), json!("one\ntwo"));
    let items = ["Event: A\r\nB: 1\r\n", "Event: End\r\n"];
    let items = items.map(|item| Event::parse(item.as_bytes()).unwrap());
    let list = response("Response: Success\r\n").with_list(items.to_vec(), false);
    assert_eq!(value(&list), json!([{"Event": "A", "B": "1"}]));
}

#[test]
fn action_goes_to_the_named_server_or_to_that_of_the_event() {
    let client = |name: &str| {
        let address = "192.0.2.1".parse().unwrap();
        let config = Config::new(name, address, "handsetd", "hush".into());
        Client::new(&config).unwrap().0
    };
    let servers = [client("berlin"), client("bonn")];
    let call = |server: Option<&str>, origin: Option<&str>| AmiCall {
        action: handset_ami::Action::builder("Ping").build().unwrap(),
        server: server.map(|name| name.parse().unwrap()),
        origin: origin.map(|name| name.parse().unwrap()),
        deadline: std::time::Duration::from_secs(1),
    };
    let name = |servers: &[Client], call: &AmiCall| {
        find(servers, call).map(|client| client.name().to_owned())
    };
    assert_eq!(name(&servers, &call(None, Some("bonn"))).unwrap(), "bonn");
    let named = call(Some("berlin"), Some("bonn"));
    assert_eq!(name(&servers, &named).unwrap(), "berlin");
    assert_eq!(name(&servers[..1], &call(None, None)).unwrap(), "berlin");
    for (call, expected) in [
        (call(None, None), "add server = \"berlin\""),
        (call(None, Some("gone")), "called gone"),
    ] {
        let reason = name(&servers, &call).unwrap_err();
        assert!(reason.contains(expected), "{reason}");
    }
    assert!(
        name(&[], &call(None, None))
            .unwrap_err()
            .contains("no [[asterisk]]")
    );
}

#[test]
fn classes_are_known_in_any_case() {
    assert_eq!(classes::of("setvar"), Some("call"));
    assert_eq!(classes::of("QueuePause"), Some("agent"));
    assert_eq!(classes::of("Unheard"), None);
}
