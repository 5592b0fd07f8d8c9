//! Caveats shared by the transports.

/// The caveat for the hold key.
pub(super) const TOGGLES: &str =
    "pressed the hold key, which toggles: it holds or resumes the call";

/// The caveat for a transfer that does not wait for the called party.
pub(super) const NO_WAIT: &str = "the call was transferred after a moment, whether or not the called party had \
                       answered; via=csta waits for the answer";

/// The caveat for documents that change settings.
pub(super) const TRUSTED: &str = "phones ignore documents that change settings unless their setting \
                       mb_trusted_hosts names the sender";
