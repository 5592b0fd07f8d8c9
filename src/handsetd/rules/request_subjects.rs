//! What a request is about: the phones that it names.

use handset_phones::phone::{PhoneNames, ServerName, endpoint_of_channel};
use handset_phones::verb::Request;

use super::context::Phones;
use super::subject::Subject;

/// Returns the phones of a request of a run for an event of the server `home`.
pub(super) fn subjects(
    request: &Request,
    home: Option<&ServerName>,
    phones: &dyn Phones,
) -> impl Iterator<Item = Subject> {
    let names = request.phone.iter().flat_map(PhoneNames::iter);
    names.map(move |name| {
        let name = name.as_str();
        let known = phones.describe(name, home);
        let server = known.and_then(|phone| phone.server);
        // A channel stands for its endpoint.
        let name = endpoint_of_channel(name).unwrap_or(name);
        Subject::new(name, server.as_ref())
    })
}
