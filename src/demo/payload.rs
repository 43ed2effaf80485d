//! Payloads of the demo's events: the catalogue's samples, about other people, sums and days each time.

use serde_json::{Map, Value};

use crate::demo::chance::Chance;
use crate::domain::time::Ts;
use crate::domain::webhooks::catalogue;

/// Keys of moments that lie ahead of the event.
const AHEAD: [&str; 2] = ["due_at", "expires_at"];
/// Keys of numbers that differ from event to event.
const COUNTED: [&str; 5] = ["items", "rows", "size_bytes", "value", "member_count"];

const PEOPLE: [(&str, &str); 16] = [
    ("Jane Smith", "jane.smith"),
    ("Łukasz Wójcik", "lukasz.wojcik"),
    ("Zoë O’Brien", "zoe.obrien"),
    ("田中 美咲", "misaki.tanaka"),
    ("Amina El-Sayed", "amina.elsayed"),
    ("Björn Åkesson", "bjorn.akesson"),
    ("Priya Raman", "priya.raman"),
    ("Tomás Ferreira", "tomas.ferreira"),
    ("Ngọc Trần", "ngoc.tran"),
    ("Olivia Hart", "olivia.hart"),
    ("Δημήτρης Παππάς", "dimitris.pappas"),
    ("Marie-Claire Dubois", "mc.dubois"),
    ("Samuel Osei", "samuel.osei"),
    ("Ivana Horvat", "ivana.horvat"),
    ("דניאל לוי", "daniel.levi"),
    ("Grace Kim", "grace.kim"),
];
const COMPANIES: [&str; 6] = [
    "Keswick Travel Rewards",
    "Alder & Finch Hotels",
    "Harbour Pharmacy Points",
    "Baltic Parcel Club",
    "Énergie Vaud Fidélité",
    "Tanaka Coffee Circle",
];
const COURSES: [&str; 5] = [
    "Handling customer refunds",
    "Data protection for store staff",
    "First week at the counter",
    "Selling gift cards",
    "Accessible service",
];
const ALERTS: [&str; 4] = [
    "Order import is running late",
    "Point balances are recalculated slowly",
    "Card terminals in one branch are offline",
    "The nightly export was skipped",
];

/// The texts of one event that stand for the sample's.
struct Telling<'a> {
    swaps: Vec<(String, String)>,
    shift: i64,
    halves: u32,
    chance: &'a mut Chance,
}

/// A payload of `event_type` at `at`, in a unit whose people have addresses at `domain`. An empty object
/// when the catalogue has no such type.
pub fn payload(event_type: &str, domain: &str, at: Ts, chance: &mut Chance) -> Value {
    let Some(found) = catalogue::find(event_type) else { return Value::Object(Map::new()) };
    let mut data = found.sample.clone();
    let (person, mailbox) = chance.pick(&PEOPLE).copied().unwrap_or_default();
    let (contact, contacts_mailbox) = chance.pick(&PEOPLE).copied().unwrap_or_default();
    let company = chance.word(&COMPANIES);
    let quote = format!("Q-{}-{}", at.calendar().strftime("%Y"), chance.between(1_000, 9_999));
    let mut swaps: Vec<(String, String)> = [
        ("newuser@example.com", format!("{mailbox}@example.com").as_str()),
        ("Jane Smith", person),
        ("amara.osei@keswick.example.com", &format!("{contacts_mailbox}@customer.example.com")),
        ("Amara Osei", contact),
        ("Keswick Travel Rewards", company),
        ("Q-2025-0931", &quote),
        ("kestrel.example.com", domain),
        ("Handling customer refunds", chance.word(&COURSES)),
        ("Order import is running late", chance.word(&ALERTS)),
    ]
    .map(|(old, new)| (old.to_owned(), new.to_owned()))
    .into();
    let mut latest = None;
    survey(&data, "", &mut |key, text| {
        if key == "id" || key == "reference" {
            swaps.extend(renumbered(text, chance).map(|new| (text.to_owned(), new)));
        }
        if !AHEAD.contains(&key) {
            latest = latest.max(moment(text));
        }
    });
    let shift = latest.map_or(0, |latest| at.0 - latest.0);
    let halves = chance.between(1, 12);
    Telling { swaps, shift, halves, chance }.tell("", &mut data);
    data
}

