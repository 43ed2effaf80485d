//! Partner search: partners by number or by name among those that a login reaches.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::{BuId, UserId};
use crate::store::access::grants::{self, Reached};
use crate::store::dialect::{holds, one_by_one};
use crate::store::pool::Conn;
use crate::store::schema::{business_units, grants as granted, partners};

/// Up to how many granted units are looked through one by one.
const FEW: i64 = 1_000;
/// Up to how many names that hold a text are sorted; of more, the first are found in the order of names.
const MOST_SORTED: i64 = 500;
/// The shortest text that the index of letters finds.
const SHORTEST: usize = 3;
/// How many digits a partner's number has at the most.
const MOST_DIGITS: usize = 12;

/// A partner as the search shows it, with its business unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PartnerHit {
    /// The partner's number.
    pub number: PartnerNumber,
    /// The partner's name.
    pub name: String,
    /// Its business unit.
    pub bu: BuId,
}

/// Queries the partners with business units among those that are reached, as a boxed query.
macro_rules! within {
    ($reached:expr) => {{
        let all = partners::table
            .inner_join(business_units::table.on(business_units::partner_id.eq(partners::id)))
            .select((partners::id, partners::name, business_units::id))
            .into_boxed();
        match $reached {
            Within::All => all,
            Within::Many(globals) => all.filter(exists(
                granted::table
                    .filter(granted::bu_id.eq(business_units::id))
                    .filter(granted::partner_id.eq_any(globals)),
            )),
        }
    }};
}

/// Which units are reached, where they are too many to be named.
enum Within {
    All,
    Many(Vec<PartnerNumber>),
}

/// The partners with a business unit that `user` reaches through grants and whose number or name fits
/// `text`: the exact number first, then numbers and names that start with it, then names that hold it; at most
/// `limit`. Names in the order of their letters. An empty text fits all.
pub fn search(conn: &mut Conn, user: UserId, text: &str, limit: usize) -> QueryResult<Vec<PartnerHit>> {
    let within = match grants::reached_up_to(conn, user, FEW)? {
        Reached::All => Within::All,
        Reached::Many(globals) => Within::Many(globals),
        Reached::Some(units) => return among(conn, units, text, limit),
    };
    let mut found: Vec<PartnerHit> = Vec::new();
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    if text.is_empty() {
        return within!(&within).order((partners::name_folded, partners::id)).limit(most).load(conn);
    }
    for (low, high) in ranges(text) {
        if found.len() < limit {
            let numbers = within!(&within).filter(partners::id.ge(low).and(partners::id.lt(high)));
            add(&mut found, numbers.order(partners::id).limit(most).load(conn)?, limit);
        }
    }
    if found.len() < limit {
        let behind = format!("{text}\u{10ffff}");
        let starts = within!(&within)
            .filter(partners::name_folded.ge(&text).and(partners::name_folded.lt(behind)))
            .order((partners::name_folded, partners::id));
        add(&mut found, starts.limit(most).load(conn)?, limit);
    }
    if found.len() < limit {
        add(&mut found, holding(conn, &within, text, most)?, limit);
    }
    Ok(found)
}

/// Adds what is not among those found yet.
fn add(found: &mut Vec<PartnerHit>, more: Vec<PartnerHit>, limit: usize) {
    for hit in more {
        if found.len() < limit && found.iter().all(|one| one.number != hit.number) {
            found.push(hit);
        }
    }
}

/// The ranges of numbers that start with these digits: the number itself, then the shorter ones before the longer.
pub(super) fn ranges(text: &str) -> Vec<(PartnerNumber, PartnerNumber)> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let Some(number) = text.parse::<PartnerNumber>().ok().filter(|_| is_number) else { return Vec::new() };
    let longer = MOST_DIGITS.saturating_sub(text.len());
    std::iter::successors(Some(1), |scale: &PartnerNumber| scale.checked_mul(10))
        .take(longer + 1)
        .filter_map(|scale| Some((number.checked_mul(scale)?, (number + 1).checked_mul(scale)?)))
        .collect()
}

