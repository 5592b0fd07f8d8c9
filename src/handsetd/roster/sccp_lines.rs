//! Which devices of chan-sccp have which lines.
//!
//! A call, a queue member and a device state of chan-sccp name a line (`SCCP/200`); addresses and models
//! belong to devices (`SCCP/SEP00005E005301`). A device may have several lines, and several devices may
//! share one.

use std::collections::{BTreeMap, HashSet};

use handset_ami::{Event, Response};
use handset_phones::phone::{Endpoint, Technology};

/// The lines of one server, and the devices that have them at present.
#[derive(Debug, Default)]
pub(super) struct SccpLines {
    devices: BTreeMap<String, Vec<Endpoint>>,
    with_lines: HashSet<Endpoint>,
}

/// A line on a device.
#[derive(Debug)]
pub(super) struct LineOnDevice {
    pub(super) line: Endpoint,
    pub(super) device: Endpoint,
    /// Whether it is the first of the device's lines in alphabetical order.
    pub(super) is_first: bool,
}

impl SccpLines {
    /// Reads the response to `SCCPShowLines` (chan-sccp 4, `sccp_show_lines`): an `SCCPLineEntry` for
    /// each line on each device, or with the device `(null)` for a line that no device has.
    pub(super) fn of(response: &Response) -> Self {
        let mut lines = Self::default();
        let mut count = 0;
        for item in response
            .items()
            .iter()
            .filter(|item| item.is("SCCPLineEntry"))
        {
            let Some(line) = item.header("Exten").filter(|line| !line.is_empty()) else {
                continue;
            };
            count += 1;
            if MAX_LINES < count {
                break;
            }
            let devices = lines.devices.entry(line.to_owned()).or_default();
            if let Some(device) = device_of(item)
                && !devices.contains(&device)
            {
                devices.push(device.clone());
                lines.with_lines.insert(device);
            }
        }
        lines
    }

    /// Returns whether the server has this line, on a device or not.
    pub(super) fn has(&self, line: &str) -> bool {
        self.devices.contains_key(line)
    }

    /// Returns whether a device has any line, and is listed by its lines.
    pub(super) fn has_lines(&self, device: &Endpoint) -> bool {
        self.with_lines.contains(device)
    }

    /// Returns all lines on all devices.
    pub(super) fn all(&self) -> Vec<LineOnDevice> {
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for (line, devices) in &self.devices {
            let Ok(line) = Endpoint::new(Technology::Sccp, line) else {
                continue;
            };
            for device in devices {
                all.push(LineOnDevice {
                    line: line.clone(),
                    device: device.clone(),
                    is_first: seen.insert(device),
                });
            }
        }
        all
    }
}

fn device_of(item: &Event) -> Option<Endpoint> {
    let name = item.header("Device").filter(|name| *name != "(null)")?;
    Endpoint::new(Technology::Sccp, name).ok()
}

/// Maximum number of lines on devices per server.
const MAX_LINES: usize = 50_000;
