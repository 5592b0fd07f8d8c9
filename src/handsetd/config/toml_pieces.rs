//! Cuts the text of a long file into pieces that are parsed one after the other.
//!
//! The parser keeps tokens and tree of its whole text, which take thirty times as much memory as the text. Each
//! piece begins with the header of a list of tables, such as `[[phone]]`, and is a document of its own if it can be
//! parsed: a cut within a string or a list leaves a piece that cannot.

/// Returns the pieces of `text`, in order: what precedes the first list of tables, and then pieces that begin
/// with a header of one. A short text is one piece.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut at_least = if text.len() > PIECE { 0 } else { text.len() };
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at_checked(cut(rest, at_least)?)?;
        rest = after;
        at_least = PIECE;
        Some(piece)
    })
}

/// Returns where the first line with a header begins that has at least that number of bytes before it;
/// otherwise the end.
fn cut(text: &str, at_least: usize) -> Option<usize> {
    if at_least == 0 && is_header(text) {
        return Some(0);
    }
    let start = text.floor_char_boundary(at_least);
    let line_ends = text.get(start..)?.match_indices('\n');
    let lines = line_ends.map(|(at, _)| start.saturating_add(at).saturating_add(1));
    let mut headers = lines.filter(|at| text.get(*at..).is_some_and(is_header));
    Some(headers.next().unwrap_or(text.len()))
}

/// Returns whether a line begins with the header of a list of tables at the root of the document.
fn is_header(line: &str) -> bool {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    line.strip_prefix("[[").is_some_and(|name| {
        let end = name.trim_start_matches(is_bare);
        end.len() < name.len() && end.starts_with("]]")
    })
}

/// The least number of bytes of a piece but for the first and the last.
const PIECE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_begin_with_headers_and_are_the_whole_text_together() {
        let phones = "[[phone]]\nname = 'é'\n[phone.tls]\npin = 'a'\n".repeat(3000);
        for start in ["", "[agi]\nbudget = '1s'\n"] {
            let text = format!("{start}{phones}[[rule.do]]\n[['x']]\n[[a b]]\n");
            let pieces: Vec<&str> = pieces(&text).collect();
            assert_eq!(pieces.concat(), text);
            assert_eq!(pieces[0], start);
            assert!(pieces.len() > 5, "{}", pieces.len());
            assert!(pieces[1..].iter().all(|piece| is_header(piece)));
            assert!(pieces.iter().all(|piece| piece.len() < 2 * PIECE));
        }
    }

    #[test]
    fn short_text_is_one_piece() {
        let text = "[[phone]]\nname = '1'\n[[phone]]\nname = '2'\n";
        assert_eq!(pieces(text).collect::<Vec<_>>(), [text]);
        assert_eq!(pieces("").count(), 0);
    }
}
