//! The table of SECURITY 4.5: how signing in may be tried, when a session ends, and what half a session opens.

use super::account::{NEW_PASSWORD, pass_time, submit, turn_on};
use super::foreign::things::Things;
use super::site::{PASSWORD, Person, Site, between};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use bellwire::web::mount::table;
use reqwest::Method;
use reqwest::header::COOKIE;

both_databases!(
    guessing_is_slow_and_tells_nothing_and_locks_nobody_out,
    an_address_has_so_many_guesses_and_others_are_not_held_up,
    a_password_and_an_address_have_one_form,
    a_session_ends_when_it_should,
    half_a_session_opens_the_second_factor_and_nothing_else,
    guesses_of_the_second_factor_are_counted,
    a_reset_link_opens_once_and_asks_for_the_second_factor,
    an_invitation_makes_the_login_it_was_for_with_the_role_it_was_for,
);

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;

/// A page without what each showing of it has of its own.
fn alike(answer: &Answer, email: &str) -> String {
    let token = between(&answer.body, r#"name="csrf" value=""#, "\"").unwrap_or("-").to_owned();
    answer.body.replace(&token, "TOKEN").replace(email, "EMAIL")
}

fn minutes(answer: &Answer) -> u64 {
    let seconds: u64 = answer.header("retry-after").parse().expect("after how many seconds");
    assert!((1..=600).contains(&seconds), "{seconds}");
    seconds.div_ceil(60)
}

fn guessing_is_slow_and_tells_nothing_and_locks_nobody_out(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let nobody = "nobody@kestrel.example";
    let guess = |email: &str| {
        let attacker = site.visitor();
        let answers: Vec<Answer> =
            (0..11).map(|n| attacker.sign_in(email, &format!("a wrong one {n}"), "")).collect();
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [vec![422; 10], vec![429]].concat(), "L2: {email}");
        let last = answers.last().unwrap();
        assert!(
            last.body.contains("Too many failed tries.") && last.body.contains("Try again in "),
            "{last:?}"
        );
        assert!(minutes(last) > 5);
        answers.iter().take(10).map(|answer| alike(answer, email)).collect::<Vec<_>>()
    };
    assert_eq!(guess(&person.email), guess(nobody), "who is there and who is not look alike");

    let elsewhere = site.visitor();
    let right = elsewhere.sign_in(&person.email, PASSWORD, "");
    assert_eq!(right.status, 429, "the right password is not looked at either");
    assert!(minutes(&right) > 5, "a person is told how long to wait");
    let known = person.send("/logout", &person.token(&site.webhooks()), &[]);
    assert_eq!(known.status, 303);
    assert_eq!(person.sign_in(&person.email, PASSWORD, "").status, 303, "a known device is not locked out");
    // As ten minutes would.
    database.execute("UPDATE sign_in_throttles SET window_started_at = 1");
    assert_eq!(elsewhere.sign_in(&person.email, PASSWORD, "").status, 303);
}

fn an_address_has_so_many_guesses_and_others_are_not_held_up(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    assert_eq!(site.visitor().sign_in("a@kestrel.example", "a wrong one", "").status, 422);
    database.execute("UPDATE sign_in_throttles SET failures = 60 WHERE key LIKE 'address:%'");
    assert_eq!(site.visitor().sign_in("b@kestrel.example", "a wrong one", "").status, 429, "L2: the 61st");
    assert_eq!(site.visitor().sign_in(&person.email, PASSWORD, "").status, 429);
    let other = site.visitor_from([127, 0, 0, 2]);
    assert_eq!(other.sign_in(&person.email, PASSWORD, "").status, 303, "another address");
    // L4: many at once are answered, with the page or with when to come back.
    database.execute("DELETE FROM sign_in_throttles");
    let visitors: Vec<Person> = (0..45).map(|_| site.visitor()).collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let one = |(n, visitor): (usize, &Person)| {
            let answer = visitor.sign_in(&format!("u{n}@kestrel.example"), "a wrong one", "");
            assert!(answer.status == 422 || !answer.header("retry-after").is_empty(), "{answer:?}");
            answer.status
        };
        let all: Vec<_> = visitors.iter().enumerate().map(|who| scope.spawn(move || one(who))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| [422, 429, 503].contains(status)), "L4: {statuses:?}");
}

