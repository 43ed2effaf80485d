//! The account page: another password, the second factor, sessions, and how this browser shows Bellwire.

use super::site::{PASSWORD, Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use bellwire::clock::Clock;
use reqwest::header::SET_COOKIE;
use totp_rs::{Builder, Secret, Totp};

both_databases!(
    a_password_is_changed_by_who_knows_it,
    a_second_factor_is_turned_on_and_asked_for,
    a_recovery_code_works_once_and_says_how_many_are_left,
    recovery_codes_are_made_anew_once,
    turning_the_second_factor_off_takes_password_and_code,
    the_operator_takes_a_lost_second_factor_away,
    sessions_are_listed_and_ended,
    a_browser_keeps_its_theme_and_shortcuts,
);

pub const NEW_PASSWORD: &str = "marble otter lantern";

/// The app on somebody's phone, and the codes on paper.
pub struct App {
    pub totp: Totp,
    pub codes: Vec<String>,
}

impl App {
    /// The six digits of now, or of so many half minutes later.
    pub fn code(&self, later: i64) -> String {
        let seconds = Clock::system().now().as_millis() / 1_000 + later * 30;
        self.totp.generate(u64::try_from(seconds).unwrap()).to_string()
    }
}

/// Sends a form as often as it takes to be within the limit of forms.
pub fn submit(person: &Person, page: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
    let token = person.token(page);
    until(|| {
        Some(person.send(to, &token, fields)).filter(|answer| !answer.body.contains("That was too fast"))
    })
}

/// The app of a key that a page shows.
pub fn app_of(page: &str) -> App {
    let key = between(page, "id=\"key-text\" class=\"break\">", "<").expect("a key").replace(' ', "");
    let secret = Secret::try_from_base32(&key).expect("a key in base32");
    App { totp: Builder::new().with_secret(secret).build().expect("an app"), codes: Vec::new() }
}

/// Turns the second factor on.
pub fn turn_on(person: &Person) -> App {
    let page = person.get("/account/second-factor").body;
    let (app, sealed) = (app_of(&page), between(&page, "name=\"key\" value=\"", "\"").unwrap());
    let fields = [("key", sealed), ("code", &app.code(0))];
    let answer = submit(person, "/account", "/account/second-factor", &fields);
    assert_eq!(answer.status, 200, "{answer:?}");
    App { codes: codes(&answer.body), ..app }
}

/// The recovery codes on a page.
pub fn codes(page: &str) -> Vec<String> {
    let list = between(page, "id=\"codes-list\">", "</ol>").expect("a list of codes");
    let codes = list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    codes.collect()
}

/// Forgets which code was used last, as half a minute would.
pub fn pass_time(database: &TestDatabase) {
    database.execute("UPDATE users SET totp_last_step = 1 WHERE totp_last_step IS NOT NULL");
}

fn actions(database: &TestDatabase, action: &str) -> Vec<String> {
    let rows = "SELECT actor_name || ' ' || COALESCE(after, '') AS line FROM audit";
    database.lines(&format!("{rows} WHERE action = '{action}' ORDER BY seq"))
}

fn a_password_is_changed_by_who_knows_it(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("viewer");
    let elsewhere = site.again(&person.email);
    let change = |current: &str, new: &str, again: &str| {
        let fields = [("current", current), ("new", new), ("new_again", again)];
        submit(&person, "/account/password", "/account/password", &fields)
    };
    for (current, new, again, told) in [
        (PASSWORD, "short", "short", "A password has at least 12 characters."),
        (PASSWORD, NEW_PASSWORD, "marble otter lanterN", "The two passwords differ."),
        (PASSWORD, PASSWORD, PASSWORD, "This is the password you have."),
        (PASSWORD, "viewer@kestrel", "viewer@kestrel", "holds your name or e-mail address"),
        ("violin porch coppeR", NEW_PASSWORD, NEW_PASSWORD, "That is not your password."),
    ] {
        let answer = change(current, new, again);
        assert_eq!(answer.status, 422, "{told}");
        assert!(answer.body.contains(told) && answer.body.contains("<title>Error: "), "{told}: {answer:?}");
        assert!(!answer.body.contains(NEW_PASSWORD) && !answer.body.contains("coppeR"));
    }
    assert_eq!(elsewhere.get("/account").status, 200, "nothing has changed so far");

    let changed = change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD);
    assert_eq!((changed.status, changed.header("location")), (303, "/account"));
    let told = person.get("/account").body;
    assert!(told.contains("Password changed") && !person.get("/account").body.contains("Password changed"));
    assert_eq!(elsewhere.get("/account").header("location"), "/login?next=%2Faccount");
    assert_eq!(site.visitor().sign_in(&person.email, PASSWORD, "").status, 422);
    assert_eq!(site.visitor().sign_in(&person.email, NEW_PASSWORD, "").status, 303);
    let told = actions(database, "user.password_changed");
    assert_eq!(told, ["Ada {\"password\":\"changed\",\"sessions_ended\":1}"]);
}

