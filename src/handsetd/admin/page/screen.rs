//! A screen, drawn from the keys of a push in the manner of a vendor.
//!
//! It shows what stands where, not what a real display looks like point for point.

use minijinja::{Value, context};

use super::render;
use handset_phones::phone::Vendor;

/// Draws the screen of a push; texts of foreign origin are escaped.
pub(super) fn draw(vendor: Option<Vendor>, model: &str, keys: &[(String, String)]) -> Value {
    let all = |name: &str| {
        let found = keys.iter().filter(move |(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let one = |name: &str| all(name).first().copied().unwrap_or_default().to_owned();
    let label = |value: &str| value.split('|').next().unwrap_or_default().to_owned();
    let labels = |name: &str| all(name).into_iter().map(label).collect::<Vec<_>>();
    let rows: Vec<(String, String)> = ["entry", "input"]
        .into_iter()
        .flat_map(&all)
        .map(|value| {
            let mut parts = value.splitn(3, '|');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            (part(), part())
        })
        .collect();
    let source = ["template", "xml", "url"].into_iter();
    let source = source
        .map(|name| (name, one(name)))
        .find(|(_, value)| !value.is_empty());
    let drawn = render::text(
        "screen.html",
        context! {
            vendor => vendor.map_or("unknown", Vendor::name),
            name => format!("{} {model}", vendor.map_or("", Vendor::title)).trim(),
            title => one("title"),
            prompt => one("prompt"),
            text => one("text"),
            image => one("image"),
            items => labels("item"),
            rows => rows,
            softkeys => labels("softkey"),
            source => source.map_or_else(Vec::new, |(kind, text)| vec![kind.to_owned(), text]),
        },
    );
    Value::from_safe_string(drawn.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(keys: &[(&str, &str)]) -> String {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let keys: Vec<_> = keys.iter().map(own).collect();
        draw(Some(Vendor::Snom), "D785", &keys).to_string()
    }

    #[test]
    fn a_screen_has_its_parts_and_nothing_that_a_browser_obeys() {
        let shown = drawn(&[
            ("title", "T<i>"),
            ("text", "one\ntwo"),
            ("softkey", "Exit|exit"),
        ]);
        for part in ["snom", "T&lt;i&gt;", "one\ntwo", "<li>Exit</li>"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let menu = drawn(&[
            ("item", "A|exit"),
            ("item", "B|dial:1"),
            ("entry", "Bob|12"),
        ]);
        for part in ["<li>A</li>", "<li>B</li>", "Bob", "12"] {
            assert!(menu.contains(part), "{part}: {menu}");
        }
        assert!(drawn(&[("xml", "<a/>")]).contains("&lt;a&#x2f;&gt;"));
    }
}
