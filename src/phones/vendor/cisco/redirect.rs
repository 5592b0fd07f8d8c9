//! Redirects of the 7940 and 7960: they reply with the address of the actual reply, possibly on
//! another port.
//!
//! A redirect is followed by a plain GET, only on the same phone. Credentials are not sent to
//! another port, whose owner is unknown.

use std::sync::Arc;

use url::Url;

use super::timing::PLAY_TIMEOUT;
use crate::phone::{Address, Phone};
use crate::vendor::{Auth, Exchange, Reply, ReplyOutcome, Request, Step};

/// Interprets a reply that is not a redirect.
pub(super) type Parse = Arc<dyn Fn(&Reply) -> ReplyOutcome + Send + Sync>;

/// Creates an exchange with `phone` that follows redirects.
pub(super) fn exchange(
    phone: &Phone,
    request: Request,
    name: &'static str,
    parse: Parse,
) -> Exchange {
    let server = Server {
        address: phone.address.clone(),
        scheme: if phone.pin.is_some() { "https" } else { "http" },
    };
    follow(server, request, name, parse, MAX_REDIRECTS)
}

fn follow(
    server: Server,
    request: Request,
    name: &'static str,
    parse: Parse,
    remaining: u8,
) -> Exchange {
    let auth = request.auth;
    request.parse_with(name, move |reply| {
        if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
            return parse(reply);
        }
        let location = match server.location(reply) {
            Ok(location) if remaining > 0 => location,
            Ok(_) => return rejected("it redirects too often"),
            Err(why) => return rejected(&why),
        };
        let is_same_port = location.port == server.address.port;
        let request = Request {
            port: location.port,
            auth: if is_same_port { auth } else { Auth::None },
            ..Request::get(location.target)
        };
        let parse = Arc::clone(&parse);
        let mut exchange = follow(server.clone(), request, name, parse, remaining - 1);
        // The reply may be that of a tone that is still playing.
        exchange.timeout = Some(PLAY_TIMEOUT);
        ReplyOutcome::Then(vec![Step::Http(exchange)])
    })
}

fn rejected(why: &str) -> ReplyOutcome {
    ReplyOutcome::Rejected(format!("the phone refused: {why}"))
}

/// The web server of a phone.
#[derive(Clone, Debug)]
struct Server {
    address: Address,
    scheme: &'static str,
}

/// The target of a redirect.
struct Location {
    port: Option<u16>,
    target: String,
}

impl Server {
    fn location(&self, reply: &Reply) -> Result<Location, String> {
        let status = reply.status;
        let location = reply
            .location
            .as_deref()
            .ok_or_else(|| format!("it answered HTTP {status} without a Location"))?;
        let invalid = |_| format!("it redirects to {location:?}, which is not a valid address");
        let Self { address, scheme } = self;
        let own = format!("{scheme}://{}/CGI/Execute", address.authority());
        let own = Url::parse(&own).map_err(invalid)?;
        let url = own.join(location).map_err(invalid)?;
        if url.host() == own.host()
            && *scheme == "http"
            && let Some(advice) = reply.https_advice()
        {
            return Err(advice.to_owned());
        }
        if url.host() != own.host() || url.scheme() != *scheme {
            return Err(format!(
                "it redirects to {}, and only its own address is trusted",
                url.origin().ascii_serialization()
            ));
        }
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Location {
            // Neither side writes the default port.
            port: url.port(),
            target: format!("{}{}", url.path(), query.unwrap_or_default()),
        })
    }
}

/// How many redirects are followed.
const MAX_REDIRECTS: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Fixture;

    fn first(address: &str) -> Exchange {
        let mut phone = Fixture::new(Vendor::Cisco, "7960", "").phone;
        phone.address = address.parse().unwrap();
        let request = Request {
            auth: Auth::PreemptiveBasic,
            ..Request::get("/CGI/Execute")
        };
        exchange(&phone, request, "test", Arc::new(|_| ReplyOutcome::Done))
    }

    fn moved(location: &str) -> Reply {
        Reply {
            status: 302,
            location: Some(location.to_owned()),
            ..Reply::default()
        }
    }

    fn check(address: &str, location: &str) -> String {
        match first(address).parser.parse(&moved(location)) {
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
    fn redirects_to_the_same_phone_are_followed_with_get() {
        assert_eq!(
            check("192.0.2.21", "/x?a=1"),
            "Get None /x?a=1 PreemptiveBasic"
        );
        assert_eq!(
            check("192.0.2.21", "http://192.0.2.21/x"),
            "Get None /x PreemptiveBasic"
        );
        assert_eq!(
            check("192.0.2.21:8080", "/x"),
            "Get Some(8080) /x PreemptiveBasic"
        );
        assert_eq!(
            check("[2001:db8::1]:81", "http://[2001:db8::1]:81/x"),
            "Get Some(81) /x PreemptiveBasic"
        );
    }

    #[test]
    fn credentials_are_not_sent_to_another_port() {
        assert_eq!(
            check("192.0.2.21", "http://192.0.2.21:8081/x"),
            "Get Some(8081) /x None"
        );
        assert_eq!(
            check("192.0.2.21:8080", "http://192.0.2.21/x"),
            "Get None /x None"
        );
    }

    #[test]
    fn redirects_to_other_hosts_are_refused() {
        for location in [
            "http://192.0.2.99/x",
            "//evil.example.com/x",
            "https://192.0.2.99/x",
            "ftp://192.0.2.21/x",
            "file:///etc/passwd",
            "http://192.0.2.21@192.0.2.99/",
        ] {
            let why = check("192.0.2.21", location);
            assert!(why.contains("own address"), "{location}: {why}");
        }
        let https = check("192.0.2.21", "https://192.0.2.21/x");
        assert!(https.contains("tls = { pin"), "{https}");
        assert!(check("192.0.2.21", "http://[").contains("not a valid address"));
    }

    #[test]
    fn redirect_loops_end() {
        let mut exchange = first("192.0.2.21");
        for _ in 0..MAX_REDIRECTS {
            let ReplyOutcome::Then(mut steps) = exchange.parser.parse(&moved("/again")) else {
                panic!("expected a redirect")
            };
            let Some(Step::Http(next)) = steps.pop() else {
                panic!("expected a redirect")
            };
            exchange = next;
        }
        let last = exchange.parser.parse(&moved("/again"));
        assert!(matches!(last, ReplyOutcome::Rejected(why) if why.contains("too often")));
        assert!(matches!(
            exchange.parser.parse(&Reply::default()),
            ReplyOutcome::Done
        ));
    }
}
