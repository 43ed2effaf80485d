//! What a stream of lines has shown already, and what it shows next.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::time::Ts;
use crate::web::routes;

/// How many lines are sent in one look, and so in a second.
const MOST_AT_ONCE: usize = 10;
/// How long before a look something may have been stored that it did not see yet: another node's clock, a commit that
/// came later. Lines of that time are sent again; a page knows them by their ids and draws none twice.
const SLACK: Duration = Duration::from_secs(5);

/// One line of a live list.
pub trait Line: Send + 'static {
    /// Tells it from every other line of the list.
    fn key(&self) -> String;
    /// Changes with anything that the line shows.
    fn version(&self) -> String;
    /// Since when it has stood as it does; `None` while it may still change.
    fn stands_since(&self) -> Option<Ts>;
    /// Whether something is being sent right now, so that it will soon look different.
    fn is_busy(&self) -> bool;
    /// Whether it belongs into the list. One that was shown is told of even when it no longer does, so that nothing
    /// vanishes or grows old under the reader's eyes.
    fn is_wanted(&self) -> bool {
        true
    }
}

/// A list as one look finds it.
pub struct Look<L> {
    /// Its lines, newest first.
    pub lines: Vec<L>,
    /// When the oldest that was looked at came in, where a reader is to be told that others are missing.
    pub since: Option<Ts>,
}

/// The address of a stream at `path`, with what the list is narrowed to, that goes on after a page made at `seen`.
pub fn address(path: &str, narrowed: &[(&str, &str)], seen: Ts) -> String {
    let seen = seen.0.to_string();
    let pairs: Vec<_> = narrowed.iter().copied().chain([("after", seen.as_str())]).collect();
    routes::with_query(path, &pairs)
}

/// What one reader has been shown.
pub struct Shown {
    /// Everything that was final before this moment was on the page.
    since: Ts,
    versions: HashMap<String, String>,
    /// Whether it was told that lines are missing.
    is_stale: bool,
}

/// What a look gave to send.
pub struct Next {
    /// The events of the stream; empty for none.
    pub text: String,
    /// Whether there is more to send than goes at once.
    pub more: bool,
    /// Whether something is being sent right now.
    pub busy: bool,
}

impl Shown {
    /// A reader that has seen everything up to the cursor, the id of the last event or what its address says, and
    /// whose page holds the lines with these keys.
    pub fn after(cursor: Option<&str>, now: Ts, on_page: impl Iterator<Item = String>) -> Self {
        let seen = cursor.and_then(|text| text.parse().ok()).map_or(now, Ts);
        let versions = on_page.map(|key| (key, String::new())).collect();
        Self { since: seen.min(now) - SLACK, versions, is_stale: false }
    }

