//! Starts what serves pages.

use std::sync::Arc;

use handset_net::tasks::Tasks;
use handset_phones::phone::States;
use tokio::sync::mpsc;

use super::forms;
use super::rule_phones::RulePhones;
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::deliver::Courier;
use crate::page_names::PageNames;
use crate::pages::{Catalogue, Pages};
use crate::phone_http::PageRoutes;
use crate::phone_networks::PhoneNetworks;
use crate::resolver::PhoneResolver;
use crate::rules::{Fact, PagePhones};

/// Spawns the task that turns forms into `facts`; returns the pages and their routes.
pub(super) fn start(
    (config, names): (&Config, PageNames),
    (courier, content_store): (&Courier, &ContentStore),
    (resolver, networks, states): (&PhoneResolver, &PhoneNetworks, States),
    facts: mpsc::Sender<Fact>,
    tasks: &Tasks,
) -> (Pages, PageRoutes) {
    let phones = PagePhones::new(Arc::new(RulePhones(resolver.clone())), states);
    let pages = Pages::new(
        (Catalogue::new(&config.pages), names),
        courier.clone(),
        resolver.clone(),
        networks.clone(),
        phones,
        content_store.clone(),
    );
    let (sender, submissions) = mpsc::channel(MAX_SUBMISSIONS);
    tasks.spawn("forms", forms::receive(submissions, facts, tasks.stop()));
    let routes = PageRoutes::new(pages.clone(), sender);
    (pages, routes)
}

/// How many forms may wait until their phone has its answer: all phones of a large site within half a
/// second.
const MAX_SUBMISSIONS: usize = 1024;
