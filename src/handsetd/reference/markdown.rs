//! Documents as Markdown.

use std::fmt::Write;

use super::document::{Block, Document};

/// Renders `document`, whose highest headings become headings of `level`.
pub(super) fn render(document: &Document, level: usize) -> String {
    let mut text = String::new();
    for block in &document.0 {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            Block::Code(lines) => {
                let _ = writeln!(text, "```\n{}\n```", lines.join("\n"));
            }
            Block::Heading(own, heading) => {
                let _ = writeln!(text, "{} {heading}", "#".repeat(level + own - 1));
            }
            Block::Paragraph(paragraph) => {
                let _ = writeln!(text, "{paragraph}");
            }
            Block::Terms([name, text_title], terms) => {
                let _ = writeln!(text, "| {name} | {text_title} |\n| --- | --- |");
                for term in terms {
                    let _ = writeln!(text, "| `{}` | {} |", cell(&term.name), cell(&term.text));
                }
            }
        }
    }
    text
}

/// Escapes what would end a cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
