//! Action URIs: `key=…`, `phonecfg=get` and screenshots.
//!
//! Firmware V61 to V70 has other pages for them than later firmware, which supports all three.

use super::Yealink;
use super::model::release;
use crate::form;
use crate::request::{Request, Response};

impl Yealink {
    /// Responds to a GET.
    pub(super) fn controlled(&self, request: &Request) -> Response {
        let release = release(&self.device.options().firmware);
        let query = request.query.as_deref().unwrap_or_default();
        let old_page = if self.model.name.starts_with("T3") {
            "/cgi-bin/cgiServer.exx"
        } else {
            "/cgi-bin/ConfigManApp.com"
        };
        let has_page = match request.path.as_str() {
            "/servlet" => release > 70,
            "/cgi-bin/cgiServer.exx" | "/cgi-bin/ConfigManApp.com" => {
                release > 70 || request.path == old_page
            }
            "/screencapture" | "/screencapture/download" => release >= 80,
            _ => false,
        };
        if !has_page {
            return Response::empty(404).refusing("no such page");
        }
        let admitted = self
            .authorize_control(request)
            .and_then(|()| self.authenticate(request, super::Access::Control));
        if let Err(response) = admitted {
            return response;
        }
        match request.path.as_str() {
            "/screencapture" => self.screenshot(false),
            "/screencapture/download" => self.screenshot(true),
            _ if query == "command=screenshot" && release >= 73 => self.screenshot(false),
            _ => self.action(query),
        }
    }

    /// Runs an action URI. `key` must come first, and the query must not end in `&`.
    fn action(&self, query: &str) -> Response {
        if query.ends_with('&') {
            return Response::empty(400).refusing("query ends in &");
        }
        if let Some(blocks) = query.strip_prefix("phonecfg=get") {
            return match self.phonecfg(blocks) {
                Ok(body) => Response::with_body(200, "text/plain", body),
                Err(reason) => Response::empty(400).refusing(reason),
            };
        }
        let Some(keys) = query.strip_prefix("key=") else {
            return Response::empty(404).refusing("query does not begin with key=");
        };
        let (keys, from) = match keys.split_once('&') {
            None => (keys, None),
            Some((keys, more)) => match more.strip_prefix("outgoing_uri=") {
                Some(from) => (keys, Some(from)),
                None => return Response::empty(400).refusing(format!("unknown parameter {more}")),
            },
        };
        let keys = keys
            .split(';')
            .map(form::decoded)
            .collect::<Result<Vec<_>, _>>();
        let from = from.map(form::decoded).transpose();
        let (keys, from) = match (keys, from) {
            (Ok(keys), Ok(from)) => (keys, from),
            (Err(reason), _) | (_, Err(reason)) => return Response::empty(400).refusing(reason),
        };
        let response = Response::with_body(200, "text/html", "");
        match self.press_all(&keys, from.as_deref(), false) {
            Ok(()) => response,
            // Real phones respond with 200 to this as well.
            Err(reason) => response.refusing(reason),
        }
    }

    /// Presses keys in order, up to the first invalid one.
    pub(super) fn press_all(
        &self,
        keys: &[String],
        from: Option<&str>,
        by_notify: bool,
    ) -> Result<(), String> {
        if keys.len() > 1 && (self.model.is_touch() || self.model.is_android()) {
            let name = self.model.name;
            return Err(format!("several keys at once; a {name} accepts one"));
        }
        for key in keys {
            self.check_key(key)?;
            match key.strip_prefix("number=") {
                Some(number) => self.dial(number, from),
                None => self.press_key(key, by_notify),
            }
        }
        Ok(())
    }
}
