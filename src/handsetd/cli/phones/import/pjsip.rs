//! Reads the output of `pjsip show endpoints` (Asterisk 13 to 22).
//!
//! Each endpoint has a line `Endpoint:  NAME/CID  STATE …`, followed by lines of its parts. One with a line
//! `Identify:` is known by its address: a trunk. The list does not contain what a phone is and where; Asterisk
//! knows it while the phone is registered, and handsetd asks then.

use handset_phones::phone::{Endpoint, Technology};

use super::entry::Entry;
use super::listed::Listed;

/// Reads the endpoints of a list.
pub(super) fn read(text: &str) -> Listed {
    let mut listed = Listed::default();
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((number, line)) = lines.next() {
        let Some(rest) = line.trim_start().strip_prefix("Endpoint:") else {
            continue;
        };
        let is_part = |line: &&(u64, &str)| !line.1.trim_start().starts_with("Endpoint:");
        let mut is_trunk = false;
        while let Some((_, part)) = lines.next_if(|line| is_part(&line)) {
            is_trunk |= part.trim_start().starts_with("Identify:");
        }
        // The legend above the list is `<Endpoint/CID....>`.
        let Some(shown) = rest
            .split_whitespace()
            .next()
            .filter(|name| !name.starts_with('<'))
        else {
            continue;
        };
        let name = shown.split('/').next().unwrap_or(shown);
        if is_trunk {
            listed.leave_out(number, &format!("{name} is a trunk (it has an identify)"));
            continue;
        }
        match Endpoint::new(Technology::Pjsip, name) {
            // A long name may be cut, which shows in its end.
            Ok(_) if name.ends_with("...") => {
                listed.leave_out(number, &format!("the name {name} is cut off"));
            }
            Ok(endpoint) => listed.entries.push(Entry {
                line: number,
                name: name.to_owned(),
                endpoint: Some(endpoint),
                vendor: None,
                model: None,
                firmware: None,
                address: None,
                mac: None,
                username: None,
                password_file: None,
            }),
            Err(error) => listed.leave_out(number, &error.to_string()),
        }
    }
    listed
}
