//! Requirements on pushes and their documents.

use super::*;

#[tokio::test]
async fn requests_other_than_pushes_are_refused() {
    let harness = Harness::new(options(), Vec::new()).await;
    let good = encoded(&execute(&["Key:Soft1"]));
    let head = "HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (request, status) in [
        (
            post("", &good).replace("/CGI/Execute", "/cgi/execute"),
            "404",
        ),
        (
            post("", &good).replace("x-www-form-urlencoded", "json"),
            "415",
        ),
        (post("", &good).replace("POST", "PUT"), "405"),
        (format!("GET /CGI/Execute {head}\r\n"), "405"),
        (format!("GET / {head}\r\n"), "404"),
        (format!("POST /CGI/Execute {head}{form}\r\n"), "411"),
        (
            format!("POST /CGI/Execute {head}{form}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "411",
        ),
        (post("", &"x".repeat(70_000)), "413"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let response = harness.send(&request).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {response}"
        );
    }
    assert_eq!(harness.phone.state().refusals().count(), 9);
    assert!(
        push(&harness, &execute(&["Key:Soft1"]))
            .await
            .contains("Status=\"0\"")
    );
    assert_eq!(harness.phone.state().keys, ["Soft1"]);
}

#[tokio::test]
async fn http_1_0_without_keep_alive_works() {
    let harness = Harness::new(options(), Vec::new()).await;
    let request = post("", &encoded(&execute(&["Key:Soft1"])));
    let request = request.replace("HTTP/1.1\r\nHost: phone\r\nConnection: close", "HTTP/1.0");
    let response = harness.send(request).await;
    assert!(response.starts_with("HTTP/1.0 200"), "{response}");
}

#[tokio::test]
async fn pushed_documents_that_violate_the_schema_yield_error_1() {
    let harness = Harness::new(options(), Vec::new()).await;
    let long = format!("Key:{}", "x".repeat(253));
    let url = "http://192.0.2.1/";
    for xml in [
        execute(&["Key:Soft1", "Key:Soft2", "Key:Soft3", "Key:Soft4"]),
        execute(&[url, url]),
        execute(&[]),
        execute(&[""]),
        execute(&[&long]),
        execute(&["http://192.0.2.1/?a=1&b=2"]),
        "<CiscoIPPhoneExecute><ExecuteItem URL=\"Key:Soft1\" Priority=\"3\"/>\
         </CiscoIPPhoneExecute>"
            .to_owned(),
        "<CiscoIPPhoneExecute><ExecuteItem Priority=\"0\"URL=\"Key:Soft1\"/>\
         </CiscoIPPhoneExecute>"
            .to_owned(),
        "<CiscoIPPhoneExecute><ExecuteItem/></CiscoIPPhoneExecute>".to_owned(),
        "<CiscoIPPhoneNothing/>".to_owned(),
        "<CiscoIPPhoneError Number=\"1\"/>".to_owned(),
        format!("{}{}", execute(&["Key:Soft1"]), " ".repeat(512)),
        String::new(),
    ] {
        let response = push(&harness, &xml).await;
        assert!(response.contains(ERROR_1), "{xml}: {response}");
    }
    for body in [
        "xml=%3CCiscoIPPhoneText%2F%3E".to_owned(),
        "XML=%3CCiscoIPPhoneText%2F%3".to_owned(),
        "XML=<CiscoIPPhoneText><Text>a&b</Text></CiscoIPPhoneText>".to_owned(),
        encoded(&format!(
            "<CiscoIPPhoneText>{}</CiscoIPPhoneText>",
            " ".repeat(41_000)
        )),
    ] {
        let response = harness.send(post("", &body)).await;
        assert!(response.contains(ERROR_1), "{body}: {response}");
    }
    let state = harness.phone.state();
    assert!(state.screen.is_none() && state.keys.is_empty());
}

#[tokio::test]
async fn pushed_objects_are_shown_until_init_closes_them() {
    let harness = Harness::new(options(), Vec::new()).await;
    push(
        &harness,
        "<CiscoIPPhoneText><Text>Hello</Text></CiscoIPPhoneText>",
    )
    .await;
    let screen = harness.phone.state().screen.unwrap();
    assert_eq!(screen.content.text(), Some("Hello"));
    assert_eq!(screen.source, None);
    push(&harness, &execute(&["Init:Services"])).await;
    assert!(harness.phone.state().screen.is_none());
}

#[tokio::test]
async fn soft_keys_of_objects_can_be_pushed() {
    let harness = Harness::new(options(), Vec::new()).await;
    let response = push(&harness, &execute(&["SoftKey:Exit"])).await;
    assert!(response.contains("Status=\"0\""), "{response}");
    let response = push(&harness, &execute(&["SoftKey:Nothing"])).await;
    assert!(response.contains("Status=\"1\""), "{response}");
}
