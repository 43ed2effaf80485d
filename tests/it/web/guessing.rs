//! A client that guesses: passwords, codes, links and tokens, from as many addresses as it has. It is slowed, and
//! whom it guesses at still gets in.

use super::account::{pass_time, submit, turn_on};
use super::site::{PASSWORD, Person, Site, between};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, Api, send};
use bellwire::domain::access::token::TokenSecret;
use reqwest::Method;
use std::cell::Cell;
use url::form_urlencoded;

both_databases!(
    a_password_is_guessed_ten_times_from_wherever_and_its_owner_gets_in,
    an_address_guesses_sixty_times_whoever_it_says_it_asks_for,
    a_code_is_guessed_ten_times_from_wherever_and_its_owner_gets_in,
    links_are_not_guessed,
    tokens_of_the_right_form_are_not_guessed,
);

/// Signs in with a wrong password, as if through a proxy with ever new clients.
fn guess(who: &Person, site: &Site, email: &str, n: usize) -> Answer {
    let (token, password) = (who.token("/login"), format!("a wrong one {n}"));
    let form = who.form("/login", &token, &[("email", email), ("password", &password)]);
    let client = format!("203.0.113.{n}");
    send(
        form.header("origin", site.url(""))
            .header("x-forwarded-for", &client)
            .header("forwarded", format!("for={client}"))
            .header("x-real-ip", client),
    )
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

fn a_password_is_guessed_ten_times_from_wherever_and_its_owner_gets_in(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let attackers: Vec<Person> = (2..6).map(|n| site.visitor_from([127, 0, 0, n])).collect();
    let answers: Vec<Answer> =
        (0..24).map(|n| guess(&attackers[n % attackers.len()], &site, &person.email, n)).collect();
    assert_eq!(
        statuses(&answers),
        [vec![422; 10], vec![429; 14]].concat(),
        "P23: four addresses, one account"
    );
    assert!(answers[10..].iter().all(|answer| !answer.header("retry-after").is_empty()));
    // Whoever is in stays in, and comes in again from where they are known.
    assert_eq!(person.get("/account").status, 200);
    person.send("/logout", &person.token("/account"), &[]);
    assert_eq!(person.sign_in(&person.email, PASSWORD, "").status, 303, "P23: a known device");
    // Others of the same unit are not held up at all.
    assert_eq!(guess(&attackers[0], &site, "nobody@kestrel.example", 0).status, 422);
    // That they came in has not given the attacker ten more.
    assert_eq!(guess(&attackers[1], &site, &person.email, 30).status, 429);
    assert_eq!(site.visitor().sign_in(&person.email, PASSWORD, "").status, 429);
    // As ten minutes would.
    database.execute("UPDATE sign_in_throttles SET window_started_at = 1");
    assert_eq!(site.visitor().sign_in(&person.email, PASSWORD, "").status, 303);
}

fn an_address_guesses_sixty_times_whoever_it_says_it_asks_for(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let attacker = site.visitor_from([127, 0, 0, 7]);
    let email = |n: usize| format!("u{n}@kestrel.example");
    assert_eq!(guess(&attacker, &site, &email(0), 0).status, 422);
    // The first 54 of them; each is a hash of the password, which takes its time.
    database.execute("UPDATE sign_in_throttles SET failures = 54 WHERE key LIKE 'address:%'");
    let answers: Vec<Answer> = (1..10).map(|n| guess(&attacker, &site, &email(n), n)).collect();
    assert_eq!(statuses(&answers), [vec![422; 6], vec![429; 3]].concat(), "P23: one address, many accounts");
    let right = attacker.sign_in(&person.email, PASSWORD, "");
    assert_eq!(right.status, 429, "P23: nothing more is looked at");
    assert_eq!(site.visitor().sign_in(&person.email, PASSWORD, "").status, 303, "P23: from elsewhere");
    let made_up = "SELECT key AS line FROM sign_in_throttles WHERE key LIKE '%203.0.113%'";
    assert_eq!(database.lines(made_up), Vec::<String>::new(), "what a client says of itself is not believed");
}

fn a_code_is_guessed_ten_times_from_wherever_and_its_owner_gets_in(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let app = turn_on(&person);
    pass_time(database);
    let tried = Cell::new(0);
    for n in 2..6 {
        let attacker = site.visitor_from([127, 0, 0, n]);
        assert_eq!(attacker.sign_in(&person.email, PASSWORD, "").header("location"), "/login/code");
        for _ in 0..4 {
            tried.set(tried.get() + 1);
            let code = format!("{:06}", tried.get());
            let status = submit(&attacker, "/login/code", "/login/code", &[("code", &code)]).status;
            assert_eq!(status, if tried.get() <= 10 { 422 } else { 429 }, "P23: code {}", tried.get());
        }
    }
    person.send("/logout", &person.token("/account"), &[]);
    assert_eq!(person.sign_in(&person.email, PASSWORD, "").header("location"), "/login/code");
    let known = submit(&person, "/login/code", "/login/code", &[("code", &app.code(0))]);
    assert_eq!(known.status, 303, "P23: a known device");
}

fn links_are_not_guessed(database: &TestDatabase) {
    let site = Site::open(database);
    let link = site.invite("ann@kestrel.example", "developer");
    let secret = link.split_once('=').unwrap().1.to_owned();
    assert!(secret.len() >= 32, "more than can be guessed: {}", secret.len());
    let visitor = site.visitor();
    let token = visitor.token("/login");
    let mut near: Vec<String> = (0..secret.len())
        .map(|at| {
            let other = if secret[at..].starts_with('A') { "B" } else { "A" };
            format!("{}{other}{}", &secret[..at], &secret[at + 1..])
        })
        .collect();
    near.extend([String::new(), secret.to_uppercase(), format!("{secret}A"), secret[1..].to_owned()]);
    near.extend(["%00", "*", "' OR '1'='1"].map(str::to_owned));
    let before = database.digest();
    let told = |answer: &Answer| {
        let csrf = between(&answer.body, r#"name="csrf" value=""#, "\"").unwrap_or("-");
        answer.body.replace(csrf, "TOKEN").replace(answer.header("x-request-id"), "REQUEST")
    };
    let (mut opened, mut used) = (Vec::new(), Vec::new());
    for guess in &near {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("link", guess).finish();
        let page = visitor.get(&format!("/setup?{query}"));
        let password = [("password", PASSWORD), ("password_again", PASSWORD)];
        let fields: Vec<_> =
            password.into_iter().chain([("link", guess.as_str()), ("name", "Eve")]).collect();
        let answer = visitor.send("/setup", &token, &fields);
        assert_eq!((page.status, answer.status), (404, 404), "{guess}");
        opened.push(told(&page));
        used.push(told(&answer));
    }
    assert!(opened.iter().all(|page| *page == opened[0]), "no guess is nearer than another");
    assert!(used.iter().all(|page| *page == used[0]), "no guess is nearer than another");
    database.assert_unchanged(&before, "guesses of a link");
    assert_eq!(site.visitor().choose_password(&link).status, 303, "the link itself opens");
}

fn tokens_of_the_right_form_are_not_guessed(database: &TestDatabase) {
    let site = Site::open(database);
    let known = site.api.get("/me").status;
    assert_eq!(known, 200);
    let mut seed = 0_u8;
    let mut bytes = |wanted: &mut [u8]| {
        for byte in wanted {
            seed = seed.wrapping_mul(73).wrapping_add(41);
            *byte = seed;
        }
    };
    let guesses: Vec<String> =
        (0..80).map(|_| TokenSecret::generate(&mut bytes).expose().to_owned()).collect();
    let visitor = site.visitor();
    let ask = |n: usize| {
        let request = visitor.request(Method::GET, "/api/v1/me").bearer_auth(&guesses[n]);
        send(request.header("x-forwarded-for", format!("203.0.113.{n}")))
    };
    let answers: Vec<Answer> = (0..80).map(ask).collect();
    let all = statuses(&answers);
    assert!(all[..60].iter().all(|status| *status == 401), "T11: {all:?}");
    assert!(all[60..].contains(&429), "T11: {all:?}");
    let first = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(!first.header("retry-after").is_empty(), "T11: {first:?}");
    assert_eq!(site.api.get("/me").status, known, "T11: who has a token is not held up");
    let own = Api::new(&site.url(""), &site.token("--all-scopes"));
    assert_eq!(own.get("/me").status, 200, "T11: nor with a new one");
}
