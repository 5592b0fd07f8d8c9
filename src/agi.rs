//! FastAGI: the protocol in which Asterisk asks.
