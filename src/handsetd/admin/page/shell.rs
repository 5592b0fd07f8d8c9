//! The frame around every view: title, navigation, user.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use minijinja::{Value, context};

use super::render;
use crate::admin::accounts::Principal;
use crate::admin::role::Role;
use crate::admin::sessions::Session;
use crate::admin::state::AppState;

/// Who looks at a view.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) principal: Principal,
    pub(super) session: Session,
    /// How far the feed was when the request came: the view shows all up to there.
    pub(super) position: String,
}

impl Visitor {
    /// Returns whether the role of the user permits what `role` may do.
    pub(super) fn may(&self, role: Role) -> bool {
        self.principal.role() >= role
    }
}

/// A view with an entry in the navigation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum View {
    Overview,
    Phones,
    Send,
    Deliveries,
    Events,
    Rules,
    Pages,
    Health,
}

impl View {
    /// All of them, in the order of the navigation.
    const ALL: [Self; 8] = [
        Self::Overview,
        Self::Phones,
        Self::Send,
        Self::Deliveries,
        Self::Events,
        Self::Rules,
        Self::Pages,
        Self::Health,
    ];

    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Phones => "/phones",
            Self::Send => "/send",
            Self::Deliveries => "/deliveries",
            Self::Events => "/events",
            Self::Rules => "/rules",
            Self::Pages => "/pages",
            Self::Health => "/health",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Phones => "Phones",
            Self::Send => "Send",
            Self::Deliveries => "Deliveries",
            Self::Events => "Events",
            Self::Rules => "Rules",
            Self::Pages => "Pages",
            Self::Health => "Health",
        }
    }

    /// Returns whether the navigation has the view for `visitor`.
    fn is_offered(self, state: &AppState, visitor: &Visitor) -> bool {
        match self {
            Self::Send => visitor.may(Role::Send),
            Self::Pages => state.services.pages.has_pages(),
            _ => true,
        }
    }
}

/// Renders a view. `template` gets `values`, and what the user may do.
pub(super) fn view(
    state: &AppState,
    visitor: &Visitor,
    view: View,
    template: &str,
    values: Value,
) -> Response {
    page(state, visitor, view, view.title(), template, values)
}

/// Renders a view of one thing below `view`, such as a phone, with its own title.
pub(super) fn page(
    state: &AppState,
    visitor: &Visitor,
    view: View,
    title: &str,
    template: &str,
    values: Value,
) -> Response {
    let can_send = visitor.may(Role::Send);
    let is_admin = visitor.may(Role::Admin);
    let content = render::safe(template, context! { can_send, is_admin, ..values });
    let entries = View::ALL
        .into_iter()
        .filter(|entry| entry.is_offered(state, visitor));
    let navigation: Vec<Value> = entries
        .map(|entry| {
            let current = match entry == view {
                // A view of one thing is within its list.
                true if title == entry.title() => "page",
                true => "true",
                false => "",
            };
            context! { path => entry.path(), title => entry.title(), current }
        })
        .collect();
    let frame = context! {
        content,
        csrf_token => &visitor.session.csrf_token,
        navigation,
        position => &visitor.position,
        role => visitor.principal.role().word(),
        title,
        user => visitor.principal.name(),
        version => env!("CARGO_PKG_VERSION"),
    };
    render::html("shell.html", frame)
}

/// Renders what a view says about an address that leads to nothing.
pub(super) fn not_found(
    state: &AppState,
    visitor: &Visitor,
    below: View,
    reason: &str,
) -> Response {
    let values = context! { reason, path => below.path(), list => below.title() };
    let page = page(state, visitor, below, "Not found", "not_found.html", values);
    (StatusCode::NOT_FOUND, page).into_response()
}
