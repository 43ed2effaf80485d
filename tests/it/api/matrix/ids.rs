//! Ids that name nothing, or something of another business unit: every route answers alike and changes nothing.

use super::routes::rows;
use super::scene::{Scene, Things, told};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;

both_databases!(
    an_id_that_names_nothing_is_answered_alike_on_every_route,
    a_thing_of_another_unit_is_answered_like_one_that_never_was,
);

fn an_id_that_names_nothing_is_answered_alike_on_every_route(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let never = scene.world.api.get(&Things::unknown().fill("/webhooks/{wh}"));
    assert_eq!(never.status, 404);
    let long = "0".repeat(20_000);
    let bad = [
        "x",
        "%00",
        "%ff",
        "..%2f..%2fme",
        "wh_",
        "wh_1",
        "bu_00000000000000000000000001",
        "%20",
        "*",
        &long,
    ];
    let before = database.digest();
    for route in rows().into_iter().filter(|route| route.thing().is_some() && route.need != "person") {
        let name = format!("{{{}}}", route.thing().unwrap());
        let own = things.fill(&name);
        let mut ids: Vec<String> = bad.iter().map(ToString::to_string).collect();
        ids.extend([
            own.to_uppercase(),
            format!("{own}0"),
            format!("%20{own}"),
            own[..own.len() - 1].to_owned(),
        ]);
        ids.push(Things::unknown().fill(&name));
        // The id of a thing of another kind.
        ids.push(if name == "{evt}" { things.webhook.clone() } else { things.event.clone() });
        for id in ids {
            let answer = scene.ask(&route, &Things { ..Things::all(&id) });
            assert_eq!(told(&answer), told(&never), "R21: {} {} {id:.60}", route.method, route.path);
        }
        let empty = scene.ask(&route, &Things::all(""));
        assert_eq!(told(&empty), told(&never), "R21: {} {} and no id", route.method, route.path);
    }
    database.assert_unchanged(&before, "what was refused");
}

fn a_thing_of_another_unit_is_answered_like_one_that_never_was(database: &TestDatabase) {
    let scene = Scene::open(database);
    let things = scene.things();
    let stranger = scene.world.stranger_token();
    let before = database.digest();
    for route in rows().into_iter().filter(|route| route.thing().is_some()) {
        let ask = |things: &Things| send(scene.bare(&route, things).bearer_auth(&stranger));
        let (theirs, never) = (ask(&things), ask(&Things::unknown()));
        assert_eq!(told(&theirs), told(&never), "I1–I6: {} {}", route.method, route.path);
        let expected = if route.need == "person" { 403 } else { 404 };
        assert_eq!(theirs.status, expected, "{} {}", route.method, route.path);
    }
    database.assert_unchanged(&before, "what was refused");
}
