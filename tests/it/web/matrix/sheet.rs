//! The matrix as a browser without scripts has it: what its form would send, and ticking in it.

use crate::support::http::Answer;
use crate::web::site::{Person, between};

/// What the form would send.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub fields: Vec<(String, String)>,
    rows: Vec<String>,
    columns: Vec<String>,
    token: String,
}

impl Sheet {
    /// Reads the form of a page.
    pub fn of(page: &str) -> Self {
        let form = between(page, "id=\"mx\"", "</form>").expect("the form");
        let (mut fields, mut token) = (Vec::new(), String::new());
        for input in form.split("<input ").skip(1).map(|tag| tag.split('>').next().unwrap()) {
            let text = |name: &str| between(input, &format!("{name}=\""), "\"").unwrap_or_default();
            let (name, value) = (text("name").to_owned(), text("value").replace("&#38;", "&"));
            match (text("type"), name.as_str()) {
                ("hidden", "csrf") => token = value,
                ("checkbox", _) if !input.ends_with(" checked") => {}
                _ => fields.push((name, value)),
            }
        }
        let all = |wanted: &str| {
            let of_name = fields.iter().filter(|(name, _)| name == wanted);
            of_name.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let columns = all("col").iter().map(|col| col.split(':').next().unwrap().to_owned()).collect();
        Self { rows: all("row"), columns, fields, token }
    }

    /// The matrix that this person sees.
    pub fn open(person: &Person, path: &str) -> Self {
        Self::of(&person.get(path).body)
    }

    fn row(&self, event: &str) -> usize {
        self.rows.iter().position(|row| row == event).expect("a row for the event")
    }

    fn flip(&mut self, field: (String, String)) {
        match self.fields.iter().position(|one| *one == field) {
            Some(at) => drop(self.fields.remove(at)),
            None => self.fields.push(field),
        }
    }

    /// Ticks or unticks a crossing.
    pub fn tick(&mut self, webhook: &str, event: &str) {
        let column = self.columns.iter().position(|one| one == webhook).expect("a column");
        self.flip(("on".to_owned(), format!("{column}.{}", self.row(event))));
    }

    /// Ticks or unticks an event of the new webhook.
    pub fn tick_new(&mut self, event: &str) {
        self.flip(("new".to_owned(), self.row(event).to_string()));
    }

    /// Whether a crossing is ticked.
    pub fn is_on(&self, webhook: &str, event: &str) -> bool {
        let column = self.columns.iter().position(|one| one == webhook).expect("a column");
        let cell = format!("{column}.{}", self.row(event));
        self.fields.iter().any(|(name, value)| name == "on" && *value == cell)
    }

    /// Types into a field.
    pub fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|(one, _)| one != name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// Presses a button.
    pub fn press(&self, person: &Person, path: &str, button: &str) -> Answer {
        self.press_with(person, path, button, &self.token)
    }

    /// The same with another CSRF token: as somebody else who has seen this form.
    pub fn press_with(&self, person: &Person, path: &str, button: &str, token: &str) -> Answer {
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = fields.chain([("press", button)]).collect();
        person.send(path, token, &fields)
    }
}
