//! What must hold on every page, whatever stands in its fields.

mod tags;

use std::collections::BTreeSet;

use askama::Template;

use crate::web::assets;
use crate::web::page::Page;
use crate::web::samples::{CODE, KEY, SIGNING, Samples, TYPED};
use crate::web::shell::Theme;
use crate::web::webhooks::wizard::{Act, Step};
use tags::{tags, value};

const EVIL: &str = "<script>alert(1)</script>\" onload='x' style=\"x\" {{ 7*7 }}";

/// A page as it is sent, by name: whole, and the block htmx gets.
type Drawn = (&'static str, String, String);

/// Every page with sample data.
fn drawn(tail: &'static str, theme: Theme) -> Vec<Drawn> {
    let s = Samples { tail, theme };
    [access(&s), webhooks(&s), integrations(&s), events(&s), people(&s), errors(&s)].concat()
}

fn both(name: &'static str, page: &impl Page) -> Drawn {
    (name, page.render().unwrap(), page.fragment().unwrap())
}

fn access(s: &Samples) -> Vec<Drawn> {
    vec![
        both("login", &s.login()),
        both("login-error", &s.login_refused()),
        both("login-code", &s.challenge()),
        both("login-code-used", &s.code_used()),
        both("confirm", &s.confirm()),
        both("account", &s.account(true)),
        both("account-plain", &s.account(false)),
        both("account-password", &s.account_password()),
        both("account-factor", &s.account_factor()),
        both("account-factor-off", &s.account_factor_off()),
        both("account-codes-new", &s.account_codes_new()),
        both("account-codes", &s.account_codes()),
        both("api-tokens", &s.tokens()),
        both("api-tokens-empty", &s.no_tokens()),
        both("api-closed", &s.api_closed()),
        both("token-created", &s.token_created()),
        both("token-create", &s.token_create()),
        both("token-rotate", &s.token_rotate()),
        both("token-delete", &s.token_delete()),
        both("error-401", &s.sign_in_again()),
        both("setup", &s.setup()),
        both("invitation", &s.invitation()),
        both("operator-partners", &s.operator_partners()),
        both("operator-partners-none", &s.operator_partners_none()),
        both("operator-partner-new", &s.operator_partner_new()),
        both("operator-partner", &s.operator_partner(false)),
        both("operator-partner-global", &s.operator_partner(true)),
        both("operator-plan-off", &s.operator_plan(true)),
        both("operator-plan-on", &s.operator_plan(false)),
        both("partner-search", &s.partners(true)),
        both("partner-search-none", &s.partners(false)),
    ]
}

fn webhooks(s: &Samples) -> Vec<Drawn> {
    vec![
        both("webhooks", &s.webhooks()),
        both("webhooks-empty", &s.no_webhooks()),
        both("webhooks-none", &s.no_match()),
        both("webhooks-secret", &s.signing_secret()),
        both("webhooks-made", &s.made_already()),
        both("wizard-1", &s.wizard(Step::Name, false)),
        both("wizard-1-error", &s.wizard(Step::Name, true)),
        both("wizard-2", &s.wizard(Step::Endpoints, false)),
        both("wizard-2-error", &s.wizard(Step::Endpoints, true)),
        both("wizard-3", &s.wizard(Step::Triggers, false)),
        both("wizard-3-error", &s.wizard(Step::Triggers, true)),
        both("webhook-delete", &s.delete()),
        both("webhook-details", &s.details()),
        both("webhook-details-new", &s.new_webhook()),
        both("edit", &s.change(Act::Edit, false)),
        both("edit-error", &s.change(Act::Edit, true)),
        both("triggers", &s.change(Act::Triggers, false)),
        both("triggers-error", &s.change(Act::Triggers, true)),
        both("endpoint-new", &s.change(Act::NewEndpoint, false)),
        both("endpoint", &s.change(Act::Manner, false)),
        both("endpoint-error", &s.change(Act::Manner, true)),
        both("destination", &s.change(Act::Destination, false)),
        both("destination-error", &s.change(Act::Destination, true)),
        both("endpoint-remove", &s.endpoint_remove(false)),
        both("endpoint-last", &s.endpoint_remove(true)),
        both("reveal-secret", &s.reveal()),
        both("shown-secret", &s.secret_shown()),
        both("rotate-secret", &s.rotate(false)),
        both("rotate-secret-error", &s.rotate(true)),
        both("test-event", &s.test_send(false)),
        both("test-event-error", &s.test_send(true)),
    ]
}

fn integrations(s: &Samples) -> Vec<Drawn> {
    vec![
        both("webhooks-dashboard", &s.webhooks_dashboard()),
        both("webhooks-dashboard-empty", &s.webhooks_dashboard_empty()),
        both("integrations", &s.integrations()),
        both("integrations-empty", &s.integrations_empty()),
        both("create-webhook", &s.create_webhook(false)),
        both("create-webhook-error", &s.create_webhook(true)),
        both("manage-events", &s.manage_events()),
        both("matrix", &s.matrix()),
        both("matrix-review", &s.matrix_review()),
        both("matrix-secret", &s.matrix_secret()),
        both("matrix-read-only", &s.matrix_read_only()),
        both("catalogue", &s.catalogue(true)),
        both("catalogue-none", &s.catalogue(false)),
        both("event-type", &s.event_type()),
        both("event-type-new", &s.event_type_edit(true)),
        both("event-type-edit", &s.event_type_edit(false)),
        both("event-type-delete", &s.event_type_delete()),
    ]
}

fn events(s: &Samples) -> Vec<Drawn> {
    vec![
        both("connect", &s.connect()),
        both("overview", &s.overview()),
        both("overview-empty", &s.new_unit()),
        both("search", &s.search(true, false)),
        both("palette", &s.search(true, true)),
        both("palette-none", &s.search(false, true)),
        both("event-logs", &s.event_log()),
        both("event-logs-empty", &s.no_events(false)),
        both("event-logs-none", &s.no_events(true)),
        both("event-detail", &s.event()),
        both("replays", &s.replays(true)),
        both("replays-none", &s.replays(false)),
        both("replay", &s.replay()),
        both("replay-start", &s.replay_start(true)),
        both("replay-start-error", &s.replay_start(false)),
    ]
}

fn people(s: &Samples) -> Vec<Drawn> {
    vec![
        both("users", &s.users()),
        both("users-none", &s.no_users()),
        both("user-invited", &s.user_invited()),
        both("user-invite", &s.user_invite(false)),
        both("user-invite-error", &s.user_invite(true)),
        both("user-edit", &s.user_edit()),
        both("user-remove", &s.user_remove()),
        both("teams", &s.teams()),
        both("teams-none", &s.no_teams()),
        both("team", &s.team()),
        both("team-create", &s.team_new()),
        both("programmes", &s.programmes()),
        both("audit-log", &s.audit()),
        both("audit-log-empty", &s.no_audit()),
    ]
}

fn errors(s: &Samples) -> Vec<Drawn> {
    vec![
        both("api-docs", &s.api_docs()),
        both("error-403", &s.forbidden()),
        both("error-404", &s.missing()),
        both("error-404-inside", &s.missing_here()),
        both("error-500", &s.broken()),
        both("error-429", &s.refused()),
    ]
}

fn every_text() -> Vec<(&'static str, String)> {
    let pages = drawn(EVIL, Theme::Dark).into_iter();
    pages.flat_map(|(name, whole, part)| [(name, whole), (name, part)]).collect()
}

#[test]
fn text_from_outside_is_never_markup() {
    // Pages, or blocks of them, that show nothing that somebody wrote.
    let says_nothing = [
        "error-401",
        "error-404",
        "overview",
        "webhooks",
        "integrations-empty",
        "catalogue-none",
        "replays-none",
        "users-none",
        "teams-none",
        "audit-log-empty",
    ];
    let mut silent = Vec::new();
    for (name, html) in every_text() {
        assert!(!html.contains("<script>"), "{name}");
        if !html.contains("&#60;script&#62;") && !says_nothing.iter().any(|page| name.starts_with(page)) {
            silent.push(name);
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
    let evil_pages = drawn(EVIL, Theme::System);
    let plain_pages = drawn("", Theme::System);
    for ((name, evil, _), (_, plain, _)) in evil_pages.iter().zip(&plain_pages) {
        let names = |html| tags(html).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(evil), names(plain), "{name}");
    }
}

/// Texts that would be more than text where something is not escaped: X2, X3, X5, X8, X10 and X13.
const HOSTILE: [&str; 9] = [
    "\" autofocus onfocus=alert(1) x=\"",
    "' onmouseover='alert(1)",
    "<b hx-get=\"/logout\" hx-trigger=\"load\">",
    "<div data-hx-post='/x' hx-on::load='alert(1)' hx-swap-oob='true'>",
    "</textarea></title></script></select></dialog><!-- ]]>",
    "<form id=\"htmx\" name=\"action\"><input name=\"csrf\">",
    "<img src=x onerror=alert(1)><svg onload=alert(1)>",
    "{{7*7}} ${7*7} {% raw %} #{x}",
    "\u{202e}\u{200b}\u{0301}\u{0301}",
];

#[test]
fn hostile_text_makes_no_tag_and_no_attribute() {
    let shape = |html: &str| -> Vec<(String, Vec<String>)> {
        let keys = |attributes: Vec<(String, String)>| attributes.into_iter().map(|(key, _)| key).collect();
        tags(html).into_iter().map(|(name, attributes)| (name, keys(attributes))).collect()
    };
    let plain = drawn("plain", Theme::System);
    for hostile in HOSTILE {
        for ((page, whole, part), (_, plain, plain_part)) in drawn(hostile, Theme::System).iter().zip(&plain)
        {
            assert_eq!(shape(whole), shape(plain), "{page}: {hostile}");
            assert_eq!(shape(part), shape(plain_part), "{page}, as a block: {hostile}");
        }
    }
}

#[test]
fn no_page_needs_more_than_the_content_policy_allows() {
    for (page, html) in every_text() {
        for (name, attributes) in tags(&html) {
            assert_ne!(name, "style", "{page}");
            assert!(name != "script" || value(&attributes, "src").is_some(), "{page}");
            // A link leads away only to the operator, or to what is published elsewhere.
            let leaves = value(&attributes, "rel") == Some("external noopener noreferrer");
            for (key, value) in attributes {
                assert!(
                    key != "style" && !key.starts_with("on") && !key.starts_with("hx-on"),
                    "{page} {name} {key}"
                );
                assert!(key != "hx-trigger" || !value.contains('['), "{page} {name} {value}");
                let address = matches!(key.as_str(), "href" | "src" | "action" | "hx-get" | "hx-post");
                let local = value.starts_with('/') || value.starts_with('#');
                assert!(
                    !address
                        || local
                        || (leaves
                            && (value.starts_with("mailto:")
                                || (name == "a" && value.starts_with("https://")))),
                    "{page} {name} {key}={value}"
                );
                assert!(!value.contains("js:") && !value.contains("javascript:"), "{page} {name} {key}");
            }
        }
    }
}

#[test]
fn everything_that_is_typed_or_pressed_has_a_name() {
    for (page, html) in every_text() {
        let tags = tags(&html);
        let labelled: BTreeSet<_> =
            tags.iter().filter(|(n, _)| n == "label").filter_map(|(_, a)| value(a, "for")).collect();
        for (name, attributes) in &tags {
            let kind = value(attributes, "type").unwrap_or_default();
            let typed = matches!(name.as_str(), "input" | "select" | "textarea");
            if typed && !matches!(kind, "hidden" | "checkbox" | "radio") {
                let named = value(attributes, "aria-label").is_some()
                    || value(attributes, "id").is_some_and(|id| labelled.contains(id));
                assert!(named, "{page}: {attributes:?}");
            }
            let class = value(attributes, "class").unwrap_or_default();
            let bare = class.split(' ').any(|c| c == "icon-btn" || c == "switch-btn");
            assert!(!bare || value(attributes, "aria-label").is_some(), "{page}: {attributes:?}");
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (page, html) in every_text() {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let posts = form.split('>').next().unwrap().contains(r#"method="post""#);
            let carries = form.contains(r#"<input type="hidden" name="csrf" value="c0ffee">"#);
            assert_eq!(posts, carries, "{page}");
        }
    }
}

#[test]
fn a_whole_page_has_one_main_one_heading_and_no_id_twice() {
    for (page, whole, part) in drawn(EVIL, Theme::Dark) {
        let tags = tags(&whole);
        let count = |wanted: &str| tags.iter().filter(|(name, _)| name == wanted).count();
        assert_eq!((count("main"), count("h1"), count("title")), (1, 1, 1), "{page}");
        let ids: Vec<_> = tags.iter().filter_map(|(_, a)| value(a, "id")).collect();
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), once.len(), "{page}: {ids:?}");
        assert!(whole.contains(r#"<html lang="en" data-theme="dark">"#), "{page}");
        // What goes wrong under htmx is told in a few words, and the page stays as it is.
        let is_told = page.starts_with("error-") && part.contains("class=\"toast bad\"");
        assert!(is_told || whole.contains(part.trim()), "{page}");
    }
}

#[test]
fn every_static_file_and_icon_is_there() {
    let sprite = include_str!("../../static/icons/icons.svg");
    for (page, html) in every_text() {
        assert!(!html.contains(assets::path("")), "{page}");
        for (name, attributes) in tags(&html) {
            if name == "use" {
                let (_, id) = value(&attributes, "href").unwrap().split_once('#').unwrap();
                assert!(sprite.contains(&format!("id=\"{id}\"")), "{page}: {id}");
            }
        }
    }
}

#[test]
fn a_password_is_never_shown_again() {
    let page = Samples { tail: "", theme: Theme::System }.setup();
    let html = page.render().unwrap();
    assert!(!html.contains("a-secret-that-was-typed"));
    assert!(html.contains("value=\"Ada Marsh\""));
    assert!(html.contains("<title>Error: Set up Bellwire"));
    let focused: Vec<_> = tags(&html).into_iter().filter(|(_, a)| value(a, "autofocus").is_some()).collect();
    assert_eq!(focused.len(), 1);
    assert_eq!(value(&focused[0].1, "id"), Some("email"));
}

#[test]
fn a_secret_stands_in_its_page_once_and_leaves_with_it() {
    let s = Samples { tail: "", theme: Theme::System };
    let (html, page) = (s.token_created().render().unwrap(), s.token_created());
    assert_eq!(html.matches(crate::web::samples::SECRET).count(), 1);
    assert!(!format!("{page:?}").contains(crate::web::samples::SECRET));
    let kept: Vec<_> = tags(&html).into_iter().filter(|(_, a)| value(a, "data-once").is_some()).collect();
    assert_eq!(value(&kept[0].1, "id"), Some("new-token"));
}

#[test]
fn what_proves_a_second_factor_leaves_with_its_page() {
    let s = Samples { tail: "", theme: Theme::System };
    let (factor, codes) = (s.account_factor().render().unwrap(), s.account_codes().render().unwrap());
    for (html, secret) in [(&factor, KEY), (&codes, CODE)] {
        let (before, kept) = html.split_once("data-once").unwrap();
        assert!(kept.contains(secret) && !before.contains(secret));
        let behind = kept.rsplit_once(secret).unwrap().1;
        assert!(behind.contains("</section>") || behind.contains("</form>"));
    }
    let printed = format!("{:?}{:?}", s.account_factor(), s.account_codes());
    assert!(!printed.contains(KEY) && !printed.contains(CODE) && !printed.contains("sealed-key"));
}

#[test]
fn a_secret_that_was_typed_into_the_wizard_is_never_shown_again() {
    let s = Samples { tail: "", theme: Theme::System };
    for wrong in [false, true] {
        let html = s.change(Act::Destination, wrong).render().unwrap();
        assert!(TYPED.iter().all(|secret| !html.contains(secret)), "{wrong}");
    }
    for (step, wrong) in [(Step::Endpoints, false), (Step::Endpoints, true), (Step::Triggers, false)] {
        let html = s.wizard(step, wrong).render().unwrap();
        for secret in TYPED {
            assert!(!html.contains(secret), "{step:?} {secret}");
        }
        let focused = tags(&html).into_iter().filter(|(_, a)| value(a, "autofocus").is_some()).count();
        assert_eq!(focused, usize::from(wrong || step == Step::Triggers), "{step:?} {wrong}");
    }
    assert_eq!(s.signing_secret().render().unwrap().matches(SIGNING.trim_end_matches('=')).count(), 1);
}

#[test]
fn only_a_global_partner_is_told_whose_unit_this_is() {
    let s = Samples { tail: "", theme: Theme::System };
    let banner = "You are in <b>Kestrel Retail Group</b> (BU 12345)";
    assert!(s.webhooks().render().unwrap().contains(banner));
    let channel = s.no_webhooks().render().unwrap();
    assert!(!channel.contains("bu-banner") && !channel.contains("Switch partner"));
}
