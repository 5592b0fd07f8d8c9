//! The way of a request to a phone that another daemon reaches.
