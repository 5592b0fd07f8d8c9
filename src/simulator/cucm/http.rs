//! The call manager's web server: one path, and one field called `xml` in one of three encodings.

use std::convert::Infallible;

use axum::body::{Body, to_bytes};
use handset_net::tasks::Tasks;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

use super::PATH;
use super::service::Service;
use crate::form;

/// Serves connections until everything stops.
pub(super) async fn serve(listener: TcpListener, service: Service, tasks: Tasks) {
    let stop = tasks.stop();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "Could not accept a connection.");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (service, stop) = (service.clone(), stop.clone());
        tasks.spawn("connection", async move {
            tokio::select! {
                () = stop.cancelled() => (),
                () = connection(stream, service) => (),
            }
        });
    }
}

async fn connection(stream: TcpStream, service: Service) {
    let answer = service_fn(|request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(exchange(request, &service).await) }
    });
    // Who breaks off is nobody's concern here.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn exchange(request: hyper::Request<Incoming>, service: &Service) -> hyper::Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), MAX_BODY)
        .await
        .unwrap_or_default();
    let header = |name| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let refused = |status: u16, why: &str| {
        service.refuse(why);
        response(status, String::new())
    };
    if parts.uri.path() != PATH {
        return refused(404, "another path");
    }
    let kind = header("content-type");
    let text = String::from_utf8_lossy(&body);
    let (encoding, found) = if let Some(query) = parts.uri.query() {
        ("query", field(query))
    } else if parts.method != "POST" {
        return refused(405, "a method other than POST");
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        ("form", field(&text))
    } else if let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") {
        ("multipart", part(&text, boundary))
    } else {
        // What is sent as XML fails, as those who tried have told.
        return refused(500, "a body that is no form");
    };
    match found {
        Some(xml) => response(200, service.answer(encoding, &xml)),
        None => refused(500, "no field xml"),
    }
}

/// Returns the field of a form; its name is told apart by case.
fn field(text: &str) -> Option<String> {
    let fields = form::fields(text).ok()?;
    let found = fields.into_iter().find(|(name, _)| name == "xml");
    found.map(|(_, value)| value)
}

/// Returns the part of that name.
fn part(text: &str, boundary: &str) -> Option<String> {
    let mark = format!("--{boundary}");
    let mut parts = text.split(&mark).skip(1).map(|part| {
        part.strip_prefix("\r\n")
            .and_then(|part| part.strip_suffix("\r\n"))
    });
    let found = parts.find_map(|part| {
        let (head, body) = part?.split_once("\r\n\r\n")?;
        head.contains("form-data; name=\"xml\"").then_some(body)
    });
    found.map(ToOwned::to_owned)
}

fn response(status: u16, body: String) -> hyper::Response<Body> {
    let mut response = hyper::Response::new(Body::from(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

/// The most bytes of a request.
const MAX_BODY: usize = 64 * 1024;

/// How long to wait after a failed accept.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
