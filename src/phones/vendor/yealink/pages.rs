//! Requests to pages of which firmware has one or another.

use super::action_uri::ActionUri;
use super::answer;
use crate::vendor::{Reply, ReplyOutcome, Request, Step};

/// Pages of which firmware has one or another.
pub(super) type Pages = &'static [&'static str];

/// Returns the step that sends an action URI over HTTP to the first of `pages` that exists.
pub(super) fn http(pages: Pages, uri: &ActionUri) -> Step {
    let query = uri.query();
    let request = move |page: &str| Request::get(format!("{page}?{query}"));
    first_of(pages, "yealink action URI", request, answer::done)
}

/// Returns the step that requests the first of `pages` that exists, and interprets a successful reply with
/// `parse`.
pub(super) fn get_first(
    pages: Pages,
    query: &'static str,
    parse: impl Fn(&Reply) -> ReplyOutcome + Clone + Send + Sync + 'static,
) -> Step {
    let request = move |page: &str| Request::get(format!("{page}?{query}"));
    first_of(pages, "yealink page", request, move |reply| {
        answer::success(reply).map_or_else(|outcome| outcome, &parse)
    })
}

/// Sends a request to the first of `pages` that exists: on a page that it lacks, the phone has not acted.
pub(super) fn first_of(
    pages: Pages,
    name: &'static str,
    request: impl Fn(&str) -> Request + Clone + Send + Sync + 'static,
    parse: impl Fn(&Reply) -> ReplyOutcome + Clone + Send + Sync + 'static,
) -> Step {
    let (page, others) = pages.split_first().unwrap_or((&"/servlet", &[]));
    let first = request(page);
    Step::Http(first.parse_with(name, move |reply| {
        if reply.status == 404 && !others.is_empty() {
            let next = first_of(others, name, request.clone(), parse.clone());
            return ReplyOutcome::Instead(vec![next]);
        }
        parse(reply)
    }))
}

/// Returns the step that requests a page over HTTP and interprets a successful reply with `parse`.
pub(super) fn get(
    page: impl Into<String>,
    parse: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static,
) -> Step {
    let parse = move |reply: &Reply| match answer::success(reply) {
        Ok(reply) => parse(reply),
        Err(outcome) => outcome,
    };
    Step::Http(Request::get(page).parse_with("yealink page", parse))
}

/// Requests a page like [`get`]; if it does not exist, continues with `other`.
pub(super) fn get_or_else(
    page: impl Into<String>,
    parse: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static,
    other: impl Fn() -> Step + Send + Sync + 'static,
) -> Step {
    let parse = move |reply: &Reply| match answer::success(reply) {
        Ok(reply) => parse(reply),
        Err(_) if reply.status == 404 => ReplyOutcome::Then(vec![other()]),
        Err(outcome) => outcome,
    };
    Step::Http(Request::get(page).parse_with("yealink page", parse))
}