fn a_second_factor_is_turned_on_and_asked_for(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let elsewhere = site.again(&person.email);
    let page = person.get("/account/second-factor").body;
    assert!(page.contains("<svg class=\"qr\"") && page.contains("data-once"));
    let (app, sealed) = (app_of(&page), between(&page, "name=\"key\" value=\"", "\"").unwrap().to_owned());
    let send = |sealed: &str, code: &str| {
        let fields = [("key", sealed), ("code", code)];
        submit(&person, "/account", "/account/second-factor", &fields)
    };
    for code in ["", "12345", &app.code(5), "0123-4567-89ab-cdef"] {
        let refused = send(&sealed, code);
        assert_eq!(refused.status, 422, "{code}");
        assert_eq!(app_of(&refused.body).code(0), app.code(0), "the same key again");
    }
    let others = site.person("admin");
    let theirs = others.get("/account/second-factor").body;
    let (their_app, theirs) = (app_of(&theirs), between(&theirs, "name=\"key\" value=\"", "\"").unwrap());
    for (sealed, code) in [(theirs, their_app.code(0)), ("", app.code(0)), ("x", app.code(0))] {
        assert_eq!(send(sealed, &code).status, 404, "a key that was proposed to nobody here");
    }
    assert!(person.get("/account").body.contains("id=\"turn-on\""), "nothing counts before a code");
    assert_eq!(elsewhere.get("/account").status, 200);

    let code = app.code(0);
    let on = send(&sealed, &code);
    let codes = codes(&on.body);
    assert_eq!((on.status, codes.len()), (200, 10));
    assert!(on.headers.get_all(SET_COOKIE).iter().any(|c| c.to_str().unwrap().starts_with("bw_session=")));
    let shown = person.get("/account").body;
    assert!(shown.contains("10 recovery codes are left.") && shown.contains("Second factor on"));
    assert_eq!(send(&sealed, &app.code(1)).status, 409, "a second form");
    assert_eq!(person.get("/account/second-factor").header("location"), "/account");
    assert_eq!(elsewhere.get("/account").status, 303, "other sessions have ended");

    let other = site.visitor();
    let half = other.sign_in(&person.email, PASSWORD, "/account");
    assert_eq!((half.status, half.header("location")), (303, "/login/code?next=%2Faccount"));
    assert!(!format!("{:?}", half.headers).contains("bw_device"), "a device is known once all is proved");
    let try_code = |person: &Person, code: &str| {
        submit(person, "/login/code", "/login/code", &[("code", code), ("next", "/account")])
    };
    let used = try_code(&other, &code);
    assert_eq!(used.status, 422, "the code that turned it on is used up");
    assert!(used.body.contains("This code is not right.") && !used.body.contains(&code));
    let next = app.code(1);
    let passed = try_code(&other, &format!(" {} {} ", &next[..3], &next[3..]));
    assert_eq!((passed.status, passed.header("location")), (303, "/account"));
    assert_eq!(other.get("/account").status, 200);

    let third = site.visitor();
    third.sign_in(&person.email, PASSWORD, "");
    assert_eq!(try_code(&third, &next).status, 422, "a step is never accepted twice");
    assert_eq!(try_code(&third, &app.code(3)).status, 422, "nor one that is too far away");
    pass_time(database);
    assert_eq!(try_code(&third, &app.code(-1)).status, 303, "one before this moment is");

    let stored = database.lines("SELECT COUNT(*) || '' AS line FROM recovery_codes WHERE used_at IS NULL");
    assert_eq!(stored, ["10"]);
    let secret = between(&page, "id=\"key-text\" class=\"break\">", "<").unwrap().to_owned();
    for secret in codes.iter().chain([&secret, &secret.replace(' ', ""), &code]) {
        assert!(!site.said().contains(secret.as_str()));
    }
    assert_eq!(actions(database, "second_factor.turned_on").len(), 1);
    let started = actions(database, "session.started");
    assert!(started.last().unwrap().contains("\"second_factor\":\"digits\""), "{started:?}");
}

