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

/// A body that fails unless it is complete by a deadline.
#[derive(Debug)]
pub(super) struct BodyDeadline<B> {
    body: B,
    /// `None` if the body is empty.
    timeout: Option<Pin<Box<Sleep>>>,
}

impl<B: Body> BodyDeadline<B> {
    /// Limits the time for `body`, starting now.
    pub(super) fn new(body: B, limit: Duration) -> Self {
        let timeout = (!body.is_end_stream()).then(|| Box::pin(sleep(limit)));
        Self { body, timeout }
    }
}

impl<B> Body for BodyDeadline<B>
where
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
        if let Some(timeout) = &mut self.timeout
            && timeout.as_mut().poll(cx).is_ready()
        {
            let late = io::Error::new(
                io::ErrorKind::TimedOut,
                "the request body did not arrive in time",
            );
            return Poll::Ready(Some(Err(late.into())));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
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
    use futures_util::stream;
    use http_body_util::{BodyExt, StreamBody};

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
        let whole = BodyDeadline::new(trickle(5), limit)
            .collect()
            .await
            .unwrap();
        assert_eq!(whole.to_bytes().len(), 5);
        let error = BodyDeadline::new(trickle(50), limit)
            .collect()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("in time"), "{error}");
    }
}
