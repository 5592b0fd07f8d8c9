//! The Asterisk servers, asked from here: whether the account may do what the configuration needs.

use std::time::Duration;

use handset_ami::{Action, Client, State};
use handset_net::tasks::Tasks;
use handset_phones::verb::Via;
use tokio::time::Instant;

use super::daemon::Answer;
use super::finding::Finding;
use crate::cli::servers::{LOG_OFF_TIMEOUT, connect};
use crate::config::Config;
use crate::daemon::examine_rules;
use crate::roster::Roster;
use crate::rules::config::{Rule, Value};

const AREA: &str = "asterisk";

/// Logs in to each server. What the daemon has said already is not repeated.
pub(super) async fn examine(config: &Config, daemon: &Answer) -> anyhow::Result<Vec<Finding>> {
    if config.asterisk.is_empty() {
        let text = "no [[asterisk]] is configured: only calls and [[phone]] tell which phones there are, \
                    and no events arrive";
        return Ok(vec![Finding::note(AREA, text)]);
    }
    let (tasks, roster) = (Tasks::new(), Roster::default());
    let clients = connect(config, &roster, &tasks)?;
    roster.settle(Instant::now() + SETTLE_TIMEOUT).await;
    let mut findings = Vec::new();
    for client in &clients {
        let name = client.name();
        let state = client.state().borrow().clone();
        match state {
            // Where an account may log in once, the daemon has done so.
            State::Lost { .. } | State::Refused { .. } if daemon.is_running() => {}
            State::Lost { reason, .. } | State::Refused { reason, .. } => {
                let text = format!("{name}: {reason}");
                findings.push(Finding::fault(AREA, text).cure(CURE));
            }
            State::Connected(_) => {
                if !daemon.is_connected(name) {
                    let text = format!("{name}: the login from here succeeds");
                    findings.push(Finding::good(AREA, text));
                }
                if let Some(complaint) = roster.complaint(name).filter(|_| !daemon.is_running()) {
                    findings.push(Finding::fault(AREA, format!("{name}: {complaint}")).cure(CURE));
                }
                findings.extend(offers(config, client).await);
            }
            _ => {
                let text = format!("{name}: no answer within {} s", SETTLE_TIMEOUT.as_secs());
                findings.push(Finding::note(AREA, text).cure(CURE));
            }
        }
    }
    let until = Instant::now() + SETTLE_TIMEOUT;
    let doubts = examine_rules(config, &clients, &roster, until).await;
    // They say what to do.
    findings.extend(
        doubts
            .iter()
            .map(|doubt| Finding::fault("rules", doubt.to_string())),
    );
    tasks.shut_down(LOG_OFF_TIMEOUT).await;
    Ok(findings)
}

/// Examines whether a server sends NOTIFYs and calls for this account.
async fn offers(config: &Config, client: &Client) -> Vec<Finding> {
    let until = Instant::now() + SETTLE_TIMEOUT;
    let Ok(listed) = client.send_until(Action::list_commands(), until).await else {
        return Vec::new();
    };
    let offers = |action: &str| {
        let mut names = listed.headers().map(|(name, _)| name);
        names.any(|name| name.eq_ignore_ascii_case(action))
    };
    let name = client.name();
    let needs = [
        (
            offers("PJSIPNotify") || offers("SIPnotify"),
            "no NOTIFY can be sent",
            "add write = system to the account in manager.conf, and load res_pjsip_notify with a \
             pjsip_notify.conf that has at least one section",
            needs(config, Via::Notify, "notify"),
        ),
        (
            offers("Originate"),
            "no call can be made (via=pbx)",
            "add write = originate to the account in manager.conf",
            needs(config, Via::Pbx, ""),
        ),
    ];
    let missing = needs.into_iter().filter(|(is_offered, ..)| !is_offered);
    missing
        .map(|(_, what, cure, is_needed)| {
            let text = format!("{name}: {what}: Asterisk does not offer it to the account");
            let finding = if is_needed {
                Finding::fault(AREA, text)
            } else {
                Finding::note(
                    AREA,
                    format!("{text}; nothing in the configuration needs it"),
                )
            };
            finding.cure(cure)
        })
        .collect()
}

/// Returns whether a phone prefers this transport, or a rule uses it or the verb.
fn needs(config: &Config, via: Via, verb: &str) -> bool {
    let is_preferred = config
        .directory
        .entries()
        .iter()
        .any(|entry| entry.via == Some(via));
    let is = |rule: &Rule, key: &str, wanted: &str| {
        let is_it = |value: &Value| matches!(value, Value::Text(text) if text == wanted);
        let mut steps = rule.steps.iter();
        steps.any(|step| step.get(key).is_some_and(is_it))
    };
    let uses = |rule: &Rule| is(rule, "via", via.name()) || is(rule, "verb", verb);
    is_preferred || config.rules.iter().any(uses)
}

/// How long a server may take to log in and to report its registrations, and then to answer.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);

const CURE: &str = "correct [[asterisk]] or manager.conf, then: asterisk -rx 'manager reload'";
