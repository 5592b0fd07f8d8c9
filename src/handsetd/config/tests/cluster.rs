//! The section `[cluster]`.

use handset_cluster::Login;
use secrecy::ExposeSecret;

use super::*;

const NATS: &str = "[cluster]\nnats = ['nats://127.0.0.1:4222']\n";

#[test]
fn name_is_that_of_the_host_unless_it_is_written() {
    let cluster = |text: &str| load_text(text).unwrap().cluster.unwrap();
    let host = rustix::system::uname();
    let host = host.nodename().to_str().unwrap();
    assert_eq!(cluster(NATS).name.as_str(), host);
    let written = cluster(&format!("{NATS}name = 'site-b'"));
    assert_eq!(
        (written.name.as_str(), written.replicas.get()),
        ("site-b", 1)
    );
    assert_eq!(written.prefix.as_str(), "handsetd");
    assert_eq!(written.version, env!("CARGO_PKG_VERSION"));
    assert!(load_text("").unwrap().cluster.is_none());
}

#[test]
fn members_of_groups_may_be_phones_of_other_daemons() {
    let server = "[[asterisk]]\nname = 'berlin'\nusername = 'u'\nsecret = 's'\n";
    let rest = "[[group]]\nname = 'night'\nmembers = ['1001', 'munich/1001', 'the guard']\n\
                [[rule]]\nname = 'a'\non = 'Hangup'\n\
                do = [{ verb = 'push', phone = 'munich/1001', text = 'Hello' }]\n";
    let alone = load_text(&format!("{server}{rest}")).unwrap_err();
    for member in ["munich/1001", "the guard"] {
        let expected = format!("unknown member {member:?} of group \"night\"");
        assert!(alone.contains(&expected), "{alone}");
    }
    let config = load_text(&format!("{NATS}{server}{rest}")).unwrap();
    let members = config.directory.members("night").unwrap();
    assert_eq!(members, ["1001", "munich/1001", "the guard"]);
    // A name that no phone can have is wrong in any case.
    let wrong = rest.replace("'the guard'", "'munich/'");
    let wrong = load_text(&format!("{NATS}{server}{wrong}")).unwrap_err();
    assert!(wrong.contains("unknown member \"munich/\""));
}

#[test]
fn login_comes_from_wherever_secrets_do() {
    let folder = Folder::new(&[
        ("handsetd.toml", NATS),
        ("credentials/cluster.token", "lilac\n"),
        ("keys/site.creds", "-----BEGIN NATS USER JWT-----\n"),
        ("keys/token", "rose\n"),
    ]);
    let credentials = folder.path("credentials");
    let systemd = ("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    let login = |variables: &[(&str, &str)]| {
        let config = folder.load_with(variables).unwrap();
        config.cluster.unwrap().login
    };
    let token = |login: Login| match login {
        Login::Token(token) => token.expose_secret().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(login(&[]), Login::None);
    assert_eq!(token(login(&[systemd])), "lilac");
    let variable = ("HANDSETD__CLUSTER__TOKEN", "iris");
    assert_eq!(token(login(&[systemd, variable])), "iris");
    let write = |line: &str| {
        fs::write(folder.path("handsetd.toml"), format!("{NATS}{line}\n")).unwrap();
    };
    write("token_file = 'keys/token'");
    assert_eq!(token(login(&[])), "rose");
    write("credentials_file = 'keys/site.creds'");
    let file = folder.path("keys/site.creds");
    assert_eq!(login(&[]), Login::CredentialsFile(file));
    assert_eq!(
        folder.load_with(&[systemd]).unwrap_err(),
        "handsetd.toml:3: cluster.credentials_file: conflicts with the token; keep one"
    );
}

#[test]
fn password_in_a_url_is_never_displayed() {
    let config = load_text("[cluster]\nnats = ['nats://me:s3cret@192.0.2.1']\nname = 'a'").unwrap();
    let shown = format!("{config:?} {config:#?} {}", config.written().to_toml());
    assert!(
        shown.contains("192.0.2.1") && !shown.contains("s3cret"),
        "{shown}"
    );
    // A line that is no TOML is shown, unless it may hold a secret.
    for line in [
        "nats = ['nats://me:s3cret@192.0.2.1]",
        "nats = nats://me:s3cret@192.0.2.1",
    ] {
        let message = load_text(&format!("[cluster]\n{line}\n")).unwrap_err();
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn login_that_leaves_the_machine_unencrypted_is_warned_about() {
    let warnings = |text: &str| {
        let config = load_text(&format!("[cluster]\nname = 'a'\n{text}")).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        let about_login = warnings.filter(|warning| warning.contains("unencrypted"));
        about_login.collect::<Vec<_>>()
    };
    let expected = "[cluster] nats: unless nats://192.0.2.1:4222 requires TLS, the login goes over the \
                    network unencrypted; add tls = { ca_file = \"...\" }, or write tls:// instead of nats://";
    for open in [
        "nats = ['nats://me:secret@192.0.2.1']",
        "nats = ['nats://localhost', 'nats://192.0.2.1']\ntoken = 'a'",
    ] {
        assert_eq!(warnings(open), [expected]);
    }
    for safe in [
        "nats = ['nats://192.0.2.1']",
        "nats = ['tls://192.0.2.1']\ntoken = 'a'",
        "nats = ['nats://192.0.2.1']\ntoken = 'a'\ntls = { ca_file = '/etc/ca.pem' }",
        "nats = ['nats://127.0.0.1', 'nats://[::1]:4223', 'nats://localhost']\ntoken = 'a'",
    ] {
        assert!(warnings(safe).is_empty(), "{safe}");
    }
}
