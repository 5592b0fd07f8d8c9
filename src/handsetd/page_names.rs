//! The names of all pages: whether what a menu or soft key leads to exists.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::RwLock;

/// The names, which a reload replaces. Cheap to clone; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageNames(Arc<RwLock<BTreeSet<String>>>);

impl PageNames {
    /// Takes the names of the pages of the configuration.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(RwLock::new(names.into_iter().collect())))
    }

    /// Replaces the names, for all clones.
    pub(crate) fn replace(&self, names: impl IntoIterator<Item = String>) {
        *self.0.write() = names.into_iter().collect();
    }

    /// Checks that there is a page called `name`; otherwise returns the reason, with a similar name if
    /// there is one.
    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        let names = self.0.read();
        if names.contains(name) {
            return Ok(());
        }
        let similar = names
            .iter()
            .map(|known| (strsim::osa_distance(name, known), known))
            .min()
            .filter(|(distance, _)| *distance <= MAX_DISTANCE);
        let advice = match similar {
            Some((_, similar)) => format!("did you mean {similar}?"),
            None if names.is_empty() => "there is none at all".to_owned(),
            None => {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("there are {}", known.join(", "))
            }
        };
        Err(format!("no [[page]] is called {name:?}; {advice}"))
    }
}

/// How many letters a similar name may differ in; two that were exchanged count as one.
const MAX_DISTANCE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_page_suggests_a_similar_one() {
        let names = PageNames::new(["lunch", "menu"].map(str::to_owned));
        assert_eq!(names.check("lunch"), Ok(()));
        let reason = |names: &PageNames, name| names.check(name).unwrap_err();
        let expected = "no [[page]] is called \"lunhc\"; did you mean lunch?";
        assert_eq!(reason(&names, "lunhc"), expected);
        let expected = "no [[page]] is called \"order\"; there are lunch, menu";
        assert_eq!(reason(&names, "order"), expected);
        names.clone().replace([]);
        let expected = "no [[page]] is called \"lunch\"; there is none at all";
        assert_eq!(reason(&names, "lunch"), expected);
    }
}
