//! A headless Chromium, driven by its debugging protocol.
//!
//! Its errors and the URLs of its requests are recorded, so that a test can check that there are no
//! errors and no requests to other hosts.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::process::Process;
use super::soon;

/// A browser with one tab; dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// Errors and exceptions, as JSON.
    pub(crate) errors: Vec<String>,
    /// The URLs of all requests.
    pub(crate) requested_urls: Vec<String>,
    _process: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium; `None` if it is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let installed = Command::new("chromium").arg("--version").output();
        if installed.is_err() {
            let thread = std::thread::current();
            let test = thread.name().unwrap_or("a test");
            let why = format!("{test} needs chromium, which tests/run installs");
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
            say_skipped(&why);
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromium");
        command
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--remote-debugging-port=0",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank");
        let process = Process::start("chromium", &mut command);
        let server = process
            .line("the DevTools address", |line| {
                let (_, rest) = line.split_once("DevTools listening on ws://")?;
                Some(rest.split('/').next().unwrap().to_owned())
            })
            .await;
        let list = get(&server, "/json/list").await;
        let page = list
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["type"] == "page")
            .unwrap();
        let url = page["webSocketDebuggerUrl"].as_str().unwrap().to_owned();
        let (socket, _) = soon("the DevTools", connect_async(url)).await.unwrap();
        let mut browser = Self {
            socket,
            next: 1,
            errors: Vec::new(),
            requested_urls: Vec::new(),
            _process: process,
            _profile: profile,
        };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        Some(browser)
    }

    /// Opens a URL and waits until the page is loaded.
    pub(crate) async fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url})).await;
        let here = json!(url);
        self.until(&format!(
            "location.href == {here} && document.readyState == 'complete'"
        ))
        .await;
    }

    /// Evaluates an expression in the page, awaiting promises, and returns its value.
    pub(crate) async fn eval(&mut self, expression: &str) -> Value {
        let arguments = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let message = self.call("Runtime.evaluate", arguments).await;
        assert!(
            message.get("exceptionDetails").is_none(),
            "{expression}: {message}"
        );
        message["result"]["value"].clone()
    }

    /// Waits until an expression is true, also across page loads.
    pub(crate) async fn until(&mut self, condition: &str) {
        let watch = format!(
            "new Promise(done => {{ const end = Date.now() + 1000; const look = () => \
             {{ let is = false; try {{ is = Boolean({condition}); }} catch (e) {{}} \
             if (is || Date.now() > end) done(is); else setTimeout(look, 20); }}; look(); }})"
        );
        for _ in 0..30 {
            let arguments =
                json!({"expression": watch, "returnByValue": true, "awaitPromise": true});
            // A page load cancels the promise.
            if self.call("Runtime.evaluate", arguments).await["result"]["value"] == true {
                return;
            }
        }
        let text = self.eval("document.body.innerText").await;
        panic!("{condition}: not so within 30 s: {text}");
    }

    /// Clicks the element of a selector.
    pub(crate) async fn click(&mut self, selector: &str) {
        let selector = json!(selector);
        self.until(&format!("document.querySelector({selector})"))
            .await;
        self.eval(&format!("document.querySelector({selector}).click()"))
            .await;
    }

    /// Replaces the content of a field, by keyboard input.
    pub(crate) async fn fill(&mut self, selector: &str, text: &str) {
        let selector = json!(selector);
        self.until(&format!("document.querySelector({selector})"))
            .await;
        self.eval(&format!(
            "(() => {{ const field = document.querySelector({selector}); field.focus(); \
             if (field.select) field.select(); else field.value = ''; }})()"
        ))
        .await;
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Types a text into the focused element.
    pub(crate) async fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Presses a key in the focused element.
    pub(crate) async fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => panic!("{other} is not known here"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
            });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Sets the size of the display in pixels, and the color scheme (`light` or `dark`).
    pub(crate) async fn display(&mut self, width: u32, height: u32, scheme: &str) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// Returns a PNG of the visible part of the page.
    pub(crate) async fn screenshot(&mut self) -> Vec<u8> {
        let message = self
            .call("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        STANDARD.decode(message["data"].as_str().unwrap()).unwrap()
    }

    async fn call(&mut self, method: &str, arguments: Value) -> Value {
        let id = self.next;
        self.next += 1;
        let message = json!({"id": id, "method": method, "params": arguments}).to_string();
        self.socket.send(Message::text(message)).await.unwrap();
        loop {
            let message = soon(method, self.socket.next()).await.unwrap().unwrap();
            let Message::Text(text) = message else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == id {
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let arguments = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Log.entryAdded" if arguments["entry"]["level"] == "error" => {
                self.errors.push(arguments["entry"].to_string());
            }
            "Runtime.exceptionThrown" => self.errors.push(arguments.to_string()),
            "Runtime.consoleAPICalled" if arguments["type"] == "error" => {
                self.errors.push(arguments["args"].to_string());
            }
            "Network.requestWillBeSent" => {
                let url = arguments["request"]["url"].as_str().unwrap_or_default();
                self.requested_urls.push(url.to_owned());
            }
            _ => (),
        }
    }
}

/// Says what was not tested.
pub(crate) fn say_skipped(why: &str) {
    // Not eprintln!, whose output the test harness hides when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// Returns the script of axe-core, which `tests/run` downloads; `None` if it is not there.
pub(crate) fn axe() -> Option<String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let path = cache.join("handsetd/tools/axe.min.js");
    let script = std::fs::read_to_string(&path).ok();
    if script.is_none() {
        let why = format!(
            "{} is missing, which tests/run downloads with npm",
            path.display()
        );
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
        say_skipped(&format!("the rules of axe-core: {why}"));
    }
    script
}

async fn get(host: &str, path: &str) -> Value {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        soon(path, stream.read_exact(&mut byte)).await.unwrap();
        answer.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&answer).to_lowercase();
    let length = head.split("content-length:").nth(1).unwrap();
    let length = length.split("\r\n").next().unwrap().trim().parse().unwrap();
    let mut body = vec![0; length];
    soon(path, stream.read_exact(&mut body)).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
