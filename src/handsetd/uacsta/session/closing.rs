//! What ends a session: the monitor is stopped, then the dialog.

use std::sync::Arc;
use std::time::Duration;

use handset_phones::csta::{Message, SessionDialect};
use tokio::time::{Instant, timeout};

use super::Live;

/// Ends a session that handsetd wants no longer. The phone must be served meanwhile, since its answer may come
/// in a request of its own.
pub(super) async fn close(live: &Arc<Live>, dialect: &SessionDialect) {
    let until = Instant::now() + CLOSE_TIMEOUT;
    let monitor = live.monitor.lock().take();
    if let Some(monitor) = monitor {
        let stop = Message::monitor_stop(dialect, &monitor);
        // Where it fails, BYE stops the monitor as well.
        let _ = timeout(STOP_TIMEOUT, live.ask(stop, STOP_TIMEOUT)).await;
    }
    live.end("handsetd ended the session".to_owned());
    // Whether the phone answers makes no difference.
    let _ = live.dialog.bye(until).await;
}

/// How long a phone may take to answer `MonitorStop`: three transmissions over UDP.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// How long ending a session may take.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