fn a_password_and_an_address_have_one_form(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let (composed, apart) = ("caf\u{e9} at the crossing", "cafe\u{301} at the crossing");
    let fields = [("current", PASSWORD), ("new", composed), ("new_again", composed)];
    assert_eq!(submit(&person, "/account/password", "/account/password", &fields).status, 303);
    assert_eq!(site.visitor().sign_in(&person.email, apart, "").status, 303, "L3");
    for password in ["", &"x".repeat(129), "a\0b"] {
        assert_eq!(site.visitor().sign_in(&person.email, password, "").status, 422, "L3");
    }
    assert_eq!(site.visitor().sign_in(&person.email, &"x".repeat(1_000_000), "").status, 413, "L3");
    let long = "x".repeat(129);
    for new in ["seven7!", long.as_str()] {
        let fields = [("current", composed), ("new", new), ("new_again", new)];
        assert_eq!(submit(&person, "/account/password", "/account/password", &fields).status, 422, "L3");
    }
    for same in ["OWNER@KESTREL.EXAMPLE", " owner@kestrel.example", "owner@Kestrel.example "] {
        assert_eq!(site.visitor().sign_in(same, composed, "").status, 303, "L5: {same}");
    }
    let long = format!("{}@kestrel.example", "a".repeat(255));
    for other in [
        "owner@kestrel.example\r\nBcc: x@y.example",
        "\u{43e}wner@kestrel.example",
        long.as_str(),
        "' OR 1=1 --@kestrel.example",
        "<script>@kestrel.example",
    ] {
        database.execute("DELETE FROM sign_in_throttles");
        let answer = site.visitor().sign_in(other, composed, "");
        assert_eq!(answer.status, 422, "L5: {other}");
        assert!(!answer.body.contains("<script>@"));
    }
}

fn a_session_ends_when_it_should(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("viewer");
    let is_in = |who: &Person| match who.get("/account") {
        Answer { status: 200, .. } => true,
        answer => {
            assert_eq!((answer.status, answer.header("location")), (303, "/login?next=%2Faccount"));
            let htmx = send(who.request(Method::GET, "/account").header("hx-request", "true"));
            assert_eq!((htmx.status, htmx.header("hx-redirect")), (401, "/login"));
            false
        }
    };
    let age = |column: &str, by: i64| {
        database.execute(&format!("UPDATE sessions SET {column} = {column} - {by}"));
    };
    let idle = site.again(&person.email);
    age("last_seen_at", 4 * HOUR_US - 60 * SECOND_US);
    assert!(is_in(&idle), "L8: just before the idle limit");
    age("last_seen_at", 4 * HOUR_US);
    assert!(!is_in(&idle), "L8: just after");
    let long = site.again(&person.email);
    age("created_at", 24 * HOUR_US - 60 * SECOND_US);
    assert!(is_in(&long), "L8: just before the absolute limit");
    age("created_at", 60 * SECOND_US);
    assert!(!is_in(&long), "L8: just after");

    // L7 is in the tests of signing in and out; here somebody else's cookie, after they have left.
    let (left, cookie) = (site.visitor(), "bw_session=");
    let given = left.sign_in(&person.email, PASSWORD, "");
    let given = given.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let given = given.filter_map(|value| value.split(';').next()).find(|pair| pair.starts_with(cookie));
    let with = |pair: &str| send(site.visitor().request(Method::GET, "/account").header(COOKIE, pair)).status;
    let given = given.unwrap().to_owned();
    assert_eq!(with(&given), 200);
    left.send("/logout", &left.token("/account"), &[]);
    assert_eq!(with(&given), 303, "L7");
    assert_eq!(with(&format!("{cookie}{}", "x".repeat(10_000))), 303, "L7");

    let change = |what: &str, act: &dyn Fn()| {
        let other = site.again(&person.email);
        assert!(is_in(&other));
        act();
        assert!(!is_in(&other), "L9: {what}");
    };
    let admin = site.person("admin");
    let id =
        database.lines(&format!("SELECT id AS line FROM users WHERE email = '{}'", person.email)).remove(0);
    change("the role", &|| {
        let edit = format!("/bu/{}/admin/users/{id}/edit", site.bu);
        let fields = [("name", "Ada"), ("role", "developer")];
        assert_eq!(submit(&admin, &site.webhooks(), &edit, &fields).status, 303);
    });
    let at_work = site.again(&person.email);
    change("sign out everywhere", &|| {
        submit(&at_work, "/account", "/account/sessions/end-others", &[]);
    });
    assert!(is_in(&at_work));
    change("the second factor", &|| drop(turn_on(&at_work)));
    assert!(is_in(&at_work));
    site.run(&["user", "drop-second-factor", "--email", &person.email]).success();
    let at_work = site.again(&person.email);
    change("the password", &|| {
        let fields = [("current", PASSWORD), ("new", NEW_PASSWORD), ("new_again", NEW_PASSWORD)];
        assert_eq!(submit(&at_work, "/account", "/account/password", &fields).status, 303);
    });
    assert!(is_in(&at_work));
    database.execute("UPDATE users SET disabled_at = 1");
    assert!(!is_in(&at_work), "L9: disabled");
}

