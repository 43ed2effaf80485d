//! An endpoint as the form shows it: its address, and what stands in the Advanced section.

use super::act::Act;
use super::check::milliseconds;
use super::draft::EndpointTyped;
use super::view::{Drawing, Input, Pick};
use crate::domain::webhooks::header::MOST_HEADERS;
use crate::web::format;
use crate::web::parts::Choice;

const TIMEOUTS: [(&str, &str); 3] = [("15", "15 seconds"), ("5", "5 seconds"), ("30", "30 seconds")];
const RETRIES: [(&str, &str); 3] =
    [("published", "10 attempts over 75 hours"), ("none", "No retries"), ("own", "My own schedule")];
const SECRETS: [(&str, &str); 2] = [("", "Generate one for me"), ("own", "Use my own")];
const SECRETS_LATER: [(&str, &str); 2] = [("", "The webhook’s"), ("own", "One of its own")];
const SECRETS_OWN: [(&str, &str); 3] =
    [("keep", "Its own, as it is"), ("", "The webhook’s"), ("own", "Another of its own")];

/// One endpoint.
#[derive(Debug)]
pub struct EndpointView {
    /// Its number, from 1.
    pub number: usize,
    /// The start of its ids: `ep0`.
    pub id: String,
    /// Its address.
    pub url: Input,
    /// Whether the Advanced section is open.
    pub open: bool,
    /// What to know about it.
    pub info: Input,
    /// Whose secret signs.
    pub secret: Pick,
    /// A secret of its own.
    pub own_secret: Input,
    /// The longest time of an attempt.
    pub timeout: Pick,
    /// Custom headers: name and value.
    pub headers: Vec<(Input, Input)>,
    /// What is wrong with the headers together.
    pub header_errors: Vec<String>,
    /// Whether one more may be added.
    pub more_headers: bool,
    /// The name of the static secret header.
    pub static_name: Input,
    /// Its value.
    pub static_value: Input,
    /// When failed attempts are repeated.
    pub retry: Pick,
    /// The waits of a schedule of one's own.
    pub waits: Input,
    /// Deliveries a second at the most.
    pub rate: Input,
}

impl EndpointView {
    /// The `i`th endpoint.
    pub(super) fn of(act: Act, i: usize, typed: &EndpointTyped, drawing: &mut Drawing<'_>) -> Self {
        let (id, path) = (format!("ep{i}"), format!("endpoints[{i}]"));
        let is = |part: &str| format!("{id}-{part}");
        let at = |part: &str| format!("{path}.{part}");
        let url = drawing.input(is("url"), &at("url"), &typed.url);
        let before = drawing.is_given;
        let info = drawing.input(is("info"), &at("name"), &typed.info);
        let own = if typed.own_secret { "own" } else { "" };
        let secrets = match act {
            _ if typed.stored.secret && typed.keeps_secret => Choice::list(SECRETS_OWN, "keep"),
            _ if typed.stored.secret => Choice::list(SECRETS_OWN, own),
            Act::Add => Choice::list(SECRETS, own),
            _ => Choice::list(SECRETS_LATER, own),
        };
        let secret = drawing.pick(is("sec"), "", secrets);
        let own_secret = drawing.hidden(is("own"), &at("secret"), &typed.secret);
        let timeout = drawing.pick(is("to"), &at("timeout_ms"), timeouts(&typed.timeout));
        let headers = typed.headers.iter().enumerate().map(|(j, header)| {
            let name = drawing.input(format!("{id}-hk{j}"), &at(&format!("headers[{j}].name")), &header.name);
            let (value_id, value_at) = (format!("{id}-hv{j}"), at(&format!("headers[{j}].value")));
            let value = if typed.keeps(header) {
                drawing.stored(value_id, &value_at, true)
            } else if header.is_hidden() {
                drawing.hidden(value_id, &value_at, &header.value)
            } else {
                drawing.input(value_id, &value_at, &header.value)
            };
            (name, value)
        });
        let headers: Vec<_> = headers.collect();
        let static_name = drawing.input(is("sn"), &at("static_header"), &typed.static_name);
        let (value_id, value_at) = (is("sv"), at("static_secret"));
        let static_value = if typed.stored.static_value && typed.static_value.is_empty() {
            drawing.stored(value_id, &value_at, !typed.static_name.trim().is_empty())
        } else {
            drawing.hidden(value_id, &value_at, &typed.static_value)
        };
        let retry = drawing.pick(is("retry"), "", Choice::list(RETRIES, &typed.retry));
        let waits = drawing.input(is("waits"), &at("retry"), &typed.waits);
        let rate = drawing.input(is("rate"), &at("rate_per_second"), &typed.rate);
        let header_errors = drawing.errors(&at("headers"));
        let has_focus = !before && drawing.is_given;
        Self {
            number: i + 1,
            open: has_focus
                || drawing.any_under(&path, "url")
                || drawing.asks_for(&format!("{id}-"))
                || typed.is_special(),
            more_headers: headers.len() < MOST_HEADERS,
            id,
            url,
            info,
            secret,
            own_secret,
            timeout,
            headers,
            header_errors,
            static_name,
            static_value,
            retry,
            waits,
            rate,
        }
    }
}

/// The usual times, and the one that is set where it is another.
fn timeouts(chosen: &str) -> Vec<Choice> {
    let mut choices = Choice::list(TIMEOUTS, chosen);
    if let Some(ms) = milliseconds(chosen).filter(|_| choices.iter().all(|one| !one.chosen)) {
        let label = match ms % 1_000 {
            0 => format::count(ms / 1_000, "second", "seconds"),
            _ => format!("{} ms", format::thousands(ms)),
        };
        choices.push(Choice { value: chosen.to_owned(), label, chosen: true });
    }
    choices
}

impl EndpointTyped {
    /// Whether anything of the Advanced section was changed.
    fn is_special(&self) -> bool {
        let blank = Self::default();
        self.own_secret
            || self.headers.iter().any(|header| !header.is_blank())
            || !self.static_value.is_empty()
            || [&self.info, &self.rate].into_iter().any(|text| !text.is_empty())
            || [
                (&self.timeout, &blank.timeout),
                (&self.retry, &blank.retry),
                (&self.static_name, &blank.static_name),
            ]
            .into_iter()
            .any(|(typed, usual)| typed != usual)
    }
}
