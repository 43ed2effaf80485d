//! Somebody with a browser's cookies.

use reqwest::blocking::Client;
use reqwest::redirect::Policy;

use crate::world::PASSWORD;

/// A client that is signed in.
pub struct Visitor {
    base: String,
    client: Client,
}

impl Visitor {
    /// Signs in at the server under `base`.
    pub fn sign_in(base: &str, email: &str) -> Self {
        // Whoever was first is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        let visitor = Self { base: base.to_owned(), client };
        let page = visitor.client.get(visitor.url("/login")).send().unwrap().text().unwrap();
        let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
        let fields = [("email", email), ("password", PASSWORD), ("csrf", csrf)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let answer = visitor
            .client
            .post(visitor.url("/login"))
            .header("origin", base)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .unwrap();
        assert_eq!(answer.status(), 303, "{email} is not let in");
        visitor
    }

    /// Asks for a page as browsers do after a click, and gives how many bytes came.
    pub fn get(&self, path: &str) -> usize {
        let request = self.client.get(self.url(path)).header("accept-encoding", "gzip, deflate, br");
        let answer = request.header("sec-fetch-site", "same-origin").send().unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().unwrap().len()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// What stands between two texts, the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).unwrap().0
}
