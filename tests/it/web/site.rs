//! A running installation with two business units, and people in front of browsers.

use crate::support::browser::Browser;
use crate::support::databases::TestDatabase;
use crate::support::http::{Answer, Api, client, client_from, send};
use crate::support::program::{Output, Program, Server};
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use thirtyfour::error::WebDriverResult;
use url::form_urlencoded;

/// The password of everybody.
pub const PASSWORD: &str = "violin porch copper";
const LIMIT: Duration = Duration::from_secs(30);
const OPEN: [&str; 6] =
    ["--allow-http", "--egress-allow", "127.0.0.1", "--egress-keep-responses", "--limit-api", "0"];

/// A server with the units of two channel partners.
pub struct Site {
    program: Program,
    server: Server,
    /// The number of the partner of the first unit.
    pub partner: i64,
    /// The number of the other partner.
    pub other_partner: i64,
    /// The unit that people are made in.
    pub bu: String,
    /// The other partner's unit.
    pub other_bu: String,
    /// The API of the first unit.
    pub api: Api,
    /// The API of the other one.
    pub other_api: Api,
}

/// Somebody with a browser that keeps cookies and follows nothing.
pub struct Person {
    base: String,
    pub client: Client,
    pub email: String,
}

impl Site {
    /// A site whose units are called Kestrel and Globex.
    pub fn open(database: &TestDatabase) -> Self {
        Self::open_with(database, &[])
    }

    /// The same with further options.
    pub fn open_with(database: &TestDatabase, options: &[&str]) -> Self {
        let program = Program::new().with_database(database);
        program.run(["keys", "init"]).success();
        let server = program.serve(OPEN.iter().chain(options));
        let partner = |name: &str| {
            let made =
                program.run(["--json", "partner", "create", "--name", name, "--kind", "channel"]).json();
            (made["id"].as_i64().expect("a number"), made["bu"].as_str().expect("a unit").to_owned())
        };
        let api = |partner: i64| {
            let partner = partner.to_string();
            let args = ["token", "create", "--name", "tests", "--all-scopes", "--partner", &partner];
            Api::new(&server.url(""), program.run(args).success())
        };
        let ((ours, bu), (theirs, other_bu)) = (partner("Kestrel"), partner("Globex"));
        let (api, other_api) = (api(ours), api(theirs));
        Self { partner: ours, other_partner: theirs, bu, other_bu, api, other_api, program, server }
    }

    /// The link through which a new login of the first partner chooses its password.
    pub fn invite(&self, email: &str, role: &str) -> String {
        self.invite_to(self.partner, email, role)
    }

    fn invite_to(&self, partner: i64, email: &str, role: &str) -> String {
        let (partner, base) = (partner.to_string(), self.server.url(""));
        let args = ["--json", "user", "create", "--email", email, "--name", "Ada", "--role", role];
        let more = ["--partner", &partner, "--public-url", &base];
        let made = self.program.run(args.iter().chain(&more)).json();
        let link = made["link"].as_str().expect("a link");
        link.strip_prefix(&base).expect("a link to this server").to_owned()
    }

    /// Somebody who is signed in with this role in the first unit.
    pub fn person(&self, role: &str) -> Person {
        self.person_of(self.partner, format!("{role}@kestrel.example"), role)
    }

    /// Somebody who is signed in with this role in the other unit.
    pub fn other_person(&self, role: &str) -> Person {
        self.person_of(self.other_partner, format!("{role}@globex.example"), role)
    }

    /// Somebody with this role at a new global partner, which may act in the first unit and not in the other.
    pub fn global_person(&self, role: &str) -> Person {
        self.global(role).0
    }

    /// The same, with the number of the partner.
    pub fn global(&self, role: &str) -> (Person, i64) {
        let args = ["--json", "partner", "create", "--name", "Atlas", "--kind", "global"];
        let global = self.program.run(args).json()["id"].as_i64().expect("a number");
        let (number, unit) = (global.to_string(), self.partner.to_string());
        self.program.run(["partner", "grant", "--partner", &number, "--unit", &unit]).success();
        (self.person_of(global, format!("{role}@atlas.example"), role), global)
    }

    /// Somebody with this role at a new global partner, which may act in every unit.
    pub fn global_everywhere(&self, role: &str) -> Person {
        let args = ["--json", "partner", "create", "--name", "Meridian", "--kind", "global"];
        let global = self.program.run(args).json()["id"].as_i64().expect("a number");
        self.partner("grant", global, &["--all"]);
        self.person_of(global, format!("{role}@meridian.example"), role)
    }

    /// Grants to a global partner, or withdraws from it: `--all`, or `--unit` with the number of a partner.
    pub fn partner(&self, act: &str, global: i64, units: &[&str]) {
        let number = global.to_string();
        let args = ["partner", act, "--partner", &number];
        self.program.run(args.iter().chain(units)).success();
    }

    /// A path inside the first unit.
    pub fn inside(&self, behind: &str) -> String {
        format!("/bu/{}{behind}", self.bu)
    }

    fn person_of(&self, partner: i64, email: String, role: &str) -> Person {
        let link = self.invite_to(partner, &email, role);
        let person = Person { email, ..self.visitor() };
        let answer = person.choose_password(&link);
        assert_eq!(answer.status, 303, "{answer:?}");
        person
    }

    /// Opens a page of this site in a browser as somebody who signs in on the way there.
    pub async fn sign_in(&self, browser: &Browser, email: &str, path: &str) -> WebDriverResult<()> {
        browser.window.goto(self.url(path)).await?;
        browser.find("#email").await?.send_keys(email).await?;
        browser.find("#password").await?.send_keys(PASSWORD).await?;
        browser.find("form button[type=submit]").await?.click().await?;
        browser.find("#main").await.map(drop)
    }

