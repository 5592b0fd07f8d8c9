//! The integration tests: one binary, one module for each topic.
//!
//! They run the real programs: Asterisk 16 and 22, a SIP client, and handsetd itself. `tests/run`
//! installs what they need.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap should fail")]

mod action_urls;
mod ami;
mod api;
mod away;
mod budget;
mod called;
mod caller;
mod cisco_verbs;
mod clock;
mod commands;
mod contacts;
mod crashing;
mod crowded;
mod descriptors;
mod dialplan;
mod dumps;
mod escapes;
mod events;
mod fetched;
mod flood;
mod guessing;
mod half_close;
mod hanging;
mod hostile;
mod hostile_answers;
mod hung;
mod injection;
mod keeping;
mod layering;
mod load;
mod manager;
mod memory;
mod monitoring;
mod operating;
mod order;
mod page;
mod page_links;
mod page_previews;
mod pages;
mod passwords;
mod pbx;
mod phone_http;
mod recorded_events;
mod refusals;
mod reload;
mod round_trips;
mod rules_flooded;
mod rules_steps;
mod rules_tools;
mod screens;
mod secrets;
mod security_page;
mod sending;
mod servers;
mod simulated_user;
mod slow;
mod smuggling;
mod snom_verbs;
mod stopping;
mod storage;
mod support;
mod systemd;
mod targets;
mod triggers;
mod trust;
mod users;
mod variables;
mod vocabulary;
mod why;
mod written;
mod yealink_verbs;
