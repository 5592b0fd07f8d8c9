//! Random names that nobody can guess.

/// Returns `N` random bytes as hexadecimal digits.
///
/// # Panics
///
/// Panics if the operating system has no randomness to give, which leaves no safe way to go on.
pub fn random<const N: usize>() -> String {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_are_the_same() {
        let (one, other) = (super::random::<16>(), super::random::<16>());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
