//! The user agent against a peer that is written out message by message.
//!
//! Time is paused: it passes only when nothing else can happen, so that a repetition or a time limit
//! takes no time.

mod dialogs;
mod hostile;
mod invites;
mod lossy;
mod outside;
mod refreshes;
mod streams;
mod support;
