//! Controls Cisco, Snom and Yealink desk phones from Asterisk dialplans and events.
//!
//! This page is the architecture chapter: how a request reaches a phone, which module may depend on
//! which, the invariants, the deliberate omissions, and a glossary.
//!
//! # The path of a call
//!
//! A dialplan runs `AGI(agi://…/push,text=Hello)`. [`handset_agi`] accepts the connection and reads
//! it into a `Request`; `dialplan` parses verb and keys, and the `resolver` decides which phone is
//! meant: from the configuration first, then from what Asterisk reports about the channel. The
//! `dispatch` module queues one delivery per phone. When its turn comes, the courier (`deliver`)
//! converts pictures and tones for the model, has the vendor's backend in [`handset_phones`] plan the
//! task, publishes the documents of that plan in the `content_store`, and executes the plan step by
//! step. Meanwhile the phone connects to the phone-facing server (`phone_http`): a Cisco phone to
//! verify the credentials of the push, every phone to fetch its documents. The outcome is set on
//! the channel as `HANDSET_STATUS` and its companions.
//!
//! ```text
//! Asterisk ── agi ──▶ dialplan ──▶ dispatch ──▶ deliver ── HTTP, NOTIFY ──▶ phone
//!                        │                       │   │                        │
//!                     resolver             phones┘   └▶ content_store ◀── phone_http
//! ```
//!
//! Besides HTTP requests, a plan may contain a NOTIFY or a call sent by Asterisk, for which the
//! `roster` knows the server and the contact, and pauses. A reply may add steps, and may carry data,
//! which becomes the result. A delivery with `keep` is stored in the `outbox` before it is queued,
//! marked as in flight there when it passes its commit point, and deleted when it is over.
//!
//! The admin API (`admin`) uses the same `dispatch`. Every delivery appears in the `history`
//! together with its requester, and is counted by `metrics`.
//!
//! # The path of an event
//!
//! [`handset_ami`] reads events from Asterisk; `phone_http` receives action URLs from phones. Each
//! becomes a `Fact`, which goes to the event stream of the admin API and to the rules engine.
//! The engine is pure: it decides which rules fire, and returns runs and cancellations with a trace
//! of each decision. `events` executes the runs: each step is a request, and takes the same path through
//! `resolver` and `dispatch` as a call does, with the `roster` in place of the channel. A user event
//! `Handset` is such a request without a rule.
//!
//! ```text
//! Asterisk ── ami ──┐                     ┌▶ admin (event stream)
//!                   ├──▶ events ── Fact ──┤
//! phone ─ phone_http┤                     └▶ rules ── runs ──▶ dispatch ──▶ deliver ──▶ phone
//! clock ── scheduler┘
//! ```
//!
//! # The path of a CSTA session
//!
//! A phone with `csta` registers with the SIP server of `uacsta`, or is known to be a contact of Asterisk.
//! A task for each phone calls it through [`handset_sip`], starts the monitor, and reads which calls there
//! are. What the phone sends in the dialog becomes a `Report`: `events` makes a `Fact` of it, like that of an
//! action URL. In the other direction, a plan of [`handset_phones`] may contain a CSTA request, for which
//! `deliver` asks `uacsta` for the session of the phone; one request is in progress at a time.
//!
//! ```text
//! phone ── INFO ──▶ uacsta ── Report ──▶ events ── Fact ──▶ rules
//!       ◀── INFO ── uacsta ◀── deliver
//! ```
//!
//! # The path of a request to another daemon
//!
//! With `[cluster]`, daemons are one over NATS. Each announces its phones, groups and servers; `fleet` is what
//! this one knows of the others, and `cluster` implements its traits with [`handset_cluster`], so that nothing
//! else knows of NATS. `dispatch::route` decides first what a name means here, and only then looks at the
//! others: a request to an own phone waits for none of them. One to a phone that another daemon owns goes there,
//! enters the queue of the phone in the order of its arrival, and its outcome comes back.
//!
//! ```text
//! dispatch ── route ──▶ deliver                       (own phone)
//!                └────▶ cluster ── NATS ──▶ cluster ──▶ dispatch ──▶ deliver   (phone of another daemon)
//! ```
//!
//! A delivery with `keep` is an entry of a stream there, with a *holder*: the daemon that may send it. The holder
//! marks it by compare-and-set before the first byte, so a daemon that has lost it cannot send it. It is no work
//! queue with acknowledgements, since NATS 2.9 counts those per consumer, which would need a consumer for each
//! phone to keep its order; a late one acknowledges after a redelivery, so it is no "once"; and filters of
//! consumers must not overlap. A lease for each Asterisk server says which daemon acts on its events.
//!
//! # Crates and layers
//!
//! | Crate | Contents | Depends on |
//! | --- | --- | --- |
//! | `handset-net` | listeners with limits and eviction, task groups, pinned TLS, back-off, random tokens | – |
//! | `handset-ami` | AMI client and wire format; usable alone | net |
//! | `handset-agi` | FastAGI server and wire format; usable alone | net |
//! | `handset-cluster` | several daemons as one, on NATS: presence, requests, leases, a queue, files; knows no phones | net |
//! | `handset-phones` | verbs, vendor backends, screens, media conversion; pure, without I/O | net, for pins |
//! | `handset-sip` | SIP user agent: registrations in, dialogs out; usable alone | net |
//! | `handset-simulator` | simulated phones, call manager and SIP agent; shares no code with what it tests | net |
//! | `handsetd` | this crate: the daemon and its command line | all |
//!
//! Inside this crate, modules depend only on lower layers, and no two files import each other.
//! `tests/it/layering.rs` enforces both.
//!
//! | Layer | Modules |
//! | --- | --- |
//! | 7 | `cli` |
//! | 6 | `demo` |
//! | 5 | `daemon` |
//! | 4 | `config` |
//! | 3 | `cluster`, above `admin`, above `dialplan` and `events` |
//! | 2 | `dispatch`, `pages`, `scheduler`, and `phone_http` above `pages` |
//! | 1 | `deliver`, `history`, `metrics`, `reference`, `resolver`, `rules` |
//! | 0 | `commit_point`, `content_store`, `fleet` (above `outcome`), `http_client`, `outbox` (above `fleet`, `outcome` and `sqlite`), `outcome` (above `content_store`), `page_names`, `phone_networks`, `roster`, `sqlite`, `telemetry`, `uacsta` (above `commit_point` and `roster`) |
//!
//! `fuzzing` is separate: it exposes to `tests/fuzz` what is private otherwise, and nothing depends on it.
//!
//! # Invariants
//!
//! - A verb is in the table of [`handset_phones::verb`] or does not exist; that table has the only
//!   parser, for the dialplan, rules, the API and the command line alike.
//! - Planning is pure: a task in, steps and documents out. Only `deliver` talks to phones.
//! - Every queue, body, line and wait has a limit, and the limit has a name.
//! - Sent and not sent are distinguished: `UNREACHABLE` may be retried, `UNKNOWN` may have happened.
//! - `QUEUED` with `keep` is reported only once the delivery is on disk; the disk also records that it
//!   is in flight before its first byte is sent.
//! - A delivery is either sent or cancelled. The commit point decides which, exactly once.
//! - A phone that does not respond costs the first deliveries their deadline, then its circuit
//!   breaker opens. No phone delays another.
//! - A password is sent only to the phone that it belongs to, and appears in no log and no `Debug`.
//! - Foreign text enters a command, a document, a header or a path only through a type that escapes or
//!   refuses it: `Command` of [`handset_agi`], `Action` of [`handset_ami`], the XML nodes, numbers and
//!   endpoints of [`handset_phones`].
//! - Every task is spawned by a task group, so that shutdown waits for it.
//!
//! # Design choices that may surprise
//!
//! - `config` is near the top, not at the bottom: each component defines its own `Config`, and `config`
//!   composes them. The `config` crate merges the sources; each value keeps its file, line and key, so
//!   that every fault can be reported at once, with its location.
//! - Digest authentication is our own: the crates for it depend on outdated hash and random crates.
//! - The SIP user agent is our own, too. The crates for it (ezk-sip, rsipstack) spawn a task for every
//!   datagram and accept connections without a limit, which nothing outside them can bound, and depend on
//!   a resolver, STUN, or a logger of their own.
//! - Backends return their documents with the plan instead of storing them. A plan that is not chosen
//!   leaves nothing behind, and plans can be compared in tests.
//! - The log is written by a thread of its own, from a queue that is bounded in bytes: no delivery waits for the
//!   journal. Lines that do not fit are counted, and a line says how many they were.
//! - The outbox commits to `SQLite` in groups, on its own thread: one `fsync` serves many
//!   deliveries.
//! - Phones get a new connection for each request. Their servers disagree about how a kept one ends.
//!
//! # Deliberately missing
//!
//! - Call control without the phone: calls are controlled through commands to it.
//! - Provisioning: `etc/provisioning` has the settings that phones need, another program serves them.
//! - Automatic repetition: a request that may have been executed is never sent again.
//!
//! # Glossary
//!
//! | Term | Meaning |
//! | --- | --- |
//! | action URL | a URL on the phone-facing server that a phone requests when something happens to it; becomes an event `phone.NAME` |
//! | admin API | the HTTP server of `[admin]`: API, web page, health, metrics |
//! | authentication URL | the URL at which a Cisco phone verifies the credentials of a push |
//! | backend | the code for one vendor's phones: turns a task into a plan |
//! | backlog | the stored deliveries of one phone, in order |
//! | binding | where a phone is registered for CSTA sessions, and until when; kept across a restart |
//! | budget | how long a call waits for its deliveries (`agi.budget`) |
//! | cancel | to end a delivery before its commit point; nothing was sent |
//! | circuit breaker | per phone: opens after three timeouts in a row, so that deliveries fail at once; admits a probe after a pause |
//! | commit point | the moment after which a delivery can no longer be cancelled; just before its first byte is sent |
//! | contact | an address at which an endpoint is registered with Asterisk |
//! | content store | in-memory store of what phones fetch, under unguessable names that expire |
//! | courier | carries a request to one phone: prepares, plans, executes |
//! | delivery | one request at one phone; what queues, history and metrics count |
//! | dispatcher | splits a request into deliveries and queues them per phone; the only way to the courier |
//! | fact | an event in the form that rules see, whatever its source |
//! | holder | the one daemon of a cluster that may send a stored delivery |
//! | in flight | a delivery that was accepted and is not over yet; in the outbox: one that was, or is about to be, sent |
//! | lease | a right that one daemon of a cluster has at a time, such as to act on the events of an Asterisk; it ends by itself |
//! | media store | converted tones and backgrounds on disk, which phones fetch again after weeks |
//! | multiplatform phone | a Cisco phone with MPP (3PCC) firmware |
//! | outbox | `SQLite` file of deliveries with `keep` |
//! | outcome | status, reason and result of a delivery |
//! | owner | of a phone in a cluster: the daemon whose queue orders its deliveries |
//! | page | a screen of the configuration that phones fetch by themselves; its form, or that of a push, comes back as the event `phone.form` |
//! | phone-facing server | the HTTP server of `[http]`: content, authentication URL, action URLs, pages |
//! | plan | the ordered steps of a task, and how each reply is interpreted |
//! | reference | the documentation of verbs, targets, statuses and configuration, rendered from one source |
//! | request | a verb with its keys |
//! | requester | who made a request: a call, a rule, a user event, the API, the page, the command line |
//! | resolver | finds the phones that a name means, from configuration and roster |
//! | roster | the registrations of all Asterisk servers, kept up to date |
//! | run | one firing of a rule |
//! | task | an action with its media converted for the model; what a backend plans |
//! | session | the SIP dialog with a phone in which CSTA requests and events travel; on the page: a login |
//! | slot | one phone with `csta`: its registration and its session |
//! | transport | the way to a phone: `http`, `notify`, `csta` or `pbx` (the key `via`) |
//! | verb | what a phone is asked to do, such as `push` |

#![cfg_attr(
    not(feature = "cluster"),
    expect(
        dead_code,
        unused_imports,
        reason = "what only the cluster makes use of; with it, everything is checked"
    )
)]
#![expect(
    unnameable_types,
    reason = "only tests/fuzz sees more than `cli`, through a hidden module"
)]

mod admin;
pub mod cli;
#[cfg(feature = "cluster")]
mod cluster;
mod commit_point;
mod config;
mod content_store;
mod daemon;
mod deliver;
#[cfg(feature = "simulator")]
mod demo;
mod dialplan;
mod dispatch;
mod events;
mod fleet;
#[doc(hidden)]
pub mod fuzzing;
mod history;
mod http_client;
mod metrics;
mod outbox;
mod outcome;
mod page_names;
mod pages;
mod phone_http;
mod phone_networks;
mod reference;
mod resolver;
mod roster;
mod rules;
mod scheduler;
mod sqlite;
mod telemetry;
mod uacsta;
