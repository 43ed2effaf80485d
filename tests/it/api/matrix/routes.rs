//! Every route of the API, a line each: from it the other tests here are made.

use bellwire::api::routes::{Need, table};
use reqwest::Method;
use std::collections::BTreeMap;

/// Method, path, what it needs, the body that the scene has for it, and the status of a good request (the
/// replay of the scene is over, so that cancelling it comes too late). In braces
/// stands which thing of the scene the path names.
const LINES: &str = "
GET    /webhooks                       webhooks:read      -          200
POST   /webhooks                       webhooks:write     webhook    201
GET    /webhooks/{wh}                  webhooks:read      -          200
PUT    /webhooks/{wh}                  webhooks:write     change     200
PATCH  /webhooks/{wh}                  webhooks:write     change     200
DELETE /webhooks/{wh}                  webhooks:write     -          200
POST   /webhooks/{wh}/test             webhooks:test      test       200
POST   /webhooks/{wh}/secret/rotate    webhooks:write     rotation   200
GET    /webhooks/{wh}/deliveries       deliveries:read    -          200
GET    /deliveries/{dlv}               deliveries:read    -          200
POST   /deliveries/{dlv}/resend        deliveries:write   -          202
POST   /replays                        deliveries:write   replay     201
GET    /replays/{rpl}                  deliveries:write   -          200
DELETE /replays/{rpl}                  deliveries:write   -          409
POST   /hooks                          webhooks:write     hook       201
DELETE /hooks/{hook}                   webhooks:write     -          200
GET    /events                         events:read        -          200
POST   /events                         events:write       event      202
POST   /events/batch                   events:write       batch      202
GET    /events/{evt}                   events:read        -          200
GET    /event-types                    event-types:read   -          200
POST   /event-types                    event-types:write  type       201
GET    /event-types/{type}             event-types:read   -          200
PUT    /event-types/{type}             event-types:write  type_edit  200
DELETE /event-types/{type}             event-types:write  -          200
GET    /event-types/{type}/sample      event-types:read   -          200
GET    /tokens                         tokens:read        -          200
POST   /tokens                         person             token      403
DELETE /tokens/{tok}                   tokens:write       -          200
POST   /tokens/{tok}/rotate            person             token      403
GET    /me                             token              -          200
";

/// One line.
#[derive(Debug, Clone)]
pub struct Row {
    pub method: Method,
    /// With the scene's names in braces.
    pub path: &'static str,
    /// `person`, `token`, or a scope.
    pub need: &'static str,
    /// The name of its body in the scene; none when it takes none.
    pub body: Option<&'static str>,
    /// What a good request is answered with.
    pub good: u16,
}

impl Row {
    /// The scope it needs, when it needs one.
    pub fn scope(&self) -> Option<&'static str> {
        self.need.contains(':').then_some(self.need)
    }

    /// Which thing of the scene the path names.
    pub fn thing(&self) -> Option<&'static str> {
        Some(self.path.split_once('{')?.1.split_once('}')?.0)
    }
}

/// Every line, in its order.
pub fn rows() -> Vec<Row> {
    LINES.lines().filter(|line| !line.is_empty()).map(read).collect()
}

fn read(line: &'static str) -> Row {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [method, path, need, body, good] = words[..] else { panic!("five words: {line}") };
    Row {
        method: method.parse().unwrap(),
        path,
        need,
        body: (body != "-").then_some(body),
        good: good.parse().unwrap(),
    }
}

/// The methods of each path.
pub fn methods() -> BTreeMap<&'static str, Vec<Method>> {
    let mut methods: BTreeMap<_, Vec<Method>> = BTreeMap::new();
    for row in rows() {
        let of_path = methods.entry(row.path).or_default();
        // An answer to `GET` without its body.
        let head = (row.method == Method::GET).then_some(Method::HEAD);
        of_path.extend([row.method].into_iter().chain(head));
    }
    methods
}

#[test]
fn every_route_of_the_program_has_its_line() {
    // What needs nothing has tests of its own: `api::description`.
    let guarded = table().into_iter().filter(|route| route.need != Need::Nothing);
    let live = guarded.map(|route| {
        let need = match route.need {
            Need::Scope(scope) => scope.as_str(),
            Need::Token => "token",
            Need::Person => "person",
            Need::Nothing => "nothing",
        };
        format!("{} {} {need}", route.method, route.path)
    });
    let here = rows().into_iter().map(|row| {
        let named = if row.thing() == Some("type") { "{name}" } else { "{id}" };
        let path =
            row.thing().map_or(row.path.to_owned(), |thing| row.path.replace(&format!("{{{thing}}}"), named));
        format!("{} {path} {}", row.method, row.need)
    });
    let (live, here): (Vec<String>, Vec<String>) = (live.collect(), here.collect());
    assert_eq!(live, here, "a route that is new or gone: add or remove its line in this file");
}
