use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use handset_net::allow_list::AllowList;
use handset_phones::phone::{AuthPolicy, Credentials, CstaCalls, NoneRegistered, Target, Vendor};

use super::*;

/// A directory with a configuration in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load_with(&self, variables: &[(&str, &str)]) -> Result<Config, String> {
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        let sources = Sources {
            file: self.path("handsetd.toml"),
            is_required: false,
            variables: variables.iter().map(pair).collect(),
        };
        let prefix = format!("{}/", self.0.path().display());
        Config::load(&sources).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    fn load(&self) -> Result<Config, String> {
        self.load_with(&[])
    }
}

fn load_text(text: &str) -> Result<Config, String> {
    Folder::new(&[("handsetd.toml", text)]).load()
}

fn load_file(path: &Path) -> Result<Config, String> {
    let sources = Sources {
        file: path.to_owned(),
        is_required: true,
        variables: Vec::new(),
    };
    let prefix = format!("{}/", path.parent().unwrap().display());
    Config::load(&sources).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(project("tests/fixtures/config").join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// The lines that begin with `#: `, without that.
fn expected(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("#: "));
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(config: &Config) -> String {
    let known = Config {
        files: Vec::new(),
        warnings: Vec::new(),
        ..config.clone()
    };
    format!("{known:#?}")
}

#[test]
fn every_good_file_loads() {
    for path in fixtures("good") {
        load_file(&path).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_bad_file_fails_with_the_messages_at_its_head() {
    let mut wrong = String::new();
    for path in fixtures("bad") {
        let found = load_file(&path).map_or_else(|error| error, |_| "it loads".to_owned());
        let expected = expected(&fs::read_to_string(&path).unwrap());
        if found != expected {
            writeln!(wrong, "== {}\n{found}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn example_shows_the_defaults() {
    let example = fs::read_to_string(project("etc/handsetd.toml")).unwrap();
    let default = shown(&Config::default());
    assert_eq!(shown(&load_text(&example).unwrap()), default);
    let is_key = |line: &str| {
        line.strip_prefix('#')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let uncommented: Vec<&str> = example
        .lines()
        .map(|line| if is_key(line) { &line[1..] } else { line })
        .collect();
    let config = load_text(&uncommented.join("\n")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(shown(&config), default);
    assert_eq!(load_text(&example).unwrap().warnings(), []);
    assert_eq!(example.lines().filter(|line| is_key(line)).count(), 24);
}

#[test]
fn example_names_every_key_that_has_a_default() {
    let example = fs::read_to_string(project("etc/handsetd.toml")).unwrap();
    let default = format!("{:#?}", Config::default());
    let fields = default.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("        ")?.split_once(": ")?;
        name.starts_with(|c: char| c.is_ascii_lowercase())
            .then_some(name)
    });
    let internal = ["entries", "groups", "users"];
    for name in fields.filter(|name| !internal.contains(name)) {
        let is_there =
            example.contains(&format!("#{name} = ")) || example.contains(&format!("# {name} = "));
        assert!(is_there, "{name}");
    }
}

#[test]
fn commented_sections_of_the_example_load() {
    let example = fs::read_to_string(project("etc/handsetd.toml")).unwrap();
    let mut text = String::new();
    let mut is_open = false;
    for line in example.lines() {
        let bare = line.strip_prefix("# ").unwrap_or_default();
        let is_head = bare.starts_with('[') && bare.ends_with(']');
        is_open = is_head || (is_open && bare.contains(" = "));
        if is_open {
            writeln!(text, "{bare}").unwrap();
        }
    }
    let text = text
        .replace("sha256:...", &format!("sha256:{}", "0".repeat(64)))
        .replace("[\"1001\", \"1002\"]", "[\"1001\"]")
        .replace("token = \"...\"", "token = \"0123456789abcdef\"");
    let config = load_text(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(config.asterisk.len(), 1);
    assert_eq!(config.directory.entries().len(), 1);
    assert_eq!(config.rules[0].tests.len(), 1);
    assert!(config.cucm.is_some());
}

#[test]
fn every_key_sets_its_field() {
    let config = load_file(&project("tests/fixtures/config/good/everything.toml")).unwrap();
    assert_eq!(config.agi.listen, "[::1]:4573".parse().unwrap());
    assert_eq!(config.agi.reply_timeout, Duration::from_millis(1500));
    assert_eq!(config.http.url.unwrap().as_str(), "http://192.0.2.10:8090/");
    assert_eq!(config.http.media_lifetime, Duration::from_hours(7 * 24));
    assert_eq!(config.media.hosts, ["media.example.com", "192.0.2.30:8000"]);
    assert_eq!(config.asterisk[1].address.to_string(), "127.0.0.1:5038");
    assert_eq!(config.asterisk[0].login, ami::LoginMethod::Md5);
    assert_eq!(config.asterisk[1].login, ami::LoginMethod::Plain);
    let snom = &config.vendors[&Vendor::Snom];
    assert_eq!(
        (snom.port, snom.credentials.as_ref().unwrap().password()),
        (Some(8080), "staple")
    );
    let entries = config.directory.entries();
    let account = |credentials: &Option<Credentials>| {
        let credentials = credentials.as_ref().unwrap();
        (
            credentials.username.clone(),
            credentials.password().to_owned(),
        )
    };
    assert_eq!(
        account(&entries[0].credentials),
        ("desk".into(), "tulip".into())
    );
    let (username, password) = account(&entries[1].credentials);
    assert!(entries.iter().any(|entry| entry.pin.is_some()));
    assert_eq!(username, "admin");
    assert_eq!(password, "the user name comes from the vendor");
    assert_eq!(
        entries[1].endpoint.as_ref().unwrap().to_string(),
        "PJSIP/1002"
    );
    assert_eq!(entries[0].auth, None);
    assert_eq!(entries[1].auth, Some(AuthPolicy::Any));
    assert_eq!(config.vendors[&Vendor::Yealink].auth, AuthPolicy::Digest);
    assert!(entries[2].endpoint.is_none() && entries[2].credentials.is_none());
    assert_eq!(entries[2].firmware.as_ref().unwrap().as_str(), "8.7.3.19");
    assert_eq!(entries[2].csta_calls, Some(CstaCalls::Flat));
    let everyone = config.directory.find(&"everyone".into(), &NoneRegistered);
    let names: Vec<&str> = everyone.iter().map(Target::name).collect();
    assert_eq!(names, ["1001", "front desk", "1009", "1002"]);
    assert_eq!(config.rules[0].mode, crate::rules::config::Mode::Restart);
    let users = config.admin.users.iter();
    let users: Vec<_> = users.map(|user| (user.name.as_str(), user.role)).collect();
    assert_eq!(
        users,
        [
            ("wallboard", admin_server::Role::Read),
            ("reception", admin_server::Role::Send)
        ]
    );
}

#[test]
fn rules_without_a_server_are_warned_about() {
    let rule = "[[rule]]\nname = \"a\"\non = \"Hangup\"\ndo = [ { verb = \"ping\" } ]";
    let config = load_text(rule).unwrap();
    let warnings = config
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    let expected = "[[rule]]: no [[asterisk]] is configured, so no Asterisk event arrives";
    assert_eq!(warnings, [expected]);
    let config = load_text("[agi]\nbudget = \"2s\"").unwrap();
    assert_eq!(config.warnings(), []);
}

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
    assert_eq!(count, 10);
    for fixture in fixtures("bad") {
        let message = load_file(&fixture).unwrap_err();
        assert!(
            !message.contains("s3cret") && !message.contains("31337"),
            "{message}"
        );
    }
}

#[test]
fn later_files_override_earlier_ones_and_lists_of_tables_are_concatenated() {
    let folder = Folder::new(&[
        (
            "handsetd.toml",
            "[agi]\nbudget = \"1s\"\nallow = [\"192.0.2.0/24\"]\n[[phone]]\nname = \"1001\"",
        ),
        (
            "conf.d/20.toml",
            "[agi]\nbudget = \"3s\"\n[[phone]]\nname = \"1003\"",
        ),
        (
            "conf.d/10.toml",
            "[agi]\nbudget = \"2s\"\nallow = [\"198.51.100.0/24\"]\n[[phone]]\nname = \"1002\"",
        ),
        ("conf.d/.20.toml", "not TOML"),
        ("conf.d/20.toml~", "not TOML"),
    ]);
    let config = folder.load().unwrap();
    assert_eq!(config.dialplan.budget, Duration::from_secs(3));
    let allow: AllowList = ["198.51.100.0/24".parse().unwrap()].into_iter().collect();
    assert_eq!(config.agi.allow, allow);
    let names = config
        .directory
        .entries()
        .iter()
        .map(|entry| entry.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["1001", "1002", "1003"]);
    assert_eq!(config.files().count(), 3);
}

#[test]
fn diagnostics_name_the_file_at_fault() {
    let folder = Folder::new(&[
        (
            "handsetd.toml",
            "[agi]\nbudget = \"1s\"\n\n[[phone]]\nname = \"1001\"\n",
        ),
        ("conf.d/a.toml", "[agi]\nbudget = \"x\"\n"),
        ("conf.d/b.toml", "\n[[phone]]\nname = \"1001\"\n"),
        ("conf.d/c.toml", "["),
    ]);
    let errors = folder.load().unwrap_err();
    let lines: Vec<&str> = errors.lines().collect();
    assert!(
        lines[0].starts_with("conf.d/a.toml:2: agi.budget: "),
        "{errors}"
    );
    assert_eq!(
        lines[1],
        "conf.d/b.toml:3: phone.name: \"1001\" is already the name of the [[phone]] or [[group]] \
         at handsetd.toml:5; keep one"
    );
    assert!(
        lines[2].starts_with("conf.d/c.toml:1: invalid TOML: "),
        "{errors}"
    );
}

#[test]
fn variables_override_files() {
    let folder = Folder::new(&[(
        "handsetd.toml",
        "[vendor.cisco]\nusername = \"push\"\npassword_file = \"missing\"",
    )]);
    let config = folder.load_with(&[
        ("HANDSETD__AGI__LISTEN", "127.0.0.1:5000"),
        ("HANDSETD__AGI__ALLOW", "192.0.2.0/24, 2001:db8::/32"),
        ("HANDSETD__HTTP__MAX_CONNECTIONS", "7"),
        ("HANDSETD__LOG__LEVEL", "trace"),
        ("HANDSETD__VENDOR__CISCO__PASSWORD", "1234"),
        ("HANDSETD__VENDOR__CISCO__AUTH", "digest"),
        ("HANDSETD__PHONES__NETWORKS", "10.1.0.0/16"),
        ("HANDSETD__MEDIA__HOSTS", ""),
        ("HANDSETD_LOG", "debug"),
        ("HANDSETD_SERVICE_HOST", "192.0.2.1"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.agi.listen, "127.0.0.1:5000".parse().unwrap());
    let allow: AllowList = ["192.0.2.0/24", "2001:db8::/32"]
        .map(|network| network.parse().unwrap())
        .into_iter()
        .collect();
    assert_eq!(config.agi.allow, allow);
    assert_eq!(config.http.max_connections, 7);
    assert_eq!(config.log.level, telemetry::Level::Trace);
    let cisco = config.vendors[&Vendor::Cisco].credentials.clone().unwrap();
    assert_eq!(
        (cisco.username.as_str(), cisco.password()),
        ("push", "1234")
    );
    assert_eq!(config.warnings(), []);
}

#[test]
fn invalid_variables_are_named() {
    let folder = Folder::new(&[("handsetd.toml", "")]);
    let check = |name: &str, value: &str, expected: &str| {
        assert_eq!(folder.load_with(&[(name, value)]).unwrap_err(), expected);
    };
    check(
        "HANDSETD_AGI__LISTEN",
        "127.0.0.1:1",
        "HANDSETD_AGI__LISTEN: ignored: HANDSETD must be followed by two underscores; use HANDSETD__AGI__LISTEN",
    );
    check(
        "HANDSETD__AGI__LISTEN",
        "here",
        "HANDSETD__AGI__LISTEN: agi.listen: invalid socket address \"here\"; use an IP address and a port, such as 127.0.0.1:4573 or [::1]:4573",
    );
    check(
        "HANDSETD__AGI__ALLOW",
        "127.0.0.0/8,x",
        "HANDSETD__AGI__ALLOW: agi.allow: invalid network \"x\"; use 192.0.2.0/24, or 192.0.2.7/32 for a single address",
    );
    check(
        "HANDSETD__AGI__BUDGTE",
        "5s",
        "HANDSETD__AGI__BUDGTE: agi.budgte: unknown key; did you mean budget?",
    );
    check(
        "HANDSETD__HTTP__MAX_CONNECTIONS",
        "many",
        "HANDSETD__HTTP__MAX_CONNECTIONS: http.max_connections: expected an integer, found a string",
    );
    check(
        "HANDSETD__PHONE__NAME",
        "1001",
        "HANDSETD__PHONE__NAME: phone: expected a list of tables, found a table; use [[phone]] in a file",
    );
    check(
        "HANDSETD__AGI",
        "x",
        "HANDSETD__AGI: agi: expected a table, found a string; use HANDSETD__AGI__KEY",
    );
    check(
        "HANDSETD__AGI____LISTEN",
        "x",
        "HANDSETD__AGI____LISTEN: agi..listen: empty key; separate keys by exactly two underscores",
    );
}

#[test]
fn values_are_not_converted() {
    let folder = Folder::new(&[("handsetd.toml", "")]);
    let config = folder
        .load_with(&[
            ("HANDSETD__VENDOR__SNOM__USERNAME", "admin"),
            ("HANDSETD__VENDOR__SNOM__PASSWORD", "007"),
        ])
        .unwrap();
    let snom = config.vendors[&Vendor::Snom].credentials.clone().unwrap();
    assert_eq!(snom.password(), "007");
    for (text, expected) in [
        (
            "[admin]\nplain = \"yes\"",
            "expected true or false, found a string; remove the quotes",
        ),
        (
            "[admin]\nplain = 1",
            "expected true or false, found a number",
        ),
        (
            "[agi]\nmax_sessions = 1.5",
            "expected an integer, found a number",
        ),
        (
            "[agi]\nmax_sessions = true",
            "expected an integer, found a boolean",
        ),
        (
            "[log]\nlevel = true",
            "expected a string, found a boolean; put it in quotes",
        ),
        (
            "[admin]\ntoken = true",
            "expected a string, found a boolean; put it in quotes",
        ),
        ("[admin]\ntls = \"on\"", "expected a table, found a string"),
    ] {
        let message = load_text(text).unwrap_err();
        assert!(message.ends_with(&format!(": {expected}")), "{message}");
    }
}

#[test]
fn quoted_keys_with_dots_are_not_paths() {
    assert_eq!(
        load_text("\"agi.budget\" = \"5s\"").unwrap_err(),
        "handsetd.toml:1: agi.budget: unknown key; expected one of asterisk, agi, http, admin, \
         history, state, vendor, phones, phone, group, media, cucm, rule, log"
    );
}

#[test]
fn misspelt_variables_are_warned_about() {
    let folder = Folder::new(&[("handsetd.toml", "")]);
    let config = folder
        .load_with(&[("HANDSETD_AGI_LISTEN", "127.0.0.1:1")])
        .unwrap();
    assert_eq!(
        config.warnings()[0].to_string(),
        "HANDSETD_AGI_LISTEN is ignored; if it is meant to be a setting, use HANDSETD__AGI__LISTEN"
    );
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
    let is_warned_about = |mode| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let config = folder.load().unwrap();
        let mut warnings = config.warnings().iter().map(ToString::to_string);
        warnings.any(|warning| warning.contains("is world-readable"))
    };
    assert!(is_warned_about(0o644));
    assert!(!is_warned_about(0o640));
}

#[test]
fn missing_file_is_an_error_only_if_it_was_named() {
    let folder = Folder::new(&[]);
    let config = folder.load().unwrap();
    assert_eq!(shown(&config), shown(&Config::default()));
    assert!(
        config.warnings()[0]
            .to_string()
            .ends_with("does not exist; using defaults")
    );
    let message = load_file(&folder.path("handsetd.toml")).unwrap_err();
    assert!(
        message.starts_with("handsetd.toml: cannot be read: No such file"),
        "{message}"
    );
}

#[test]
fn unreadable_files_are_reported() {
    let folder = Folder::new(&[]);
    fs::write(folder.path("handsetd.toml"), b"[agi]\n# \xff").unwrap();
    let message = folder.load().unwrap_err();
    assert_eq!(
        message,
        "handsetd.toml:2: not UTF-8; save the file in that encoding"
    );
    let folder = Folder::new(&[("conf.d/folder.toml/file", "")]);
    let message = folder.load().unwrap_err();
    assert!(
        message.starts_with("conf.d/folder.toml: cannot be read: a directory, not a regular file"),
        "{message}"
    );
}

proptest::proptest! {
    #[test]
    fn garbage_never_panics(text in "([\\[\\]{}=,.\"'#\n a-z0-9]|agi|phone|name|vendor|rule){0,60}") {
        let _ = load_text(&text);
    }
}

#[test]
fn phone_server_accepts_the_networks_of_the_phones_unless_told_otherwise() {
    let load = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        (config.http.allow.clone(), warnings.collect::<Vec<_>>())
    };
    let contains = |allow: &AllowList, ip: &str| allow.contains(ip.parse().unwrap());
    let (allow, _) = load("");
    assert!(contains(&allow, "10.0.0.1") && !contains(&allow, "127.0.0.1"));
    assert!(!contains(&allow, "198.51.100.7"));

    let phones = "[phones]\nnetworks = ['192.0.2.0/24']\n";
    let listed = "[[phone]]\nname = '1001'\naddress = '198.51.100.7:80'\n";
    let (allow, warnings) = load(&format!("{phones}{listed}"));
    assert!(contains(&allow, "192.0.2.1") && contains(&allow, "198.51.100.7"));
    assert!(!contains(&allow, "10.0.0.1") && !contains(&allow, "198.51.100.8"));
    assert!(warnings.is_empty(), "{warnings:?}");

    let written = "[http]\nallow = ['192.0.2.0/25']\n";
    let (allow, warnings) = load(&format!("{phones}{written}{listed}"));
    assert!(!contains(&allow, "192.0.2.200") && !contains(&allow, "198.51.100.7"));
    let expected = "phone 1001 at 198.51.100.7 may not fetch: its address is not in http.allow";
    assert_eq!(warnings, [expected]);
}

#[test]
fn url_that_leads_phones_to_themselves_is_noticed() {
    let warnings = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        warnings
            .filter(|warning| warning.starts_with("http.url"))
            .count()
    };
    let url = |host: &str| format!("[http]\nurl = 'http://{host}:8090'\n");
    for host in ["127.0.0.1", "LocalHost", "[::1]"] {
        assert_eq!(warnings(&url(host)), 1, "{host}");
        let only_simulated = format!("{}[phones]\nnetworks = ['127.0.0.0/8']\n", url(host));
        assert_eq!(warnings(&only_simulated), 0, "{host}");
    }
    assert_eq!(warnings(&url("192.0.2.10")), 0);
}

#[test]
fn password_of_a_vendor_is_kept_for_listed_phones_unless_networks_are_written() {
    let vendor = "[vendor.snom]\nusername = 'u'\npassword = 'p'\n";
    let load = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        let about = warnings.filter(|warning| warning.contains("vendor.snom.password"));
        let about: Vec<_> = about.collect();
        (config.vendors[&Vendor::Snom].for_unlisted, about)
    };
    let expected = "vendor.snom.password is sent only to phones that a [[phone]] lists: \
                    phones.networks is not set";
    assert_eq!(load(vendor), (false, vec![expected.to_owned()]));
    let networks = "[phones]\nnetworks = ['10.0.0.0/8']\n";
    let expected = "any SIP account that registers from phones.networks can learn \
                    vendor.snom.password; auth = \"digest\" prevents it";
    let shared = load(&format!("{networks}{vendor}"));
    assert_eq!(shared, (true, vec![expected.to_owned()]));
    let digest = load(&format!("{networks}{vendor}auth = 'digest'\n"));
    assert_eq!(digest, (true, Vec::new()));
    // Nobody is there.
    let nobody = load(&format!("[phones]\nnetworks = []\n{vendor}"));
    assert_eq!(nobody, (true, Vec::new()));
}