    /// Somebody who is not signed in.
    pub fn visitor(&self) -> Person {
        Person { base: self.server.url(""), client: client(), email: String::new() }
    }

    /// Somebody who is not signed in, at this address.
    pub fn visitor_from(&self, address: [u8; 4]) -> Person {
        Person { client: client_from(address), ..self.visitor() }
    }

    /// Somebody who signs in as `email` in a new browser.
    pub fn again(&self, email: &str) -> Person {
        let person = Person { email: email.to_owned(), ..self.visitor() };
        assert_eq!(person.sign_in(email, PASSWORD, "").status, 303);
        person
    }

    /// Runs a command of the operator's beside the server.
    pub fn run(&self, args: &[&str]) -> Output {
        self.program.run(args)
    }

    /// A new active webhook of the first unit for `order.completed`; its id.
    pub fn webhook(&self, name: &str, url: &str) -> String {
        made(&self.api, "/webhooks", &json!({"name": name, "url": url, "events": ["order.completed"]}))
    }

    /// The id of the first endpoint of a webhook of the first unit.
    pub fn endpoint(&self, webhook: &str) -> String {
        let shown = self.api.get(&format!("/webhooks/{webhook}")).json();
        shown["data"]["endpoints"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// Publishes an event in the other unit; its id.
    pub fn other_publish(&self) -> String {
        made(&self.other_api, "/events", &json!({"type": "order.completed", "data": {"total": 184}}))
    }

    /// A new webhook of the other unit; its id.
    pub fn other_webhook(&self) -> String {
        let body = json!({"url": "https://example.com/h", "events": ["order.completed"]});
        made(&self.other_api, "/webhooks", &body)
    }

    /// Publishes an event in the first unit; its id.
    pub fn publish(&self) -> String {
        made(&self.api, "/events", &json!({"type": "order.completed", "data": {"total": 184}}))
    }

    /// A new token of the first unit with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        let partner = self.partner.to_string();
        let name = format!("with {scopes}");
        let args = ["token", "create", "--name", &name, scopes, "--partner", &partner];
        self.program.run(args).success().to_owned()
    }

    /// `http://host:port` and the path.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// The id of the token behind `api`.
    pub fn api_token(&self) -> String {
        self.api.get("/me").json()["data"]["id"].as_str().expect("an id").to_owned()
    }

    /// The API of the first unit as another token sees it.
    pub fn api_with(&self, secret: &str) -> Api {
        Api::new(&self.url(""), secret)
    }

    /// Everything the server has written so far.
    pub fn said(&self) -> String {
        self.server.said()
    }

    /// Asks the server to stop, and waits until it has begun to.
    pub fn ask_to_stop(&self) {
        self.server.ask_to_stop();
        until(|| self.said().contains("stopping: ").then_some(()));
    }

    /// Waits until the server has ended.
    pub fn ended(&self) {
        let status = self.server.ended(Duration::from_mins(1));
        assert!(status.success(), "{}", self.said());
    }

    /// Stops the server and starts it again at the same address.
    pub fn restart(&mut self) {
        let address = self.server.url("").trim_start_matches("http://").to_owned();
        assert!(self.server.stop().success(), "{}", self.said());
        let again = ["serve", "--listen", &address];
        self.server = self.program.start(again.iter().chain(&OPEN));
    }

    /// The path of Webhook Details.
    pub fn path(&self, webhook: &str) -> String {
        format!("{}/{webhook}", self.webhooks())
    }

    /// The path of the API tab.
    pub fn tokens(&self) -> String {
        format!("/bu/{}/admin/api", self.bu)
    }

    /// The path of the overview, where people start.
    pub fn overview(&self) -> String {
        format!("/bu/{}", self.bu)
    }

    /// The path of the Webhooks tab.
    pub fn webhooks(&self) -> String {
        format!("/bu/{}/admin/webhooks", self.bu)
    }
}

fn made(api: &Api, path: &str, body: &Value) -> String {
    let answer = api.post(path, body);
    assert!((200..300).contains(&answer.status), "{answer:?}");
    answer.json()["data"]["id"].as_str().expect("an id").to_owned()
}

impl Person {
    /// A request as the browser sends it when it proves nothing.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Looks at a page.
    pub fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path))
    }

    /// The token in the forms of a page.
    pub fn token(&self, path: &str) -> String {
        let page = self.get(path).body;
        between(&page, r#"name="csrf" value=""#, "\"").expect("a form with a token").to_owned()
    }

    /// Sends a form as a page of ours does.
    pub fn send(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        send(self.form(path, token, fields).header("origin", &self.base))
    }

    /// A form that does not say where it comes from.
    pub fn form(&self, path: &str, token: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let all = fields.iter().copied().chain([("csrf", token)]);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        self.request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Signs in.
    pub fn sign_in(&self, email: &str, password: &str, next: &str) -> Answer {
        let token = self.token("/login");
        self.send("/login", &token, &[("email", email), ("password", password), ("next", next)])
    }

    /// Uses a one-time link.
    pub fn choose_password(&self, link: &str) -> Answer {
        let page = self.get(link);
        let Some(token) = between(&page.body, r#"name="csrf" value=""#, "\"") else { return page };
        let secret = link.split_once('=').expect("a link with its secret").1;
        let password = [("password", PASSWORD), ("password_again", PASSWORD)];
        let fields: Vec<_> = password.into_iter().chain([("link", secret), ("name", "Ada")]).collect();
        self.send("/setup", token, &fields)
    }
}

/// What stands between two texts, the first time.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

/// Asks again and again until there is something; fails the test when that takes too long.
pub fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(start.elapsed() < LIMIT, "not within {LIMIT:?}");
    }
}
