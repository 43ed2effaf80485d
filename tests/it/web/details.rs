//! Webhook Details: what it tells, to whom, and its stream of deliveries.

use super::site::{Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::{Receiver, Reply};
use reqwest::Method;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{self, Receiver as Lines, RecvTimeoutError};
use std::time::{Duration, Instant};

both_databases!(
    the_page_tells_of_a_webhook_what_there_is_to_tell,
    periods_come_from_the_sums_whatever_is_stored,
    a_viewer_sees_no_act_and_nobody_a_secret,
    what_is_deleted_or_foreign_is_not_there,
    the_stream_goes_on_where_its_reader_left_off,
    the_stream_ends_when_its_reader_may_not_look_any_more,
);

/// How long a stream may take to say something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A page once it shows this.
fn showing(person: &Person, path: &str, text: &str) -> String {
    until(|| Some(person.get(path).body).filter(|page| page.contains(text)))
}

/// What stands in the figure of this name.
fn figure<'a>(page: &'a str, name: &str) -> &'a str {
    between(page, &format!("<dt>{name}</dt><dd>"), "</dd>").expect("a figure")
}

fn the_page_tells_of_a_webhook_what_there_is_to_tell(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    receiver.on("/down", [Reply::status(503)]);
    let body = json!({
        "name": "Order desk", "description": "Orders & refunds",
        "endpoints": [
            {"url": receiver.url("/in"), "headers": {"X-Key": "very-secret"}, "timeout_ms": 15_000},
            {"url": receiver.url("/down"), "retry": "none", "rate_per_second": 7},
        ],
        "triggers": [
            {"event": "order.completed", "filter": [{"path": "total", "op": "gt", "value": 50}]},
            {"event": "order.refunded", "note": "Refunds too"},
        ],
    });
    let made = site.api.post("/webhooks", &body);
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let (id, secret) = (made["data"]["id"].as_str().unwrap(), made["data"]["secret"].as_str().unwrap());
    let person = site.person("developer");
    let path = site.path(id);
    let page = person.get(&path).body;
    for told in [
        "<h1>Order desk</h1>",
        "Orders &#38; refunds",
        "15 s timeout, 1 custom header",
        "15 s timeout, at most 7 a second, no retries",
        "only if total &#62; 50",
        "Refunds too",
        "Order Completed",
        "Waiting for the first event",
        "No data in this period.",
        "Created",
        "whsec_••••",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("very-secret") && !page.contains(secret));
    assert!(person.get(&site.webhooks()).body.contains(&format!("href=\"{path}\"")), "a row leads there");

    site.publish();
    let page = until(|| {
        let page = person.get(&path).body;
        let both = page.contains(">503<") && page.contains(">200<");
        both.then_some(page)
    });
    assert_eq!(figure(&page, "Deliveries").split('<').next(), Some("2"));
    assert_eq!(figure(&page, "Delivered").split('<').next(), Some("50"));
    assert!(figure(&page, "Deliveries").contains("1 failed at least once"));
    assert!(figure(&page, "Latency, p95").contains("p50"));
    assert!(page.contains("1 delivered, 1 failed\"") && page.contains("Show as a table"));
    let curl = between(&page, "<pre id=\"curl\"", "</pre>").expect("a command");
    assert!(curl.contains("openssl dgst -sha256 -hmac") && curl.contains("$WEBHOOK_SECRET"), "{curl}");
    assert!(!page.contains("very-secret") && !page.contains(secret));

    let token = person.token(&path);
    let done = person.send(&format!("{path}/pause"), &token, &[("from", "details")]);
    assert_eq!((done.status, done.header("location")), (303, path.as_str()));
    let page = person.get(&path).body;
    assert!(page.contains("Webhook inactive") && page.contains("This webhook is inactive."));
    assert!(page.contains("Updated: status") && page.contains("Ada"), "what was done, and by whom");
    database.execute("UPDATE webhooks SET inactive_reason = 'gone'");
    assert!(person.get(&path).body.contains("410 Gone"));
    database.execute("UPDATE webhooks SET status = 'active', inactive_reason = NULL, last_sent_ok = FALSE");
    database.execute("UPDATE webhooks SET failing_since = last_sent_at - 3600000000");
    assert!(person.get(&path).body.contains("Nothing has arrived since the first failure"));
}

