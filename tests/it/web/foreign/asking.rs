//! Somebody with several browsers, who sends every form as a page of theirs has filled it in.

use super::routes::Row;
use super::things::Things;
use crate::support::http::{Answer, send};
use crate::web::site::{Person, Site};
use crate::web::wizard::typing;
use reqwest::Method;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// Names of fields with what stands in them.
type Filled = Vec<(String, String)>;

/// A login, or somebody without one.
pub struct Principal {
    pub name: String,
    browsers: Vec<(Person, String)>,
    turn: Cell<usize>,
    /// What the page of each address has filled in for each browser.
    forms: RefCell<BTreeMap<(usize, String), Filled>>,
}

impl Principal {
    /// A login in so many browsers, since one sends twenty forms at once at the most; each has looked at these pages.
    pub fn of(site: &Site, person: &Person, browsers: usize, pages: &[String]) -> Self {
        let open = |_| {
            let again = site.again(&person.email);
            for page in pages {
                assert_eq!(again.get(page).status, 200, "{} {page}", person.email);
            }
            let token = again.token(&pages[0]);
            (again, token)
        };
        let browsers = (0..browsers).map(open).collect();
        Self { name: person.email.clone(), browsers, turn: Cell::default(), forms: RefCell::default() }
    }

    /// Opens a page.
    pub fn open(&self, method: &Method, path: &str) -> Answer {
        let (person, _) = &self.browsers[0];
        send(person.request(method.clone(), path))
    }

    /// Sends the form of `row` to where it names `to`, filled in on the page where it names `own`.
    pub fn submit(&self, row: &Row, own: &Things, to: &Things) -> Answer {
        self.submit_with(row, own, &to.fill(row.path), &own.fill(row.form))
    }

    /// The same with these fields beside what the page has filled in, to this address.
    pub fn submit_with(&self, row: &Row, own: &Things, to: &str, form: &str) -> Answer {
        loop {
            self.turn.set((self.turn.get() + 1) % self.browsers.len());
            let (person, token) = &self.browsers[self.turn.get()];
            let page = own.fill(row.path);
            let mut forms = self.forms.borrow_mut();
            let filled = forms.entry((self.turn.get(), page)).or_insert_with_key(|(_, page)| {
                row.opens.map(|_| typing::filled_in(&person.get(page).body, page)).unwrap_or_default()
            });
            let typed: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            let is_typed = |name: &str| typed.iter().any(|(typed, _)| typed == name);
            let kept = filled.iter().filter(|(name, _)| !is_typed(name) && name != "csrf");
            let fields: Vec<(&str, &str)> =
                kept.chain(&typed).map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = person.send(to, token, &fields);
            // Forms are limited to what a person can press.
            if !answer.header("ratelimit-policy").starts_with("\"dashboard\"") {
                return answer;
            }
        }
    }

    /// Whether the answer is that there is no such thing; or, for who may do less than an owner, that they may not.
    pub fn is_missing(&self, answer: &Answer) -> bool {
        answer.status == 404 || (answer.status == 403 && !self.name.starts_with("owner@"))
    }

    /// What an answer tells: its status, its place to go, its page without what each request has of its own.
    pub fn told(&self, answer: &Answer) -> (u16, String, String) {
        let body = answer.body.replace(answer.header("x-request-id"), "REQUEST");
        let body = self.browsers.iter().fold(body, |body, (_, token)| body.replace(token, "TOKEN"));
        (answer.status, answer.header("location").to_owned(), without_times(&body))
    }
}

/// A page without how long ago things were.
fn without_times(page: &str) -> String {
    without(page, "<time", "</time>")
}

/// A text without what stands between these two, wherever they are.
pub fn without(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(after).map_or(part, |(_, rest)| rest))
}

/// Where two texts begin to differ, with what is around; none when they are the same.
pub fn difference(one: &str, other: &str) -> Option<[String; 2]> {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| text.chars().skip(same.saturating_sub(150)).take(400).collect::<String>();
    (one != other).then(|| [around(one), around(other)])
}
