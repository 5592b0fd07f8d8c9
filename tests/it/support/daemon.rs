//! The real program: `handsetd run` with the configuration of the test.

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use image::{Rgb, RgbImage};
use tempfile::TempDir;

use super::caller::Caller;
use super::process::Process;

/// A running handsetd. Dropping it stops it; if the test has failed, its log is printed.
#[derive(Debug)]
pub(crate) struct Daemon {
    process: Process,
    folder: TempDir,
    file: PathBuf,
    /// Log of its earlier processes.
    past: String,
    agi: SocketAddr,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Daemon {
    /// Starts the daemon and waits until it is ready.
    ///
    /// It listens on free ports of the loopback address, has a media folder with `doorbell.wav` and
    /// `background.png`, and lets calls wait longer than a delivery takes on a busy machine; `config` adds to
    /// that and overrides it.
    pub(crate) async fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        Self::launch(folder, &file).await
    }

    /// Starts it as [`start`](Self::start) does, with a limit of open file descriptors.
    pub(crate) async fn start_with_descriptors(config: &str, most: usize) -> Self {
        Self::start_in_shell(config, &format!("ulimit -n {most}")).await
    }

    /// Starts it as [`start`](Self::start) does, in a shell that has executed `setup`.
    pub(crate) async fn start_in_shell(config: &str, setup: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        let program = command(&file);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{setup} && exec \"$0\" \"$@\"")])
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        Self::launch_as(folder, &file, &mut shell).await
    }

    /// Starts it as [`start`](Self::start) does, with these environment variables.
    pub(crate) async fn start_with_environment(config: &str, variables: &[(&str, &OsStr)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        let mut program = command(&file);
        program.envs(variables.iter().copied());
        Self::launch_as(folder, &file, &mut program).await
    }

    /// Starts it as [`start`](Self::start) does, with all logging, including that of libraries.
    pub(crate) async fn start_tracing(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        let mut command = command(&file);
        Self::launch_as(folder, &file, command.env("HANDSETD_LOG", "trace")).await
    }

    /// Starts it as [`start`](Self::start) does, but without an admin token.
    pub(crate) async fn start_without_token(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        let base = fs::read_to_string(&file).unwrap();
        fs::write(&file, base.replace(&format!("token = \"{TOKEN}\"\n"), "")).unwrap();
        Self::launch(folder, &file).await
    }

    /// Starts it as [`start`](Self::start) does, but without the networks of the phones.
    pub(crate) async fn start_without_networks(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        let base = fs::read_to_string(&file).unwrap();
        fs::write(&file, base.replace("networks = [\"127.0.0.0/8\"]\n", "")).unwrap();
        Self::launch(folder, &file).await
    }

    /// Returns why it does not start with this configuration: what it prints before it exits.
    pub(crate) async fn refusal(config: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = configure(folder.path(), config);
        let mut process = Process::start("handsetd", &mut command(&file));
        let status = process.exit().await;
        assert!(!status.success(), "it has started");
        process.log()
    }

    async fn launch(folder: TempDir, file: &Path) -> Self {
        Self::launch_as(folder, file, &mut command(file)).await
    }

    async fn launch_as(folder: TempDir, file: &Path, command: &mut Command) -> Self {
        let process = Process::start("handsetd", command);
        let ready = |line: &str| line.contains("Ready.").then_some(());
        process.line("the line \"Ready.\"", ready).await;
        let agi = process
            .line("the AGI port", |line| listening(line, "agi"))
            .await;
        let http = process
            .line("the HTTP port", |line| listening(line, "http"))
            .await;
        let admin = process
            .line("the admin port", |line| listening(line, "admin"))
            .await;
        Self {
            process,
            folder,
            file: file.to_owned(),
            past: String::new(),
            agi,
            http,
            admin,
        }
    }

    /// Returns the address of its AGI server.
    pub(crate) fn agi(&self) -> SocketAddr {
        self.agi
    }

    /// Returns the address of its phone-facing HTTP server.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http
    }

    /// Returns the address of its admin server.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Returns the path of its configuration.
    pub(crate) fn file(&self) -> PathBuf {
        self.file.clone()
    }

    /// Returns the path of a file in its media folder.
    pub(crate) fn media(&self, name: &str) -> PathBuf {
        self.folder.path().join("media").join(name)
    }

    /// Returns the path of a file in its state folder.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.folder.path().join("state").join(name)
    }

    /// Kills it, as a crash would.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Suspends it: connections stay open, but it sends nothing.
    pub(crate) async fn freeze(&self) {
        self.process.freeze().await;
    }

    /// Resumes it after [`freeze`](Self::freeze).
    pub(crate) fn thaw(&self) {
        self.process.thaw();
    }

    /// Stops it as systemd does, and starts it again with its files.
    pub(crate) async fn stop_and_start(mut self) -> Self {
        self.process.terminate();
        self.process.exit().await;
        let past = self.history();
        Self {
            past,
            ..Self::launch(self.folder, &self.file).await
        }
    }

    /// Kills it, as a crash would, and starts it again with its files.
    pub(crate) async fn crash_and_start(self) -> Self {
        self.crash_then_start(|| {}).await
    }

    /// Kills it, waits for `between`, and starts it again with its files and at the same admin address.
    pub(crate) async fn crash_and_start_in_place(mut self, between: impl AsyncFnOnce()) -> Self {
        self.process.kill().await;
        let past = self.history();
        let config = fs::read_to_string(&self.file).unwrap();
        let listen = |address: &str| format!("[admin]\nlisten = \"{address}\"");
        let own = listen(&self.admin.to_string());
        fs::write(&self.file, config.replace(&listen("127.0.0.1:0"), &own)).unwrap();
        between().await;
        Self {
            past,
            ..Self::launch(self.folder, &self.file).await
        }
    }

    /// Kills it, as a crash would, calls `between`, and starts it again.
    pub(crate) async fn crash_then_start(mut self, between: impl FnOnce()) -> Self {
        self.process.kill().await;
        let past = self.history();
        between();
        Self {
            past,
            ..Self::launch(self.folder, &self.file).await
        }
    }

    /// Returns its log, including that of earlier processes.
    pub(crate) fn history(&self) -> String {
        format!("{}\n{}", self.past, self.process.log())
    }

    /// Returns its process ID.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Returns its peak memory in kB.
    pub(crate) fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Returns its log.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Returns all that it had logged before this call. Lines are written in order by a thread of their own:
    /// this makes it log one more, and waits for that.
    pub(crate) async fn settled_log(&self) -> String {
        let refused = Caller::new(self.agi).run("no-verb", &[]).await;
        assert_eq!(refused.status, "INVALID", "{}", refused.reason);
        self.line(&refused.id).await;
        let log = self.log();
        let earlier = log.lines().take_while(|line| !line.contains(&refused.id));
        earlier.collect::<Vec<_>>().join("\n")
    }

    /// Waits for a line of the log that contains `pattern`, and returns it.
    pub(crate) async fn line(&self, pattern: &str) -> String {
        self.process.line_after(0, pattern).await
    }

    /// Waits for a line that contains `pattern` after `passed` others that do.
    pub(crate) async fn line_after(&self, passed: usize, pattern: &str) -> String {
        self.process.line_after(passed, pattern).await
    }

    /// Returns how many lines contain `pattern` so far.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        self.process.count(pattern)
    }

    /// Replaces its configuration and makes it reload.
    pub(crate) fn reconfigure(&self, config: &str) {
        fs::write(self.folder.path().join("conf.d/test.toml"), config).unwrap();
        self.process.hang_up();
    }

    /// Sends SIGTERM, as systemd does.
    pub(crate) fn terminate(&self) {
        self.process.terminate();
    }

    /// Waits until it has exited.
    pub(crate) async fn end(mut self) -> ExitStatus {
        self.process.exit().await
    }

    /// Waits until it has exited, and returns its log.
    pub(crate) async fn end_with_log(mut self) -> String {
        self.process.exit().await;
        self.process.log()
    }
}

