//! Keys, calls, URIs, backlight and streams.

use super::*;

#[test]
fn keys_are_pressed_one_at_a_time_with_pauses() {
    assert_eq!(
        outcome("8851", "key", "keys=SPEAKER,1,0::200,#,OK"),
        "Key:Speaker, 500 ms, Key:KeyPad1, Key:KeyPad0, 200 ms, Key:KeyPadPound, Key:NavSelect"
    );
    let held = outcome("8851", "key", "keys=1:800");
    assert!(held.contains("1 cannot be held"), "{held}");
    let missing = outcome("8851", "key", "keys=1,CANCEL");
    assert!(
        missing.starts_with("refused: ") && missing.contains("CANCEL"),
        "{missing}"
    );
    let vague = outcome("7970", "key", "keys=HOLD");
    assert!(
        vague.starts_with("Key:Hold (") && vague.contains("unverified"),
        "{vague}"
    );
}

#[test]
fn calls_are_controlled_by_hard_keys() {
    assert_eq!(outcome("8851", "dial", "number=+49 30 1"), "Dial:+49301");
    assert!(outcome("8851", "dial", "number=1;line=2").contains("line's key"));
    assert!(outcome("8851", "dial", "number=a_b").contains("dial only digits"));
    assert!(outcome("840", "dial", "number=1").contains("does not support Dial"));
    assert!(outcome("8851", "answer", "").starts_with("Key:Speaker ("));
    assert!(outcome("8851", "hangup", "").starts_with("Key:Release ("));
    assert!(outcome("7841", "hangup", "").starts_with("Key:OnHook ("));
    assert!(outcome("7970", "hangup", "").contains("press its soft key"));
    assert!(outcome("8851", "hold", "").starts_with("Key:FixedFeature3 ("));
    assert!(outcome("7841", "resume", "").starts_with("Key:Hold ("));
    assert!(outcome("8851", "hold", "call=1").contains("omit call"));
    assert_eq!(
        outcome("8851", "dtmf", "digits=12*"),
        "SendDigits:12*:1:Cisco/Dialer"
    );
    assert!(outcome("7841", "dtmf", "digits=1#").starts_with("Key:KeyPad1, Key:KeyPadPound ("));
    assert!(outcome("7841", "dtmf", "digits=A").contains("not for 'A'"));
    let transfer = outcome("7841", "transfer", "number=20");
    let keys = "Key:Transfer, 500 ms, Key:KeyPad2, Key:KeyPad0, 3000 ms, Key:Transfer (unverified";
    assert!(transfer.starts_with(keys), "{transfer}");
    assert!(
        outcome("7841", "transfer", "number=20;kind=attended").contains("called party answers")
    );
    assert!(outcome("8841-3PCC", "transfer", "number=20").contains("no hard key"));
}

#[test]
fn uris_are_checked_and_run_at_once() {
    assert_eq!(
        outcome(
            "8851",
            "execute",
            "uri=Key:Soft1;uri=http://192.0.2.1/a@1;uri=Play:x.raw"
        ),
        "Key:Soft1 http://192.0.2.1/a Play:x.raw"
    );
    let fixture = Fixture::new(Vendor::Cisco, "8851", "");
    let plan = fixture
        .plan(&control_task(
            "execute",
            "uri=http://192.0.2.1/a@2;uri=Play:x.raw",
        ))
        .unwrap();
    assert!(posted(&plan).contains("URL=\"http://192.0.2.1/a\" Priority=\"2\""));
    assert_eq!(exchange(&plan).timeout, Some(timing::PLAY_TIMEOUT));
    for (uris, words) in [
        ("uri=http://a/;uri=http://b/", "one http URL at a time"),
        ("uri=Notify:http:192.0.2.1:80:x", "not in an Execute"),
        ("uri=Key:Nothing", "unknown key Nothing"),
        ("uri=Key:Soft1;uri=Dial:;uri=Dial:1", "not have the form"),
    ] {
        let refused = outcome("8851", "execute", uris);
        assert!(refused.contains(words), "{uris}: {refused}");
    }
    let waiting = outcome("8851", "execute", "uri=Key:Soft1@1");
    assert!(waiting.contains("internal URIs run at once"), "{waiting}");
    let corrected = outcome("8851", "execute", "uri=Key:NavDown");
    assert_eq!(corrected, "Key:NavDwn (sent Key:NavDwn for Key:NavDown)");
}

#[test]
fn backlight_is_switched_where_supported() {
    assert_eq!(
        outcome("8851", "display", "state=off;minutes=5"),
        "Display:Off:5"
    );
    assert_eq!(
        outcome("7970", "display", "state=default"),
        "Display:Default"
    );
    assert!(outcome("7841", "display", "state=on").contains("does not support Display"));
}

#[test]
fn streams_use_uris_or_the_media_api() {
    let rtp = |pairs| outcome("7970", "stream", pairs);
    assert_eq!(
        rtp("address=192.0.2.9:20480;volume=40"),
        "RTPRx:192.0.2.9:20480:40"
    );
    assert_eq!(rtp("address=239.0.0.1:20480"), "RTPMRx:239.0.0.1:20480");
    assert_eq!(
        rtp("address=192.0.2.9:20480;mode=both"),
        "RTPRx:192.0.2.9:20480 RTPTx:192.0.2.9:20480"
    );
    assert_eq!(
        rtp("address=239.0.0.1:20480;mode=send"),
        "RTPMTx:239.0.0.1:20480"
    );
    assert_eq!(rtp("stop=yes"), "RTPRx:Stop RTPTx:Stop");
    assert!(rtp("address=192.0.2.9:20480;codec=g722").contains("G.711 streams only"));
    assert!(rtp("address=192.0.2.9:20481").contains("even ports"));
    assert!(rtp("address=192.0.2.9:5004").contains("even ports"));
    assert!(rtp("address=[2001:db8::1]:20480").contains("IPv4"));
    assert!(rtp("address=192.0.2.9:20480;mode=send;volume=1").contains("no effect"));
    assert!(
        outcome("8841-3PCC", "stream", "address=192.0.2.9:20480").contains("does not support RTP")
    );
    let xml = |pairs| {
        let plan = Fixture::new(Vendor::Cisco, "8851", "").plan(&control_task("stream", pairs));
        posted(&plan.unwrap())
    };
    insta::assert_snapshot!(xml("address=239.1.2.3:20480;mode=both;codec=g729;volume=50"), @r#"<?xml version="1.0" encoding="UTF-8"?><startMedia><mediaStream receiveVolume="50"><type>audio</type><codec>G.729</codec><mode>sendReceive</mode><address>239.1.2.3</address><port>20480</port></mediaStream></startMedia>"#);
    insta::assert_snapshot!(xml("stop=yes"), @r#"<?xml version="1.0" encoding="UTF-8"?><stopMedia><mediaStream/></stopMedia>"#);
}
