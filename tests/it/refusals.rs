//! Every status other than `OK`, as the dialplan sees it.

use handset_simulator::Vendor;
use handset_simulator::{Faults, Options};

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn ping_is_always_ok() {
    let daemon = Daemon::start("").await;
    let outcome = Caller::new(daemon.agi()).run("ping", &[]).await;
    assert_eq!(
        (outcome.status.as_str(), outcome.reason.as_str()),
        ("OK", "")
    );
    assert_eq!((outcome.phone.as_str(), outcome.vendor.as_str()), ("", ""));
    let again = Caller::new(daemon.agi()).run("ping", &[]).await;
    assert!(!outcome.id.is_empty() && outcome.id != again.id);
}

#[tokio::test]
async fn unsupported_transports_are_refused_and_nothing_is_sent() {
    let [cisco, snom, yealink] =
        [Vendor::Cisco, Vendor::Snom, Vendor::Yealink].map(sim_phone::options);
    let sim_phones = [
        ("cisco", SimPhone::new(cisco).await),
        ("snom", SimPhone::new(snom).await),
        ("yealink", SimPhone::new(yealink).await),
    ];
    let entries: Vec<_> = sim_phones
        .iter()
        .map(|(name, sim_phone)| sim_phone.entry(name))
        .collect();
    let daemon = Daemon::start(&entries.concat()).await;
    let caller = Caller::new(daemon.agi());
    for (name, sim_phone) in &sim_phones {
        let phone = format!("phone={name}");
        for (argument, reason) in [
            (
                "via=notify",
                match *name {
                    "cisco" => "Cisco phones accept no screens or tones by NOTIFY; omit via",
                    _ => "no [[asterisk]] is configured, which NOTIFYs and via=pbx require",
                },
            ),
            (
                "via=csta",
                "only Snom phones speak CSTA over HTTP; others need a session over SIP: [uacsta], and csta in the [[phone]]",
            ),
            (
                "via=pbx",
                "only dial, ring, hangup and transfer support via=pbx; omit via",
            ),
        ] {
            if (*name, argument) == ("snom", "via=csta") {
                continue;
            }
            let outcome = caller.run("push", &["Hello", argument, &phone]).await;
            assert_eq!(
                (&*outcome.status, &*outcome.reason),
                ("UNSUPPORTED", reason)
            );
        }
        assert_eq!(sim_phone.received().len(), 0, "{name} was sent something");
    }
}

#[tokio::test]
async fn rejections_quote_the_phone() {
    let failing = |vendor, status| {
        let faults = Faults {
            status: Some(status),
            ..Faults::default()
        };
        SimPhone::new(Options {
            faults,
            ..sim_phone::options(vendor)
        })
    };
    for (vendor, status, reason) in [
        (
            Vendor::Cisco,
            404,
            "the phone refused: it answered HTTP 404; is web access enabled",
        ),
        (
            Vendor::Cisco,
            500,
            "the phone refused: it answered HTTP 500",
        ),
        (Vendor::Snom, 404, "the phone has no such page (HTTP 404)"),
        (Vendor::Snom, 500, "the phone answered HTTP 500"),
        (
            Vendor::Yealink,
            404,
            "the phone has no such page (HTTP 404)",
        ),
        (Vendor::Yealink, 503, "the phone answered HTTP 503"),
    ] {
        let sim_phone = failing(vendor, status).await;
        let daemon = Daemon::start(&sim_phone.entry("desk")).await;
        let outcome = Caller::new(daemon.agi())
            .run("push", &["Hello", "phone=desk"])
            .await;
        assert_eq!(
            outcome.status, "REJECTED",
            "{vendor} {status}: {}",
            outcome.reason
        );
        assert!(
            outcome.reason.starts_with(reason),
            "{vendor} {status}: {}",
            outcome.reason
        );
        // Rejections are not retried; a Yealink phone of unknown firmware may have another page.
        let pages = if (vendor, status) == (Vendor::Yealink, 404) {
            2
        } else {
            1
        };
        assert_eq!(sim_phone.received().len(), pages);
    }
}

#[tokio::test]
async fn cisco_errors_are_rejections() {
    // A phone with the display of a 7970, configured as an 8841.
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Cisco)).await;
    let entry = sim_phone.entry("desk").replace("7970G", "8841");
    let daemon = Daemon::start(&entry).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller
        .run("background", &["background.png", "phone=desk"])
        .await;
    assert_eq!(outcome.status, "REJECTED");
    assert_eq!(
        outcome.reason,
        "the phone refused: it considers the URL invalid (error 6)"
    );
    assert!(sim_phone.state().background.is_none());
}

