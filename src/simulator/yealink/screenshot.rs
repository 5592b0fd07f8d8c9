//! Screenshots: BMP on older firmware, JPEG on newer.

use std::io::Cursor;

use image::ImageFormat;

use super::Yealink;
use super::model::release;
use crate::draw::{View, render};
use crate::request::Response;

impl Yealink {
    /// Takes a screenshot, to be shown or to be saved.
    pub(super) fn screenshot(&self, saved: bool) -> Response {
        let options = self.device.options();
        let is_new = saved || release(&options.firmware) >= 80;
        let (format, content_type) = if is_new {
            (ImageFormat::Jpeg, "image/jpeg")
        } else {
            // The real media type does not say that it is a picture.
            (ImageFormat::Bmp, "application/octet-stream")
        };
        let view = View::new(options, self.model.display, self.device.state());
        let mut file = Cursor::new(Vec::new());
        if let Err(error) = render(&view).write_to(&mut file, format) {
            return Response::empty(500).refusing(format!("cannot encode the screenshot: {error}"));
        }
        Response::with_body(200, content_type, file.into_inner())
    }
}
