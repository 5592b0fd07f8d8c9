use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn check(status: u16, body: &str) -> Result<Value, String> {
    let reply = Reply {
        status,
        body: body.to_owned().into(),
        ..Reply::default()
    };
    match read(&reply) {
        Ok(answer) => Ok(answer.value()),
        Err(ReplyOutcome::Rejected(why) | ReplyOutcome::Denied(why)) => Err(why),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn faults_are_parsed_in_every_form() {
    for body in [
        "<e:Envelope><e:Body><e:Fault><e:faultcode>Client</e:faultcode><e:detail><c:CSTAErrorCode>\
         <c:operation>Invalid CallID</c:operation></c:CSTAErrorCode></e:detail></e:Fault></e:Body></e:Envelope>",
        "<CSTAErrorCode><operation>\n invalidCallID </operation></CSTAErrorCode>",
        "<CSTAErrorCode><operation>invalidCallID</csta:operation></CSTAErrorCode>",
        "<CSTAErrorCode & <operation>INVALIDCALLID</operation>",
    ] {
        let error = check(500, body).unwrap_err();
        assert!(error.ends_with("it has no call with that id"), "{error}");
    }
    let error = check(
        500,
        "<Fault><faultstring>Out of cheese</faultstring></Fault>",
    );
    assert!(error.unwrap_err().contains("Out of cheese"));
    let error = check(
        200,
        "<CSTAErrorCode><unspecified>x</unspecified></CSTAErrorCode>",
    );
    assert!(error.unwrap_err().contains("unspecified: x"));
}

#[test]
fn other_replies_name_the_setting_to_change() {
    for (status, body) in [(500, ""), (200, "<html>"), (302, ""), (404, ""), (200, "")] {
        let error = check(status, body).unwrap_err();
        assert!(error.contains("csta_control"), "{status}: {error}");
    }
    assert!(check(401, "").unwrap_err().contains("http_user"));
}

#[test]
fn snoms_own_samples_are_parsed() {
    let root = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let folder = root.join("snom/csta");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let mut read = 0;
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let body = std::fs::read_to_string(&path).unwrap();
        if name.contains("fault") || name.contains("error") {
            let error = check(500, &body).unwrap_err();
            assert!(
                error.ends_with("it has no call with that id"),
                "{name}: {error}"
            );
        } else if name.contains("_resp_") {
            check(200, &body).expect(&name);
        } else {
            continue;
        }
        read += 1;
    }
    assert!(read > 8, "{read}");
}

proptest! {
    #[test]
    fn garbage_never_panics(
        status in 0_u16..600,
        body in "(<|>|</|/|csta:|CSTAErrorCode|operation|xResponse|&|;|amp|<!\\[CDATA\\[|\\PC){0,60}",
    ) {
        let _ = check(status, &body);
    }

    #[test]
    fn nesting_is_limited(depth in 0_usize..5000) {
        let _ = check(200, &"<a>".repeat(depth));
    }
}
