//! Takes out of a report what must not leave the site: passwords, tokens, names and addresses.

use secrecy::ExposeSecret;

use crate::config::Config;

/// The texts to take out, each with what stands for it. Longer ones come first.
#[derive(Default)]
pub(super) struct Scrub(Vec<(String, &'static str)>);

impl Scrub {
    /// Knows the secrets of a configuration.
    pub(super) fn new(config: &Config) -> Self {
        let mut scrub = Self::default();
        let vendors = config.vendors.values();
        let shared = vendors.filter_map(|vendor| vendor.credentials.as_ref());
        let own = config.directory.entries().iter();
        let own = own.filter_map(|entry| entry.credentials.as_ref());
        for credentials in shared.chain(own) {
            scrub.add(credentials.password(), "PASSWORD");
        }
        for server in &config.asterisk {
            scrub.add(server.secret.expose_secret(), "PASSWORD");
        }
        let users = config.admin.users.iter().map(|user| &user.token);
        for token in users.chain(&config.admin.token) {
            scrub.add(token.expose(), "TOKEN");
        }
        scrub
    }

    /// Takes out a further text; short ones are words that stand elsewhere, too.
    pub(super) fn add(&mut self, text: &str, substitute: &'static str) {
        if text.len() >= MIN_LENGTH {
            self.0.push((text.to_owned(), substitute));
            self.0
                .sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
    }

    /// Returns a text without them, and without the unguessable parts of handsetd's URLs.
    pub(super) fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for (secret, substitute) in &self.0 {
            clean = clean.replace(secret.as_str(), substitute);
        }
        for folder in ["/screen/", "/media/", "/action/"] {
            clean = without_names(&clean, folder);
        }
        clean
    }
}

/// Replaces the name behind each `folder` in a text.
fn without_names(text: &str, folder: &str) -> String {
    let mut parts = text.split(folder);
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let rest = part.trim_start_matches(is_name);
        clean.push_str(folder);
        clean.push_str("TOKEN");
        clean.push_str(rest);
    }
    clean
}

/// The shortest text that is taken out, in bytes.
const MIN_LENGTH: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_names_of_content_are_taken_out() {
        let mut scrub = Scrub::default();
        scrub.add("hush", "PASSWORD");
        scrub.add("hush-hush", "PASSWORD");
        assert_eq!(
            scrub.text("hush-hush at http://192.0.2.1/screen/abc123.xml?x=hush"),
            "PASSWORD at http://192.0.2.1/screen/TOKEN?x=PASSWORD"
        );
    }
}
