//! The call manager's web server: one path, and a field `xml` in one of three encodings.
//!
//! It drives `hyper` itself, as the simulated phones do.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use handset_net::listener::{Listener, Slot};
use handset_net::request_line::EncodingStream;
use handset_net::tasks::Tasks;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::service::Service;
use crate::{accept, form};

/// Serves connections until `tasks` stop.
pub(super) async fn serve(listener: Listener, service: Service, tasks: Tasks) {
    accept::run(listener, tasks, |stream, _, slot| {
        connection(stream, slot, service.clone())
    })
    .await;
}

/// Clients in the field put the XML into the query as it is (`?xml=<query>…`), and the service takes it.
async fn connection(stream: TcpStream, slot: Arc<Slot>, service: Service) {
    let service = service_fn(|request| {
        let (service, slot) = (service.clone(), Arc::clone(&slot));
        async move {
            slot.mark_active();
            let response = exchange(request, &service).await;
            slot.mark_idle();
            Ok::<_, Infallible>(response)
        }
    });
    // Connections that the client breaks off need no report.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(true)
        .serve_connection(TokioIo::new(EncodingStream::new(stream)), service)
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
    let refuse = |status: u16, reason: String| {
        service.refuse(reason);
        response(status, String::new())
    };
    if parts.uri.path() != PATH {
        return refuse(404, format!("unknown path {}", parts.uri.path()));
    }
    let content_type = header("content-type");
    let text = String::from_utf8_lossy(&body);
    let (encoding, found) = if let Some(query) = parts.uri.query() {
        ("query", form_field(query))
    } else if parts.method != "POST" {
        return refuse(405, format!("method {} without a query", parts.method));
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        ("form", form_field(&text))
    } else if let Some(boundary) = content_type.strip_prefix("multipart/form-data; boundary=") {
        ("multipart", part(&text, boundary))
    } else {
        // A bare XML body fails on a real call manager as well, as users report.
        return refuse(500, format!("Content-Type `{content_type}` is not a form"));
    };
    match found {
        Some(xml) => response(200, service.respond(encoding, &xml)),
        None => refuse(500, "no field `xml`".to_owned()),
    }
}

/// Returns the field `xml` of a form; field names are case-sensitive.
fn form_field(text: &str) -> Option<String> {
    let fields = form::fields(text).ok()?;
    let found = fields.into_iter().find(|(name, _)| name == "xml");
    found.map(|(_, value)| value)
}

/// Returns the part `xml` of a multipart body.
fn part(text: &str, boundary: &str) -> Option<String> {
    let delimiter = format!("--{boundary}");
    let mut parts = text.split(&delimiter).skip(1).map(|part| {
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

/// The path of the Extension Mobility service.
pub(super) const PATH: &str = "/emservice/EMServiceServlet";

/// Maximum size of a request's body in bytes.
const MAX_BODY: usize = 64 * 1024;
