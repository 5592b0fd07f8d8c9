//! CSTA: dialects and faults.

use super::*;
use crate::calls::CallState;

async fn csta(harness: &Harness, body: &str) -> String {
    harness
        .send(format!(
            "POST /csta HTTP/1.1\r\nHost: phone\r\nConnection: close\r\nContent-Type: text/xml\r\n\
         Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await
}

#[tokio::test]
async fn csta_uses_the_dialect_of_the_firmware() {
    let flat = "<e:Envelope xmlns:e=\"e\" xmlns:c=\"c\"><e:Body><c:AnswerCall><c:callToBeAnswered>-1\
                </c:callToBeAnswered></c:AnswerCall></e:Body></e:Envelope>";
    let bare = "<AnswerCall><callToBeAnswered><callID>-1</callID></callToBeAnswered></AnswerCall>";
    let nested = flat.replace("-1", "<c:callID>-1</c:callID>");
    for (firmware, bodies) in [
        ("7.1.39", [(flat, "404"), (bare, "404"), (&nested, "404")]),
        ("8.4.18", [(flat, "200"), (bare, "500"), (&nested, "500")]),
        ("8.7.2", [(flat, "404"), (bare, "404"), (&nested, "404")]),
        ("8.7.3", [(flat, "500"), (bare, "200"), (&nested, "200")]),
    ] {
        for (body, status) in bodies {
            let harness = Harness::new(of_firmware("320", firmware), Vec::new()).await;
            harness.phone.receive_call("201");
            let response = csta(&harness, body).await;
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status}")),
                "{firmware}: {response}"
            );
            assert_eq!(
                response.contains("Envelope"),
                body.contains("Envelope") && status != "404"
            );
            let call_state = harness.phone.state().calls.all()[0].state;
            assert_eq!(call_state == CallState::Connected, status == "200");
        }
    }
}

#[tokio::test]
async fn unknown_csta_requests_are_faults() {
    let harness = Harness::new(options(), Vec::new()).await;
    for (body, error) in [
        (
            "<HoldCall><callToBeHeld><callID>9</callID></callToBeHeld></HoldCall>",
            "invalidCallID",
        ),
        (
            "<HoldCall><callToBeHeld><deviceID>1</deviceID></callToBeHeld></HoldCall>",
            "invalidConnectionIdentifier",
        ),
        (
            "<SnapshotDevice><snapshotObject>2</snapshotObject></SnapshotDevice>",
            "invalidDeviceID",
        ),
        ("<MakeCoffee/>", "serviceNotSupported"),
        ("<SetSettings/>", "invalidParameterValue"),
    ] {
        let response = csta(&harness, body).await;
        assert!(
            response.starts_with("HTTP/1.1 500") && response.contains(error),
            "{response}"
        );
    }
    assert!(csta(&harness, "<a").await.starts_with("HTTP/1.1 400"));
    assert_eq!(harness.phone.state().refusals().count(), 6);
}

#[tokio::test]
async fn samples_of_the_vendor_are_accepted() {
    let harness = Harness::new(options(), Vec::new()).await;
    // The description of XmlPush has the document in quotes; a sample lacks the blank before xmlns:csta.
    let document = "&lt;SnomIPPhoneText&gt;&lt;Title&gt;Door&lt;/Title&gt;&lt;Text&gt;Hello&lt;/Text&gt;&lt;/SnomIPPhoneText&gt;";
    for (quote, blank) in [("\"", " "), ("", ""), ("\"", "")] {
        let body = format!(
            "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"{blank}xmlns:csta=\"c\">\
             <SOAP-ENV:Body><csta:XmlPush><csta:document>\n{quote}{document}{quote}\n</csta:document></csta:XmlPush>\
             </SOAP-ENV:Body></SOAP-ENV:Envelope>"
        );
        let response = csta(&harness, &body).await;
        assert!(response.starts_with("HTTP/1.1 200"), "{body}: {response}");
    }
    let refusals = harness.phone.state().refusals().count();
    assert_eq!(refusals, 0);
}
