//! Questions to other daemons.
