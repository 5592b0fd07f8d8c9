//! Models and their differences.

use super::*;

#[tokio::test]
async fn unknown_models_and_invalid_mac_addresses_are_refused() {
    let tasks = handset_net::tasks::Tasks::new();
    for change in [
        |options: &mut Options| options.model = "1234".to_owned(),
        |options: &mut Options| options.mac = "none".to_owned(),
    ] {
        let mut options = options();
        change(&mut options);
        assert!(crate::start(options, &tasks).await.is_err());
    }
}

#[tokio::test]
async fn models_run_the_uris_of_their_tables() {
    for (model, uri, status) in [
        ("7841", "Display:On", 1),
        ("7841", "SendDigits:1:1:Cisco/Dialer", 1),
        ("8821", "SoftKey:Exit", 0),
        ("8821", "EditDial:1", 1),
        ("8851", "Vibrate:1", 1),
        ("8851", "Device:Unlock", 0),
        ("8851", "SendDigits:1", 1),
        ("8851", "SendDigits:1:1:Dialer", 6),
        ("8851", "SendDigits:1:1:Cisco/Dialer", 6),
    ] {
        let model = Options {
            model: model.to_owned(),
            ..options()
        };
        let harness = Harness::new(model, Vec::new()).await;
        let response = push(&harness, &execute(&[uri])).await;
        assert!(
            response.contains(&format!("Status=\"{status}\"")),
            "{uri}: {response}"
        );
    }
    let harness = Harness::new(options(), Vec::new()).await;
    let response = push(&harness, &execute(&["Key:NavDown"])).await;
    assert!(response.contains("Status=\"0\""), "{response}");
    let state = harness.phone.state();
    assert!(
        state.keys.is_empty() && state.remarks.len() == 1,
        "it is discarded"
    );
}

#[tokio::test]
async fn responses_of_a_7960_are_deferred_and_fetched_once() {
    let old = Options {
        model: "7960".to_owned(),
        ..options()
    };
    let harness = Harness::new(old, Vec::new()).await;
    let response = push(&harness, &execute(&["Key:Soft1"])).await;
    assert!(response.starts_with("HTTP/1.1 302"), "{response}");
    let place = response
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    let get = format!(
        "GET {} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\r\n",
        place.unwrap()
    );
    assert!(harness.send(&get).await.contains("Status=\"0\""));
    assert!(harness.send(&get).await.starts_with("HTTP/1.1 404"));
}
