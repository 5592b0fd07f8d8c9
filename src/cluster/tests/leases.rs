//! Leases and claims.

use std::time::Duration;

use tokio::sync::watch;

use super::{Daemon, TIMEOUT, servers, text};
use crate::{Candidacy, Identity, Leadership};

#[tokio::test]
async fn one_daemon_holds_a_lease_until_it_is_lost() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    let first = contend(&one, "first");
    let mut mine = first.leadership();
    leads(&mut mine, Leadership::is_mine).await;
    let Leadership::Mine { gap, .. } = mine.borrow().clone() else {
        panic!()
    };
    assert_eq!(gap, None);
    let second = contend(&two, "second");
    let mut other = second.leadership();
    let expected = Leadership::Other {
        daemon: "one".parse().unwrap(),
        value: text("first"),
    };
    leads(&mut other, |leadership| *leadership == expected).await;
    // It is renewed beyond its maximum age.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(mine.borrow().is_mine() && !other.borrow().is_mine());
    first.set_value(text("third"));
    let expected = Leadership::Other {
        daemon: "one".parse().unwrap(),
        value: text("third"),
    };
    leads(&mut other, |leadership| *leadership == expected).await;

    // Killed: it is replaced when the lease has expired.
    drop(one);
    leads(&mut other, Leadership::is_mine).await;
    let Leadership::Mine { gap, until, .. } = other.borrow().clone() else {
        panic!()
    };
    let gap = gap.unwrap();
    assert!(
        gap > Duration::from_secs(1) && gap < Duration::from_secs(10),
        "{gap:?}"
    );
    assert!(until > tokio::time::Instant::now());

    // Stopped: it is replaced at once.
    let three = Daemon::join(&servers, "three").await;
    let third = contend(&three, "");
    let mut next = third.leadership();
    leads(&mut next, |leadership| {
        matches!(leadership, Leadership::Other { .. })
    })
    .await;
    let begun = tokio::time::Instant::now();
    two.stop().await;
    leads(&mut next, Leadership::is_mine).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn restarted_daemon_takes_its_lease_back_at_once() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let start = || Daemon::start(&servers, "one", Identity::load(folder.path()).unwrap());
    let one = start();
    one.joined().await;
    let first = contend(&one, "");
    leads(&mut first.leadership(), Leadership::is_mine).await;
    drop(one);
    let one = start();
    one.joined().await;
    let again = contend(&one, "");
    let begun = tokio::time::Instant::now();
    leads(&mut again.leadership(), Leadership::is_mine).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    let Leadership::Mine { gap, .. } = again.leadership().borrow().clone() else {
        panic!()
    };
    assert!(gap.is_some());
    drop(first);
    assert!(again.leadership().borrow().is_mine());
}

#[tokio::test]
async fn claims_have_one_winner_each() {
    let Some(servers) = servers(3, "").await else {
        return;
    };
    let mut daemons = Vec::new();
    for name in ["one", "two", "three"] {
        daemons.push(Daemon::join(&servers, name).await);
    }
    for number in 0..100 {
        let key = format!("rule {number} at 2026-01-01T00:00:00Z");
        let claims = daemons.iter().map(|daemon| daemon.cluster.claim(&key));
        let won = futures_util::future::join_all(claims).await;
        let won = won.into_iter().filter(|won| *won.as_ref().unwrap()).count();
        assert_eq!(won, 1, "{key}");
    }
}

fn contend(daemon: &Daemon, value: &str) -> Candidacy {
    daemon.run(|cluster| cluster.contend("pbx", text(value)))
}

async fn leads(
    leadership: &mut watch::Receiver<Leadership>,
    expected: impl FnMut(&Leadership) -> bool,
) {
    let waiting = leadership.wait_for(expected);
    tokio::time::timeout(TIMEOUT, waiting)
        .await
        .unwrap()
        .unwrap();
}
