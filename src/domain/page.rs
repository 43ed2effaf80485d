//! Pages of long lists, by keyset: where to go on from, never how many to skip.

/// One page of a list and whether more follows.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows of this page, in the list's order.
    pub rows: Vec<T>,
    /// Whether at least one more row follows the last one.
    pub more: bool,
}

impl<T> Page<T> {
    /// Makes a page of `limit` rows from a query that asked for one row more.
    pub fn cut(mut rows: Vec<T>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, more }
    }

    /// The same page with each row changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(change).collect(), more: self.more }
    }
}
