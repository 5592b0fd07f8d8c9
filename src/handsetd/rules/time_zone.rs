//! Time zones, from the zone files of the machine.

use jiff::tz::TimeZone;

use super::error::Error;

/// Returns the zone of that IANA name, by default that of the machine.
pub(super) fn find(name: Option<&str>) -> Result<TimeZone, Error> {
    let Some(name) = name else {
        return Ok(TimeZone::system());
    };
    TimeZone::get(name).map_err(|_| {
        let reason = if jiff::tz::db().available().next().is_none() {
            format!(
                "time zone {name:?} is unknown, since this machine has no zone files in /usr/share/zoneinfo; \
                 install tzdata"
            )
        } else {
            format!("unknown time zone {name:?}; use a name such as Europe/Berlin or UTC")
        };
        Error::UnknownTimezone { reason }
    })
}

/// Returns the name of a zone; empty if it has none, as that of a machine may.
pub(super) fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_name() {
        assert_eq!(name(&find(Some("Europe/Berlin")).unwrap()), "Europe/Berlin");
        assert_eq!(name(&find(Some("utc")).unwrap()), "UTC");
        assert!(find(None).is_ok());
        assert_eq!(
            find(Some("Europe/Berlni")).unwrap_err().to_string(),
            "unknown time zone \"Europe/Berlni\"; use a name such as Europe/Berlin or UTC"
        );
    }
}
