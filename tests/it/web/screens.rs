//! Every page of the demonstration, seen as its visitors see it: nothing sticks out, nothing is said on the console,
//! and axe-core finds nothing. With `BELLWIRE_TEST_PICTURES` set to a folder, pictures of them are put there.

use super::site::{between, until};
use crate::support::axe::broken_rules;
use crate::support::browser::{Browser, browse};
use crate::support::http::Api;
use crate::support::program::{Program, Server};
use serde_json::json;
use std::path::PathBuf;
use thirtyfour::prelude::*;

/// A page: the name of its pictures, and how somebody comes to it.
struct Stop {
    name: &'static str,
    from: From,
    /// The forms that are sent from there, one after the other.
    sent: &'static [Sent],
}

/// A form that is filled and sent.
struct Sent {
    /// Selectors of fields, and what is typed into each.
    fields: &'static [(&'static str, &'static str)],
    /// What the answer has.
    then: &'static str,
}

/// Where a page is found.
enum From {
    /// At this address.
    At(&'static str),
    /// At this address inside the unit.
    Inside(&'static str),
    /// Behind the first such link on this page of the unit, and behind the first such link there.
    Behind(&'static str, &'static [&'static str]),
    /// Behind the first such link at this address.
    BehindAt(&'static str, &'static str),
}

const fn stop(name: &'static str, from: From) -> Stop {
    Stop { name, from, sent: &[] }
}

/// A page that answers forms.
const fn answer(name: &'static str, from: From, sent: &'static [Sent]) -> Stop {
    Stop { name, from, sent }
}

const HOOKS: &str = "/admin/webhooks";
/// Webhook Details, from Saved Webhooks.
const ROW: &str = "table.saved a.row-link";
/// The page of an endpoint, from Webhook Details.
const ENDPOINT: &str = "a[href*='/endpoints/ep_']";
const WIZARD: &str = "/admin/webhooks/new";
/// What the wizard's first step asks, and its second.
const NAMED: Sent = Sent { fields: &[("#w-name", "Order desk")], then: "#ep0-url" };
const PLACED: Sent = Sent { fields: &[("#ep0-url", "https://hooks.example.com/orders")], then: "#tr0-i" };
/// What makes a token, and what sends a test event.
const TOKEN: Sent =
    Sent { fields: &[("#t-name", "Nightly import"), ("[value='events:read']", " ")], then: "#token-secret" };
const TESTED: Sent = Sent { fields: &[], then: "#te-results .code" };
const WRONG: Sent =
    Sent { fields: &[("#ep0-url", "ftp://hooks.example.com/orders")], then: "#ep0-url[aria-invalid=true]" };

/// What somebody sees who is not signed in.
const OUTSIDE: &[Stop] = &[
    stop("login", From::At("/login")),
    stop("error-404-outside", From::At("/nowhere")),
    stop("api-docs", From::At("/docs/api")),
];

/// What the admin of a unit sees under Admin, and of their account.
const ADMIN: &[Stop] = &[
    stop("account", From::At("/account")),
    stop("account-password", From::At("/account/password")),
    stop("account-factor", From::At("/account/second-factor")),
    stop("api-tokens", From::Inside("/admin/api")),
    stop("token-create", From::Inside("/admin/api/tokens/new")),
    answer("token-created", From::Inside("/admin/api/tokens/new"), &[TOKEN]),
    stop("token-rotate", From::Behind("/admin/api", &["a[href$='/rotate']"])),
    stop("token-delete", From::Behind("/admin/api", &["a[href*='/tokens/'][href$='/delete']"])),
    stop("webhooks", From::Inside(HOOKS)),
    stop("webhooks-none", From::Inside("/admin/webhooks?q=nowhere")),
    stop("wizard-1", From::Inside(WIZARD)),
    answer("wizard-2", From::Inside(WIZARD), &[NAMED]),
    answer("wizard-2-wrong", From::Inside(WIZARD), &[NAMED, WRONG]),
    answer("wizard-3", From::Inside(WIZARD), &[NAMED, PLACED]),
    stop("webhook-details", From::Behind(HOOKS, &[ROW])),
    stop("webhook-delete", From::Behind(HOOKS, &["a[href$='/delete']"])),
    stop("webhook-edit", From::Behind(HOOKS, &[ROW, "a[href$='/edit']"])),
    stop("endpoint-add", From::Behind(HOOKS, &[ROW, "a[href$='/endpoints/new']"])),
    stop("endpoint-edit", From::Behind(HOOKS, &[ROW, ENDPOINT])),
    stop("destination", From::Behind(HOOKS, &[ROW, ENDPOINT, "a[href$='/destination']"])),
    stop("triggers", From::Behind(HOOKS, &[ROW, "a[href$='/triggers']"])),
    stop("secret-reveal", From::Behind(HOOKS, &[ROW, "a[href$='/secret']"])),
    stop("secret-rotate", From::Behind(HOOKS, &[ROW, "a[href$='/rotate']"])),
    stop("test-event", From::Behind(HOOKS, &[ROW, "#send-test"])),
    answer("test-event-sent", From::Behind(HOOKS, &[ROW, "#send-test"]), &[TESTED]),
    stop("connect", From::Behind(HOOKS, &["input[value*='/connect/']"])),
    stop("users", From::Inside("/admin/users")),
    stop("user-invite", From::Inside("/admin/users/new")),
    stop("user-edit", From::Behind("/admin/users", &["a[href*='/users/'][href$='/edit']"])),
    stop("user-disable", From::Behind("/admin/users", &["a[href$='/disable']"])),
    stop("user-remove", From::Behind("/admin/users", &["a[href$='/remove']"])),
    stop("teams", From::Inside("/admin/teams")),
    stop("team-create", From::Inside("/admin/teams/new")),
    stop("team", From::Behind("/admin/teams", &["a.row-link[href*='/teams/']"])),
    stop("team-delete", From::Behind("/admin/teams", &["a[href*='/teams/'][href$='/delete']"])),
    stop("audit-log", From::Inside("/admin/audit")),
];

/// What they see elsewhere in the unit.
const UNIT: &[Stop] = &[
    stop("overview", From::Inside("")),
    stop("search", From::Inside("/search?q=order")),
    stop("search-none", From::Inside("/search?q=nowhere")),
    stop("programmes", From::Inside("/programmes")),
    stop("webhooks-dashboard", From::Inside("/webhooks")),
    stop("create-webhook", From::Inside("/webhooks/new")),
    stop("manage-events", From::Behind("/webhooks", &["a[href$='/events']"])),
    stop("integrations", From::Behind("/webhooks", &["#linked td a[href*='/programmes/']"])),
    stop("event-logs", From::Inside("/logs")),
    stop("event-detail", From::Behind("/logs", &["a[href*='/logs/evt_']"])),
    stop("matrix", From::Inside("/matrix")),
    stop("matrix-none", From::Inside("/matrix?q=zzz")),
    stop("catalogue", From::Inside("/catalogue")),
    stop("event-type", From::Behind("/catalogue", &["#types a.name"])),
    stop("event-type-new", From::Inside("/catalogue/new")),
    stop("replays", From::Inside("/replays")),
    stop("replay-new", From::Inside("/replays/new")),
    stop("error-404", From::Inside("/nowhere")),
];

/// What somebody sees whose partner has several units.
const GLOBAL: &[Stop] = &[
    stop("partner-search", From::At("/partners?q=a")),
    stop("partner-search-none", From::At("/partners?q=zzz")),
];

/// What an operator sees.
const OPERATOR: &[Stop] = &[
    stop("operator-partners", From::At("/operator/partners")),
    stop("operator-partners-none", From::At("/operator/partners?q=zzz")),
    stop("operator-partner-new", From::At("/operator/partners/new")),
    stop("operator-partner", From::BehindAt("/operator/partners?q=kestrel", "a.row-link")),
    stop("operator-global", From::BehindAt("/operator/partners?q=northwind", "a.row-link")),
];

/// Opens pages on a screen of this size in both themes: before somebody signs in, and then.
fn tour(outside: &[&[Stop]], inside: &[&[Stop]], form: &str, (width, height): (u32, u32)) {
    let demo = Demo::start();
    browse(async |browser| {
        browser.resize(width, height).await?;
        browser.window.cdp().send_raw("Emulation.setScrollbarsHidden", json!({"hidden": true})).await?;
        let mut seen = Seen { demo: &demo, browser: &browser, form, faults: Vec::new() };
        for stop in outside.iter().copied().flatten() {
            seen.stop(stop).await?;
        }
        seen.sign_in("owner@northwind.example.com").await?;
        for stop in inside.iter().copied().flatten() {
            seen.stop(stop).await?;
        }
        assert!(seen.faults.is_empty(), "{}", seen.faults.join("\n"));
        Ok(())
    });
}

const DESK: (u32, u32) = (1440, 900);
const PHONE: (u32, u32) = (390, 844);

#[test]
fn pages_under_admin_are_sound_on_a_desk() {
    tour(&[OUTSIDE], &[ADMIN], "", DESK);
}

#[test]
fn pages_under_admin_are_sound_on_a_phone() {
    tour(&[OUTSIDE], &[ADMIN], "mobile", PHONE);
}

#[test]
fn other_pages_are_sound_on_a_desk() {
    tour(&[], &[GLOBAL, OPERATOR, UNIT], "", DESK);
}

#[test]
fn other_pages_are_sound_on_a_phone() {
    tour(&[], &[GLOBAL, OPERATOR, UNIT], "mobile", PHONE);
}

/// The demonstration in a browser.
struct Seen<'a> {
    demo: &'a Demo,
    browser: &'a Browser,
    /// What the names of pictures end in; nothing for a desk.
    form: &'a str,
    /// What is wrong with the pages so far.
    faults: Vec<String>,
}

impl Seen<'_> {
    async fn sign_in(&self, email: &str) -> WebDriverResult<()> {
        self.browser.window.goto(self.demo.server.url("/login")).await?;
        self.browser.find("#email").await?.send_keys(email).await?;
        self.browser.find("#password").await?.send_keys(&self.demo.password).await?;
        self.browser.find("form button[type=submit]").await?.click().await?;
        self.browser.find("#main").await.map(drop)
    }

    /// Opens a page, looks at it in both themes, and at what the browser said meanwhile.
    async fn stop(&mut self, stop: &Stop) -> WebDriverResult<()> {
        let window = &self.browser.window;
        let inside = |path: &str| self.demo.server.url(&format!("/bu/{}{path}", self.demo.unit));
        match stop.from {
            From::At(path) => window.goto(self.demo.server.url(path)).await?,
            From::Inside(path) => window.goto(inside(path)).await?,
            From::Behind(path, links) => {
                window.goto(inside(path)).await?;
                for link in links {
                    window.goto(self.link(link).await?).await?;
                }
            }
            From::BehindAt(path, link) => {
                window.goto(self.demo.server.url(path)).await?;
                window.goto(self.link(link).await?).await?;
            }
        }
        for sent in stop.sent {
            self.send(sent).await?;
        }
        self.browser.find("main").await?;
        for theme in ["light", "dark"] {
            self.browser.darken(theme == "dark").await?;
            let what = format!("{} {} {theme}", stop.name, self.form);
            let overflow = self.browser.overflow().await?;
            self.faults
                .extend((overflow > 0).then(|| format!("{what}: {overflow} px wider than the screen")));
            let broken = broken_rules(self.browser).await?;
            self.faults.extend(broken.iter().map(|rule| format!("{what}: {rule}")));
            self.picture(stop.name, theme).await?;
        }
        let is_error = stop.name.starts_with("error-");
        if is_error {
            // The browser itself complains about the status, which is meant.
            window.browser_log().await.map(drop)
        } else {
            self.browser.assert_quiet().await
        }
    }

    /// Fills the form of the dialog and presses its button.
    async fn send(&self, sent: &Sent) -> WebDriverResult<()> {
        for &(field, typed) in sent.fields {
            self.browser.find(field).await?.send_keys(typed).await?;
        }
        self.browser.find("dialog button.primary").await?.click().await?;
        self.browser.find(sent.then).await.map(drop)
    }

    /// Where the first such link leads to, or the address in the first such field.
    async fn link(&self, css: &str) -> WebDriverResult<String> {
        let found = self.browser.find(css).await?;
        let href = found.prop("href").await?;
        Ok(if href.is_some() { href } else { found.value().await? }.expect("an address"))
    }

    async fn picture(&self, name: &str, theme: &str) -> WebDriverResult<()> {
        let Some(folder) = std::env::var_os("BELLWIRE_TEST_PICTURES").map(PathBuf::from) else {
            return Ok(());
        };
        let words: Vec<&str> = [name, self.form, theme].into_iter().filter(|word| !word.is_empty()).collect();
        self.browser.window.screenshot(&folder.join(format!("{}.png", words.join("-")))).await
    }
}

/// A running demonstration.
struct Demo {
    server: Server,
    /// The password of every login.
    password: String,
    /// The unit that most happens in.
    unit: String,
    _program: Program,
}

impl Demo {
    fn start() -> Self {
        let program = Program::new();
        let server = program.start(["demo", "--listen", "127.0.0.1:0"]);
        let word = |before: &str| until(|| between(&server.said(), before, "\n").map(str::to_owned));
        let password = word("the password is the same for all: ");
        let api = Api::new(&server.url(""), &word("with every scope:\n\n  "));
        let unit = api.get("/me").json()["data"]["business_unit"]["id"].as_str().expect("a unit").to_owned();
        Self { server, password, unit, _program: program }
    }
}
