//! Reads a table with a header: CSV as people write it, and as `FreePBX` exports it.
//!
//! The columns of `FreePBX` (Bulk Handler: `extension`, `name`, `tech`, `secret`, …) are those of its public
//! documentation; a mapping of the Endpoint Manager has `ext`, `mac`, `brand`, `model`. Names of columns
//! are compared without case, blanks, `_` and `-`.

use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context, bail};
use handset_phones::media::model;
use handset_phones::phone::{Endpoint, Firmware, Technology};

use super::entry::Entry;
use super::listed::Listed;

/// Reads the phones of a table.
pub(super) fn read(text: &str) -> anyhow::Result<Listed> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().context("cannot read the header")?;
    let columns = Columns::of(header)?;
    let mut listed = Listed::default();
    listed.notes.extend(columns.note());
    let mut lines = Lines::of(text);
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = lines.number(error.position());
                listed.leave_out(line, "not readable as a line of the table");
                continue;
            }
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = lines.number(record.position());
        match columns.entry(line, &record) {
            Ok(entry) => listed.entries.push(entry),
            Err(reason) => listed.leave_out(line, &reason),
        }
    }
    Ok(listed)
}

/// Returns the separator that the header has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    // The last of several equal ones wins.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| count(*separator))
        .unwrap_or(b',')
}

/// Counts the lines of a table. The reader counts them too, but it takes a record to begin right after
/// the carriage return of the line before, and so reports that line where lines end with CR and LF.
struct Lines<'a> {
    /// What was not counted yet.
    rest: &'a [u8],
    /// The number of the line that `rest` begins in.
    number: u64,
    /// The length of the whole text.
    length: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            number: 1,
            length: text.len(),
        }
    }

    /// Returns the number of the line at which a record begins, counted from 1. Positions must not decrease.
    fn number(&mut self, position: Option<&csv::Position>) -> u64 {
        let offset = position.and_then(|position| usize::try_from(position.byte()).ok());
        let counted = self.length.saturating_sub(self.rest.len());
        let until = offset.unwrap_or(counted).saturating_sub(counted);
        let (before, record) = self.rest.split_at(until.min(self.rest.len()));
        // The reader skips empty lines before a record.
        let ends = record.iter().take_while(|byte| b"\r\n".contains(byte));
        let skipped = ends.count();
        let (skipped, rest) = record.split_at(skipped);
        let ends = before.iter().chain(skipped).filter(|byte| **byte == b'\n');
        self.number += u64::try_from(ends.count()).unwrap_or(u64::MAX);
        self.rest = rest;
        self.number
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Address,
    Endpoint,
    /// The number, which is the name if both are there.
    Extension,
    Firmware,
    Mac,
    Model,
    Name,
    PasswordFile,
    Technology,
    Username,
    Vendor,
}

impl Column {
    fn of(title: &str) -> Option<Self> {
        let plain: String = title.chars().filter(|c| c.is_alphanumeric()).collect();
        Some(match plain.to_lowercase().as_str() {
            "address" | "ip" | "ipaddress" | "host" | "hostname" => Self::Address,
            "endpoint" => Self::Endpoint,
            "extension" | "ext" | "exten" | "number" => Self::Extension,
            "firmware" | "version" | "firmwareversion" => Self::Firmware,
            "mac" | "macaddress" | "hwaddr" | "hardwareaddress" | "ethernet" => Self::Mac,
            "model" | "phonemodel" | "type" => Self::Model,
            "name" | "phone" => Self::Name,
            "passwordfile" => Self::PasswordFile,
            "tech" | "technology" => Self::Technology,
            "username" | "user" => Self::Username,
            "vendor" | "brand" | "make" | "manufacturer" => Self::Vendor,
            _ => return None,
        })
    }
}

