//! Status codes of responses.

use std::fmt;

/// A status code, 100 to 699.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Status(u16);

macro_rules! statuses {
    ($($name:ident $code:literal $reason:literal)*) => {
        #[expect(missing_docs, reason = "the names are those of RFC 3261, section 21")]
        impl Status {
            $(pub const $name: Self = Self($code);)*

            /// Returns the reason phrase of the standard, or that of the class.
            pub fn reason(self) -> &'static str {
                match self.0 {
                    $($code => $reason,)*
                    100..=199 => "Progress",
                    200..=299 => "OK",
                    300..=399 => "Redirected",
                    400..=499 => "Request Failed",
                    500..=599 => "Server Failure",
                    _ => "Failure",
                }
            }
        }
    };
}

statuses! {
    TRYING 100 "Trying"
    RINGING 180 "Ringing"
    SESSION_PROGRESS 183 "Session Progress"
    OK 200 "OK"
    BAD_REQUEST 400 "Bad Request"
    UNAUTHORIZED 401 "Unauthorized"
    FORBIDDEN 403 "Forbidden"
    NOT_FOUND 404 "Not Found"
    METHOD_NOT_ALLOWED 405 "Method Not Allowed"
    PROXY_AUTHENTICATION_REQUIRED 407 "Proxy Authentication Required"
    REQUEST_TIMEOUT 408 "Request Timeout"
    UNSUPPORTED_MEDIA_TYPE 415 "Unsupported Media Type"
    BAD_EXTENSION 420 "Bad Extension"
    SESSION_INTERVAL_TOO_SMALL 422 "Session Interval Too Small"
    INTERVAL_TOO_BRIEF 423 "Interval Too Brief"
    BAD_INFO_PACKAGE 469 "Bad Info Package"
    TEMPORARILY_UNAVAILABLE 480 "Temporarily Unavailable"
    DIALOG_DOES_NOT_EXIST 481 "Call/Transaction Does Not Exist"
    LOOP_DETECTED 482 "Loop Detected"
    BUSY_HERE 486 "Busy Here"
    REQUEST_TERMINATED 487 "Request Terminated"
    NOT_ACCEPTABLE_HERE 488 "Not Acceptable Here"
    BAD_EVENT 489 "Bad Event"
    REQUEST_PENDING 491 "Request Pending"
    SERVER_INTERNAL_ERROR 500 "Server Internal Error"
    NOT_IMPLEMENTED 501 "Not Implemented"
    SERVICE_UNAVAILABLE 503 "Service Unavailable"
}

impl Status {
    /// Returns the status with this code, unless it is out of range.
    pub fn from_code(code: u16) -> Option<Self> {
        (100..=699).contains(&code).then_some(Self(code))
    }

    /// Returns the code.
    pub fn code(self) -> u16 {
        self.0
    }

    /// Returns whether another response to the same request follows.
    pub fn is_provisional(self) -> bool {
        self.0 < 200
    }

    /// Returns whether the request was accepted.
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
