//! Draws a simulated phone: as text for a terminal, and as a picture.
//!
//! Both show the content of the phone's screen; neither reproduces a real display pixel by pixel.

mod canvas;
mod display;
mod phone_picture;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod wrap;

pub(crate) use display::render;
pub use phone_picture::png;
pub use text::text;
pub use view::View;
