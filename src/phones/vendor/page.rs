//! Documents for phones that fetch one by themselves, instead of having it pushed.

use super::plan_error::PlanError;
use super::planner::backend;
use super::task::PreparedContent;
use crate::documents::{Documents, StoredContent};
use crate::phone::{Phone, Vendor};

/// Writes the document that shows `content`, by the backend that writes pushed ones. Further pages of a
/// long menu or directory go to `documents`.
///
/// # Errors
///
/// Returns why the phone cannot show it.
pub fn document(
    phone: &Phone,
    content: &PreparedContent,
    documents: &Documents,
) -> Result<StoredContent, PlanError> {
    if let PreparedContent::Document(document) = content
        && let Some(vendor) = root_vendor(document)
        && vendor != phone.vendor
    {
        let (own, title) = (vendor.title(), phone.vendor.title());
        let why = format!("xml: the document is {own}'s, and the phone is {title}'s");
        return Err(PlanError::Unsupported(why));
    }
    backend(phone.vendor).document(phone, content, documents)
}

/// Writes the document that takes the phone back to where it was before it fetched a page.
pub fn closing_document(phone: &Phone) -> StoredContent {
    backend(phone.vendor).closing_document(phone)
}

/// Returns the least visible document that a phone can be made to fetch, and what the phone shows then.
pub fn test_document(phone: &Phone) -> (StoredContent, &'static str) {
    backend(phone.vendor).test_document(phone)
}

/// Returns whether forms of the vendor's phones have one field, so that a longer form takes several.
pub fn asks_one_field_at_a_time(vendor: Vendor) -> bool {
    vendor == Vendor::Snom
}

/// Returns the vendor whose phones show a document with this root element; `None` if that is not known.
fn root_vendor(document: &str) -> Option<Vendor> {
    let root = document
        .split('<')
        .find(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let is_of = |vendor: &Vendor| {
        root.get(..vendor.title().len() + SUFFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&format!("{vendor}{SUFFIX}")))
    };
    Vendor::WITH_BACKEND.into_iter().find(is_of)
}

