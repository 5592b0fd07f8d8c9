//! Documents as text for terminals.

use std::fmt::Write;

use anstyle::Style;

use super::document::{Block, Document, parts};

/// Renders `document` in lines of up to `width` columns, in bold where `is_styled`. Code is not
/// wrapped.
pub(super) fn render(document: &Document, width: usize, is_styled: bool) -> String {
    let mut text = String::new();
    let width = width.max(MIN_WIDTH);
    let bold = if is_styled {
        Style::new().bold()
    } else {
        Style::new()
    };
    for block in &document.0 {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            Block::Code(lines) => {
                for line in lines {
                    let _ = writeln!(text, "{:INDENT$}{line}", "");
                }
            }
            Block::Heading(_, heading) => {
                let _ = writeln!(text, "{bold}{}{bold:#}", plain(heading));
            }
            Block::Paragraph(paragraph) => wrap(&mut text, paragraph, 0, width, bold),
            Block::Terms(_, terms) => {
                for term in terms {
                    let _ = writeln!(text, "{:INDENT$}{bold}{}{bold:#}", "", term.name);
                    wrap(&mut text, &term.text, 3 * INDENT, width, bold);
                }
            }
        }
    }
    text
}

/// Writes a text in lines of up to `width` columns, each after `indent` blanks.
fn wrap(out: &mut String, text: &str, indent: usize, width: usize, bold: Style) {
    let mut column = 0;
    for word in words(text, bold) {
        if column > 0 && column + 1 + word.columns > width {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            let _ = write!(out, "{:indent$}", "");
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(&word.text);
        column += word.columns;
    }
    out.push('\n');
}

/// A word between blanks.
#[derive(Default)]
struct Word {
    text: String,
    /// Its width without styles, in columns.
    columns: usize,
}

/// Splits a text at its blanks, and replaces its backticks by styles.
fn words(text: &str, bold: Style) -> Vec<Word> {
    let mut words = vec![Word::default()];
    for (is_code, part) in parts(text) {
        for (index, piece) in part.split(' ').enumerate() {
            if index > 0 {
                words.push(Word::default());
            }
            if let Some(word) = words.last_mut() {
                word.columns += piece.chars().count();
                if is_code {
                    let _ = write!(word.text, "{bold}{piece}{bold:#}");
                } else {
                    word.text.push_str(piece);
                }
            }
        }
    }
    words.retain(|word| word.columns > 0);
    words
}

fn plain(text: &str) -> String {
    parts(text).map(|(_, part)| part).collect()
}

/// How far code and terms are indented, in columns; explanations of terms three times as far.
const INDENT: usize = 2;

/// The narrowest lines, in columns.
const MIN_WIDTH: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::document::Term;

    #[test]
    fn lines_fit_the_width_and_words_are_kept() {
        let mut document = Document::default();
        document.heading(1, "A `b`");
        document.paragraph("One `two three` four, five six seven eight nine ten eleven twelve.");
        document.terms(
            ["key", "meaning"],
            [Term::new(
                "a=B",
                "The first letter of the alphabet, in capitals `A`.",
            )],
        );
        document.code(["x,y".to_owned()]);
        let text = render(&document, 40, false);
        insta::assert_snapshot!(text, @r"
        A b

        One two three four, five six seven eight
        nine ten eleven twelve.

          a=B
              The first letter of the alphabet,
              in capitals A.

          x,y
        ");
        let styled = render(&document, 40, true);
        assert!(
            styled.contains("\u{1b}[1mtwo\u{1b}[0m \u{1b}[1mthree\u{1b}[0m"),
            "{styled}"
        );
    }
}
