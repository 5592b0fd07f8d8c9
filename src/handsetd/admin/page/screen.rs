//! Renders the screen of a push in the manner of a vendor.
//!
//! It shows the layout, not what a real display looks like to the pixel.

use handset_phones::phone::Vendor;
use minijinja::{Value, context};

use super::render;

/// Renders the screen of a push as safe HTML.
pub(super) fn render<V: AsRef<str>>(
    vendor: Option<Vendor>,
    model: &str,
    keys: &[(String, V)],
) -> Value {
    let values = |name: &str| {
        keys.iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_ref())
            .collect::<Vec<_>>()
    };
    let first = |name: &str| values(name).first().copied().unwrap_or_default().to_owned();
    let labels = |name: &str| {
        values(name)
            .into_iter()
            .map(|value| value.split('|').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let rows: Vec<(String, String)> = [values("entry"), values("input")]
        .concat()
        .into_iter()
        .map(|value| {
            let mut parts = value.splitn(3, '|');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            (part(), part())
        })
        .collect();
    let source = ["template", "xml", "url"]
        .map(|kind| vec![kind.to_owned(), first(kind)])
        .into_iter()
        .find(|source| source.iter().all(|part| !part.is_empty()))
        .unwrap_or_default();
    let html = render::text(
        "screen.html",
        context! {
            vendor => vendor.map_or("unknown", Vendor::name),
            name => format!("{} {model}", vendor.map_or("", Vendor::title)).trim(),
            title => first("title"),
            prompt => first("prompt"),
            text => first("text"),
            image => first("image"),
            items => labels("item"),
            rows,
            softkeys => labels("softkey"),
            source,
        },
    );
    Value::from_safe_string(html.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(keys: &[(&str, &str)]) -> String {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let keys: Vec<_> = keys.iter().map(owned).collect();
        render(Some(Vendor::Snom), "D785", &keys).to_string()
    }

    #[test]
    fn screen_has_its_parts_and_no_markup_of_others() {
        let message = html(&[
            ("title", "T<i>"),
            ("text", "one\ntwo"),
            ("softkey", "Exit|exit"),
        ]);
        for part in ["snom", "T&lt;i&gt;", "one\ntwo", "<li>Exit</li>"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        let menu = html(&[
            ("item", "A|exit"),
            ("item", "B|dial:1"),
            ("entry", "Bob|12"),
        ]);
        for part in ["<li>A</li>", "<li>B</li>", "Bob", "12"] {
            assert!(menu.contains(part), "{part}: {menu}");
        }
        assert!(html(&[("xml", "<a/>")]).contains("&lt;a&#x2f;&gt;"));
    }
}
