//! Simulated phones, as strict as real ones.
