//! URIs that are executed.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn uris_that_may_not_be_executed_are_told_one_by_one() {
    let harness = Harness::new(options(), Vec::new()).await;
    let bad = [
        "SoftKey:Exit",
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
        let answer = push(&harness, &execute(&["Key:Soft1", url])).await;
        assert!(answer.contains("Data=\"Invalid URI\""), "{url}: {answer}");
        assert_eq!(answer.matches("Status=\"1\"").count(), 1, "{url}: {answer}");
        assert_eq!(answer.matches("Status=\"0\"").count(), 1, "{url}: {answer}");
    }
    for url in [
        "Dial:100",
        "Display:Off:5",
        "RTPMRx:239.1.2.3:20480",
        "App:Close:0:60:a/b",
    ] {
        let answer = push(&harness, &execute(&[url])).await;
        assert!(answer.contains("Status=\"0\""), "{url}: {answer}");
    }
    assert_eq!(harness.phone.state().dialed, ["100"]);
}

#[tokio::test]
async fn a_tone_is_answered_when_it_has_ended_and_after_quicker_items() {
    let options = Options {
        playback: Duration::from_millis(50),
        ..options()
    };
    let harness = Harness::new(options, Vec::new()).await;
    let answer = push(&harness, &execute(&["Play:chime.raw", "Key:Soft1"])).await;
    let place = |what: &str| answer.find(what).unwrap();
    assert!(place("Key:Soft1") < place("Play:chime.raw"), "{answer}");
    assert_eq!(harness.phone.state().played[0].name, "chime.raw");
}