/// The columns of a table, by position.
struct Columns {
    /// Each known column at most once: looking one up costs the same however many columns a table has.
    known: Vec<(Column, usize)>,
    /// The first of the others, by title.
    ignored: Vec<String>,
    ignored_count: usize,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> anyhow::Result<Self> {
        let mut columns = Self {
            known: Vec::new(),
            ignored: Vec::new(),
            ignored_count: 0,
        };
        for (at, title) in header.iter().enumerate() {
            match Column::of(title) {
                Some(column) if columns.has(column) => {
                    bail!("two columns of the table hold the same: {title:?} and another");
                }
                Some(column) => columns.known.push((column, at)),
                None if title.is_empty() => {}
                None => {
                    columns.ignored_count += 1;
                    if columns.ignored.len() < MAX_IGNORED {
                        columns.ignored.push(title.to_owned());
                    }
                }
            }
        }
        if !columns.has(Column::Name) && !columns.has(Column::Extension) {
            bail!(
                "the first line of the table has neither name nor extension; it must name the columns, \
                 such as: name,mac,model,address"
            );
        }
        Ok(columns)
    }

    fn has(&self, column: Column) -> bool {
        self.known.iter().any(|(known, _)| *known == column)
    }

    /// Names the columns that are not used.
    fn note(&self) -> Option<String> {
        let titles = self.ignored.join(", ");
        let further = self.ignored_count.saturating_sub(self.ignored.len());
        match (self.ignored_count, further) {
            (0, _) => None,
            (_, 0) => Some(format!("columns that are not used: {titles}")),
            _ => Some(format!(
                "columns that are not used: {titles}, and {further} more"
            )),
        }
    }

    fn get<'a>(&self, record: &'a csv::StringRecord, column: Column) -> Option<&'a str> {
        let (_, at) = self.known.iter().find(|(known, _)| *known == column)?;
        record.get(*at).filter(|value| !value.is_empty())
    }

    fn entry(&self, line: u64, record: &csv::StringRecord) -> Result<Entry, String> {
        let get = |column| self.get(record, column);
        let name = get(Column::Extension).or_else(|| get(Column::Name));
        let name = name.ok_or("it has no name")?.to_owned();
        let technology = match get(Column::Technology).map(str::to_ascii_lowercase) {
            None => Technology::Pjsip,
            Some(text) if text == "pjsip" => Technology::Pjsip,
            Some(text) if text == "sip" || text == "chan_sip" => Technology::Sip,
            Some(text) if text == "sccp" => Technology::Sccp,
            Some(text) => {
                return Err(format!(
                    "{name}: technology {text:?} is not that of a desk phone"
                ));
            }
        };
        let endpoint = match get(Column::Endpoint) {
            Some(text) => Some(parse::<Endpoint>(&name, text)?),
            None => Endpoint::new(technology, &name).ok(),
        };
        let model = get(Column::Model).map(ToOwned::to_owned);
        let vendor = match get(Column::Vendor) {
            // Brands have several words: Cisco/Linksys, Yealink Inc.
            Some(text) => {
                let end = text.find(|c: char| !c.is_alphanumeric());
                Some(parse(
                    &name,
                    text.get(..end.unwrap_or(text.len())).unwrap_or(text),
                )?)
            }
            None => model
                .as_deref()
                .and_then(model::guess)
                .map(|(vendor, _)| vendor),
        };
        let firmware = get(Column::Firmware).map(|text| {
            let firmware = Firmware::new(text);
            let is_valid = firmware.as_str() == text;
            is_valid
                .then_some(firmware)
                .ok_or_else(|| format!("{name}: invalid firmware version {text:?}"))
        });
        let optional = |column| get(column).map(ToOwned::to_owned);
        Ok(Entry {
            line,
            endpoint,
            vendor,
            model,
            firmware: firmware.transpose()?,
            address: get(Column::Address)
                .map(|text| parse(&name, text))
                .transpose()?,
            mac: get(Column::Mac)
                .map(|text| parse(&name, text))
                .transpose()?,
            username: optional(Column::Username).filter(|_| self.has(Column::PasswordFile)),
            password_file: optional(Column::PasswordFile),
            name,
        })
    }
}

fn parse<T>(name: &str, text: &str) -> Result<T, String>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|error| format!("{name}: {error}"))
}

/// How many columns that are not used are named; `FreePBX` exports some dozens.
const MAX_IGNORED: usize = 100;
