//! What is tried on a phone, in order, and what is not tried and why.

use handset_phones::verb::Verb;

/// One request, and how it is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) verb: Verb,
    /// `$number`, `$image`, `$tone` and `$user` stand for what the options say, `$setting` for one that phones
    /// of the vendor tell.
    pub(super) keys: &'static [(&'static str, &'static str)],
    pub(super) judged: Judged,
    /// What takes the effect back.
    pub(super) undo: Option<Undo>,
    pub(super) needs: Needs,
}

/// A request that takes back an effect.
pub(super) type Undo = (Verb, &'static [(&'static str, &'static str)]);

/// Who knows whether the phone has done it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Judged {
    /// The person at the phone is asked, and the screen is pictured if `true` stands beside.
    ByEye(&'static str, bool),
    /// The result is.
    ByResult,
    /// None: it has no visible effect.
    Unseen,
}

/// What must be given for a trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Needs {
    Nothing,
    /// `--number`: a number to call.
    Number,
    /// `--background`: the picture that stays, since the present one cannot be read.
    Background,
    /// `--ringtone`: the ring tone that stays.
    Ringtone,
    /// `--restart`.
    Restart,
    /// A call that the person makes to the phone.
    Ringing,
    /// Such a call, and `--number`, to which the person lets it be transferred.
    Transfer,
    /// A Cisco phone: the URI is one of its own.
    Cisco,
    /// `[cucm]`.
    CallManager,
    /// `[cucm]`, and `--test-user`: the user who is logged in and out.
    TestUser,
    /// A registration with Asterisk.
    Registration,
}

const fn trial(
    verb: Verb,
    keys: &'static [(&'static str, &'static str)],
    question: &'static str,
) -> Trial {
    Trial {
        verb,
        keys,
        judged: Judged::ByEye(question, false),
        undo: None,
        needs: Needs::Nothing,
    }
}

const fn reading(verb: Verb, keys: &'static [(&'static str, &'static str)]) -> Trial {
    Trial {
        judged: Judged::ByResult,
        ..trial(verb, keys, "")
    }
}

impl Trial {
    const fn pictured(self) -> Self {
        let Judged::ByEye(question, _) = self.judged else {
            return self;
        };
        Self {
            judged: Judged::ByEye(question, true),
            ..self
        }
    }

    const fn undone_by(self, undo: Undo) -> Self {
        Self {
            undo: Some(undo),
            ..self
        }
    }

    const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }
}

