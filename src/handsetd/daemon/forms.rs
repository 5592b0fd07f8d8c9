//! Events of forms that phones have sent.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::pages::Submission;
use crate::rules::Fact;

/// Turns forms into events of the phones that sent them, until `stop`.
pub(super) async fn receive(
    mut submissions: mpsc::Receiver<Submission>,
    facts: mpsc::Sender<Fact>,
    stop: CancellationToken,
) {
    loop {
        let submission = tokio::select! {
            () = stop.cancelled() => return,
            Some(submission) = submissions.recv() => submission,
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep_until(submission.at + SETTLE_DELAY) => {}
        }
        if facts.send(fact(submission)).await.is_err() {
            return;
        }
    }
}

fn fact(submission: Submission) -> Fact {
    let Submission {
        peer,
        phone,
        vendor,
        values,
        ..
    } = submission;
    match phone {
        Ok(phone) => Fact::of_phone(FORM, &phone.name, values).of_server(phone.server),
        Err(reason) => {
            warn!(%peer, %vendor, reason, "Received a form of an unknown phone.");
            Fact::of_unknown_phone(FORM, peer, reason, values)
        }
    }
}

/// The name of the event.
const FORM: &str = "form";

/// How long a phone has to show the answer to its form before rules get the values. What a rule pushes
/// would otherwise be closed or covered by that answer.
const SETTLE_DELAY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use handset_net::tasks::Tasks;
    use handset_phones::phone::Vendor;
    use tokio::time::Instant;

    use super::*;
    use crate::resolver::NamedPhone;

    fn submission(phone: Result<&str, &str>) -> Submission {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Submission {
            peer: [192, 0, 2, 1].into(),
            phone: phone
                .map(|name| NamedPhone {
                    name: name.to_owned(),
                    server: None,
                })
                .map_err(ToOwned::to_owned),
            vendor: Vendor::Snom,
            values: vec![pair("Form", "login"), pair("pin", "12")],
            at: Instant::now(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn forms_become_events_once_the_phone_has_its_answer() {
        let (sender, submissions) = mpsc::channel(2);
        let (facts, mut events) = mpsc::channel(2);
        let start = Instant::now();
        sender.send(submission(Ok("1001"))).await.unwrap();
        sender.send(submission(Err("no phone"))).await.unwrap();
        let stop = CancellationToken::new();
        let task = Tasks::new().spawn("forms", receive(submissions, facts, stop.clone()));
        let event = events.recv().await.unwrap();
        assert_eq!(start.elapsed(), SETTLE_DELAY);
        assert_eq!((event.name(), event.phone()), ("phone.form", Some("1001")));
        assert_eq!(event.value("Form"), Some("login"));
        assert_eq!(event.value("pin"), Some("12"));
        let unknown = events.recv().await.unwrap();
        assert_eq!(start.elapsed(), SETTLE_DELAY);
        assert_eq!(unknown.name(), "phone.unknown");
        assert_eq!(unknown.value("action"), Some("form"));
        stop.cancel();
        task.await.unwrap();
    }
}
