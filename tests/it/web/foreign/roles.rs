//! Everybody in their own unit: who may do less is refused on every route, and nothing changes.

use super::asking::Principal;
use super::routes::{Row, in_units};
use super::things::{Things, Unit, at_rest};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use crate::web::site::Site;
use reqwest::Method;

both_databases!(a_role_below_the_least_one_is_refused_on_every_route);

const ROLES: [&str; 4] = ["viewer", "developer", "admin", "owner"];

fn rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).unwrap_or_else(|| panic!("{role} is no role of a unit"))
}

fn a_role_below_the_least_one_is_refused_on_every_route(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let owner = site.person("owner");
    let unit = Unit {
        api: &site.api,
        partner: site.partner,
        bu: &site.bu,
        owner: &owner,
        event_type: "parcel.shipped",
    };
    let things = &Things::make(database, &site, &receiver, &unit);
    let home = [format!("/bu/{}", site.bu)];
    let of = |role: &str| (rank(role), Principal::of(&site, &site.person(role), 3, &home));
    let people = ["viewer", "developer", "admin"].map(of);
    at_rest(database);
    let before = database.digest();
    std::thread::scope(|scope| {
        for (rank, who) in people {
            scope.spawn(move || in_units().iter().for_each(|row| asks(&who, rank, row, things)));
        }
    });
    database.assert_unchanged(&before, "what was refused");
}

fn asks(who: &Principal, own: usize, row: &Row, things: &Things) {
    for method in row.opens.map(|_| [Method::GET, Method::HEAD]).into_iter().flatten() {
        if method == Method::GET && row.is_stream() {
            continue;
        }
        let answer = who.open(&method, &things.fill(row.path));
        let expected = if own < rank(row.opens.unwrap()) { 403 } else { 200 };
        assert_eq!(answer.status, expected, "{} {method} {}: {answer:?}", who.name, row.path);
    }
    if row.sends.is_some_and(|least| own < rank(least)) {
        let answer = who.submit(row, things, things);
        assert_eq!(answer.status, 403, "{} POST {}: {answer:?}", who.name, row.path);
    }
}