/// The trials.
pub(super) const TRIALS: &[Trial] = &[
    reading(Verb::Info, &[]),
    reading(Verb::Settings, &[("get", "$setting")]),
    reading(Verb::Csta, &[("request", "RequestSystemStatus")]),
    reading(Verb::Who, &[]).needing(Needs::CallManager),
    // The call manager logs the user out itself if nothing else does.
    trial(
        Verb::Login,
        &[("user", "$user"), ("minutes", "10")],
        "Does the phone show the lines of this user?",
    )
    .undone_by((Verb::Logout, &[]))
    .needing(Needs::TestUser),
    // Phones that do not know this keep-alive reply that they do not, and do nothing.
    Trial {
        judged: Judged::Unseen,
        ..trial(Verb::Notify, &[("event", "keep-alive")], "")
    }
    .needing(Needs::Registration),
    trial(
        Verb::Push,
        &[("title", "handsetd"), ("text", "One plus one is two.")],
        "Does the screen say \"One plus one is two.\"?",
    )
    .pictured()
    .undone_by(CLEAR),
    trial(
        Verb::Push,
        &[
            ("title", "handsetd"),
            ("item", "Apples|exit"),
            ("item", "Pears|exit"),
        ],
        "Does the screen show a menu with Apples and Pears?",
    )
    .pictured()
    .undone_by(CLEAR),
    trial(
        Verb::Push,
        &[
            ("title", "handsetd"),
            ("entry", "Ada|1001"),
            ("entry", "Bob|1002"),
        ],
        "Does the screen show a directory with Ada and Bob?",
    )
    .pictured()
    .undone_by(CLEAR),
    trial(Verb::Clear, &[], "Is the screen as it was before?"),
    reading(Verb::Screenshot, &[]),
    trial(
        Verb::Execute,
        &[("uri", "Key:Services")],
        "Does the screen show the menu of services?",
    )
    .pictured()
    .undone_by(CLEAR)
    .needing(Needs::Cisco),
    trial(
        Verb::Ring,
        &[("tone", "1")],
        "Does the phone ring, or did it?",
    )
    .undone_by((Verb::Ring, &[("stop", "yes")])),
    trial(
        Verb::Stream,
        &[("address", SILENT_GROUP)],
        "Is the loudspeaker on, or does the phone show that it receives audio?",
    )
    .undone_by((Verb::Stream, &[("stop", "yes")])),
    trial(Verb::Display, &[("state", "on")], "Is the screen lit?")
        .undone_by((Verb::Display, &[("state", "default")])),
    trial(Verb::Led, &[("state", "on")], "Is a lamp of a key lit?")
        .undone_by((Verb::Led, &[("state", "off")])),
    trial(
        Verb::Dnd,
        &[("state", "on")],
        "Does the phone show do not disturb?",
    )
    .undone_by((Verb::Dnd, &[("state", "off")])),
    trial(
        Verb::Forward,
        &[("kind", "all"), ("state", "on"), ("number", "$number")],
        "Does the phone show that calls are forwarded?",
    )
    .undone_by((Verb::Forward, &[("kind", "all"), ("state", "off")]))
    .needing(Needs::Number),
    trial(
        Verb::Key,
        &[("keys", "1,2,3")],
        "Did the phone type 123, as if its keys were pressed?",
    )
    .undone_by((Verb::Hangup, &[])),
    trial(
        Verb::Dial,
        &[("number", "$number")],
        "Is the phone calling, or in a call?",
    )
    .undone_by((Verb::Hangup, &[]))
    .needing(Needs::Number),
    trial(
        Verb::Dial,
        &[("number", "$number")],
        "Please take the call. Are you connected?",
    )
    .undone_by((Verb::Hangup, &[]))
    .needing(Needs::Number),
    trial(Verb::Answer, &[], "Is the phone in the call?")
        .undone_by((Verb::Hangup, &[]))
        .needing(Needs::Ringing),
    trial(Verb::Hold, &[], "Is the call on hold?").needing(Needs::Ringing),
    trial(Verb::Resume, &[], "Does the call go on?").needing(Needs::Ringing),
    trial(
        Verb::Dtmf,
        &[("digits", "12")],
        "Did the other side hear two tones?",
    )
    .needing(Needs::Ringing),
    trial(Verb::Hangup, &[], "Is the call over?").needing(Needs::Ringing),
    trial(
        Verb::Transfer,
        &[("number", "$number")],
        "Is the caller connected to that number?",
    )
    .undone_by((Verb::Hangup, &[]))
    .needing(Needs::Transfer),
    trial(
        Verb::Background,
        &[("image", "$image")],
        "Does the phone have this picture as its background?",
    )
    .pictured()
    .needing(Needs::Background),
    trial(
        Verb::Ringtone,
        &[("tone", "$tone")],
        "Call the phone: does it ring with this tone?",
    )
    .needing(Needs::Ringtone),
    trial(
        Verb::Resync,
        &[],
        "Did the phone fetch its configuration, or restart?",
    )
    .needing(Needs::Restart),
    trial(Verb::Reboot, &[], "Does the phone restart?").needing(Needs::Restart),
];

const CLEAR: Undo = (Verb::Clear, &[]);

/// A multicast group of a site, RFC 2365 section 6.1, to which other hosts are unlikely to send.
const SILENT_GROUP: &str = "239.255.77.77:20480";

/// The verbs that are not tried, and why.
pub(super) const UNTRIED: &[(Verb, &str)] = &[
    (Verb::Firmware, "it cannot be taken back"),
    (
        Verb::Logout,
        "it takes back login, if --test-user is given, and is listed with what was taken back",
    ),
    (Verb::Ping, "it concerns handsetd alone"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_tried_or_has_a_reason() {
        for verb in Verb::ALL {
            let tried = TRIALS.iter().any(|trial| trial.verb == *verb);
            let untried = UNTRIED.iter().any(|(other, _)| other == verb);
            assert!(tried != untried, "{verb}");
        }
    }

    #[test]
    fn keys_are_those_of_the_verbs() {
        for trial in TRIALS {
            let undo = trial.undo.into_iter();
            for (verb, keys) in undo.chain([(trial.verb, trial.keys)]) {
                for (key, _) in keys {
                    assert!(verb.row().key(key).is_some(), "{verb} {key}");
                }
            }
        }
    }
}