    /// What is new among the lines of a look, as read at `now`; `draw` makes one line, told whether it has just come
    /// in. When more came in between two looks than one goes over, the reader is told to read the list anew, once:
    /// that begins another stream.
    pub fn next<L: Line>(
        &mut self,
        (lines, since): (&[L], Option<Ts>),
        now: Ts,
        draw: impl Fn(&L, bool) -> askama::Result<String>,
    ) -> askama::Result<Next> {
        let known = std::mem::take(&mut self.versions);
        let mut next = Next { text: String::new(), more: false, busy: false };
        let mut left = MOST_AT_ONCE;
        if !self.is_stale && since.is_some_and(|since| since > self.since + SLACK) {
            self.is_stale = true;
            next.text.push_str("event: stale\ndata: stale\n\n");
        }
        for line in lines.iter().rev() {
            let (key, version) = (line.key(), line.version());
            let before = known.get(&key);
            if before.is_none() && !line.is_wanted() {
                continue;
            }
            next.busy |= line.is_busy();
            let is_old = line.stands_since().is_some_and(|at| at < self.since);
            if is_old || before == Some(&version) {
                self.versions.insert(key, version);
                continue;
            }
            if left == 0 {
                next.more = true;
                if let Some(before) = before {
                    self.versions.insert(key, before.clone());
                }
                continue;
            }
            left -= 1;
            let html = draw(line, before.is_none())?;
            self.versions.insert(key, version);
            next.text.push_str("event: line\n");
            for line in html.lines().filter(|line| !line.trim().is_empty()) {
                next.text.extend(["data: ", line, "\n"]);
            }
            // While there is more, whoever comes back begins here again.
            let seen = self.since + SLACK;
            next.text.extend(["id: ", &seen.0.to_string(), "\n\n"]);
        }
        if !next.more {
            self.since = now - SLACK;
            if !next.text.is_empty() {
                next.text.extend(["event: seen\nid: ", &now.0.to_string(), "\ndata: seen\n\n"]);
            }
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Ts = Ts(1_763_640_000_000_000);

    /// A line that is being sent until it has settled.
    struct Sample {
        n: u64,
        settled: Option<Ts>,
        wanted: bool,
    }

    impl Line for Sample {
        fn key(&self) -> String {
            self.n.to_string()
        }

        fn version(&self) -> String {
            self.settled.is_some().to_string()
        }

        fn stands_since(&self) -> Option<Ts> {
            self.settled
        }

        fn is_busy(&self) -> bool {
            self.settled.is_none()
        }

        fn is_wanted(&self) -> bool {
            self.wanted
        }
    }

    fn line(n: u64, settled: Option<Ts>) -> Sample {
        Sample { n, settled, wanted: true }
    }

    fn after(cursor: Option<Ts>, now: Ts) -> Shown {
        Shown::after(cursor.map(|at| at.0.to_string()).as_deref(), now, std::iter::empty())
    }

    fn look(shown: &mut Shown, lines: &[Sample], now: Ts) -> Next {
        shown.next((lines, None), now, |line, fresh| Ok(format!("<li>{} {fresh}</li>", line.n))).unwrap()
    }

    fn sent(next: &Next) -> usize {
        next.text.matches("event: line\n").count()
    }

    #[test]
    fn each_line_comes_once_and_again_when_it_has_changed() {
        let (mut shown, later) = (after(None, NOON), NOON + Duration::from_secs(1));
        let under_way = [line(2, None), line(1, Some(Ts(1)))];
        let next = look(&mut shown, &under_way, later);
        assert_eq!((sent(&next), next.busy, next.more), (1, true, false), "{}", next.text);
        assert!(next.text.contains("data: <li>2 true</li>"));
        assert!(next.text.ends_with(&format!("event: seen\nid: {}\ndata: seen\n\n", later.0)));
        assert_eq!(sent(&look(&mut shown, &under_way, later)), 0);
        let done = [line(2, Some(later))];
        let next = look(&mut shown, &done, later);
        assert_eq!((sent(&next), next.busy), (1, false));
        assert!(next.text.contains("data: <li>2 false</li>"), "it is there already");
        assert_eq!(look(&mut shown, &done, later).text, "");
    }

    #[test]
    fn what_does_not_belong_into_the_list_is_told_of_only_where_it_is_shown() {
        let mut shown = Shown::after(None, NOON, ["1".to_owned()].into_iter());
        let lines = [2, 1].map(|n| Sample { wanted: false, ..line(n, Some(NOON)) });
        let next = look(&mut shown, &lines, NOON);
        assert!(sent(&next) == 1 && next.text.contains("<li>1 false</li>"), "{}", next.text);
        assert_eq!(sent(&look(&mut shown, &lines, NOON)), 0);
    }

    #[test]
    fn a_reader_is_told_once_when_more_came_in_than_a_look_goes_over() {
        let (burst, later) = (NOON + Duration::from_secs(8), NOON + Duration::from_secs(9));
        let lines = [line(1_000, Some(burst))];
        let mut shown = after(Some(NOON), NOON);
        let mut text =
            |since, now| shown.next((&lines, since), now, |_, _| Ok("<li>".to_owned())).unwrap().text;
        assert!(!text(Some(NOON), NOON).contains("event: stale"), "it begins where the page ended");
        let told = text(Some(burst), later);
        assert!(told.starts_with("event: stale\ndata: stale\n\n"), "{told}");
        let again = later + Duration::from_secs(1);
        assert!(!text(Some(again), again + Duration::from_secs(1)).contains("event: stale"));
    }

    #[test]
    fn a_burst_comes_ten_at_a_time_the_oldest_first_and_a_reader_that_leaves_meanwhile_misses_nothing() {
        let later = NOON + Duration::from_mins(1);
        let lines: Vec<_> = (1..=25).rev().map(|n| line(n, Some(later))).collect();
        let mut shown = after(Some(NOON), later);
        let first = look(&mut shown, &lines, later);
        assert_eq!((sent(&first), first.more), (10, true));
        let ids: Vec<&str> = first.text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
        assert!(ids.iter().all(|id| *id == NOON.0.to_string()), "{ids:?}");
        let counts: Vec<_> = (0..3).map(|_| sent(&look(&mut shown, &lines, later))).collect();
        assert_eq!(counts, [10, 5, 0]);
        let mut again = Shown::after(ids.last().copied(), later, std::iter::empty());
        assert_eq!(sent(&look(&mut again, &lines, later)), 10, "from the beginning of the burst");
        let long_after = later + Duration::from_mins(1);
        assert_eq!(
            sent(&look(&mut after(Some(long_after), long_after), &lines, long_after)),
            0,
            "all of it was seen"
        );
    }
}
