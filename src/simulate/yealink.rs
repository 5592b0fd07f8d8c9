use super::device::Device;
use super::error::Error;
use super::request::{Answer, Request};
use super::state::Shown;
#[derive(Clone, Debug)]
pub(super) struct Yealink {}
impl Yealink {
    pub(super) fn new(_: &Device) -> Result<Self, Error> {
        Ok(Self {})
    }
    pub(super) fn display(&self) -> (u32, u32) {
        (1, 1)
    }
    pub(super) async fn answer(&self, _: &Request) -> Answer {
        Answer::empty(404)
    }
    pub(super) async fn choose(&self, _: &Shown, _: usize) {}
    pub(super) async fn press(&self, _: &Shown, _: &str) {}
    pub(super) async fn submit(&self, _: &Shown) {}
}
