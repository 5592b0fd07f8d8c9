//! Joins the other daemons, if there is a `[cluster]` section, and gives the parts of this daemon access to
//! them.

#[cfg(feature = "cluster")]
mod joined;
mod other_daemons;
mod served;
#[cfg(feature = "cluster")]
mod service;
#[cfg(not(feature = "cluster"))]
mod single;

#[cfg(feature = "cluster")]
pub(crate) use joined::examine;
#[cfg(feature = "cluster")]
pub(super) use joined::join;
pub(super) use other_daemons::OtherDaemons;
pub(super) use served::Served;
#[cfg(not(feature = "cluster"))]
pub(crate) use single::examine;
#[cfg(not(feature = "cluster"))]
pub(super) use single::join;
