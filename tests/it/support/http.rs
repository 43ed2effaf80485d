//! A plain HTTP client for tests: no proxy, no redirects, and answers that are easy to compare.

use reqwest::blocking::{Client, ClientBuilder, RequestBuilder};
use reqwest::header::HeaderMap;
use reqwest::redirect;
use serde_json::Value;
use std::net::IpAddr;
use std::time::Duration;

/// A client that keeps cookies, follows nothing and gives up after 30 seconds.
pub fn client() -> Client {
    built(|builder| builder)
}

/// The same, whose requests come from this address.
pub fn client_from(address: [u8; 4]) -> Client {
    built(|builder| builder.local_address(IpAddr::from(address)))
}

fn built(with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    // Only plain HTTP is spoken here, but the client wants to know its TLS all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    with(Client::builder())
        .no_proxy()
        .redirect(redirect::Policy::none())
        .cookie_store(true)
        .timeout(Duration::from_secs(30))
        // The server ends connections that rest for five seconds: ours are given up before it does.
        .pool_idle_timeout(Duration::from_secs(2))
        .build()
        .expect("an HTTP client")
}

/// What came back, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The body as JSON; fails the test when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The first value of a header, or an empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends what was built; fails the test when no answer comes.
pub fn send(request: RequestBuilder) -> Answer {
    try_send(request).expect("an answer")
}

/// Sends what was built; none when no whole answer comes.
pub fn try_send(request: RequestBuilder) -> Option<Answer> {
    let response = request.send().ok()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Some(Answer { status, headers, body: response.text().ok()? })
}

/// The REST API of one server as one token sees it.
pub struct Api {
    base: String,
    token: String,
    client: Client,
}

impl Api {
    /// `base` is `http://host:port`; paths given later stand behind `/api/v1`.
    pub fn new(base: &str, token: &str) -> Self {
        Self { base: base.to_owned(), token: token.trim().to_owned(), client: client() }
    }

    pub fn get(&self, path: &str) -> Answer {
        send(self.authorized(self.client.get(self.at(path))))
    }

    /// The same; none when no whole answer comes.
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        try_send(self.authorized(self.client.get(self.at(path))))
    }

    /// The last hundred events at most, newest first, without those that Bellwire published of itself.
    pub fn published(&self) -> Vec<Value> {
        let mut all = self.get("/events?limit=100").json()["data"].as_array().expect("a list").clone();
        all.retain(|event| event["source"] != "system");
        all
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.authorized(self.client.post(self.at(path)).json(body)))
    }

    /// Posts JSON as it stands, with further headers; none when no whole answer comes.
    pub fn try_post(&self, path: &str, headers: &[(&str, &str)], json: &str) -> Option<Answer> {
        let request = self.client.post(self.at(path)).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        try_send(self.authorized(request.body(json.to_owned())))
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.authorized(self.client.put(self.at(path)).json(body)))
    }

    pub fn delete(&self, path: &str) -> Answer {
        send(self.authorized(self.client.delete(self.at(path))))
    }

    fn at(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(&self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::super::receiver::{Receiver, Reply};
    use super::*;
    use serde_json::json;

    #[test]
    fn an_api_client_shows_its_token_and_reads_json() {
        let receiver = Receiver::start();
        receiver
            .on("/api/v1/webhooks", [Reply::status(201).header("x-request-id", "r1").body(r#"{"data":[]}"#)]);
        let api = Api::new(&receiver.url(""), "bwl_secret\n");

        let answer = api.post("/webhooks", &json!({"url": "https://example.com"}));

        assert_eq!((answer.status, answer.header("x-request-id")), (201, "r1"));
        assert_eq!(answer.json(), json!({"data": []}));
        let (_, _, _) = (api.get("/events"), api.put("/events", &json!({})), api.delete("/events"));
        let requests = receiver.requests();
        assert!(requests.iter().all(|request| request.header("authorization") == Some("Bearer bwl_secret")));
        let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
        assert_eq!(methods, ["POST", "GET", "PUT", "DELETE"]);
    }
}
