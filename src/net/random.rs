//! Unguessable random tokens.

/// Returns `N` random bytes as `2 * N` hexadecimal digits.
///
/// # Panics
///
/// Panics if the operating system provides no randomness.
pub fn hex_token<const N: usize>() -> String {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn tokens_differ() {
        let (one, other) = (super::hex_token::<16>(), super::hex_token::<16>());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
