//! Phones whose answers are false: they prove nothing, and do no harm.

use futures_util::future::join_all;
use handset_simulator::{Answers, Vendor};

use super::support::csta_phone::options;
use super::uacsta::Fixture;

/// Starts a phone that answers the requests in `lies` with a document, and does not perform them.
async fn liar(answers: Answers, lies: &[(&str, &str)]) -> Fixture {
    let yealink = options(Vendor::Yealink, &[("account.1.user_name", "1003")]);
    Fixture::with(yealink, ", device = \"1003\"", "", |identity| {
        identity.quirks.answers = answers;
        let lies = lies.iter();
        let lies = lies.map(|(name, document)| ((*name).to_owned(), (*document).to_owned()));
        identity.quirks.lies = lies.collect();
    })
    .await
}

#[tokio::test]
async fn answers_to_other_requests_prove_nothing() {
    let lies = [
        "<RetrieveCallResponse/>",
        "<html><body>OK</body></html>",
        "<HoldCall/>",
    ];
    let held = async |answers, lie| {
        let fixture = liar(answers, &[("HoldCall", lie)]).await;
        let id = fixture.phone.phone().receive_call("201");
        fixture.phone.phone().answer_call(id);
        let call = format!("call={id}");
        let arguments = [call.as_str(), "deadline=2s"];
        let reason = fixture.fails("UNKNOWN", "hold", &arguments).await;
        assert!(reason.contains("HoldCall"), "{lie}: {reason}");
    };
    for answers in [Answers::InResponse, Answers::InInfo] {
        join_all(lies.map(|lie| held(answers, lie))).await;
    }
}

#[tokio::test]
async fn bombs_do_no_harm() {
    let deep = format!("<GetForwardingResponse>{}", "<a>".repeat(9_000));
    let wide = format!("<GetCSTAFeaturesResponse>{}", "<a/>".repeat(9_000));
    let long = format!(
        "<GetSpeakerVolumeResponse><speakerVolume>{}</speakerVolume></GetSpeakerVolumeResponse>",
        "9".repeat(40_000)
    );
    let entities = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\
                    <GetMicrophoneMuteResponse><microphoneMuteOn>&c;</microphoneMuteOn></GetMicrophoneMuteResponse>";
    let bombs = [
        ("GetForwarding", deep.as_str()),
        ("GetCSTAFeatures", &wide),
        ("GetSpeakerVolume", &long),
        ("GetMicrophoneMute", entities),
    ];
    let fixture = liar(Answers::InResponse, &bombs).await;
    for (request, bomb) in bombs {
        let outcome = fixture.run("csta", &[request]).await;
        assert_eq!(outcome["HANDSET_STATUS"], "OK", "{request}: {outcome:?}");
        let result = outcome["HANDSET_RESULT"].len();
        assert!(result <= bomb.len(), "{request}: {result}");
        assert!(!outcome["HANDSET_RESULT"].contains("bbb"), "{request}");
    }
    // The session is still up.
    let outcome = fixture.run("csta", &["GetDoNotDisturb"]).await;
    assert_ne!(outcome["HANDSET_STATUS"], "UNREACHABLE", "{outcome:?}");
    assert_eq!(fixture.has_session().await["session"], true);
}
