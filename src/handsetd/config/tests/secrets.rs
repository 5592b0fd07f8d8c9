//! Secrets and where they come from.

use super::*;

#[test]
fn secret_that_leaves_the_machine_unencrypted_is_warned_about() {
    let warnings = |address: &str, rest: &str| {
        let head = "[[asterisk]]\nname = 'pbx'\nusername = 'a'\nsecret = 'b'\n";
        let config = load_text(&format!("{head}address = '{address}'\n{rest}")).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        let about_login = warnings.filter(|warning| warning.contains("login"));
        about_login.collect::<Vec<_>>()
    };
    let expected = "[[asterisk]] pbx: login = \"plain\" without tls sends the secret unencrypted \
                    over the network";
    assert_eq!(warnings("192.0.2.5", "login = 'plain'"), [expected]);
    assert!(warnings("192.0.2.5", "login = 'md5'").is_empty());
    let tls = format!("login = 'plain'\ntls.pin = 'sha256:{}'", "0".repeat(64));
    assert!(warnings("192.0.2.5", &tls).is_empty());
    for local in ["127.0.0.1", "127.0.0.2:5038", "localhost", "::1"] {
        assert!(warnings(local, "login = 'plain'").is_empty(), "{local}");
    }
}

#[test]
fn short_tokens_are_faults_wherever_they_come_from() {
    let short = "0123456789abcde";
    let folder = Folder::new(&[
        ("handsetd.toml", "[admin]\n\ntoken_file = 'token'"),
        ("token", &format!("{short}\n")),
        ("credentials/admin.token", short),
        ("empty.toml", ""),
    ]);
    let reason = "has 15 characters; a token must have at least 16";
    let path = |name: &str| folder.path(name).display().to_string();
    let prefix = format!("{}/", folder.0.path().display());
    assert_eq!(
        folder.load().unwrap_err(),
        format!("handsetd.toml:3: admin.token_file: token: {reason}")
    );
    let load = |variables: &[(&str, &str)]| {
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        let sources = Sources {
            file: folder.path("empty.toml"),
            is_required: true,
            variables: variables.iter().map(pair).collect(),
        };
        let error = Config::load(&sources).unwrap_err().to_string();
        error.replace(&prefix, "")
    };
    let variable = load(&[("HANDSETD__ADMIN__TOKEN", short)]);
    assert_eq!(
        variable,
        format!("HANDSETD__ADMIN__TOKEN: admin.token: {reason}")
    );
    let credential = load(&[("CREDENTIALS_DIRECTORY", &path("credentials"))]);
    assert!(
        credential.ends_with(&format!("admin.token: credentials/admin.token: {reason}")),
        "{credential}"
    );
}

#[test]
fn secrets_are_never_displayed() {
    let path = project("tests/fixtures/config/good/everything.toml");
    let config = load_file(&path).unwrap();
    let shown = format!("{config:?} {config:#?} {:?}", config.warnings());
    let text = fs::read_to_string(&path).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        if ["password", "secret", "token"].contains(&key) {
            count += 1;
            assert!(!shown.contains(value.trim_matches('"')), "{line}");
        }
    }
    assert_eq!(count, 11);
    for fixture in fixtures("bad") {
        let message = load_file(&fixture).unwrap_err();
        assert!(
            !message.contains("s3cret") && !message.contains("31337"),
            "{message}"
        );
    }
}

#[test]
fn secret_can_be_in_a_file_of_its_own() {
    let folder = Folder::new(&[
        ("handsetd.toml", ""),
        (
            "conf.d/a.toml",
            "[vendor.snom]\nusername = \"u\"\npassword_file = \"../keys/snom\"",
        ),
        ("keys/snom", "p w\r\n"),
    ]);
    let config = folder.load().unwrap();
    let snom = config.vendors[&Vendor::Snom].credentials.clone().unwrap();
    assert_eq!(snom.password(), "p w");
}

#[test]
fn secret_can_be_a_systemd_credential() {
    let folder = Folder::new(&[
        (
            "handsetd.toml",
            "[vendor.snom]\nusername = \"u\"\n[[phone]]\nname = \"1001\"\nusername = \"v\"\n\
             [[asterisk]]\nname = \"pbx\"\nusername = \"handsetd\"\n\
             [[admin.user]]\nname = \"ann\"\nrole = \"read\"",
        ),
        ("credentials/vendor.snom.password", "p\n"),
        ("credentials/phone.1001.password", "q"),
        ("credentials/asterisk.pbx.secret", "r"),
        ("credentials/token", "a token of systemd"),
        ("credentials/admin.user.ann.token", "ann's own credential"),
    ]);
    let credentials = folder.path("credentials");
    let variables = [("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())];
    let config = folder.load_with(&variables).unwrap();
    let snom = config.vendors[&Vendor::Snom].credentials.clone().unwrap();
    assert_eq!(snom.password(), "p");
    let phone = config.directory.entries()[0].credentials.clone().unwrap();
    assert_eq!(phone.password(), "q");
    let secret = secrecy::ExposeSecret::expose_secret(&config.asterisk[0].secret);
    assert_eq!(secret, "r");
    assert!(config.admin.token.is_some());
    assert_eq!(config.admin.users[0].token.expose(), "ann's own credential");
}

#[test]
fn world_readable_files_with_secrets_are_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(&[("handsetd.toml", "[admin]\ntoken = \"0123456789abcdef\"")]);
    let path = folder.path("handsetd.toml");
    let is_warned_about = |of_folder, of_file| {
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        set(path.parent().unwrap(), of_folder);
        set(&path, of_file);
        let config = folder.load().unwrap();
        let mut warnings = config.warnings().iter().map(ToString::to_string);
        warnings.any(|warning| warning.contains("is world-readable"))
    };
    assert!(is_warned_about(0o755, 0o644));
    assert!(!is_warned_about(0o755, 0o640));
    // That of the package, which others may not enter.
    assert!(!is_warned_about(0o2750, 0o644));
}
