//! `phonecfg=get`: the status of the phone, in sections that the request selects.

use std::fmt::Write as _;

use super::Yealink;

impl Yealink {
    /// Returns the sections selected by `&accounts=1&dnd=0&fw=1`; without any, the version alone.
    pub(super) fn phonecfg(&self, blocks: &str) -> Result<String, String> {
        let (mut accounts, mut dnd, mut forward) = (false, false, false);
        for block in blocks.split('&').skip(1) {
            let wanted = match block.split_once('=') {
                Some((name @ ("accounts" | "dnd" | "fw"), state @ ("0" | "1"))) => {
                    Some((name, state == "1"))
                }
                _ => None,
            };
            match wanted {
                Some(("accounts", wanted)) => accounts = wanted,
                Some(("dnd", wanted)) => dnd = wanted,
                Some((_, wanted)) => forward = wanted,
                None => return Err(format!("unknown parameter {block}")),
            }
        }
        let device = self.device.state();
        let on_off = |on: bool| if on { "On" } else { "Off" };
        let firmware = &self.device.options().firmware;
        let mut text = format!("[Status]\nFirmwareVersion={firmware}\n");
        if accounts {
            // Not in order, as on a real phone.
            text += "[Accounts]\nAccount1=Disabled|||Disable|Off|\n";
            for (index, label, account) in ACCOUNTS.iter().rev() {
                let user = account.split('@').next().unwrap_or_default();
                let _ = writeln!(
                    text,
                    "Account{index}=Enabled|{label}|{user}|{user}|Off|{account}|"
                );
            }
        }
        if dnd {
            let _ = writeln!(text, "[DND]\nState={}", on_off(device.dnd));
        }
        if forward {
            for (section, kind) in [
                ("Forward_always", "Always"),
                ("Forward_busy", "Busy"),
                ("Forward_noanswer", "NoAnsw"),
            ] {
                let target = device.forwards.get(kind).map_or("", String::as_str);
                let state = on_off(!target.is_empty());
                let (target, seconds) = target.split_once('=').unwrap_or((target, ""));
                let _ = writeln!(text, "[{section}]\nState={state}\nTarget={target}");
                if !seconds.is_empty() {
                    let _ = writeln!(text, "Ringtimes={seconds}");
                }
            }
        }
        Ok(text)
    }
}

/// The accounts: slot, label and address.
pub(super) const ACCOUNTS: [(u8, &str, &str); 2] = [
    (0, "Desk", "1001@pbx.example.org"),
    (2, "", "1002@192.0.2.14"),
];
