//! Lines that are not shown, since they may hold a secret.

/// Returns whether a line may hold a secret.
pub(super) fn may_be_secret(line: &str) -> bool {
    // A line copied from an environment file has its key in capitals.
    let lower = line.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| lower.contains(word)) || has_user(line)
}

/// Returns whether a URL in a line has a user, and with it perhaps a password.
fn has_user(line: &str) -> bool {
    line.split_once("://")
        .is_some_and(|(_, rest)| rest.contains('@'))
}

/// Words in the names of keys whose values are secret.
const SECRET_WORDS: [&str; 3] = ["password", "secret", "token"];
