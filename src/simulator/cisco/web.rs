//! The status pages: device information, lines, screenshot, and the deferred responses of a 7940 or
//! 7960.
//!
//! The device information of an old phone is in ISO 8859-1 and has two XML declarations, as on real
//! ones.

use std::io::Cursor;
use std::sync::atomic::Ordering;

use image::{ImageFormat, Rgb, RgbImage};

use super::{Cisco, xml};
use crate::request::{Request, Response};

impl Cisco {
    /// Responds to a GET.
    pub(super) async fn page(&self, request: &Request) -> Response {
        let java = self.capabilities.has_java_pages;
        let is_device = match request.path.as_str() {
            "/DeviceInformationX" => !java,
            "/CGI/Java/Serviceability" => {
                java && request.query.as_deref() == Some("adapterX=device.statistics.device")
            }
            _ => false,
        };
        match request.path.as_str() {
            _ if is_device => self.device_information(),
            "/CGI/Java/LineInfo" if java => self.guarded(request, Self::lines).await,
            "/CGI/LineInfo" if !java => self.guarded(request, Self::lines).await,
            "/CGI/Screenshot" => self.guarded(request, Self::screenshot).await,
            "/CGI/Answer" => self.deferred(request),
            _ => Response::empty(404).refusing("no such page"),
        }
    }

    /// Keeps a response for later, and redirects to it.
    pub(super) fn defer(&self, response: Response) -> Response {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut deferred = self.deferred.lock();
        if deferred.len() >= MAX_DEFERRED {
            deferred.remove(0);
        }
        deferred.push((id, response));
        Response::empty(302).header("Location", format!("/CGI/Answer?{id}"))
    }

    fn deferred(&self, request: &Request) -> Response {
        let id = request
            .query
            .as_deref()
            .and_then(|id| id.parse::<u32>().ok());
        let mut deferred = self.deferred.lock();
        match deferred.iter().position(|(known, _)| Some(*known) == id) {
            Some(at) => deferred.remove(at).1,
            None => Response::empty(404).refusing("unknown deferred response"),
        }
    }

    async fn guarded(&self, request: &Request, page: fn(&Self) -> Response) -> Response {
        match self.authorize(request).await {
            Err(response) => response,
            Ok(()) => page(self),
        }
    }

    fn device_information(&self) -> Response {
        let options = self.device.options();
        let (mac, firmware) = (self.device.mac(), &options.firmware);
        let model = options.model.trim_start_matches("CP-");
        let declaration = if self.model.is_old {
            "<?xml version=\"1.0\"?>\n<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>"
        } else {
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
        };
        let text = format!(
            "{declaration}\n<DeviceInformation>\
             <MACAddress>{mac}</MACAddress><HostName>SEP{mac}</HostName><phoneDN>1001</phoneDN>\
             <appLoadID>load</appLoadID><versionID>{firmware}</versionID>\
             <modelNumber>CP-{model}</modelNumber><MessageWaiting> \u{c9}T\u{c9}</MessageWaiting>\
             </DeviceInformation>\n",
        );
        let bytes: Vec<u8> = if self.model.is_old {
            text.chars()
                .map(|c| u8::try_from(c).unwrap_or(b'?'))
                .collect()
        } else {
            text.into_bytes()
        };
        Response::with_body(200, "text/xml", bytes)
    }

    fn lines(&self) -> Response {
        let state = self.device.state();
        let state = if state.settings.contains_key("call") {
            "CONNECTED"
        } else {
            "ONHOOK"
        };
        let line = |kind: u8, number: &str, state: &str| {
            format!(
                "<CiscoIPPhoneLines><LineType>{kind}</LineType><lineDirNum>{number}</lineDirNum>\
                 <MessageWaiting>NO</MessageWaiting><RingerName>Chirp1</RingerName><LineLabel/>\
                 <LineIconState>{state}</LineIconState></CiscoIPPhoneLines>"
            )
        };
        let (own, speed_dial) = (line(9, "1001", state), line(2, "9700", "ON"));
        xml(
            200,
            format!(
                "<CiscoIPPhoneLineInfo><Prompt/><Notify/><Status>null</Status>{own}{speed_dial}\
                 </CiscoIPPhoneLineInfo>"
            ),
        )
    }

    /// Takes a screenshot: white, with a black frame.
    fn screenshot(&self) -> Response {
        let (width, height) = self.model.screen();
        let is_frame = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if self.model.is_old {
            let response = xml(200, pixels(width, height, is_frame));
            return self.defer(response);
        }
        let is_png = self.device.options().model.starts_with("894");
        let (format, kind) = if is_png {
            (ImageFormat::Png, "image/png")
        } else {
            (ImageFormat::Bmp, "image/bmp")
        };
        let shade = |x, y| if is_frame(x, y) { 0 } else { 255 };
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, y); 3]));
        let mut file = Cursor::new(Vec::new());
        match picture.write_to(&mut file, format) {
            Ok(()) => Response::with_body(200, kind, file.into_inner()),
            Err(error) => Response::empty(500).refusing(error.to_string()),
        }
    }
}

/// Encodes two bits per pixel, with the first pixel in the lowest bits and 3 for black.
fn pixels(width: u32, height: u32, is_black: impl Fn(u32, u32) -> bool) -> String {
    let points: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| if is_black(x, y) { 3 } else { 0 })
        .collect();
    let byte = |four: &[u8]| four.iter().rev().fold(0, |byte, point| byte << 2 | point);
    let data = hex::encode_upper(points.chunks(4).map(byte).collect::<Vec<u8>>());
    format!(
        "<CiscoIPPhoneImage><LocationX>0</LocationX><LocationY>0</LocationY><Width>{width}</Width>\
         <Height>{height}</Height><Depth>2</Depth><Data>{data}</Data></CiscoIPPhoneImage>"
    )
}

/// Maximum number of deferred responses.
const MAX_DEFERRED: usize = 16;
