//! When a connection is idle, and when it has a request in progress.
//!
//! A request is in progress from its last byte to the last byte of its response. So neither a body nor
//! the next request can be sent slowly to keep a slot.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::{io, mem};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::listener::Slot;

/// The slot of a connection, shared by its stream, requests and responses. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    slot: Slot,
    /// The response has ended, but may still be in a buffer.
    is_flushing: AtomicBool,
}

impl Activity {
    pub(super) fn new(slot: Slot) -> Self {
        let is_flushing = AtomicBool::new(false);
        Self(Arc::new(Shared { slot, is_flushing }))
    }

    pub(super) fn slot(&self) -> &Slot {
        &self.0.slot
    }

    /// Records the head of a request, which must present credentials of its own.
    pub(super) fn request_began(&self) {
        self.0.is_flushing.store(false, Ordering::Relaxed);
        self.0.slot.set_trusted(false);
    }

    /// Records that the request is complete, or that its response begins.
    pub(super) fn request_complete(&self) {
        self.0.slot.mark_active();
    }

    fn response_ended(&self) {
        self.0.is_flushing.store(true, Ordering::Relaxed);
    }

    fn flushed(&self) {
        if self.0.is_flushing.swap(false, Ordering::Relaxed) {
            self.0.slot.mark_idle();
        }
    }
}

/// The body of a response, whose end or loss ends the request.
#[derive(Debug)]
pub(super) struct ResponseBody<B> {
    body: B,
    activity: Option<Activity>,
}

impl<B> ResponseBody<B> {
    pub(super) fn new(body: B, activity: Activity) -> Self {
        let activity = Some(activity);
        Self { body, activity }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for ResponseBody<B> {
    fn drop(&mut self) {
        if let Some(activity) = mem::take(&mut self.activity) {
            activity.response_ended();
        }
    }
}

/// A stream that records when everything was sent.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Activity,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Activity) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.activity.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
