//! The `[cluster]` section: the other daemons, over NATS.

#[cfg(feature = "cluster")]
mod section;

#[cfg(feature = "cluster")]
pub(crate) use handset_cluster::Config as Cluster;

#[cfg(feature = "cluster")]
pub(super) use section::read;

#[cfg(not(feature = "cluster"))]
use super::{setting::Setting, validator::Validator};

/// The section in a program that was built without it: there is none.
#[cfg(not(feature = "cluster"))]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cluster {}

/// Reports the section, if there is one.
#[cfg(not(feature = "cluster"))]
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Option<Cluster> {
    if let Some(section) = root.take("cluster") {
        let text = "this handsetd was built without the feature `cluster`; install one with it, or remove the \
                    section";
        validator.diagnostics.push(section.diagnostic(text));
    }
    None
}
