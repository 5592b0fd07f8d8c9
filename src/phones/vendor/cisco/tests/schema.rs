//! Validates the documents against Cisco's schema, if the schema and `xmllint` are installed.
//!
//! The schema covers enterprise firmware, without `setBackground`, `setRingTone` and `startMedia`.

use std::process::Command;

use super::{Fixture, document, posted};
use crate::documents::Documents;
use crate::phone::Vendor;
use crate::vendor;
use crate::vendor::testing::{control_task, fixture_file, push_content};

#[test]
fn documents_are_valid() {
    let Some(schema) = fixture_file("schema/CiscoIPPhone-3.3.4.xsd") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schema.xsd"), schema).unwrap();
    let mut names = Vec::new();
    let mut keep = |text: String| {
        let name = format!("{}.xml", names.len());
        std::fs::write(folder.path().join(&name), text).unwrap();
        names.push(name);
    };
    let long = "Long & <short> words; ".repeat(100);
    let forty = |line: fn(u8) -> String| (0..40).map(line).collect::<Vec<_>>().join(";");
    let items = forty(|n| format!("item=Line {n}|dial:{n}"));
    let entries = forty(|n| format!("entry=Name {n}|20{n}"));
    for pairs in [
        "text=Hello".to_owned(),
        format!("title={long};prompt={long};text={long}"),
        format!("title=T;{items};softkey=Leave|exit;softkey=Down|key:NavDown"),
        format!("prompt=P;{entries}"),
        "input=User|u;input=PIN|p|password;submit=http://192.0.2.1/x?y=1".to_owned(),
        "image=a.png;title=Door;softkey=Open|http://192.0.2.1/open".to_owned(),
    ] {
        let fixture = Fixture::new(Vendor::Cisco, "7970G", "9.4.2");
        let content = document(&fixture, &pairs);
        keep(String::from_utf8(content.body.to_vec()).unwrap());
    }
    // Documents that a phone fetches by itself, and the one that closes them.
    let phone = Fixture::new(Vendor::Cisco, "8841", "14.2.1").phone;
    for pairs in [
        "title=Menu;item=Soup|page:order?meal=soup&size=2;softkey=Home|page:home".to_owned(),
        format!("title={long};input=User|user|number;input=PIN|pin|password"),
    ] {
        let base = "http://192.0.2.10:8090".parse().unwrap();
        let documents = Documents::new(base, "a1b2".to_owned());
        let content = vendor::document(&phone, &push_content(&pairs), &documents).unwrap();
        keep(String::from_utf8(content.body.to_vec()).unwrap());
    }
    let closing = vendor::closing_document(&phone);
    keep(String::from_utf8(closing.body.to_vec()).unwrap());
    for (model, verb, pairs) in [
        ("8841", "dial", "number=*72#"),
        (
            "8841",
            "execute",
            "uri=Key:Soft1@1;uri=Init:Services;uri=http://192.0.2.1/?a=1&b=2@2",
        ),
        ("8841", "key", "keys=1"),
        ("8841", "display", "state=off;minutes=5"),
        ("7970G", "stream", "address=224.0.1.1:20480"),
    ] {
        let fixture = Fixture::new(Vendor::Cisco, model, "14.2.1");
        let plan = fixture.plan(&control_task(verb, pairs)).unwrap();
        keep(posted(&plan));
    }
    let checked = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", "schema.xsd"])
        .args(&names)
        .current_dir(folder.path())
        .output();
    let Ok(checked) = checked else {
        println!("skipped: xmllint is not there");
        return;
    };
    let errors = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{errors}");
    assert_eq!(
        errors.matches(" validates").count(),
        names.len(),
        "{errors}"
    );
}
