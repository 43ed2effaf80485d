//! Query parameters: each at most once, each checked, all faults told at once.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::str::FromStr;

use actix_web::HttpRequest;
use url::form_urlencoded;

use crate::api::error::Problem;
use crate::domain::problem::FieldErrors;
use crate::domain::webhooks::trigger::is_event_type;

/// The parameters of one request. Those that nobody asks for are ignored.
pub struct Query<'a> {
    given: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    errors: FieldErrors,
}

impl<'a> Query<'a> {
    /// Reads the query of a request; a repeated parameter is a fault.
    pub fn of(request: &'a HttpRequest) -> Self {
        let mut query = Self { given: Vec::new(), errors: FieldErrors::default() };
        for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
            if query.given.iter().any(|(known, _)| *known == name) {
                let shown: String = name.chars().take(40).collect();
                query.errors.push(shown, "repeated", "This parameter is given twice. Give it once.");
            } else {
                query.given.push((name, value));
            }
        }
        query
    }

    /// A parameter as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// A number within `range`; `default` when it is not given.
    pub fn number(&mut self, name: &'static str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(text) = self.text(name) else { return default };
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|number| plain && range.contains(number));
        number.unwrap_or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.errors.push(name, "range", format!("Use a whole number from {low} to {high}."));
            default
        })
    }

    /// A parameter that reads as a `T`; another text is a fault with this code and sentence.
    pub fn parsed<T: FromStr>(
        &mut self,
        name: &'static str,
        code: &'static str,
        sentence: &'static str,
    ) -> Option<T> {
        let parsed = self.text(name)?.parse().ok();
        if parsed.is_none() {
            self.errors.push(name, code, sentence);
        }
        parsed
    }

    /// The name of an event type; a fault when no type can have it.
    pub fn event_type(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?.to_owned();
        if !is_event_type(&text) {
            self.errors.push(name, "unknown_event_type", "This event type is not in the catalogue.");
        }
        Some(text)
    }

    /// Notes a fault of a parameter.
    pub fn fault(&mut self, name: &'static str, code: &'static str, sentence: &'static str) {
        self.errors.push(name, code, sentence);
    }

    /// 400 when anything was wrong.
    pub fn check(self) -> Result<(), Problem> {
        self.errors.or(()).map_err(Problem::bad_request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn numbers_are_plain_and_in_range_and_parameters_come_once() {
        let read = |query: &str| {
            let request = TestRequest::with_uri(&format!("/?{query}")).to_http_request();
            let mut query = Query::of(&request);
            let limit = query.number("limit", 20, 1..=100);
            query.check().ok().map(|()| limit)
        };
        assert_eq!(read(""), Some(20));
        assert_eq!(read("limit=100&other=x"), Some(100));
        for bad in ["", "0", "101", "-1", "%2B5", "1e1", "9999999999", "5&limit=5", "1&a=1&a=2"] {
            assert_eq!(read(&format!("limit={bad}")), None, "{bad}");
        }
    }
}
