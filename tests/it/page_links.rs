//! Links to pages in what is pushed: a page that does not exist is reported to the sender, not to the user.

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn unknown_page_is_invalid_wherever_the_push_comes_from() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let config =
        |name: &str| sim_phone.entry("desk") + &format!("[[page]]\nname = '{name}'\ntext = 'a'\n");
    let daemon = Daemon::start(&config("lunch")).await;
    let expected = "no [[page]] is called \"lunhc\"; did you mean lunch?";
    let caller = Caller::new(daemon.agi());
    for arguments in [
        ["phone=desk", "text=Hungry?", "softkey=Menu|page:lunhc"],
        ["phone=desk", "title=Hungry?", "item=Menu|page:lunhc?day=2"],
    ] {
        let outcome = caller.run("push", &arguments).await;
        assert_eq!(outcome.status, "INVALID", "{}", outcome.reason);
        assert_eq!(outcome.reason, expected);
    }
    let body = r#"{"text": "Hungry?", "softkey": ["Menu|page:lunhc"], "wait": "no"}"#;
    let admin = AdminClient::new(daemon.admin());
    let reply = admin.post("/api/v1/phones/desk/push", body).await;
    assert_eq!(reply.code, 400, "{reply:?}");
    assert_eq!(reply.json()["reason"], expected);

    let good = body.replace("lunhc", "lunch");
    let reply = admin.post("/api/v1/phones/desk/push", &good).await;
    assert_eq!(reply.code, 202, "{reply:?}");
    sim_phone.shows_text("Hungry?").await;

    daemon.reconfigure(&config("dinner"));
    daemon.line("Configuration reloaded.").await;
    let reply = admin.post("/api/v1/phones/desk/push", &good).await;
    let expected = "no [[page]] is called \"lunch\"; there are dinner";
    assert_eq!(reply.json()["reason"], expected);
}
