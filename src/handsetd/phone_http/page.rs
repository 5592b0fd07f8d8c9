//! Pages, and forms that come back.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use handset_agi::LogThrottle;
use handset_phones::phone::{HttpHeaders, Identity};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::action_url::{MAX_PARAMETERS, MAX_QUERY, parse_query};
use super::content;
use crate::pages::{Answer, PageClient, Pages, Refusal, Submission};

/// Receives completed forms.
type SubmissionSender = mpsc::Sender<Submission>;

/// What answers requests for pages.
#[derive(Clone, Debug)]
pub(crate) struct PageRoutes {
    pages: Pages,
    submissions: SubmissionSender,
    /// Limits the log of refused requests, which anyone may cause.
    refused: Arc<LogThrottle>,
}

impl PageRoutes {
    pub(crate) fn new(pages: Pages, submissions: SubmissionSender) -> Self {
        Self {
            pages,
            submissions,
            refused: Arc::default(),
        }
    }

    /// Sends the values of a form to the rules, and responds.
    fn respond(&self, peer: SocketAddr, answer: Result<Answer, Refusal>) -> Response {
        let refusal = match answer {
            Ok(Answer {
                content,
                submission,
            }) => {
                let phone = submission
                    .as_ref()
                    .map(|submission| submission.phone.clone());
                match submission.map(|submission| self.submissions.try_send(submission)) {
                    Some(Err(_)) => {
                        warn!(%peer, ?phone, "Dropped a form: too many wait for the rules.");
                        return plain(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment");
                    }
                    Some(Ok(())) => debug!(%peer, ?phone, "Received a form."),
                    None => {}
                }
                return content::respond(content);
            }
            Err(refusal) => refusal,
        };
        if let Some(suppressed) = self.refused.admit() {
            warn!(%peer, %refusal, suppressed, "Refused a request for a page.");
        }
        plain(status(&refusal), &refusal.to_string())
    }
}

/// Returns the routes of pages and forms.
pub(super) fn routes(state: PageRoutes) -> Router {
    Router::new()
        .route("/page/{name}", get(show))
        .route("/page/{name}/form", get(submit_page))
        .route("/page/{name}/form/{state}", get(submit_page))
        .route("/form/{name}", get(submit_form))
        .route("/form/{name}/{state}", get(submit_form))
        .with_state(state)
}

/// The variable parts of a path.
#[derive(serde::Deserialize)]
struct Address {
    /// The name of a page, or the token of a form.
    name: String,
    /// What a form remembers.
    #[serde(default)]
    state: String,
}

/// Handles `GET /page/NAME`.
async fn show(
    State(routes): State<PageRoutes>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(Address { name, .. }): Path<Address>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(query) = parse(query.as_deref()) else {
        return StatusCode::URI_TOO_LONG.into_response();
    };
    let answer = routes.pages.show(client(peer, &headers), &name, &query);
    let answer = answer.await;
    routes.respond(peer, answer)
}

/// Handles `GET /page/NAME/form`, where the form of a page comes back.
async fn submit_page(
    State(routes): State<PageRoutes>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    Path(Address { name, state }): Path<Address>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    // HEAD sends no form.
    if method != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Some(sent) = parse(query.as_deref()) else {
        return StatusCode::URI_TOO_LONG.into_response();
    };
    let client = client(peer, &headers);
    let answer = routes.pages.submit_page(client, &name, &state, &sent).await;
    routes.respond(peer, answer)
}

/// Handles `GET /form/TOKEN`, where a pushed form comes back.
async fn submit_form(
    State(routes): State<PageRoutes>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    Path(Address { name, state }): Path<Address>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Some(sent) = parse(query.as_deref()) else {
        return StatusCode::URI_TOO_LONG.into_response();
    };
    let client = client(peer, &headers);
    let answer = routes.pages.submit_form(client, &name, &state, &sent).await;
    routes.respond(peer, answer)
}

/// Parses a query; `None` if it is too long.
fn parse(query: Option<&str>) -> Option<Vec<(String, String)>> {
    let query = query.unwrap_or_default();
    (query.len() <= MAX_QUERY).then(|| parse_query(query, MAX_PARAMETERS))
}

fn client(peer: SocketAddr, headers: &HeaderMap) -> PageClient {
    let value = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    PageClient {
        peer: peer.ip().to_canonical(),
        identity: Identity::of_http_headers(HttpHeaders {
            user_agent: value(USER_AGENT.as_str()),
            cisco_model: value(CISCO_MODEL),
            accept: value(ACCEPT.as_str()),
        }),
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NoPhone { .. } => StatusCode::FORBIDDEN,
        Refusal::NoSuchForm | Refusal::NoSuchPage { .. } => StatusCode::NOT_FOUND,
        Refusal::TooLong { .. } => StatusCode::BAD_REQUEST,
        Refusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Refusal::UnknownVendor { .. } => StatusCode::NOT_ACCEPTABLE,
    }
}

fn plain(status: StatusCode, text: &str) -> Response {
    let media_type = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, media_type, format!("{text}\n")).into_response()
}

/// The header in which a Cisco phone names its model.
const CISCO_MODEL: &str = "x-ciscoipphonemodelname";