fn periods_come_from_the_sums_whatever_is_stored(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let id = site.webhook("Order desk", &receiver.url("/in"));
    let (person, path) = (site.person("viewer"), site.path(&id));
    site.publish();
    showing(&person, &path, ">200<");
    // A past that no delivery tells of: the page counts none.
    let hour = 3_600_000_000_i64;
    let counts = "failed_attempts, begun, failed_first, le_10, le_25, le_50, le_100, le_250, le_500, le_1000, le_2500, le_5000, \
                  le_10000, le_30000";
    let past = |table: &str, start: &str, ago: i64, delivered: i64| {
        database.execute(&format!(
            "INSERT INTO {table} (webhook_id, endpoint_id, {start}, bu_id, delivered, exhausted, {counts}) \
             SELECT webhook_id, endpoint_id, {start} - {ago}, bu_id, {delivered}, 10, {counts} FROM {table} \
             WHERE webhook_id = '{id}' AND {start} = (SELECT MAX({start}) FROM {table})"
        ));
    };
    past("delivery_minutes", "minute", 30 * hour / 60, 40);
    past("delivery_minutes", "minute", 5 * hour, 30);
    past("delivery_hours", "hour", 50 * hour, 1_000);
    past("delivery_hours", "hour", 20 * 24 * hour, 9_000_000);
    for (period, sum, bars) in
        [("1h", "51", 30), ("24h", "91", 48), ("7d", "1,011", 56), ("30d", "9,001,021", 30)]
    {
        let page = person.get(&format!("{path}?period={period}")).body;
        assert_eq!(figure(&page, "Deliveries").split('<').next(), Some(sum), "{period}");
        assert_eq!(page.matches("delivered, ").count(), bars + 1, "{period}: each slot and the whole");
        let current = format!("id=\"period-{period}\" href=\"{path}?period={period}\" aria-current=\"true\"");
        assert!(page.contains(&current), "{period}");
    }
    assert!(person.get(&format!("{path}?period=x")).body.contains("period=24h\" aria-current"));
    let fragment =
        send(person.request(Method::GET, &format!("{path}?period=7d")).header("hx-request", "true"));
    assert!(
        fragment.body.trim_start().starts_with("<div class=\"stack\" id=\"details\">"),
        "{}",
        fragment.body
    );
}

fn a_viewer_sees_no_act_and_nobody_a_secret(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let (viewer, path) = (site.person("viewer"), site.path(&id));
    let (page, acting) = (viewer.get(&path).body, site.person("admin").get(&path).body);
    assert!(page.contains("Order desk") && page.contains("example.com/h") && page.contains("whsec_••••"));
    let acts =
        ["/edit", "/endpoints/", "/triggers", "/secret", "/rotate", "/test", "/delete", "/pause", "/resume"];
    for act in acts {
        assert!(!page.contains(&format!("{path}{act}")), "{act}");
        assert!(acting.contains(&format!("{path}{act}")) || act == "/resume", "{act}");
    }
}

fn what_is_deleted_or_foreign_is_not_there(database: &TestDatabase) {
    let site = Site::open(database);
    let (id, theirs) = (site.webhook("Order desk", "https://example.com/h"), site.other_webhook());
    let person = site.person("developer");
    for path in
        [site.path(&theirs), format!("/bu/{}/admin/webhooks/{theirs}", site.other_bu), site.path("wh_x")]
    {
        assert_eq!(person.get(&path).status, 404, "{path}");
        assert_eq!(person.get(&format!("{path}/tail")).status, 404, "{path}/tail");
    }
    assert_eq!(person.get(&site.path(&id)).status, 200);
    site.api.delete(&format!("/webhooks/{id}"));
    assert_eq!(person.get(&site.path(&id)).status, 404);
    assert_eq!(person.get(&format!("{}/tail", site.path(&id))).status, 404);
}