/// The partners whose names hold the text.
fn holding(conn: &mut Conn, within: &Within, text: &str, most: i64) -> QueryResult<Vec<PartnerHit>> {
    let lettered = by_letters(conn, text)?;
    let query = within!(within).order((partners::name_folded, partners::id)).limit(most);
    let query = match lettered {
        Some(numbers) => query.filter(partners::id.eq_any(numbers)),
        // What is common is met early in the order of names.
        None => query.filter(holds(conn, "partners.name_folded", text)),
    };
    query.load(conn)
}

#[derive(QueryableByName)]
struct Lettered {
    #[diesel(sql_type = BigInt)]
    number: PartnerNumber,
}

/// The partners whose names hold the text, by the index of letters; `None` when they are many or there is no such
/// index, or the text is too short for it.
pub(super) fn by_letters(conn: &mut Conn, text: &str) -> QueryResult<Option<Vec<PartnerNumber>>> {
    if text.chars().count() < SHORTEST {
        return Ok(None);
    }
    let phrase = format!("\"{}\"", text.replace('"', "\"\""));
    let find = "SELECT rowid AS number FROM partner_names WHERE partner_names MATCH ? LIMIT ?";
    let found: Option<Vec<Lettered>> = one_by_one!(
        conn,
        c => Some(diesel::sql_query(find).bind::<Text, _>(phrase).bind::<BigInt, _>(MOST_SORTED + 1).load(c)?),
        _c => None
    );
    let few = |found: &Vec<Lettered>| found.len() <= usize::try_from(MOST_SORTED).unwrap_or(0);
    Ok(found.filter(few).map(|found| found.into_iter().map(|one| one.number).collect()))
}

/// The same among few units, which are looked through.
fn among(conn: &mut Conn, units: Vec<BuId>, text: &str, limit: usize) -> QueryResult<Vec<PartnerHit>> {
    let rows: Vec<(PartnerNumber, String, String, BuId)> = partners::table
        .inner_join(business_units::table.on(business_units::partner_id.eq(partners::id)))
        .filter(business_units::id.eq_any(units))
        .select((partners::id, partners::name, partners::name_folded, business_units::id))
        .load(conn)?;
    let mut ranked: Vec<(usize, String, PartnerHit)> = rows
        .into_iter()
        .filter_map(|(number, name, folded, bu)| {
            let digits = number.to_string();
            let rank = rank(&digits, &folded, text)?;
            Some((rank, folded, PartnerHit { number, name, bu }))
        })
        .collect();
    // Numbers stand shorter ones first, names by their letters.
    ranked.sort_by(|(a, a_name, a_hit), (b, b_name, b_hit)| {
        let names = if *a == 1 { std::cmp::Ordering::Equal } else { a_name.cmp(b_name) };
        a.cmp(b).then(names).then(a_hit.number.cmp(&b_hit.number))
    });
    Ok(ranked.into_iter().map(|(_, _, hit)| hit).take(limit).collect())
}

/// How well a partner fits: its exact number, how its number starts, how its name starts, what its name holds.
fn rank(digits: &str, name: &str, text: &str) -> Option<usize> {
    let fits = [
        digits == text,
        !text.is_empty() && digits.starts_with(text),
        name.starts_with(text),
        name.contains(text),
    ];
    fits.into_iter().position(|is_so| is_so)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_span_the_numbers_that_start_with_them() {
        assert_eq!(&ranges("12")[..3], [(12, 13), (120, 130), (1_200, 1_300)]);
        assert_eq!(ranges("12").len(), 11);
        assert_eq!(ranges("999999999999"), [(999_999_999_999, 1_000_000_000_000)]);
        for none in ["", "012", "12a", "kes", "-1", "9999999999999999999999"] {
            assert_eq!(ranges(none), [], "{none}");
        }
    }
}
