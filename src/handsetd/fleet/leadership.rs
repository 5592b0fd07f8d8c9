//! Which daemon leads a server.
