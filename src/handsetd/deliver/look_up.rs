//! Looking up the addresses of a name.
//!
//! The system blocks a thread for as long as a name server does not answer, even if nothing waits for the answer
//! any longer. So look-ups get half of the threads for blocking work: a group of phones with such names would
//! take all of them, which conversions and files need as well.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::blocking::blocking;

/// Finds the addresses of a name; a test replaces it to have a name change its address.
pub(super) type LookUp =
    fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of a name as the system does, which also reads `2130706433` and `0x7f.1`.
pub(super) fn look_up(
    name: String,
) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(find(name, |name| {
        let found = (name, 0).to_socket_addrs()?;
        Ok(found.map(|address| address.ip()).collect())
    }))
}

/// Looks up the names of phones for their client.
#[derive(Debug)]
pub(super) struct PhoneNames;

impl Resolve for PhoneNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(name.as_str().to_owned()).await?;
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

async fn find(
    name: String,
    system: impl FnOnce(&str) -> io::Result<Vec<IpAddr>> + Send + 'static,
) -> io::Result<Vec<IpAddr>> {
    if let Ok(ip) = name.parse() {
        return Ok(vec![ip]);
    }
    // Never closed.
    let place = PLACES.acquire().await.ok();
    blocking(move || {
        let found = system(&name);
        // Not before, although the future may have been dropped.
        drop(place);
        found
    })
    .await
}

/// Not in a client, since there is one system: all look-ups take its threads.
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// How many names are looked up at once: half of the threads that `tokio` starts for blocking work.
const AT_ONCE: usize = 256;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;
    use parking_lot::{Condvar, Mutex};
    use tokio::time::timeout;

    use super::*;

    /// Whether the name server has given up.
    static IS_OVER: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    fn silent_server(_: &str) -> io::Result<Vec<IpAddr>> {
        let (is_over, changed) = &IS_OVER;
        changed.wait_while(&mut is_over.lock(), |is_over| !*is_over);
        Err(io::ErrorKind::TimedOut.into())
    }

    #[tokio::test]
    async fn names_without_an_answer_leave_threads_to_other_work() {
        let names = (0..1000).map(|number| format!("h{number}.example"));
        let all = names.map(|name| timeout(Duration::from_millis(200), find(name, silent_server)));
        assert!(join_all(all).await.iter().all(Result::is_err));
        let other = timeout(Duration::from_secs(20), blocking(|| "done")).await;
        *IS_OVER.0.lock() = true;
        IS_OVER.1.notify_all();
        assert_eq!(other, Ok("done"));
    }

    #[tokio::test]
    async fn address_is_not_looked_up() {
        for ip in ["192.0.2.1", "2001:db8::1"] {
            let found = find(ip.to_owned(), |name| panic!("{name}")).await;
            assert_eq!(found.unwrap(), [ip.parse::<IpAddr>().unwrap()]);
        }
    }
}
