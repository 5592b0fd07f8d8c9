//! What differs between Snom's models: which of them can be reached at all, and what keys and lamps
//! they have.
//!
//! Sources: "Remote phone control" and the XML minibrowser's `Led` page; the numbers of newer models
//! from gateways that drive their lamps.

use crate::phone::Phone;
use crate::vendor::PlanError;

/// Returns whether the phone is one of the D8 series, which has no remote control over HTTP.
pub(super) fn is_d8(phone: &Phone) -> bool {
    name(phone).starts_with("D8")
}

/// Refuses DECT bases, which have no remote control at all.
pub(super) fn is_desk_phone(phone: &Phone) -> Result<(), PlanError> {
    if name(phone).starts_with('M') {
        return Err(PlanError::unsupported(
            "Snom's DECT phones have no remote control",
        ));
    }
    Ok(())
}

/// Returns whether the picture of the screen lacks a layer unless it is asked for.
pub(super) fn hides_lines(phone: &Phone) -> bool {
    matches!(name(phone).as_str(), "820" | "821")
}

/// Returns whether the phone is operated by its touch screen, which can be touched from afar.
pub(super) fn has_touch(phone: &Phone) -> bool {
    name(phone) == "870"
}

/// Returns whether the phone has a key below its display with that number, from 1.
pub(super) fn has_soft_key(phone: &Phone, number: u16) -> bool {
    let most = match name(phone).as_str() {
        "870" => 0,
        "190" | "200" => 3,
        _ => 4,
    };
    (1..=most).contains(&number)
}

/// Returns whether the phone can have expansion modules whose keys are called `EK`.
pub(super) fn has_module_keys(phone: &Phone) -> bool {
    name(phone).starts_with('3')
}

/// Returns how many programmable keys the phone has; the most that any has, if its own number is not
/// known.
pub(super) fn function_keys(phone: &Phone) -> u16 {
    match name(phone).as_str() {
        "300" | "D713" => 4,
        "190" | "200" | "220" => 5,
        "320" | "360" | "370" | "820" | "821" => 12,
        "870" => 15,
        "D785" => 24,
        "D335" | "D735" | "D862" => 32,
        "D865" => 40,
        _ => 48,
    }
}

/// Returns the number of the lamp of the first programmable key, where it is known.
pub(super) fn first_lamp(phone: &Phone) -> Option<u16> {
    match name(phone).as_str() {
        "D713" => Some(1),
        "D335" | "D385" => Some(2),
        "D717" | "D735" | "D785" | "D862" | "D865" => Some(5),
        _ => None,
    }
}

/// Returns the name of the model in capitals, without the maker's.
fn name(phone: &Phone) -> String {
    let name = phone.model.to_ascii_uppercase();
    name.strip_prefix("SNOM").unwrap_or(&name).to_owned()
}
