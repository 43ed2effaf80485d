//! An installation of Bellwire as an operator makes one: a key, a database, tenants with a token, a server.

use super::databases::TestDatabase;
use super::http::{Answer, Api};
use super::patience::{PATIENCE, until};
use super::program::{Program, Server};
use serde_json::{Value, json};

/// What lets deliveries go to the receivers of tests, and no limit be in the way.
pub const OPEN: [&str; 8] = [
    "--allow-http",
    "--egress-allow",
    "127.0.0.1",
    "--egress-keep-responses",
    "--limit-api",
    "0",
    "--limit-ingest",
    "0",
];

/// The program with its key and its database; no server runs yet.
pub struct Installation {
    pub program: Program,
}

/// A channel partner with a token that may do everything in its business unit.
pub struct Tenant {
    token: String,
}

impl Installation {
    pub fn new(database: &TestDatabase) -> Self {
        Self::of(Program::new().with_database(database))
    }

    /// The same with a program that was given more of an environment.
    pub fn of(program: Program) -> Self {
        program.run(["keys", "init"]).success();
        Self { program }
    }

    pub fn tenant(&self, name: &str) -> Tenant {
        let made =
            self.program.run(["partner", "create", "--name", name, "--kind", "channel", "--json"]).json();
        let number = made["id"].to_string();
        let token =
            self.program.run(["token", "create", "--name", "all", "--partner", &number, "--all-scopes"]);
        Tenant { token: token.success().to_owned() }
    }

    /// The same, prepared by a shell.
    pub fn serve_after(&self, preparation: &str) -> Server {
        self.program.serve_after(preparation, OPEN)
    }

    /// `serve`, open for the receivers of tests.
    pub fn serve(&self) -> Server {
        self.program.serve(OPEN)
    }
}

impl Tenant {
    /// The API of `server` as this tenant sees it.
    pub fn at(&self, server: &Server) -> Api {
        self.at_base(&server.url(""))
    }

    /// The same by the server's `http://host:port`.
    pub fn at_base(&self, base: &str) -> Api {
        Api::new(base, &self.token)
    }
}

/// What tests of deliveries do again and again.
impl Api {
    /// Makes a webhook; gives it as it was answered, secret included.
    pub fn webhook(&self, draft: &Value) -> Value {
        data(&self.post("/webhooks", draft), 201)
    }

    /// Makes a webhook with one endpoint, which is tried once.
    pub fn simple_webhook(&self, url: &str, event: &str) -> Value {
        self.webhook(&json!({"endpoints": [{"url": url, "retry": "none"}], "events": [event]}))
    }

    /// Publishes an event; gives its id.
    pub fn publish(&self, event_type: &str, payload: &Value) -> String {
        let answer = self.post("/events", &json!({"type": event_type, "data": payload}));
        text(&data(&answer, 202)["id"])
    }

    /// An event with its deliveries.
    pub fn event(&self, id: &str) -> Value {
        data(&self.get(&format!("/events/{id}")), 200)
    }

    /// An event, once every delivery of it has come to its end.
    pub fn settled(&self, id: &str) -> Value {
        self.event_when(id, |event| {
            let open = ["ready", "leased"].map(Value::from);
            list(&event["deliveries"]).iter().all(|delivery| !open.contains(&delivery["state"]))
        })
    }

    /// An event, once it is as wanted.
    pub fn event_when(&self, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(PATIENCE, || {
            let event = self.event(id);
            if is_so(&event) { Ok(event) } else { Err(event) }
        })
    }
}

/// The `data` of an answer; fails the test when its status is another.
pub fn data(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{answer:?}");
    answer.json()["data"].take()
}

/// The items of a list; fails the test when it is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

/// The text; fails the test when it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
