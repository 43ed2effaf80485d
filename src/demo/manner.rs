//! The manners of receivers: how each answers, told once for the live receiver and for the past.

use crate::demo::chance::Chance;

/// How a receiver behaves. The first part of an address's path names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Answers 200 with a little JSON, at once.
    Ok,
    /// Answers 200 after one to three seconds.
    Slow,
    /// Answers 500.
    Broken,
    /// Answers 503 and asks to come back later.
    Busy,
    /// Answers 404.
    Missing,
    /// Fails three times in ten.
    Flaky,
    /// Takes the request and never answers.
    Silent,
    /// Answers 200 with a page instead of JSON, full of markup that must be shown as text.
    Page,
    /// Answers 200 with more than is kept.
    Large,
    /// Nothing listens there. Known by its port, not by its path.
    Refusing,
}

/// What comes back.
pub struct Answer {
    /// After how many milliseconds.
    pub after_ms: u32,
    /// The HTTP status.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// Seconds to stay away, when it says so.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: String,
}

const HOSTILE: &str = concat!(
    "<!doctype html><title>Ledger &mdash; sign in</title>\n",
    "<script>alert('a page of the receiver ran in your browser')</script>\n",
    "<img src=x onerror=\"document.body.innerHTML='gone'\">\n",
    "<form action=\"https://ledger.example.com/login\"><input name=password></form>\n",
    "</pre></code></td></table>\u{202e}txet desrever\u{202c} \u{1b}[31mred\u{1b}[0m\n",
);

impl Manner {
    /// The manner that a path names; [`Manner::Missing`] when it names none.
    pub fn of_path(path: &str) -> Self {
        match path.trim_start_matches('/').split('/').next().unwrap_or_default() {
            "ok" => Self::Ok,
            "slow" => Self::Slow,
            "broken" => Self::Broken,
            "busy" => Self::Busy,
            "flaky" => Self::Flaky,
            "silent" => Self::Silent,
            "page" => Self::Page,
            "large" => Self::Large,
            _ => Self::Missing,
        }
    }

    /// One answer; `None` when there never is one.
    pub fn answer(self, chance: &mut Chance) -> Option<Answer> {
        let quick = chance.between(4, 90);
        Some(match self {
            Self::Silent | Self::Refusing => return None,
            Self::Ok => ok(quick, chance),
            Self::Slow => ok(chance.between(1_000, 3_000), chance),
            Self::Broken => Answer {
                content_type: "text/plain; charset=utf-8",
                body: "java.lang.NullPointerException\n\tat com.example.alerts.Relay.accept(Relay.java:88)\n"
                    .into(),
                ..json(quick, 500, String::new())
            },
            Self::Busy => Answer {
                retry_after: Some(chance.between(20, 90)),
                ..json(quick, 503, r#"{"error":"maintenance","message":"Back shortly"}"#.into())
            },
            Self::Missing => json(quick, 404, r#"{"error":"not_found"}"#.into()),
            Self::Flaky if chance.percent(30) => {
                let status = if chance.percent(50) { 502 } else { 500 };
                json(quick * 4, status, r#"{"error":"upstream connect error"}"#.into())
            }
            Self::Flaky => ok(quick * 3, chance),
            Self::Page => Answer {
                content_type: "text/html; charset=utf-8",
                body: HOSTILE.into(),
                ..json(quick, 200, String::new())
            },
            Self::Large => json(quick * 5, 200, large()),
        })
    }
}

fn ok(after_ms: u32, chance: &mut Chance) -> Answer {
    json(after_ms, 200, format!(r#"{{"received":true,"reference":"{}"}}"#, chance.hex(12)))
}

const fn json(after_ms: u32, status: u16, body: String) -> Answer {
    Answer { after_ms, status, content_type: "application/json", retry_after: None, body }
}

/// About 40 KiB.
fn large() -> String {
    let members = r#"{"id":"member","groups":["staff","sales"],"synchronised":true},"#.repeat(640);
    format!(r#"{{"members":[{members}null]}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_manner_and_an_answer_keeps_to_it() {
        let mut chance = Chance::new();
        for (path, statuses) in [
            ("/ok/crm/users", &[200][..]),
            ("/slow/quotes", &[200]),
            ("/broken/relay", &[500]),
            ("/busy/x", &[503]),
            ("/flaky/badges", &[200, 500, 502]),
            ("/page/ledger", &[200]),
            ("/large", &[200]),
            ("/", &[404]),
        ] {
            let answer = Manner::of_path(path).answer(&mut chance).unwrap();
            assert!(statuses.contains(&answer.status), "{path}");
        }
        assert!(Manner::of_path("/silent/erp").answer(&mut chance).is_none());
        assert!(Manner::Large.answer(&mut chance).unwrap().body.len() > 16 * 1024);
    }
}
