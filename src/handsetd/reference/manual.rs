//! Documents as pages of the manual.

use roff::{Inline, Roff, bold, roman};

use super::document::{Block, Document, parts};

/// Renders `document` as the page `title` of a section of the manual.
pub(super) fn render(document: &Document, title: &str, section: &str, summary: &str) -> String {
    let mut page = Roff::new();
    page.control("TH", [title, section, NO_DATE, "handsetd", MANUAL])
        // Names and values are not to be divided, nor blanks between them to be stretched.
        .control("nh", [])
        .control("ad", ["l"])
        .control("SH", ["NAME"])
        .text([roman(format!("{title} - {summary}"))]);
    for block in &document.0 {
        match block {
            Block::Code(lines) => {
                page.control("PP", [])
                    .control("RS", ["4"])
                    .control("nf", []);
                for line in lines {
                    page.text([roman(line.as_str())]);
                }
                page.control("fi", []).control("RE", []);
            }
            Block::Heading(1, heading) => {
                page.control("SH", [heading.to_uppercase().replace('`', "").as_str()]);
            }
            Block::Heading(_, heading) => {
                page.control("SS", [heading.replace('`', "").as_str()]);
            }
            Block::Paragraph(text) => {
                page.control("PP", []).text(inlines(text));
            }
            Block::Terms(_, terms) => {
                for term in terms {
                    page.control("TP", []).text([bold(term.name.as_str())]);
                    page.text(inlines(&term.text));
                }
            }
        }
    }
    // `roff` writes no quotes around an empty argument.
    page.render().replacen(NO_DATE, "\"\"", 1)
}

fn inlines(text: &str) -> Vec<Inline> {
    let parts = parts(text).map(|(is_code, part)| if is_code { bold(part) } else { roman(part) });
    parts.collect()
}

const MANUAL: &str = "handsetd";

const NO_DATE: &str = "NO-DATE";
