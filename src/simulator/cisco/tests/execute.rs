//! Execution of URIs.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn invalid_uris_are_reported_individually() {
    let harness = Harness::new(options(), Vec::new()).await;
    let bad = [
        "SoftKey:Nothing",
        "Notify:http:192.0.2.1:80:path",
        "QueryStringParam:a=b",
        "Play:../secret.raw",
        "Play:tone.wav",
        "Init:Nothing",
        "Display:Maybe",
        "RTPRx:192.0.2.1:20481",
        "ftp://192.0.2.1/",
        "nonsense",
    ];
    for url in bad {
        let response = push(&harness, &execute(&["Key:Soft1", url])).await;
        assert!(
            response.contains("Data=\"Invalid URI\""),
            "{url}: {response}"
        );
        assert_eq!(
            response.matches("Status=\"1\"").count(),
            1,
            "{url}: {response}"
        );
        assert_eq!(
            response.matches("Status=\"0\"").count(),
            1,
            "{url}: {response}"
        );
    }
    for url in [
        "Dial:100",
        "Display:Off:5",
        "RTPMRx:239.1.2.3:20480",
        "App:Close:0:60:a/b",
    ] {
        let response = push(&harness, &execute(&[url])).await;
        assert!(response.contains("Status=\"0\""), "{url}: {response}");
    }
    assert_eq!(harness.phone.state().dialed, ["100"]);
}

#[tokio::test]
async fn tones_are_reported_when_they_end() {
    let options = Options {
        playback: Duration::from_millis(50),
        ..options()
    };
    let harness = Harness::new(options, Vec::new()).await;
    let response = push(&harness, &execute(&["Play:chime.raw", "Key:Soft1"])).await;
    let place = |what: &str| response.find(what).unwrap();
    assert!(place("Key:Soft1") < place("Play:chime.raw"), "{response}");
    assert_eq!(harness.phone.state().played[0].name, "chime.raw");
}