/// Returns the command `handsetd run` with a configuration, without environment variables that would
/// change it.
pub(crate) fn command(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command
        .args(["run", "--config"])
        .arg(file)
        .env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HANDSETD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Writes the common configuration, that of the test, and the media files.
pub(crate) fn configure(folder: &Path, config: &str) -> PathBuf {
    let (media, state) = (folder.join("media"), folder.join("state"));
    fs::create_dir(&media).unwrap();
    let half = |side: u32| u8::try_from(side / 2).unwrap();
    RgbImage::from_fn(400, 300, |x, y| Rgb([half(x), half(y), 0x80]))
        .save(media.join("background.png"))
        .unwrap();
    record(&media.join("doorbell.wav"), 44_100, 22_050);
    let base = format!(
        "[agi]\nlisten = \"127.0.0.1:0\"\nbudget = \"20s\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n\
         [phones]\nnetworks = [\"127.0.0.0/8\"]\n\
         [admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"{TOKEN}\"\n\
         [media]\nfolders = ['{}']\n\
         [state]\ndir = '{}'\n",
        media.display(),
        state.display()
    );
    let file = folder.join("handsetd.toml");
    fs::write(&file, base).unwrap();
    // It holds a token.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(folder.join("conf.d")).unwrap();
    fs::write(folder.join("conf.d/test.toml"), config).unwrap();
    file
}

/// The admin token.
pub(crate) const TOKEN: &str = "correct horse battery staple";

/// Writes a recording of a tone: stereo, 16 bits.
pub(crate) fn record(path: &Path, rate: u32, samples: u32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for sample in 0..samples {
        let value = if sample % 100 < 50 { 8000_i16 } else { -8000 };
        wav.write_sample(value).unwrap();
        wav.write_sample(value).unwrap();
    }
    wav.finalize().unwrap();
}

/// Reads the address from a line such as `… Listening. server="agi" address=127.0.0.1:4573`.
pub(crate) fn listening(line: &str, server: &str) -> Option<SocketAddr> {
    let (_, fields) = line.split_once("Listening.")?;
    let mut fields = fields.split_whitespace();
    fields.find(|field| *field == format!("server=\"{server}\""))?;
    fields.find_map(|field| field.strip_prefix("address=")?.parse().ok())
}
