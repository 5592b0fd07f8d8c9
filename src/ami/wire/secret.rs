//! Which header values must not be shown.

/// Returns whether a header of this name holds a secret, which must not appear in logs.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mentions = |word| name.contains(word);
    ["password", "secret", "md5cred"].into_iter().any(mentions) || name == "key"
}
