//! `handsetd phones import`: lists of phones become `[[phone]]` sections.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::on_both_versions;

on_both_versions! {
    endpoints_of_a_running_asterisk_are_imported
}

/// A folder with a configuration.
struct Site(TempDir);

impl Site {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("handsetd.toml"), config).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn written(&self) -> PathBuf {
        self.path("conf.d/phones.toml")
    }

    /// Imports a list from standard input.
    fn import(&self, options: &[&str], list: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_handsetd"))
            .args(["phones", "import", "-", "--config"])
            .arg(self.path("handsetd.toml"))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that fails at once does not read.
        let _ = child.stdin.take().unwrap().write_all(list.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Returns what `handsetd check` prints of it.
    fn check(&self) -> Output {
        let mut check = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        check
            .args(["check", "--config"])
            .arg(self.path("handsetd.toml"));
        check.output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the `[[phone]]` sections of a text.
fn phones(toml: &str) -> Vec<toml::Table> {
    let table: toml::Table = toml.parse().unwrap();
    let phones = table["phone"].as_array().unwrap().clone();
    let phones = phones.into_iter().map(|phone| phone.try_into().unwrap());
    phones.collect()
}

#[test]
fn table_is_shown_with_what_is_missing_and_nothing_is_written() {
    let site = Site::new("[[phone]]\nname = '1001'\n");
    let list = "\u{feff}Name;MAC Address;Brand;Model;IP;Secret\r\n\
        1001;00005E005301;Cisco;7970G;192.0.2.21;x\r\n\
        1002;00-00-5e-00-53-02;Snom;D785;192.0.2.22;x\r\n\
        \"1003\";;;T46S;;x\r\n\
        1004;00005E005304;Polycom;VVX 400;192.0.2.24;x\r\n\
        1005;00005E00530;;;;x\r\n\
        1006;;Yealink;T99X;;x\r\n\
        1002;;;;;x\r\n";
    let output = site.import(&[], list);
    let (shown, notes) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{notes}");
    let phones = phones(&shown);
    let names: Vec<&str> = phones
        .iter()
        .map(|phone| phone["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["1002", "1003", "1006"], "{shown}");
    let second = &phones[0];
    for (key, value) in [
        ("endpoint", "PJSIP/1002"),
        ("vendor", "snom"),
        ("model", "D785"),
        ("address", "192.0.2.22"),
        ("mac", "00:00:5E:00:53:02"),
    ] {
        assert_eq!(second[key].as_str(), Some(value), "{shown}");
    }
    // The vendor follows from the model.
    assert_eq!(phones[1]["vendor"].as_str(), Some("yealink"));
    for note in [
        "columns that are not used: Secret",
        "line 2: left out: 1001 is a [[phone]] or [[group]] already",
        "line 4: 1003: no MAC address, no address, ",
        "line 5: left out: 1004: unknown vendor \"Polycom\"",
        "line 6: left out: 1005: invalid MAC address",
        "line 7: 1006: unknown model \"T99X\"",
        "line 8: left out: 1002 is a [[phone]] or [[group]] already",
        "3 phones, 4 left out. Nothing was written; add --write to do that.",
    ] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    assert!(!site.written().exists());
    assert!(!shown.contains("= \"x\""), "secrets stay out: {shown}");
    let output = site.import(&["--json"], list);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["phones"][0]["mac"], "00:00:5E:00:53:02", "{result}");
    assert_eq!(result["left_out"], 4, "{result}");
    assert_eq!(result["written"], serde_json::Value::Null, "{result}");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn written_file_is_valid_and_only_replaced_if_it_was_imported() {
    let site = Site::new("");
    let output = site.import(
        &["--write"],
        "extension,name,tech\n1001,Ada,pjsip\n1002,Bob,sip\n",
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written = fs::read_to_string(site.written()).unwrap();
    let endpoints: Vec<_> = phones(&written)
        .iter()
        .map(|phone| phone["endpoint"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(endpoints, ["PJSIP/1001", "SIP/1002"]);
    let mode = fs::metadata(site.written()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let checked = site.check();
    assert!(checked.status.success());
    assert!(text(&checked.stdout).contains("; 2 phones."));
    // Again, with one phone less.
    let output = site.import(&["--write"], "extension\n1002\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        phones(&fs::read_to_string(site.written()).unwrap()).len(),
        1
    );
    // A file that a user wrote stays.
    let own = "[[phone]]\nname = '1009'\n";
    fs::write(site.written(), own).unwrap();
    let output = site.import(&["--write"], "extension\n1002\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--force replaces it"));
    assert_eq!(fs::read_to_string(site.written()).unwrap(), own);
    let output = site.import(&["--write", "--force"], "extension\n1002\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let left: Vec<_> = fs::read_dir(site.path("conf.d")).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
}

#[test]
fn values_cannot_add_keys_or_sections() {
    let site = Site::new("");
    for hostile in [
        "x\"\n[admin]\nlisten = \"0.0.0.0:1\"\nplain = true\n#",
        "x\"\"\"\n[[rule]]\nname = \"\"\"",
        "x'\ntoken = 'aaaaaaaaaaaaaaaaaaaa",
        "\\\"\n\\u0022",
    ] {
        let quoted = format!("\"{}\"", hostile.replace('"', "\"\""));
        for column in [
            "model",
            "name",
            "password_file",
            "address",
            "vendor",
            "username",
        ] {
            let list = if column == "name" {
                format!("name\n{quoted}\n1002\n")
            } else {
                format!("name,{column}\n1001,{quoted}\n1002,\n")
            };
            let output = site.import(&[], &list);
            if !output.status.success() {
                continue;
            }
            let shown = text(&output.stdout);
            let table: toml::Table = shown.parse().unwrap();
            assert_eq!(table.keys().collect::<Vec<_>>(), ["phone"], "{shown}");
            for phone in phones(&shown) {
                for key in phone.keys() {
                    let known = ["name", "endpoint", "model"].contains(&key.as_str());
                    assert!(known, "{column}: {shown}");
                }
                let value = phone.get(column).and_then(toml::Value::as_str);
                assert!(value.is_none_or(|value| value == hostile.trim() || value == "1002"));
            }
        }
    }
}

#[test]
fn result_that_is_not_a_valid_configuration_is_not_written() {
    let site = Site::new("");
    let list = "name,vendor,username,password_file\n1001,snom,admin,does-not-exist\n";
    let output = site.import(&["--write"], list);
    assert_eq!(output.status.code(), Some(78));
    let printed = text(&output.stderr);
    assert!(
        printed.contains("phone.password_file: cannot read "),
        "{printed}"
    );
    assert!(!site.written().exists());
    let output = site.import(&[], "a,b\n1,2\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("it must name the columns"));
}

// Looked up in all columns, this would take hours.
#[test]
fn table_of_very_many_columns_and_lines_is_read() {
    let site = Site::new("");
    let titles: Vec<String> = (0..200).map(|number| format!("x{number}")).collect();
    let list = format!(
        "name,{}{}\n{}",
        titles.join(","),
        ",".repeat(2 << 20),
        "1001\n".repeat(500_000)
    );
    let output = site.import(&[], &list);
    let (shown, notes) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{}",
        &notes[..notes.len().min(500)]
    );
    assert_eq!(phones(&shown)[0]["name"].as_str(), Some("1001"));
    assert!(
        notes.contains(", x99, and 100 more\n"),
        "{}",
        &notes[..notes.len().min(2000)]
    );
}

#[test]
fn lists_of_both_versions_of_asterisk_are_read() {
    for name in ["asterisk-16.txt", "asterisk-22.txt"] {
        let list = fs::read_to_string(recorded(name)).unwrap();
        check_endpoints(&list);
    }
}

async fn endpoints_of_a_running_asterisk_are_imported(version: Version) {
    let trunk = "[provider]\ntype=endpoint\ncontext=phones\naors=provider\n\
        [provider]\ntype=aor\ncontact=sip:192.0.2.50\n\
        [provider]\ntype=identify\nendpoint=provider\nmatch=192.0.2.50\n";
    let options = Options {
        pjsip: trunk,
        ..Options::registrar(&[
            (Driver::Pjsip, "1001"),
            (Driver::Pjsip, "reception-north-2"),
        ])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    asterisk.cli("module load res_pjsip_endpoint_identifier_ip.so");
    let list = asterisk.cli("pjsip show endpoints");
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        let name = match version {
            Version::V16 => "asterisk-16.txt",
            Version::V22 => "asterisk-22.txt",
        };
        fs::create_dir_all(recorded(name).parent().unwrap()).unwrap();
        fs::write(recorded(name), &list).unwrap();
    }
    check_endpoints(&list);
}

fn check_endpoints(list: &str) {
    let site = Site::new("");
    let output = site.import(&[], list);
    let (shown, notes) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{notes}\n{list}");
    let names: Vec<_> = phones(&shown)
        .iter()
        .map(|phone| phone["endpoint"].as_str().unwrap().to_owned())
        .collect();
    let expected = ["PJSIP/1001", "PJSIP/nobody", "PJSIP/reception-north-2"];
    assert_eq!(names, expected, "{list}");
    assert!(
        notes.contains("left out: provider is a trunk"),
        "{notes}\n{list}"
    );
    assert!(
        notes.contains(": 1001: no vendor and no model, "),
        "{notes}"
    );
}

fn recorded(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pjsip-endpoints");
    folder.join(name)
}