/// Every text in `value` with its key.
fn survey<'a>(value: &'a Value, key: &'a str, see: &mut impl FnMut(&'a str, &'a str)) {
    match value {
        Value::String(text) => see(key, text),
        Value::Array(items) => items.iter().for_each(|item| survey(item, key, see)),
        Value::Object(members) => members.iter().for_each(|(key, member)| survey(member, key, see)),
        _ => {}
    }
}

impl Telling<'_> {
    fn tell(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(key, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.tell(key, item)),
            Value::Object(members) => members.iter_mut().for_each(|(key, member)| self.tell(key, member)),
            Value::Number(number) if COUNTED.contains(&key) => {
                let most = number.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1).saturating_mul(2);
                *value = self.chance.between(1, most).into();
            }
            Value::Number(_) if key.ends_with("_percent") => *value = self.chance.between(20, 100).into(),
            _ => {}
        }
    }

    fn text(&mut self, key: &str, text: &str) -> String {
        match key {
            "currency" => return self.chance.word(&["EUR", "EUR", "EUR", "GBP", "SEK"]).to_owned(),
            "severity" => return self.chance.word(&["info", "warning", "warning", "critical"]).to_owned(),
            _ => {}
        }
        if let Some(at) = moment(text) {
            return Ts(at.0 + self.shift).to_string();
        }
        if let Some(day) = moment(&format!("{text}T00:00:00Z")) {
            return Ts(day.0 + self.shift).calendar().strftime("%F").to_string();
        }
        if let Some(sum) = self.sum(text) {
            return sum;
        }
        let mut text = text.to_owned();
        for (old, new) in &self.swaps {
            if text.contains(old.as_str()) {
                text = text.replace(old.as_str(), new);
            }
        }
        text
    }

    /// A sum of money, so many halves of the sample's: lines still add up to their total.
    fn sum(&self, text: &str) -> Option<String> {
        let (whole, cents) = text.split_once('.').filter(|(_, cents)| cents.len() == 2)?;
        let cents = whole.parse::<u32>().ok()? * 100 + cents.parse::<u32>().ok()?;
        let sum = cents / 2 * self.halves;
        Some(format!("{}.{:02}", sum / 100, sum % 100))
    }
}

/// The same kind of number: `ord_55807` becomes `ord_70312`. `None` for other ids.
fn renumbered(text: &str, chance: &mut Chance) -> Option<String> {
    let (kind, digits) = text.rsplit_once('_')?;
    if !(2..=9).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let lowest = 10_u32.pow(u32::try_from(digits.len()).ok()? - 1);
    Some(format!("{kind}_{}", chance.between(lowest, lowest * 9)))
}

/// The moment that a text of the sample tells.
fn moment(text: &str) -> Option<Ts> {
    if text.len() == 20 && text.ends_with('Z') { Ts::parse(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_keeps_the_form_of_the_sample_and_its_sums_add_up() {
        let mut chance = Chance::new();
        let at = Ts::parse("2026-05-04T10:00:00Z").unwrap();
        let data = payload("order.completed", "unit.example.com", at, &mut chance);
        let sample = &catalogue::find("order.completed").unwrap().sample;
        let keys = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&data), keys(sample));
        assert_ne!(data["id"], sample["id"]);
        assert_eq!(data["completed_at"], "2026-05-04T10:00:00Z");
        assert_eq!(data["placed_at"], "2026-05-04T09:57:19Z");
        let cents = |v: &Value| v.as_str().unwrap().replace('.', "").parse::<u32>().unwrap();
        let lines: u32 = data["lines"].as_array().unwrap().iter().map(|line| cents(&line["total"])).sum();
        assert_eq!(cents(&data["total"]), lines);
        let quote = payload("quote.created", "unit.example.com", at, &mut chance);
        assert_eq!(quote["valid_until"], "2026-06-02");
        assert!(quote["number"].as_str().unwrap().starts_with("Q-2026-"), "{quote}");
    }
}
