//! Long lists become pages: each but the last leads on to the next.

/// Cuts `items` into pages, of which each is as long as `fits` allows.
///
/// `fits` is asked with the items of a page and whether another page follows; it must accept one
/// item at least, or the page is made with one all the same.
pub(crate) fn pages<T>(items: &[T], fits: impl Fn(&[T], bool) -> bool) -> Vec<&[T]> {
    let mut pages = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let whole = fits(rest, false);
        let len = if whole {
            rest.len()
        } else {
            longest(rest, &fits)
        };
        let (page, more) = rest.split_at(len);
        pages.push(page);
        rest = more;
    }
    pages
}

/// Returns how many items fit on a page that leads on to another, by halving.
fn longest<T>(items: &[T], fits: &impl Fn(&[T], bool) -> bool) -> usize {
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
        pages(&items, fits).iter().map(|page| page.len()).collect()
    }

    #[test]
    fn every_item_is_on_one_page_and_no_page_is_too_long() {
        assert_eq!(lengths(0, 30), [0; 0]);
        assert_eq!(lengths(30, 30), [30]);
        assert_eq!(lengths(31, 30), [29, 2]);
        assert_eq!(lengths(59, 30), [29, 30]);
        assert_eq!(lengths(60, 30), [29, 29, 2]);
    }

    #[test]
    fn what_never_fits_still_gets_on() {
        let pages = pages(&[1, 2], |_, _| false);
        assert_eq!(pages, [[1], [2]]);
    }
}
