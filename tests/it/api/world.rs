//! A running server with one business unit and a token of it.

use crate::support::databases::TestDatabase;
use crate::support::http::{Answer, Api, client, send};
use crate::support::program::{Output, Program, Server};
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Arguments under which any receiver of a test may be sent to, as often as one likes.
pub const OPEN: &[&str] =
    &["--allow-http", "--egress-allow", "127.0.0.1", "--limit-api", "0", "--limit-ingest", "0"];
/// Arguments that lift the rates and leave the rules for addresses as they are.
pub const STRICT: &[&str] = &["--limit-api", "0", "--limit-ingest", "0"];

/// A server, and the token that its requests carry unless they say otherwise.
pub struct World {
    program: Program,
    server: Server,
    partner: i64,
    token: String,
    pub api: Api,
    client: Client,
}

impl World {
    /// Starts the server with these arguments; its one partner is called Acme.
    pub fn start(database: &TestDatabase, args: &[&str]) -> Self {
        let program = Program::new().with_database(database);
        program.run(["keys", "init"]).success();
        let partner = partner(&program, "Acme");
        let token = token(&program, partner, &["--all-scopes"]);
        let server = program.serve(args);
        let api = Api::new(&server.url(""), &token);
        Self { program, server, partner, token, api, client: client() }
    }

    /// A client with a token of these scopes, separated by commas.
    pub fn with_scopes(&self, scopes: &str) -> Api {
        Api::new(&self.server.url(""), &self.secret_with_scopes(scopes))
    }

    /// The secret of a new token of these scopes.
    pub fn secret_with_scopes(&self, scopes: &str) -> String {
        token(&self.program, self.partner, &["--scopes", scopes])
    }

    /// The id of a new login of the one partner.
    pub fn login(&self, name: &str, role: &str) -> String {
        let email = format!("{name}@acme.example");
        id(&self
            .operator(&["--json", "user", "create", "--email", &email, "--name", name, "--role", role])
            .json())
    }

    /// Runs a command for the one partner, as its operator would.
    pub fn operator(&self, args: &[&str]) -> Output {
        let partner = self.partner.to_string();
        self.program.run(args.iter().copied().chain(["--partner", partner.as_str()]))
    }

    /// A client of another partner's business unit.
    pub fn stranger(&self) -> Api {
        Api::new(&self.server.url(""), &self.stranger_token())
    }

    /// The secret of a new token of another partner's business unit, which is made for it.
    pub fn stranger_token(&self) -> String {
        token(&self.program, partner(&self.program, "Globex"), &["--all-scopes"])
    }

    /// The address of a path behind `/api/v1`.
    pub fn url(&self, path: &str) -> String {
        self.server.url(&format!("/api/v1{path}"))
    }

    /// A request without a token.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.token)
    }

    /// Posts these bytes as JSON.
    pub fn post_text(&self, path: &str, body: impl Into<String>) -> Answer {
        send(self.request(Method::POST, path).header("content-type", "application/json").body(body.into()))
    }

    /// Everything that the server has written.
    pub fn said(&self) -> String {
        self.server.said()
    }

    /// Where the server listens: host and port.
    pub fn address(&self) -> String {
        self.server.url("").trim_start_matches("http://").to_owned()
    }

    /// The token's secret.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Makes a webhook and gives its `data`.
    pub fn webhook(&self, body: &Value) -> Value {
        let answer = self.api.post("/webhooks", body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["data"].clone()
    }

    /// Publishes an event of these bytes and gives its id.
    pub fn publish(&self, body: &str) -> String {
        let answer = self.post_text("/events", body);
        assert_eq!(answer.status, 202, "{answer:?}");
        id(&answer.json()["data"])
    }
}

/// The `id` of an object.
pub fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

/// Each field error of a problem as `field code`.
pub fn faults(answer: &Answer) -> Vec<String> {
    let problem = answer.json();
    let errors = problem["errors"].as_array().expect("a list of errors");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors.iter().map(|e| format!("{} {}", word(&e["field"]), word(&e["code"]))).collect()
}

/// Asks again and again until there is something; fails the test when that takes longer than `limit`.
pub fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}");
    }
}

fn partner(program: &Program, name: &str) -> i64 {
    let made = program.run(["--json", "partner", "create", "--name", name, "--kind", "channel"]).json();
    made["id"].as_i64().expect("a number")
}

fn token(program: &Program, partner: i64, scopes: &[&str]) -> String {
    let partner = partner.to_string();
    // Names of live tokens differ; the scopes tell these apart.
    let mut name = format!("token {}", scopes.join(" "));
    if name.len() > 100 {
        name.replace_range(60.., &format!(" {:x}", crc32fast::hash(name.as_bytes())));
    }
    let args = ["token", "create", "--name", &name, "--partner", &partner];
    program.run(args.iter().chain(scopes)).success().to_owned()
}
