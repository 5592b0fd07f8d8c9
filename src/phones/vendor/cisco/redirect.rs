//! The redirects of the 7940 and 7960: they answer a request with the address of the answer, on
//! another port of theirs perhaps.
//!
//! What is sent on is a plain GET, to the same phone only. Another port of it hears no password:
//! who listens there is not said.

use std::sync::Arc;

use url::Url;

use super::execute;
use crate::phone::{Address, Phone};
use crate::vendor::{Auth, Exchange, Reply, ReplyOutcome, Request, Step};

/// Says what an answer means, once there is one that does not lead on.
pub(super) type Read = Arc<dyn Fn(&Reply) -> ReplyOutcome + Send + Sync>;

/// Makes an exchange of a request to `phone` whose redirects are followed.
pub(super) fn exchange(phone: &Phone, request: Request, read: Read) -> Exchange {
    let door = Door {
        address: phone.address.clone(),
        scheme: if phone.pin.is_some() { "https" } else { "http" },
    };
    through(door, request, read, MAX_HOPS)
}

fn through(door: Door, request: Request, read: Read, hops: u8) -> Exchange {
    let auth = request.auth;
    request.parse_with(move |reply| {
        if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
            return read(reply);
        }
        let next = match door.next(reply) {
            Ok(next) if hops > 0 => next,
            Ok(_) => return rejected("it sends us on and on"),
            Err(why) => return rejected(&why),
        };
        let get = Request::get(next.target);
        let same = next.port == door.address.port;
        let request = Request {
            port: next.port,
            auth: if same { auth } else { Auth::None },
            ..get
        };
        let mut exchange = through(door.clone(), request, Arc::clone(&read), hops - 1);
        // The answer may be about a tone that plays to its end.
        exchange.patience = Some(execute::PLAY);
        ReplyOutcome::Then(vec![Step::Http(exchange)])
    })
}

fn rejected(why: &str) -> ReplyOutcome {
    ReplyOutcome::Rejected(format!("the phone refused: {why}"))
}

/// Where a phone listens.
#[derive(Clone, Debug)]
struct Door {
    address: Address,
    scheme: &'static str,
}

/// Where a phone sends us.
struct Next {
    port: Option<u16>,
    target: String,
}

impl Door {
    fn next(&self, reply: &Reply) -> Result<Next, String> {
        let status = reply.status;
        let location = reply.location.as_deref();
        let location = location
            .ok_or_else(|| format!("it answered HTTP {status} and says not where to go"))?;
        let nowhere = |_| format!("it sends us to {location:?}, which is no address");
        let Self { address, scheme } = self;
        let own = format!("{scheme}://{}/CGI/Execute", address.authority());
        let own = Url::parse(&own).map_err(nowhere)?;
        let url = own.join(location).map_err(nowhere)?;
        if url.host() != own.host() || url.scheme() != *scheme {
            return Err(format!(
                "it sends us to {}, and only its own address is trusted",
                url.origin().ascii_serialization()
            ));
        }
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Next {
            // The usual port is written in neither.
            port: url.port(),
            target: format!("{}{}", url.path(), query.unwrap_or_default()),
        })
    }
}

/// How often a phone may send us on.
const MAX_HOPS: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Bench;

    fn first(address: &str) -> Exchange {
        let mut phone = Bench::new(Vendor::Cisco, "7960", "").phone;
        phone.address = address.parse().unwrap();
        let request = Request {
            auth: Auth::PreemptiveBasic,
            ..Request::get("/CGI/Execute")
        };
        exchange(&phone, request, Arc::new(|_| ReplyOutcome::Done))
    }

    fn moved(location: &str) -> Reply {
        Reply {
            status: 302,
            location: Some(location.to_owned()),
            ..Reply::default()
        }
    }

    fn check(address: &str, location: &str) -> String {
        match first(address).reader.read(&moved(location)) {
            ReplyOutcome::Then(steps) => {
                let [Step::Http(next)] = steps.as_slice() else {
                    panic!("{steps:?}")
                };
                let Request {
                    port,
                    target,
                    auth,
                    method,
                    ..
                } = &next.request;
                format!("{method:?} {port:?} {target} {auth:?}")
            }
            ReplyOutcome::Rejected(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_phone_itself_is_followed_by_get() {
        assert_eq!(check("192.0.2.21", "/x?a=1"), "Get None /x?a=1 Basic");
        assert_eq!(
            check("192.0.2.21", "http://192.0.2.21/x"),
            "Get None /x Basic"
        );
        assert_eq!(check("192.0.2.21:8080", "/x"), "Get Some(8080) /x Basic");
        assert_eq!(
            check("[2001:db8::1]:81", "http://[2001:db8::1]:81/x"),
            "Get Some(81) /x Basic"
        );
    }

    #[test]
    fn another_port_hears_no_password() {
        assert_eq!(
            check("192.0.2.21", "http://192.0.2.21:8081/x"),
            "Get Some(8081) /x Nobody"
        );
        assert_eq!(
            check("192.0.2.21:8080", "http://192.0.2.21/x"),
            "Get None /x Nobody"
        );
    }

    #[test]
    fn nobody_else_is_asked() {
        for location in [
            "http://192.0.2.99/x",
            "//evil.example.com/x",
            "https://192.0.2.21/x",
            "ftp://192.0.2.21/x",
            "file:///etc/passwd",
            "http://192.0.2.21@192.0.2.99/",
        ] {
            let why = check("192.0.2.21", location);
            assert!(why.contains("own address"), "{location}: {why}");
        }
        assert!(check("192.0.2.21", "http://[").contains("no address"));
    }

    #[test]
    fn it_ends() {
        let mut exchange = first("192.0.2.21");
        for _ in 0..MAX_HOPS {
            let ReplyOutcome::Then(mut steps) = exchange.reader.read(&moved("/again")) else {
                panic!("it leads on")
            };
            let Some(Step::Http(next)) = steps.pop() else {
                panic!("it leads on")
            };
            exchange = next;
        }
        let last = exchange.reader.read(&moved("/again"));
        assert!(matches!(last, ReplyOutcome::Rejected(why) if why.contains("on and on")));
        assert!(matches!(
            exchange.reader.read(&Reply::default()),
            ReplyOutcome::Done
        ));
    }
}