fn half_a_session_opens_the_second_factor_and_nothing_else(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let app = turn_on(&person);
    let half = site.visitor();
    let asked = half.sign_in(&person.email, PASSWORD, "");
    assert_eq!((asked.status, asked.header("location")), (303, "/login/code"));
    let token = half.token("/login/code");
    let before = database.digest();
    let ours = |path: &str| Things::never().fill(&path.replace("{bu}", &site.bu));
    let open = ["/login", "/login/code", "/setup", "/docs/api"];
    for (method, path) in table().into_iter().filter(|(_, path)| !open.contains(path)) {
        let path = ours(path);
        let answer = match method.as_str() {
            "POST" => half.send(&path, &token, &[]),
            method => send(half.request(method.parse().unwrap(), &path)),
        };
        assert_eq!(answer.status, 303, "L12: {method} {path}: {answer:?}");
        assert!(answer.header("location").starts_with("/login/code"), "L12: {method} {path}");
        let htmx = send(half.request(Method::GET, &path).header("hx-request", "true"));
        assert!(htmx.header("hx-redirect") == "/login/code" || htmx.status == 405, "L12: {path}: {htmx:?}");
    }
    assert_eq!(send(half.request(Method::GET, "/api/v1/webhooks")).status, 401, "L12");
    database.assert_unchanged(&before, "L12: half a session");

    // L19 and CSRF: the form of another browser's half session proves nothing here.
    let other = site.visitor();
    other.sign_in(&person.email, PASSWORD, "");
    let foreign = other.token("/login/code");
    pass_time(database);
    let code = app.code(0);
    for (token, origin) in [(foreign.as_str(), true), ("", true), (token.as_str(), false)] {
        let form = half.form("/login/code", token, &[("code", &code)]);
        let form = if origin { form.header("origin", site.url("")) } else { form };
        assert_eq!(send(form).status, 403, "L19");
    }
    let passed = half.send("/login/code", &token, &[("code", &code)]);
    assert_eq!(passed.status, 303, "{passed:?}");
    assert_eq!(half.get("/account").status, 200);
    assert_eq!(
        half.send("/account/sessions/end-others", &token, &[]).status,
        403,
        "C5: a token of the level below"
    );
    assert_eq!(half.get("/login/code").header("location"), "/login?next=%2Flogin%2Fcode");
    // What was half a session for ten minutes is none any more.
    database.execute(&format!(
        "UPDATE sessions SET created_at = created_at - {} WHERE level = 'password'",
        HOUR_US / 6
    ));
    assert!(other.get("/account").header("location").starts_with("/login?"));
}

fn guesses_of_the_second_factor_are_counted(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let app = turn_on(&person);
    pass_time(database);
    let attacker = site.visitor_from([127, 0, 0, 3]);
    let guess = |code: &str| submit(&attacker, "/login/code", "/login/code", &[("code", code)]);
    let challenged = || {
        assert_eq!(attacker.sign_in(&person.email, PASSWORD, "").header("location"), "/login/code");
    };
    challenged();
    let wrong =
        [app.code(9), "0000-0000-0000-0000".to_owned(), "nonsense".to_owned(), app.code(11), app.code(12)];
    for code in &wrong {
        assert_eq!(guess(code).status, 422, "L13: {code}");
    }
    let over = guess(&app.code(0));
    assert_eq!(
        (over.status, over.header("location")),
        (303, "/login?over=1"),
        "five tries, then from the start"
    );
    assert!(attacker.get("/login?over=1").body.contains("The second factor was not proved."));
    challenged();
    for code in &wrong {
        assert_eq!(guess(code).status, 422);
    }
    assert_eq!(guess(&app.code(0)).status, 303, "over again");
    challenged();
    let throttled = guess(&app.code(0));
    assert_eq!(throttled.status, 429, "L13: ten in ten minutes, however often the password is right");
    assert!(
        minutes(&throttled) > 5 && throttled.body.contains("The code was not looked at."),
        "{throttled:?}"
    );
    let recovery = guess(&app.codes[0]);
    assert_eq!(recovery.status, 429, "L13: the same for recovery codes");

    person.send("/logout", &person.token("/account"), &[]);
    assert_eq!(person.sign_in(&person.email, PASSWORD, "").header("location"), "/login/code");
    let known = submit(&person, "/login/code", "/login/code", &[("code", &app.code(0))]);
    assert_eq!(known.status, 303, "a known device is not locked out");
    let refused = database.lines("SELECT action AS line FROM audit WHERE action = 'sign_in.refused'");
    assert_eq!(refused.len(), 10, "each one stands in the audit log");
}

