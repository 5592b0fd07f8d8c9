//! Unguessable random tokens.

/// Returns `N` random bytes as `2 * N` hexadecimal digits.
///
/// They are of the generator of the thread (`ChaCha` with 12 rounds), which takes its seed from the operating
/// system, again after 64 KiB: each call gets an id, and a push a token, without a system call.
///
/// # Panics
///
/// Panics if the operating system provides no randomness.
pub fn hex_token<const N: usize>() -> String {
    let mut digits = vec![0; 2 * N];
    hex::encode_to_slice(rand::random::<[u8; N]>(), &mut digits).expect("two digits for each byte");
    String::from_utf8(digits).expect("digits are ASCII")
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