/// A stream that is read by a thread of its own.
struct Stream(Lines<String>);

impl Stream {
    fn open(person: &Person, path: &str, last: Option<&str>) -> Self {
        let mut request = person.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.timeout(Duration::from_mins(5)).send().expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(answer).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Self(lines)
    }

    /// The next line that begins so, without its beginning; none when the stream ends first.
    fn next(&self, beginning: &str) -> Option<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.0.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(beginning) {
                        return Some(rest.to_owned());
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("nothing that begins with {beginning} in {PATIENCE:?}")
                }
            }
        }
    }

    /// The id of the delivery in the next row, and what is known of it.
    fn row(&self) -> (String, String) {
        let row = self.next("data: <tr ").expect("a row");
        let part = |before: &str| between(&row, before, "\"").expect("a part").to_owned();
        (part("id=\""), part("data-v=\""))
    }

    /// The cursor behind the rows of a look.
    fn cursor(&self) -> String {
        assert_eq!(self.next("event: seen").as_deref(), Some(""));
        self.next("id: ").expect("a cursor")
    }
}

/// Reads until a delivery has arrived; its id.
fn arrives(stream: &Stream) -> String {
    loop {
        let (id, version) = stream.row();
        if version.starts_with("delivered") {
            return id;
        }
    }
}

fn the_stream_goes_on_where_its_reader_left_off(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let id = site.webhook("Order desk", &receiver.url("/in"));
    let person = site.person("viewer");
    let tail = format!("{}/tail", site.path(&id));
    let stream = Stream::open(&person, &tail, None);
    site.publish();
    let first = arrives(&stream);
    let cursor = stream.cursor();
    drop(stream);
    // While nobody read.
    site.publish();
    until(|| (person.get(&site.path(&id)).body.matches(">200<").count() == 2).then_some(()));
    let stream = Stream::open(&person, &tail, Some(&cursor));
    let mut second = arrives(&stream);
    if second == first {
        // Rows of the last seconds come again: a page knows them by their ids.
        second = arrives(&stream);
    }
    assert_ne!(second, first);
    let cursor = stream.cursor();
    drop(stream);
    database.execute(
        "UPDATE deliveries SET created_at = created_at - 3600000000, settled_at = settled_at - 3600000000",
    );
    let stream = Stream::open(&person, &tail, Some(&cursor));
    site.publish();
    let third = stream.row();
    assert!(third.0 != first && third.0 != second, "what was seen long ago does not come again");
    let mut arrived = usize::from(third.1.starts_with("delivered"));
    let mut seen = vec![third];
    site.publish();
    while arrived < 2 {
        let row = stream.row();
        assert!(!seen.contains(&row), "{row:?} came twice");
        arrived += usize::from(row.1.starts_with("delivered"));
        seen.push(row);
    }
}

fn the_stream_ends_when_its_reader_may_not_look_any_more(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let tail = format!("{}/tail", site.path(&id));
    let person = site.person("developer");
    let open: Vec<Stream> = (0..4).map(|_| Stream::open(&person, &tail, None)).collect();
    let refused = person.get(&tail);
    assert_eq!(
        (refused.status, refused.header("ratelimit-policy")),
        (429, "\"tails\";q=4;qu=\"concurrent-requests\"")
    );
    let token = person.token(&site.webhooks());
    assert_eq!(person.send("/logout", &token, &[]).status, 303);
    assert!(open.iter().all(|stream| stream.next("event: ").is_none()), "signed out");

    let other = site.person("viewer");
    let stream = Stream::open(&other, &tail, None);
    database.execute("DELETE FROM memberships");
    assert_eq!(stream.next("event: "), None, "no role any more");
}