/// What follows the name of the vendor in the names of all its objects: `CiscoIPPhoneText`.
const SUFFIX: &str = "IPPhone";

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::testing::{element_texts, push_content};
    use super::*;
    use crate::phone::Firmware;

    const MODELS: [(Vendor, &str); 3] = [
        (Vendor::Cisco, "8841"),
        (Vendor::Snom, "D785"),
        (Vendor::Yealink, "T46S"),
    ];

    fn documents() -> Documents {
        let base = Url::parse("http://192.0.2.10:8090").unwrap();
        Documents::new(base, "a1b2".to_owned())
    }

    fn text(content: &StoredContent) -> String {
        String::from_utf8(content.body.to_vec()).unwrap()
    }

    fn written(vendor: Vendor, model: &str, pairs: &str, documents: &Documents) -> String {
        let phone = Phone::example(vendor, model);
        text(&document(&phone, &push_content(pairs), documents).unwrap())
    }

    #[test]
    fn screens_are_written_as_their_vendor_shows_them() {
        for (vendor, model) in MODELS {
            let pairs = "title=Menu;item=Soup|page:order?meal=soup;softkey=Home|page:home";
            let xml = written(vendor, model, pairs, &documents());
            assert!(
                xml.contains(&format!("<{}IPPhone", vendor.title())),
                "{xml}"
            );
            for url in ["page/order?meal=soup<", "page/home<"] {
                let url = format!(">http://192.0.2.10:8090/{url}");
                assert!(xml.contains(&url), "{vendor}: {xml}");
            }
        }
    }

    #[test]
    fn forms_without_submit_are_sent_to_handsetd() {
        for (vendor, model) in MODELS {
            let fields = "title=Login;input=User|user|number;input=PIN|pin|password";
            let own = documents();
            let xml = written(vendor, model, fields, &own);
            assert_eq!(
                element_texts(&xml, "URL"),
                ["http://192.0.2.10:8090/form/a1b2"]
            );
            assert_eq!(own.form_token(), Some("a1b2"));
            let fixed = Url::parse("http://192.0.2.10:8090/page/login/form").unwrap();
            let own = documents().with_form_url(fixed.clone());
            let xml = written(vendor, model, fields, &own);
            assert_eq!(element_texts(&xml, "URL"), [fixed.as_str()]);
            assert_eq!(own.form_token(), None);
            let fields = xml.matches("<InputItem").count() + xml.matches("<InputField").count();
            let expected = if asks_one_field_at_a_time(vendor) {
                1
            } else {
                2
            };
            assert_eq!(fields, expected, "{xml}");
        }
    }

    #[test]
    fn long_menus_go_on_in_further_documents() {
        let items: Vec<_> = (0..150)
            .map(|n| format!("item=Item {n}|dial:{n}"))
            .collect();
        for (vendor, model) in MODELS {
            let documents = documents();
            let xml = written(vendor, model, &items.join(";"), &documents);
            assert!(xml.contains("/screen/a1b2"), "{vendor}: {xml}");
            let rest = documents.into_items();
            let last = text(&rest.first().unwrap().content);
            assert!(last.contains("Item 149"), "{vendor}: {last}");
            assert!(
                !rest.iter().any(|rest| rest.content.body == xml),
                "{vendor}"
            );
        }
    }

    #[test]
    fn documents_of_another_vendor_are_refused() {
        let content = PreparedContent::Document("<?xml?><CiscoIPPhoneText/>".to_owned());
        let show = |vendor| document(&Phone::example(vendor, ""), &content, &documents());
        assert_eq!(
            text(&show(Vendor::Cisco).unwrap()),
            "<?xml?><CiscoIPPhoneText/>"
        );
        let refused = show(Vendor::Snom).unwrap_err().to_string();
        assert_eq!(
            refused,
            "xml: the document is Cisco's, and the phone is Snom's"
        );
        assert!(show(Vendor::Yealink).is_err());
    }

    #[test]
    fn closing_documents_leave_the_page() {
        let closing = |vendor, model| text(&closing_document(&Phone::example(vendor, model)));
        assert!(closing(Vendor::Cisco, "8841").contains("\"Init:Services\""));
        assert!(closing(Vendor::Cisco, "8841-3PCC").contains("CiscoIPPhoneText"));
        assert!(closing(Vendor::Snom, "D785").contains("snom://mb_exit"));
        assert!(closing(Vendor::Yealink, "T46S").contains("Timeout=\"1\""));
    }

    #[test]
    fn test_documents_show_as_little_as_the_phones_allow() {
        let of = |vendor, model, firmware: &str| {
            let phone = Phone {
                firmware: Firmware::new(firmware),
                ..Phone::example(vendor, model)
            };
            let (document, shows) = test_document(&phone);
            (text(&document), shows)
        };
        let (document, shows) = of(Vendor::Snom, "D785", "10.1.82.0");
        assert!(document.contains("SnomIPPhoneSilent"), "{document}");
        assert!(shows.contains("nothing"));
        let (document, shows) = of(Vendor::Snom, "D785", "8.9.3.80");
        assert!(document.contains("snom://mb_exit"), "{document}");
        assert!(shows.contains("flicker"));
        let (document, shows) = of(Vendor::Yealink, "T46S", "");
        assert!(document.contains("<ExecuteItem URI=\"\"/>"), "{document}");
        assert_eq!(shows, "it shows nothing");
        let (document, _) = of(Vendor::Cisco, "8841", "");
        assert!(document.contains("\"Init:Services\""), "{document}");
        let (document, shows) = of(Vendor::Cisco, "8841-3PCC", "");
        assert!(document.contains(">OK<"), "{document}");
        assert_eq!(shows, "it shows OK");
    }
}
