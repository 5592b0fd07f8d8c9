//! Daemons that share a stream, in random interleavings: no delivery is lost, and none is sent twice.