#[tokio::test]
async fn offline_phones_are_unreachable() {
    let unused = Loopback::claim();
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let entry = sim_phone::entry("desk", &sim_phone::options(vendor), unused.port(8080));
        let daemon = Daemon::start(&entry).await;
        let outcome = Caller::new(daemon.agi())
            .run("push", &["Hello", "phone=desk"])
            .await;
        assert_eq!(outcome.status, "UNREACHABLE", "{}", outcome.reason);
        let reason = format!("cannot connect to {}: ", unused.port(8080));
        assert!(outcome.reason.starts_with(&reason), "{}", outcome.reason);
        assert_eq!((&*outcome.phone, &*outcome.vendor), ("desk", vendor.name()));
    }
}

#[tokio::test]
async fn unanswered_requests_are_unknown_and_not_repeated() {
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let hanging = Faults {
            hang: true,
            ..Faults::default()
        };
        let closing = Faults {
            close: true,
            ..Faults::default()
        };
        let hanging = SimPhone::new(Options {
            faults: hanging,
            ..sim_phone::options(vendor)
        })
        .await;
        let closing = SimPhone::new(Options {
            faults: closing,
            ..sim_phone::options(vendor)
        })
        .await;
        let config = format!(
            "{}{}",
            hanging.entry("hanging"),
            closing.entry("closing").replace("00:00:5E", "00:00:5F")
        );
        let daemon = Daemon::start(&config).await;
        let caller = Caller::new(daemon.agi());
        let outcome = caller
            .run("push", &["Hello", "phone=hanging", "deadline=2s"])
            .await;
        assert_eq!(outcome.status, "UNKNOWN", "{vendor}: {}", outcome.reason);
        assert!(
            outcome
                .reason
                .ends_with(" took the request and did not answer in time"),
            "{}",
            outcome.reason
        );
        let outcome = caller.run("push", &["Hello", "phone=closing"]).await;
        assert_eq!(outcome.status, "UNKNOWN", "{vendor}: {}", outcome.reason);
        assert!(
            outcome.reason.contains(" took the request and broke off: "),
            "{}",
            outcome.reason
        );
    }
}

#[tokio::test]
async fn malformed_replies_are_not_ok() {
    let faults = Faults {
        garbage: true,
        ..Faults::default()
    };
    let sim_phone = SimPhone::new(Options {
        faults,
        ..sim_phone::options(Vendor::Snom)
    })
    .await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=desk"])
        .await;
    assert_eq!(outcome.status, "UNKNOWN", "{}", outcome.reason);
}

#[tokio::test]
async fn callers_wait_no_longer_than_the_budget_and_delivery_continues() {
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let sim_phone = SimPhone::new(sim_phone::options(vendor)).await;
        let daemon = Daemon::start(&format!(
            "{}[agi]\nbudget = '500ms'\n",
            sim_phone.entry("desk")
        ))
        .await;
        let caller = Caller::new(daemon.agi());
        sim_phone.hold();
        let outcome = caller.run("push", &["Late", "phone=desk"]).await;
        assert_eq!(
            (&*outcome.status, &*outcome.reason),
            ("QUEUED", "delivery continues")
        );
        sim_phone.until_waiting().await;
        sim_phone.release();
        sim_phone.shows_text("Late").await;
        daemon.line("Delivered.").await;
        sim_phone.hold();
        let outcome = caller
            .run("push", &["No hurry", "phone=desk", "wait=no"])
            .await;
        assert_eq!((&*outcome.status, &*outcome.reason), ("QUEUED", ""));
        assert_eq!((&*outcome.phone, &*outcome.vendor), ("desk", vendor.name()));
        sim_phone.release();
        daemon.line(&outcome.id).await;
        sim_phone.shows_text("No hurry").await;
    }
}

#[tokio::test]
async fn every_phone_is_listed_however_long_the_reasons_are() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let unused = Loopback::claim();
    let mut config = sim_phone.entry("desk");
    for at in 0..9 {
        let options = sim_phone::options(Vendor::Snom);
        config += &sim_phone::entry(&format!("away-{at}"), &options, unused.port(8080 + at));
    }
    let names: Vec<_> = (0..9).map(|at| format!("away-{at}")).collect();
    let phones = format!("phone=desk&{}", names.join("&"));
    let daemon = Daemon::start(&config).await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", &phones])
        .await;
    assert_eq!(outcome.status, "PARTIAL");
    let listed: Vec<_> = (0..9).map(|at| format!("away-{at}: UNREACHABLE")).collect();
    let listed = listed.join("; ") + "; desk: OK";
    assert_eq!(outcome.reason, listed);
    sim_phone.shows_text("Hello").await;
}

#[tokio::test]
async fn long_reasons_are_truncated_to_200_characters() {
    let daemon = Daemon::start("").await;
    let verb = "ü".repeat(3000);
    let outcome = Caller::new(daemon.agi()).run(&verb, &[]).await;
    assert_eq!(outcome.status, "INVALID");
    assert_eq!(outcome.reason.chars().count(), 200);
    assert!(outcome.reason.ends_with('…'));
}
