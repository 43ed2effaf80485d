//! Partner search: where a global partner chooses whose business unit to open.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::ops::access::partner_search::{Hit, MOST_HITS, recent, search};
use crate::ops::access::partners::{Landing, landing};
use crate::web::fault::{Fault, see};
use crate::web::form::Fields;
use crate::web::format;
use crate::web::page::{Page, answer};
use crate::web::routes;
use crate::web::session::{SignedIn, blocking, limits};
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

/// The search for global partners; on to the unit of the partner that was chosen. For others there is none.
pub async fn open(request: HttpRequest, signed: SignedIn) -> Result<HttpResponse, Fault> {
    let fields = Fields::of_query(&request);
    let q = fields.text("q").trim().to_owned();
    // Whoever asks for a list gets one, though the first of the list before is chosen in it.
    let opens = fields.typed("find").is_none();
    let chosen = fields.typed("partner").filter(|_| opens).map(str::to_owned);
    let (cx, wanted) = (signed.cx(), chosen.clone().unwrap_or_else(|| q.clone()));
    if !wanted.is_empty() {
        limits(&request)?.search(signed.login.user)?;
    }
    let hits = blocking(move || match landing(&cx)? {
        Landing::Partners if wanted.is_empty() => {
            let lately = recent(&cx)?;
            let is_recent = !lately.is_empty();
            Ok(Some((if is_recent { lately } else { search(&cx, "")? }, is_recent)))
        }
        Landing::Partners => Ok(Some((search(&cx, &wanted)?, false))),
        Landing::Unit(_) | Landing::Nowhere => Ok(None),
    });
    let (hits, lately) = hits.await?.ok_or(Fault::Missing)?;
    if let Some(number) = chosen {
        let hit = hits
            .iter()
            .map(|hit| &hit.partner)
            .find(|hit| hit.number.to_string() == number)
            .ok_or(Fault::Missing)?;
        return Ok(see(&routes::webhooks_dashboard(hit.bu)));
    }
    Ok(answer(&request, StatusCode::OK, &Partners::of(&signed, q, &hits, lately)))
}

impl Partners {
    fn of(signed: &SignedIn, q: String, hits: &[Hit], lately: bool) -> Self {
        let mut shell = Solo::new("Partner search", signed.theme, &signed.csrf);
        shell.login = Some(signed.badge());
        let count = format::count(hits.len() as u64, "partner", "partners");
        let summary = match (q.is_empty(), hits.len()) {
            (true, _) if lately => "Recently opened".to_owned(),
            (true, MOST_HITS) => format!("The first {MOST_HITS} partners you may open"),
            (true, _) => format!("{count} you may open"),
            (false, MOST_HITS) => format!("The first {MOST_HITS} partners that match “{q}”"),
            (false, 1) => format!("1 partner matches “{q}”"),
            (false, _) => format!("{count} match “{q}”"),
        };
        let found = hits.iter().zip(0..).map(|(hit, at)| {
            let number = hit.partner.number.to_string();
            Found { chosen: at == 0, ..Found::new(&number, &number, &hit.partner.name, &about(hit), &q) }
        });
        Self { shell, summary, found: found.collect(), q }
    }
}

/// What is in the unit: `Channel partner · 3 programmes · 14 webhooks`.
fn about(hit: &Hit) -> String {
    let count = |n: i64, one, many| format::count(u64::try_from(n).unwrap_or(0), one, many);
    let programmes = match hit.programmes {
        0 => String::new(),
        n => format!(" · {}", count(n, "programme", "programmes")),
    };
    let webhooks = match hit.webhooks {
        0 => "no webhooks yet".to_owned(),
        n => count(n, "webhook", "webhooks"),
    };
    format!("Channel partner{programmes} · {webhooks}")
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
