//! Splits long lists into pages, each of which links to the next.

/// Splits `items` into pages as long as `fits` allows.
///
/// `fits` takes the items of a page and whether another page follows. A page has at least one item,
/// even if `fits` does not allow it.
pub(crate) fn paginate<T>(items: &[T], fits: impl Fn(&[T], bool) -> bool) -> Vec<&[T]> {
    let mut pages = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let whole = fits(rest, false);
        let len = if whole {
            rest.len()
        } else {
            longest_page(rest, &fits)
        };
        let (page, more) = rest.split_at(len);
        pages.push(page);
        rest = more;
    }
    pages
}

/// Returns how many items fit on a page that links to another, by bisection.
fn longest_page<T>(items: &[T], fits: &impl Fn(&[T], bool) -> bool) -> usize {
    let (mut good, mut bad) = (1, items.len());
    while bad.saturating_sub(good) > 1 {
        let middle = good.midpoint(bad);
        match items.get(..middle) {
            Some(page) if fits(page, true) => good = middle,
            _ => bad = middle,
        }
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(items: usize, limit: usize) -> Vec<usize> {
        let items = vec![(); items];
        let fits = |page: &[()], more: bool| page.len() + usize::from(more) <= limit;
        paginate(&items, fits)
            .iter()
            .map(|page| page.len())
            .collect()
    }

    #[test]
    fn items_are_split_into_pages_within_the_limit() {
        assert_eq!(lengths(0, 30), [0; 0]);
        assert_eq!(lengths(30, 30), [30]);
        assert_eq!(lengths(31, 30), [29, 2]);
        assert_eq!(lengths(59, 30), [29, 30]);
        assert_eq!(lengths(60, 30), [29, 29, 2]);
    }

    #[test]
    fn oversized_items_get_a_page_each() {
        let pages = paginate(&[1, 2], |_, _| false);
        assert_eq!(pages, [[1], [2]]);
    }
}
