//! A deadline for the whole body of a request.
//!
//! tower-http's body timeout restarts with each frame, so a body that trickles would pass it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Fails when the whole body has not arrived by a deadline.
#[derive(Debug)]
pub(super) struct BodyDeadline<B> {
    body: B,
    /// `None` if the body is empty.
    left: Option<Pin<Box<Sleep>>>,
}

impl<B: Body> BodyDeadline<B> {
    /// Gives `body` the time `limit` from now on.
    pub(super) fn new(body: B, limit: Duration) -> Self {
        let left = (!body.is_end_stream()).then(|| Box::pin(sleep(limit)));
        Self { body, left }
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
        // Polled first, since a steady trickle would never let it be polled.
        if let Some(left) = &mut self.left
            && left.as_mut().poll(cx).is_ready()
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

    /// Comes a byte a second.
    fn trickle(bytes: usize) -> impl Body<Data = Bytes, Error = io::Error> + Unpin {
        StreamBody::new(Box::pin(stream::unfold(bytes, |left| async move {
            sleep(Duration::from_secs(1)).await;
            let byte = Frame::data(Bytes::from_static(b"a"));
            Some((Ok(byte), left.checked_sub(1)?))
        })))
    }

    #[tokio::test(start_paused = true)]
    async fn what_trickles_is_cut_off_and_what_comes_in_time_is_whole() {
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