fn a_recovery_code_works_once_and_says_how_many_are_left(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let app = turn_on(&person);
    let with = |code: &str| {
        let visitor = site.visitor();
        visitor.sign_in(&person.email, PASSWORD, "/account");
        (submit(&visitor, "/login/code", "/login/code", &[("code", code), ("next", "/account")]), visitor)
    };
    let (used, visitor) = with(&app.codes[3].to_uppercase());
    assert_eq!(used.status, 200);
    assert!(used.body.contains("9 recovery codes are left.") && used.body.contains("href=\"/account\""));
    assert!(!used.body.contains(&app.codes[3]));
    assert!(visitor.get("/account").body.contains("9 recovery codes are left."));
    assert_eq!(with(&app.codes[3]).0.status, 422, "it works once");
    assert!(with(&app.codes[4].replace('-', "")).0.body.contains("8 recovery codes are left."));

    let file = app.codes.iter().map(|code| ("code", code.as_str())).chain([("code", "<script>")]);
    let file = submit(&visitor, "/account", "/account/recovery-codes/file", &file.collect::<Vec<_>>());
    assert_eq!((file.status, file.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert!(file.header("content-disposition").starts_with("attachment; "));
    assert!(app.codes.iter().all(|code| file.body.contains(code)) && !file.body.contains("script"));
}

fn recovery_codes_are_made_anew_once(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let app = turn_on(&person);
    let page = "/account/recovery-codes";
    let set = between(&person.get(page).body, "name=\"set\" value=\"", "\"").unwrap().to_owned();
    let made = submit(&person, page, page, &[("set", &set)]);
    let new = codes(&made.body);
    assert!(new.len() == 10 && new.iter().all(|code| !app.codes.contains(code)));
    let again = submit(&person, page, page, &[("set", &set)]);
    assert_eq!(again.status, 409, "a form that is sent again makes none");
    assert!(again.body.contains("shown only once"));
    let other = site.visitor();
    other.sign_in(&person.email, PASSWORD, "");
    let tried = |code: &str| submit(&other, "/login/code", "/login/code", &[("code", code)]).status;
    assert_eq!((tried(&app.codes[0]), tried(&new[0])), (422, 200));
    assert_eq!(actions(database, "recovery_codes.renewed").len(), 1);

    database.execute("UPDATE sessions SET reauth_at = 1");
    for path in [page, "/account/second-factor"] {
        assert!(person.get(path).header("location").starts_with("/confirm?next="), "L17: {path}");
    }
    let refused = submit(&person, "/account", page, &[("set", &set)]);
    assert_eq!(refused.status, 401, "L17");
}

fn turning_the_second_factor_off_takes_password_and_code(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let app = turn_on(&person);
    pass_time(database);
    let off = "/account/second-factor/off";
    let send = |password: &str, code: &str| {
        submit(&person, "/account", off, &[("password", password), ("code", code)])
    };
    assert_eq!(person.get(off).status, 200);
    for (password, code, told) in [
        ("violin porch coppeR", app.code(0), "That is not your password."),
        (PASSWORD, "000".to_owned(), "This code is not right"),
        (PASSWORD, app.code(4), "This code is not right"),
    ] {
        let refused = send(password, &code);
        assert_eq!(refused.status, 422, "{told}");
        assert!(refused.body.contains(told), "{told}: {refused:?}");
    }
    let done = send(PASSWORD, &app.code(0));
    assert_eq!((done.status, done.header("location")), (303, "/account"));
    assert!(person.get("/account").body.contains("id=\"turn-on\""));
    assert_eq!(person.get(off).header("location"), "/account");
    assert_eq!(site.again(&person.email).get("/account").status, 200, "the password alone signs in");
    let left = database.lines("SELECT COUNT(*) || '' AS line FROM recovery_codes");
    assert_eq!(left, ["0"]);
}

fn the_operator_takes_a_lost_second_factor_away(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let drop = |email: &str| site.run(&["user", "drop-second-factor", "--email", email]);
    assert_ne!(drop(&person.email).code, Some(0), "there is none");
    turn_on(&person);
    assert_ne!(drop("nobody@kestrel.example").code, Some(0));
    drop(&person.email.to_uppercase()).success();
    assert_eq!(person.get("/account").status, 303, "L9: its sessions have ended");
    assert_eq!(site.again(&person.email).get("/account").status, 200);
    let told = actions(database, "second_factor.turned_off");
    assert_eq!(told, ["Operator {\"sessions_ended\":1}"]);
}

fn sessions_are_listed_and_ended(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("viewer");
    let (other, third, stranger) =
        (site.again(&person.email), site.again(&person.email), site.person("owner"));
    let page = person.get("/account").body;
    let list = between(&page, "<ul class=\"rows\"", "</ul>").unwrap();
    let ends: Vec<&str> =
        list.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!((list.matches("this one").count(), ends.len()), (1, 2), "{list}");
    assert!(list.contains("127.0.0.1"));

    let before = database.digest();
    assert_eq!(submit(&stranger, "/account", ends[0], &[]).status, 404, "another person's session");
    let unknown = "/account/sessions/ses_00000000000000000000000001/end";
    assert_eq!(submit(&person, "/account", unknown, &[]).status, 404);
    database.assert_unchanged(&before, "sessions of others");

    let ended = submit(&person, "/account", ends[0], &[]);
    assert_eq!((ended.status, ended.header("location")), (303, "/account"));
    assert!(person.get("/account").body.contains("Session ended"));
    let alive = [&other, &third].map(|one| one.get("/account").status == 200);
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 1);
    submit(&person, "/account", "/account/sessions/end-others", &[]);
    assert_eq!([&other, &third].map(|one| one.get("/account").status), [303, 303]);
    assert_eq!((person.get("/account").status, stranger.get("/account").status), (200, 200));
    assert_eq!((actions(database, "session.ended").len(), actions(database, "sessions.ended").len()), (1, 1));
}

fn a_browser_keeps_its_theme_and_shortcuts(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("viewer");
    let looks = |fields: &[(&str, &str)]| submit(&person, "/account", "/account/looks", fields);
    let chosen = looks(&[("theme", "dark")]);
    assert_eq!((chosen.status, chosen.header("location")), (303, "/account"));
    let page = person.get("/account").body;
    assert!(page.contains("<html lang=\"en\" data-theme=\"dark\">"));
    assert!(page.contains("value=\"dark\" checked") && !page.contains("value=\"on\" checked"));
    assert!(person.get(&site.webhooks()).body.contains("data-theme=\"dark\""));
    looks(&[("theme", "evil\"><script>"), ("shortcuts", "on")]);
    let page = person.get("/account").body;
    assert!(page.contains("<html lang=\"en\">") && page.contains("value=\"system\" checked"));
    assert!(page.contains("value=\"on\" checked"));
}
