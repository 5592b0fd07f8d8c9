//! What a person permits to be tried.

use clap::Args;

/// The options that permit further trials.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// A number that the phone may call, for the verbs of calls and forwarding
    #[arg(long, value_name = "NUMBER")]
    pub(super) number: Option<String>,
    /// The picture that the phone keeps as its background, which is otherwise not tried
    #[arg(long, value_name = "IMAGE")]
    pub(super) background: Option<String>,
    /// The ring tone that the phone keeps, which is otherwise not tried
    #[arg(long, value_name = "TONE")]
    pub(super) ringtone: Option<String>,
    /// A user of Extension Mobility to log in on the phone; a user who is logged in there is logged out
    #[arg(long, value_name = "USER")]
    pub(super) test_user: Option<String>,
    /// Try the verbs that restart the phone, too
    #[arg(long)]
    pub(super) restart: bool,
}
