//! handsetd makes desk phones act when Asterisk says so.
//!
//! This page is the architecture chapter: how a call becomes a screen on a desk, which module may
//! know which, what always holds, and what is deliberately missing.
//!
//! # How a call travels
//!
//! A dialplan runs `AGI(agi://…/push,text=Hello)`. The bytes go through `agi::wire` into an
//! [`agi::Request`]; [`dialplan`] reads the words into a [`verb::Request`], finds whose [`phone`] is
//! meant (the configuration, then Asterisk, asked through the same call), and hands both to the
//! [`deliver::Courier`]. The courier makes pictures and tones to measure ([`media`]), lays them out
//! on the [`content_store`], asks the [`vendor`]'s backend for a plan, and sends it. The phone answers, and
//! on the way it comes to the phones' door ([`http`]): to ask whether the push is allowed, and to
//! fetch what lies there. What came of it is an [`outcome::Answer`], told to the channel.
//!
//! ```text
//! Asterisk ── agi ──▶ dialplan ──▶ deliver ── vendor ──▶ HTTP ──▶ phone
//!                        │            │                             │
//!                      phone        media ──▶ content_store ◀── http ◀──────┘
//! ```
//!
//! A plan may hold other steps than HTTP requests: NOTIFYs and calls that Asterisk sends, for which the
//! [`roster`] knows the server, and pauses. An answer may ask for more steps, and may tell something,
//! which becomes the result. [`dispatch`] gives each phone a queue, and a line of its own to what is
//! asked with `keep`: that is written to [`held`] first, marked there when the [`commit_point`] lets it go,
//! and forgotten when it is over.
//!
//! The administrator's door ([`admin`]) comes to the same [`dispatch`], where every delivery is noted in
//! the [`history`] with who asked for it, and counted by the [`metrics`].
//!
//! Events take another way to the same courier: [`ami`] → [`events`] → [`rules::Fact`] →
//! [`rules::Engine`] → [`verb::Request`], with the [`resolver`] and the [`roster`] in the place of the
//! call that could be asked.
//!
//! # Who may know whom
//!
//! Only downwards; `tests/it/layering.rs` holds the code to it.
//!
//! | Layer | Modules |
//! | --- | --- |
//! | 7 | [`cli`], [`demo`], [`daemon`], [`config`] |
//! | 6 | [`admin`] |
//! | 5 | [`dialplan`], [`events`], [`http`] |
//! | 4 | [`dispatch`], [`resolver`], [`rules`] |
//! | 3 | [`deliver`], [`history`], [`metrics`], [`roster`] |
//! | 2 | [`agi`], [`ami`], [`media`], [`vendor`]: never each other |
//! | 1 | [`phone`], [`screen`], [`verb`], [`outcome`]: plain values |
//! | 0 | [`shutdown`], [`telemetry`], [`content_store`], [`commit_point`], [`token`], [`backoff`], [`pin`], [`held`], [`door`] |
//!
//! [`agi`] and [`ami`] would make sense if somebody published them; they mention no phone and no
//! verb. [`simulate`] stands beside all layers: it knows who makes phones and how tasks stop, and
//! shares no code with what it is there to test. `fuzzing` stands outside: it opens to `tests/fuzz`
//! two readers of foreign bytes that have no public way in, and nothing else knows it.
//!
//! # What always holds
//!
//! - A verb exists in the table of [`verb`] or nowhere; its parser is the only one.
//! - What a backend does is pure: a task in, requests out. Only [`deliver`] talks to phones.
//! - Every queue, body, line and wait has a bound, and the bound has a name.
//! - Sent and not sent are told apart: `UNREACHABLE` may be tried again, `UNKNOWN` may have happened.
//! - What is kept is on the disk before anybody is told `QUEUED`, and is marked as sent before it is.
//! - A phone that gives no sign of life is spared for a while: the first deliveries cost their time,
//!   the next ones none, and nothing of it delays another phone.
//! - A password goes to the phone that it belongs to, and shows in no log and no `Debug`.
//! - Nothing of the wire stands in a command, a document, a header or a path but through a type that
//!   can't be left: [`agi::Command`], the XML nodes of [`vendor`], [`screen::Number`],
//!   [`phone::Endpoint`].
//! - Every task is spawned by [`shutdown::Tasks`], so that stopping waits for what is in hand.
//!
//! # Where this departs from the drawn plan
//!
//! - The configuration is read by trees of our own instead of a configuration crate: every value
//!   must know its file and line, and lists of phones in several files must add up.
//! - The configuration is beside the daemon, not below it: it makes domain values ([`phone`]) of its
//!   sections, so that no other module reads texts twice.
//! - Digest answers are our own 200 lines, since the crates for it are stale.
//!
//! # What is deliberately missing
//!
//! Calls are controlled by telling phones, never behind their backs in Asterisk. Phones are not
//! provisioned. No phone is asked twice for the same thing.

pub mod admin;
pub mod cli;
pub mod commit_point;
pub mod config;
pub mod content_store;
pub mod daemon;
pub mod deliver;
pub mod demo;
pub mod dialplan;
pub mod dispatch;
pub mod events;
#[doc(hidden)]
pub mod fuzzing;
pub mod history;
pub mod metrics;
pub mod outbox;
pub mod outcome;
pub mod phone_http;
pub mod resolver;
pub mod roster;
pub mod rules;
pub mod telemetry;
