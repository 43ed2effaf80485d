//! What was ticked in the matrix so far. It travels in the form itself, so that a search or another page of
//! webhooks loses nothing and the server remembers nothing.

use std::collections::BTreeSet;

use crate::domain::id::WebhookId;
use crate::domain::webhooks::trigger::is_event_type;
use crate::ops::webhooks::matrix::{ColumnChange, MatrixChange, NewColumn};
use crate::web::form::Fields;

/// What differs from what is stored, and the address of the new webhook.
#[derive(Debug, Clone, Default)]
pub struct Ticked {
    /// The change, as the operation takes it. The new webhook is in it only when it is asked for.
    pub change: MatrixChange,
    /// What was typed as the address of a new webhook.
    pub url: String,
    /// What the new webhook is to get.
    pub new: BTreeSet<String>,
}

impl Ticked {
    /// Reads the form: what it kept of cells that it did not show, and the cells that it showed.
    pub fn read(form: &Fields) -> Self {
        let rows: Vec<&str> = form.all("row").filter(|name| is_event_type(name)).collect();
        let shown: BTreeSet<&str> = rows.iter().copied().collect();
        let ticked: BTreeSet<(usize, usize)> = form.all("on").filter_map(cell).collect();
        let mut change = MatrixChange::default();
        for (id, kept) in form.all("kept").filter_map(kept) {
            change.columns.insert(id, kept);
        }
        for (column, text) in form.all("col").enumerate() {
            let Some((id, version, stored)) = shown_column(text) else { continue };
            let entry = change
                .columns
                .entry(id)
                .or_insert_with(|| ColumnChange { version: version.to_owned(), ..ColumnChange::default() });
            entry.add.retain(|event| !shown.contains(event.as_str()));
            entry.remove.retain(|event| !shown.contains(event.as_str()));
            for (row, event) in rows.iter().enumerate() {
                match (stored.contains(&row), ticked.contains(&(column, row))) {
                    (false, true) => entry.add.insert((*event).to_owned()),
                    (true, false) => entry.remove.insert((*event).to_owned()),
                    _ => false,
                };
            }
        }
        change.columns.retain(|_, column| !column.add.is_empty() || !column.remove.is_empty());
        let index = |text: &str| rows.get(text.parse::<usize>().ok()?).map(|event| (*event).to_owned());
        let before = form.all("kept_new").filter(|name| is_event_type(name) && !shown.contains(name));
        let new: BTreeSet<String> =
            before.map(str::to_owned).chain(form.all("new").filter_map(index)).collect();
        let url = form.text("url").trim().to_owned();
        if let Ok(id) = form.text("new_id").parse()
            && (!url.is_empty() || !new.is_empty())
        {
            change.new = Some(NewColumn { id, url: url.clone(), events: new.clone() });
        }
        Self { change, url, new }
    }

    /// The fields that keep this in a form: name and value.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let column = |(id, column): (&WebhookId, &ColumnChange)| {
            let add = column.add.iter().map(|event| format!("+{event}"));
            let remove = column.remove.iter().map(|event| format!("-{event}"));
            let all: Vec<String> = add.chain(remove).collect();
            ("kept", format!("{id}:{}:{}", column.version, all.join(",")))
        };
        let new = self.new.iter().map(|event| ("kept_new", event.clone()));
        self.change.columns.iter().map(column).chain(new).collect()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.change.columns.is_empty() && self.change.new.is_none()
    }

    /// How many cells differ.
    pub fn count(&self) -> usize {
        let cells: usize = self.change.columns.values().map(|one| one.add.len() + one.remove.len()).sum();
        cells + self.new.len()
    }

    /// Whether a webhook that stored says gets this event, or not, shall get it.
    pub fn wants(&self, id: WebhookId, event: &str, stored: bool) -> bool {
        self.change
            .columns
            .get(&id)
            .map_or(stored, |column| (stored || column.add.contains(event)) && !column.remove.contains(event))
    }
}

