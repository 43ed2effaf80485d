//! Partner search: where a global partner chooses whose business unit to open.

use askama::Template;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::web::format;
use crate::web::page::Page;
use crate::web::shell::Solo;

/// The page `/partners`; its list for htmx.
#[derive(Debug, Template)]
#[template(path = "access/partners.html", blocks = ["results"])]
pub struct Partners {
    /// The frame, with the login.
    pub shell: Solo,
    /// What was searched for.
    pub q: String,
    /// What the list is: `3 partners match “kes”`, `Recently opened`.
    pub summary: String,
    /// The partners found, best first.
    pub found: Vec<Found>,
}

/// One partner that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is sent when it is chosen.
    pub value: String,
    /// Its number, as people say it.
    pub number: String,
    /// Two letters of its name.
    pub initials: String,
    /// Its name, with what matches marked.
    pub name: Vec<Part>,
    /// What it is: `Channel partner · 14 webhooks`.
    pub about: String,
    /// Whether it is chosen already.
    pub chosen: bool,
}

/// A part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whether it is what was searched for.
    pub hit: bool,
    /// The text.
    pub text: String,
}

impl Found {
    /// A partner that answers to `q`; not chosen yet.
    pub fn new(value: &str, number: &str, name: &str, about: &str, q: &str) -> Self {
        Self {
            value: value.to_owned(),
            number: number.to_owned(),
            initials: format::initials(name),
            name: mark(name, q),
            about: about.to_owned(),
            chosen: false,
        }
    }
}

impl Page for Partners {
    fn fragment(&self) -> askama::Result<String> {
        self.as_results().render()
    }
}

/// `name` with the first place that reads as `q` marked, whatever the case and the accents.
fn mark(name: &str, q: &str) -> Vec<Part> {
    let letters: Vec<(usize, char)> =
        name.char_indices().flat_map(|(at, c)| fold(c).map(move |plain| (at, plain))).collect();
    let wanted: Vec<char> = q.trim().chars().flat_map(fold).collect();
    let start = letters
        .windows(wanted.len().max(1))
        .position(|run| !wanted.is_empty() && run.iter().map(|(_, c)| c).eq(&wanted));
    let place = |i: usize| letters.get(i).map_or(name.len(), |(at, _)| *at);
    let (from, to) = start.map_or((0, 0), |i| (place(i), place(i + wanted.len())));
    let part = |hit, text: Option<&str>| Part { hit, text: text.unwrap_or_default().to_owned() };
    [part(false, name.get(..from)), part(true, name.get(from..to)), part(false, name.get(to..))]
        .into_iter()
        .filter(|part| !part.text.is_empty())
        .collect()
}

fn fold(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c).nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_is_marked_whatever_the_case_and_the_accents() {
        let marked = |name, q| {
            mark(name, q)
                .into_iter()
                .map(|p| if p.hit { format!("[{}]", p.text) } else { p.text })
                .collect::<String>()
        };
        assert_eq!(marked("Morrow & Kessler", "kes"), "Morrow & [Kes]sler");
        assert_eq!(marked("Émile Café", "cafe"), "Émile [Café]");
        assert_eq!(marked("Emile", "ÉMI"), "[Emi]le");
        assert_eq!(marked("Kestrel", "12345"), "Kestrel");
        assert_eq!(marked("Kestrel", " "), "Kestrel");
        assert_eq!(marked("Ke", "kestrel"), "Ke");
    }
}
