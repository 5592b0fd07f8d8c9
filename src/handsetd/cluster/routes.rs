//! Routes requests to the daemons that reach their phones.