fn a_reset_link_opens_once_and_asks_for_the_second_factor(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let base = "https://hooks.example.com";
    let link =
        |email: &str| site.run(&["--json", "user", "reset-password", "--email", email, "--public-url", base]);
    assert_ne!(link("nobody@kestrel.example").code, Some(0));
    let fresh = || {
        let made = link(&person.email).json();
        made["link"].as_str().unwrap().strip_prefix(base).expect("L14: the address that was set").to_owned()
    };
    let (first, second) = (fresh(), fresh());
    assert_eq!(site.visitor().get(&first).status, 404, "L14: a newer link takes its place");
    assert_eq!(site.visitor().sign_in(&person.email, PASSWORD, "").status, 303, "nothing has changed yet");
    let fields = [("current", PASSWORD), ("new", NEW_PASSWORD), ("new_again", NEW_PASSWORD)];
    assert_eq!(submit(&person, "/account", "/account/password", &fields).status, 303);
    assert_eq!(site.visitor().get(&second).status, 404, "L14: dead after the password was changed");

    let app = turn_on(&person);
    pass_time(database);
    let third = fresh();
    let visitor = site.visitor();
    let chosen = visitor.choose_password(&third);
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (303, "/login/code"),
        "L14: the second factor is asked"
    );
    assert!(visitor.get("/account").header("location").starts_with("/login/code"));
    assert_eq!(person.get("/account").status, 303, "whoever was signed in no longer is");
    assert_eq!(visitor.choose_password(&third).status, 404, "L14: once");
    let passed = submit(&visitor, "/login/code", "/login/code", &[("code", &app.code(0))]);
    assert_eq!(passed.status, 303, "{passed:?}");
    let fourth = fresh();
    database.execute("UPDATE one_time_links SET expires_at = 1");
    assert_eq!(site.visitor().get(&fourth).status, 404, "L14: expired");
}

fn an_invitation_makes_the_login_it_was_for_with_the_role_it_was_for(database: &TestDatabase) {
    let site = Site::open(database);
    let admin = site.person("admin");
    let id = |email: &str| {
        database.lines(&format!("SELECT id AS line FROM users WHERE email = '{email}'")).remove(0)
    };
    let people = || {
        database.lines(
            "SELECT u.email || ' ' || m.role AS line FROM users u JOIN memberships m ON m.user_id = u.id \
             ORDER BY u.email",
        )
    };
    // Opened where somebody else is signed in, with more in the form than it asks.
    let link = site.invite("ann@kestrel.example", "viewer");
    let page = admin.get(&link);
    let token = between(&page.body, r#"name="csrf" value=""#, "\"").expect("the form").to_owned();
    let (secret, other) = (link.split_once('=').unwrap().1, id(&admin.email));
    let fields = [
        ("link", secret),
        ("name", "Ann"),
        ("password", NEW_PASSWORD),
        ("password_again", NEW_PASSWORD),
        ("role", "owner"),
        ("email", admin.email.as_str()),
        ("user", other.as_str()),
        ("partner", "1"),
        ("partner_name", "Mine"),
    ];
    assert_eq!(admin.send("/setup", &token, &fields).status, 303, "L15");
    assert_eq!(people(), ["admin@kestrel.example admin", "ann@kestrel.example viewer"], "L15: a raised role");
    let shown = admin.get("/account").body;
    assert!(shown.contains("ann@kestrel.example"), "L15: from then on the browser is the new login's");
    assert_eq!(site.visitor().sign_in(&admin.email, NEW_PASSWORD, "").status, 422, "L15: another account");
    let admin = site.again(&admin.email);
    let again = site.visitor().choose_password(&link);
    assert_eq!((again.status, people().len()), (404, 2), "L15: twice");
    // Withdrawn before it was used, in each way there is.
    for (email, act) in [("bob@kestrel.example", "disable"), ("cy@kestrel.example", "remove")] {
        let link = site.invite(email, "developer");
        assert_eq!(site.visitor().get(&link).status, 200);
        let path = format!("/bu/{}/admin/users/{}/{act}", site.bu, id(email));
        assert_eq!(submit(&admin, &site.webhooks(), &path, &[]).status, 303, "{act}");
        let visitor = site.visitor();
        assert_eq!(visitor.get(&link).status, 404, "L15: {act}");
        let fields = [("link", link.split_once('=').unwrap().1), ("name", "Bob"), ("password", PASSWORD)];
        let fields = [&fields[..], &[("password_again", PASSWORD)]].concat();
        assert_eq!(visitor.send("/setup", &visitor.token("/login"), &fields).status, 404, "L15: {act}");
        assert_eq!(visitor.sign_in(email, PASSWORD, "").status, 422, "L15: {act}");
    }
}
