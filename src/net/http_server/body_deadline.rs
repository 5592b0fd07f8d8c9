//! A deadline for the complete body of a request.
//!
//! The body timeout of tower-http restarts with each frame, so a trickling body would pass it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// A body that fails unless it is complete by a deadline, and that reports its end.
#[derive(Debug)]
pub(super) struct BodyDeadline<B, F> {
    body: B,
    /// The time limit and what to call at the end; `None` after the end.
    incomplete: Option<(Pin<Box<Sleep>>, F)>,
}

impl<B: Body, F: FnOnce()> BodyDeadline<B, F> {
    /// Limits the time for `body`, starting now, and calls `at_end` when it is complete.
    pub(super) fn new(body: B, limit: Duration, at_end: F) -> Self {
        let mut limited = Self {
            body,
            incomplete: Some((Box::pin(sleep(limit)), at_end)),
        };
        limited.note_end(false);
        limited
    }

    /// Ends the time limit if the body has ended.
    fn note_end(&mut self, has_ended: bool) {
        if (has_ended || self.body.is_end_stream())
            && let Some((_, at_end)) = self.incomplete.take()
        {
            at_end();
        }
    }
}

impl<B, F> Body for BodyDeadline<B, F>
where
    F: FnOnce() + Unpin,
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        // Polled first, because a steady stream of frames would never let it be polled.
        if let Some((timeout, _)) = &mut self.incomplete
            && timeout.as_mut().poll(cx).is_ready()
        {
            let late = io::Error::new(
                io::ErrorKind::TimedOut,
                "the request body did not arrive in time",
            );
            return Poll::Ready(Some(Err(late.into())));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.note_end(matches!(frame, Poll::Ready(None)));
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use http_body_util::{BodyExt, Empty, StreamBody};

    use super::*;

    /// A body that arrives at a byte per second.
    fn trickle(bytes: usize) -> impl Body<Data = Bytes, Error = io::Error> + Unpin {
        StreamBody::new(Box::pin(stream::unfold(bytes, |left| async move {
            sleep(Duration::from_secs(1)).await;
            let byte = Frame::data(Bytes::from_static(b"a"));
            Some((Ok(byte), left.checked_sub(1)?))
        })))
    }

    #[tokio::test(start_paused = true)]
    async fn trickling_body_is_cut_off_unless_it_ends_in_time() {
        let limit = Duration::from_secs(10);
        let ended = AtomicUsize::new(0);
        let at_end = || {
            ended.fetch_add(1, Ordering::Relaxed);
        };
        let whole = BodyDeadline::new(trickle(5), limit, at_end)
            .collect()
            .await
            .unwrap();
        assert_eq!(whole.to_bytes().len(), 5);
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        let error = BodyDeadline::new(trickle(50), limit, at_end)
            .collect()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("in time"), "{error}");
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        let _empty = BodyDeadline::new(Empty::<Bytes>::new(), limit, at_end);
        assert_eq!(ended.load(Ordering::Relaxed), 2);
    }
}