/// Reads `3.12`: column and row.
fn cell(text: &str) -> Option<(usize, usize)> {
    let (column, row) = text.split_once('.')?;
    Some((column.parse().ok()?, row.parse().ok()?))
}

/// Reads `wh_…:version:0,3,12`: a column that was shown, with the rows that were stored.
fn shown_column(text: &str) -> Option<(WebhookId, &str, BTreeSet<usize>)> {
    let (id, rest) = text.split_once(':')?;
    let (version, rows) = rest.split_once(':')?;
    Some((id.parse().ok()?, version, rows.split(',').filter_map(|row| row.parse().ok()).collect()))
}

/// Reads `wh_…:version:+order.completed,-user.created`.
fn kept(text: &str) -> Option<(WebhookId, ColumnChange)> {
    let (id, rest) = text.split_once(':')?;
    let (version, events) = rest.split_once(':')?;
    let mut change = ColumnChange { version: version.to_owned(), ..ColumnChange::default() };
    for event in events.split(',') {
        if let Some(name) = event.strip_prefix('+').filter(|name| is_event_type(name)) {
            change.add.insert(name.to_owned());
        } else if let Some(name) = event.strip_prefix('-').filter(|name| is_event_type(name)) {
            change.remove.insert(name.to_owned());
        }
    }
    Some((id.parse().ok()?, change))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: &str = "wh_00000000000000000000000001";
    const CRM: &str = "wh_00000000000000000000000002";

    fn form(pairs: &[(&str, &str)]) -> Fields {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Fields::parse(text.as_bytes())
    }

    #[test]
    fn what_differs_from_what_was_shown_is_the_change() {
        let desk = format!("{DESK}:v1:0,1");
        let ticked = Ticked::read(&form(&[
            ("row", "order.completed"),
            ("row", "order.refunded"),
            ("row", "user.created"),
            ("col", &desk),
            ("on", "0.0"),
            ("on", "0.2"),
            ("on", "7.9"),
        ]));
        let column = &ticked.change.columns[&DESK.parse().unwrap()];
        assert_eq!(column.version, "v1");
        assert_eq!(column.add.iter().collect::<Vec<_>>(), ["user.created"]);
        assert_eq!(column.remove.iter().collect::<Vec<_>>(), ["order.refunded"]);
        assert_eq!((ticked.count(), ticked.is_empty()), (2, false));
        assert!(ticked.wants(DESK.parse().unwrap(), "user.created", false));
        assert!(!ticked.wants(DESK.parse().unwrap(), "order.refunded", true));
    }

    #[test]
    fn what_is_not_shown_is_kept_and_what_is_shown_is_read_anew() {
        let kept = format!("{DESK}:v1:+user.created,-order.refunded");
        let other = format!("{CRM}:v2:+team.created");
        let shown = format!("{DESK}:v9:");
        let pairs = [
            ("kept", kept.as_str()),
            ("kept", &other),
            ("row", "user.created"),
            ("col", &shown),
            ("kept_new", "order.completed"),
            ("kept_new", "user.created"),
            ("new_id", "wh_00000000000000000000000009"),
        ];
        let ticked = Ticked::read(&form(&pairs));
        let desk = &ticked.change.columns[&DESK.parse().unwrap()];
        assert_eq!((desk.version.as_str(), desk.add.len(), desk.remove.len()), ("v1", 0, 1));
        assert_eq!(ticked.new.iter().collect::<Vec<_>>(), ["order.completed"]);
        let all: Vec<(&str, String)> = ticked.fields();
        let pairs: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let again = Ticked::read(&form(&pairs));
        assert_eq!(again.change.columns, ticked.change.columns);
        assert_eq!(again.new, ticked.new);
    }

    #[test]
    fn a_form_that_makes_no_sense_changes_nothing() {
        let pairs = [("kept", "wh_1:v:+a.b"), ("kept", "x"), ("col", "x:y"), ("on", "a.b"), ("row", "<b>")];
        assert!(Ticked::read(&form(&pairs)).is_empty());
    }
}
