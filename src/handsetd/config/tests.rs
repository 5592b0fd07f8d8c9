use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use handset_net::allow_list::AllowList;
use handset_phones::phone::{AuthPolicy, Credentials, CstaCalls, NoneRegistered, Target, Vendor};

use super::*;

#[cfg(feature = "cluster")]
mod cluster;
mod networks;
mod secrets;
mod uacsta;
mod variables;

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
    assert_eq!(example.lines().filter(|line| is_key(line)).count(), 25);
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
    let internal = ["entries", "groups", "index", "servers", "users"];
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
        .replace("token = \"...\"", "token = \"0123456789abcdef\"")
        .replace("= \"...\"", "= \"secret\"");
    let config = load_text(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(config.asterisk.len(), 1);
    assert_eq!(config.directory.entries().len(), 1);
    assert_eq!(config.rules[0].tests.len(), 1);
    assert!(config.cucm.is_some() && config.uacsta.is_some() && config.cluster.is_some());
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
    let csta = entries[2].csta.as_ref().unwrap();
    assert!(csta.credentials().matches("front-desk-csta", "narcissus"));
    assert_eq!(csta.device(), Some("sip:100@pbx.example.com"));
    let everyone = config
        .directory
        .find(&"everyone".into(), None, &NoneRegistered);
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
fn phones_of_several_servers_may_have_one_name() {
    let servers = ["berlin", "munich"]
        .map(|name| format!("[[asterisk]]\nname = '{name}'\nusername = 'u'\nsecret = 's'\n"));
    let phones = "[[phone]]\nname = '1001'\nserver = 'berlin'\nmac = '00005E005301'\n\
                  [[phone]]\nname = 'munich/1001'\nmac = '00005E005302'\n\
                  [[phone]]\nname = '1002'\naddress = '192.0.2.22'\n\
                  [[group]]\nname = 'all of us'\nmembers = ['munich/1001', 'berlin/PJSIP/1003']\n";
    let config = load_text(&(servers.concat() + phones)).unwrap();
    let entries = config.directory.entries().iter();
    let entries = entries.map(|entry| {
        let server = entry.server.as_ref().map_or("", |server| server.as_str());
        let endpoint = entry.endpoint.as_ref().map(ToString::to_string);
        (server, entry.name.as_str(), endpoint.unwrap())
    });
    let expected = [
        ("berlin", "1001", "PJSIP/1001".to_owned()),
        ("munich", "1001", "PJSIP/1001".to_owned()),
        ("", "1002", "PJSIP/1002".to_owned()),
    ];
    assert_eq!(entries.collect::<Vec<_>>(), expected);
    // The other one is about the mode of the file.
    let warning = config.warnings()[0].to_string();
    let expected = "[[phone]] 1002: several [[asterisk]] are configured, and server is missing";
    assert!(warning.contains(expected), "{warning}");
}

#[test]
fn phones_with_one_hardware_address_are_warned_about() {
    let phone = |name: &str, mac: &str| {
        format!("[[phone]]\nname = '{name}'\nvendor = 'snom'\nmac = '{mac}'\n")
    };
    let text = phone("1001", "00:04:13:00:00:01")
        + &phone("1002", "000413000002")
        + &phone("1003", "000413000001");
    let warnings: Vec<_> = load_text(&text).unwrap().warnings;
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let expected = "[[phone]] 1001 and [[phone]] 1003 have the same mac, 00:04:13:00:00:01; as the name of a phone, it \
                    means 1001";
    assert_eq!(warnings, [expected]);
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
         history, state, vendor, phones, phone, group, media, cucm, uacsta, cluster, page, rule, log"
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
fn long_file_is_read_as_a_short_one() {
    let phone = |number: u32| format!("[[phone]]\nname = '{number}'\nvendor = 'snom'\n");
    let phones: String = (0..6000).map(phone).collect();
    let config = load_text(&format!(
        "[agi]\nbudget = '5s'\n{phones}[http]\n[[group]]\nname = 'all'\nmembers = ['0', '5999']\n"
    ));
    let config = config.unwrap();
    assert_eq!(config.directory.entries().len(), 6000);
    assert_eq!(config.dialplan.budget, Duration::from_secs(5));
    assert!(config.written().to_toml().contains("budget = \"5s\""));
    // Each is in line 18001, or continues what precedes it.
    for (text, expected) in [
        (
            "modle = ''\n",
            "18001: phone.modle: unknown key; did you mean model?",
        ),
        (
            "mac = 2026-11-29\n",
            "18001: phone.mac: no setting is a date",
        ),
        ("\n[agi]\nx = 1\n", "18003: agi.x: unknown key"),
        ("model = 'a\n", "18001: invalid TOML: "),
        ("[phone.tls]\npin = 1\n", "18002: phone.tls.pin: "),
        ("name = '1'\n", "18001: invalid TOML: "),
        (
            "[agi]\n[[phone]]\nname = '5'\n",
            "18003: phone.name: \"5\" is already the name of the",
        ),
        ("[[phone.tls]]\n", "18001: phone.tls: expected a table"),
    ] {
        let error = load_text(&format!("{phones}{text}")).unwrap_err();
        let expected = format!("handsetd.toml:{expected}");
        assert!(error.starts_with(&expected), "{text}: {error}");
    }
    // What looks like headers is a text.
    let headers = "[[phone]]\n".repeat(4000);
    let text = format!("{phones}model = \"\"\"\n{headers}\"\"\"\nmac = 'a'\n");
    let error = load_text(&text).unwrap_err();
    assert!(
        error.starts_with("handsetd.toml:22003: phone.mac: "),
        "{error:.300}"
    );
    // A list in brackets has no further elements, and a table is defined once.
    for start in ["phone = [{ name = 'a' }]\n", "[agi]\n"] {
        let text = format!("{start}{phones}[agi]\n");
        let error = load_text(&text).unwrap_err();
        assert!(error.contains(": invalid TOML: "), "{start}: {error}");
    }
}
