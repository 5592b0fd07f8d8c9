//! Work that blocks or computes, away from the threads that serve connections.

/// Runs `work` on a thread for blocking work.
///
/// # Panics
///
/// Panics if `work` does.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
