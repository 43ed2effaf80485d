//! Every row of the tables of bad input, of sessions, of foreign things and of forged forms, and where each is held.

use crate::house::tree::files;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows, the file beneath `tests/it`, and words that stand in it.
const HELD: &str = "
U1 U4 U5 U6 U7 U9       api/matrix/addresses.rs   pub const ADDRESSES
U11 U12 U14 U15 U16 U17 api/matrix/addresses.rs   pub const ADDRESSES
U19 U20 U21 U22 U24     api/matrix/addresses.rs   pub const ADDRESSES
U25 U26                 api/matrix/addresses.rs   pub const ADDRESSES
U10                     api/matrix/values.rs      fn addresses
U2 U27                  api/matrix/accepted.rs    fn addresses_are_kept_in_one_form
U36                     api/matrix/accepted.rs    fn an_installation_sends_nothing_to_itself
U40                     api/matrix/accepted.rs    fn a_webhook_has_a_bounded_number_of_endpoints
U29 U30                 delivery/guard.rs         fn what_was_allowed_when_saved_is_judged_again_when_sent
U37                     delivery/guard.rs         fn a_proxy_in_the_environment_is_not_used
U39                     delivery/guard.rs         fn what_was_allowed_when_saved_is_judged_again_when_sent
U34                     delivery/retries.rs       fn an_attempt_that_cannot_succeed_ends_its_delivery_with_the_reason
H1 H2 H4 H5             api/matrix/values.rs      fn headers
H7 H9                   api/matrix/values.rs      fn secrets
H6 H14                  api/matrix/accepted.rs    fn credentials_are_masked_wherever_a_webhook_is_shown
H10                     api/matrix/accepted.rs    fn a_static_secret_is_not_sent_in_the_clear
H11                     api/secrets.rs            rotation_limit
H12                     api/matrix/accepted.rs    fn two_rotations_at_once_lose_no_secret
R1                      api/matrix/bodies.rs      fn a_body_over_the_limit_is_413_whether_it_says_so_or_not
R2 R3                   api/matrix/bodies.rs      fn only_plain_json_in_utf_8_is_taken
R5 R6                   api/matrix/bodies.rs      fn unsound_json_is_400_on_every_route
R7 R8                   api/matrix/bodies.rs      fn a_payload_is_kept_byte_for_byte
R10 R11                 api/matrix/bodies.rs      fn read_only_fields_are_400_and_change_nothing
R12 R20                 api/matrix/fields.rs      fn every_field_refuses_what_its_kind_does_not_allow
R13                     api/matrix/fields.rs      fn names_are_kept_in_one_form
R15 R16 R17 R18         api/matrix/fields.rs      fn every_parameter_refuses_what_its_kind_does_not_allow
R21                     api/matrix/ids.rs         fn an_id_that_names_nothing_is_answered_alike_on_every_route
R22                     api/matrix/access.rs      fn a_method_that_is_not_offered_is_405_and_names_those_that_are
R23                     api/matrix/edge.rs        fn a_request_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed
R25                     api/matrix/edge.rs        fn another_host_is_not_answered_for
R26                     api/rights.rs             fn the_last_use_is_told_and_never_in_the_way
R27 R30 R31             api/matrix/edge.rs        fn conditions_and_wishes_of_clients_change_nothing
R28                     api/matrix/edge.rs        fn a_head_that_never_ends_is_cut_off
R32                     api/matrix/edge.rs        fn many_requests_at_once_on_one_connection_are_answered_in_order
T1 T3                   api/matrix/access.rs      fn nobody_gets_in_without_a_live_token
T4 T6                   api/matrix/access.rs      fn every_route_asks_for_its_scope_and_no_other
T5                      api/matrix/ids.rs         fn a_thing_of_another_unit_is_answered_like_one_that_never_was
T10                     api/rights.rs             fn a_revoked_token_is_refused_at_once_on_every_node
T11                     api/problems.rs           fn the_sixty_first_wrong_token_in_a_minute_is_refused
T16                     api/rights.rs             fn a_token_may_do_no_more_than_its_maker_may_now
T8 T9                   web/tokens.rs             fn what_is_wrong_with_a_token_is_told_beside_it
T15                     web/tokens_browser.rs     fn a_token_is_made_copied_lost_and_rotated
L2                      web/sessions.rs           fn guessing_is_slow_and_tells_nothing_and_locks_nobody_out
L3 L5                   web/sessions.rs           fn a_password_and_an_address_have_one_form
L4                      web/sessions.rs           fn an_address_has_so_many_guesses_and_others_are_not_held_up
L7 L8 L9                web/sessions.rs           fn a_session_ends_when_it_should
L10                     web/access.rs             fn after_signing_in_a_person_stays_on_this_host
L12 L19                 web/sessions.rs           fn half_a_session_opens_the_second_factor_and_nothing_else
L13                     web/sessions.rs           fn guesses_of_the_second_factor_are_counted
L14                     web/sessions.rs           fn a_reset_link_opens_once_and_asks_for_the_second_factor
L15                     web/sessions.rs           fn an_invitation_makes_the_login_it_was_for_with_the_role_it_was_for
L17                     web/people.rs             fn an_old_sign_in_is_renewed_before_users_are_changed
L18                     web/people.rs             fn the_last_owner_is_not_taken_away
I1 I4 I5 I6             api/matrix/ids.rs         fn a_thing_of_another_unit_is_answered_like_one_that_never_was
I9                      web/foreign/search.rs     fn a_search_tells_nothing_of_partners_that_are_not_granted
I3 I8 I10 I11           web/foreign/units.rs      fn every_route_answers_for_another_unit_like_for_one_that_never_was
I13                     web/foreign/references.rs fn an_id_of_another_unit_in_a_field_is_an_unknown_id
I15                     web/operator.rs           fn whoever_is_no_operator_finds_nothing_there_and_is_written_down
I16                     web/dashboard.rs          fn a_programme_gets_webhooks_of_its_own_without_events_for_partners
I14 G2                  api/matrix/ingest.rs      fn a_key_is_one_word_of_bounded_length_and_belongs_to_one_unit
C2 C3 C4 C5 C8 C9       web/forged.rs             fn a_forged_request_changes_nothing_on_any_route
C7                      web/forged.rs             fn a_method_that_is_not_meant_is_refused
C10 C12                 web/headers.rs            fn every_answer_keeps_itself_to_itself
C13                     web/account_browser.rs    fn after_signing_out_back_shows_nothing_of_the_dashboard
C14                     web/partners.rs           fn two_tabs_hold_two_units
C15                     web/browser.rs            fn a_page_can_have_no_worker
G3                      api/matrix/bodies.rs      fn read_only_fields_are_400_and_change_nothing
G4                      api/matrix/ingest.rs      fn an_event_that_nobody_wants_is_stored_and_shown_as_such
G7                      api/matrix/ingest.rs      fn a_producer_that_goes_away_in_the_middle_has_stored_nothing
G8                      api/matrix/ingest.rs      fn the_producers_clock_is_kept_beside_ours
G9                      api/matrix/ingest.rs      fn over_the_rate_nothing_is_stored_in_part
G10                     api/replays.rs            fn a_replay_is_cancelled_and_only_one_runs
G12                     api/matrix/ingest.rs      fn an_event_is_delivered_or_held_back_as_its_webhook_stood
";

/// Rows that wait; a text that stands nowhere in the program as long as they do (`-` where there is none that
/// would have to); and what they wait for.
const WAITING: &str = "
U31 U32 U35  -                a name server and a receiver of the tests' own in a network of their own
T13          allowed_networks networks that a token is held to: the specification has none
T14          -                warnings on the pages that take names, addresses and headers; secrets are refused already
G5           most_subscribers a limit of subscribers: a business unit has at most 10,000 webhooks
";

/// How many rows each table has up to; the numbers that were given to no row are in `GAPS`.
const TABLES: [(&str, u32); 8] =
    [("U", 40), ("H", 14), ("R", 32), ("T", 16), ("L", 19), ("I", 16), ("C", 15), ("G", 12)];
const GAPS: &str = "U3 U8 U13 U18 U23 U28 U33 U38 H3 H8 H13 R4 R9 R14 R19 R24 R29 T2 T7 T12 \
    L1 L6 L11 L16 I2 I7 I12 C1 C6 C11 G1 G6 G11";

fn is_row(word: &str) -> bool {
    let (table, number) = word.split_at(1);
    TABLES.iter().any(|(known, _)| *known == table) && number.parse::<u32>().is_ok()
}

#[test]
fn every_row_of_the_tables_is_held_or_waits_for_something_that_is_named() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for line in HELD.lines().chain(WAITING.lines()).filter(|line| !line.is_empty()) {
        for row in line.split_whitespace().take_while(|word| is_row(word)) {
            *seen.entry(row).or_default() += 1;
        }
    }
    for (table, last) in TABLES {
        for number in 1..=last {
            let row = format!("{table}{number}");
            let expected = u32::from(!GAPS.split(' ').any(|gap| gap == row));
            assert_eq!(
                seen.remove(row.as_str()).unwrap_or_default(),
                expected,
                "{row} stands here so many times"
            );
        }
    }
    assert!(seen.is_empty(), "rows of no table: {seen:?}");
}

#[test]
fn what_holds_a_row_is_where_it_is_said_to_be() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for line in HELD.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace().skip_while(|word| is_row(word));
        let file = words.next().unwrap();
        let claim = words.collect::<Vec<_>>().join(" ");
        let text =
            std::fs::read_to_string(tests.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(&claim), "{file} has no {claim}");
    }
}

#[test]
fn no_row_waits_for_what_is_there() {
    let sources = [files("src", "rs"), files("templates", "html")].concat();
    for line in WAITING.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace().skip_while(|word| is_row(word));
        let text = words.next().unwrap();
        assert!(words.next().is_some(), "{line}: what it waits for");
        let there = sources.iter().find(|file| text != "-" && file.text.contains(text));
        assert!(there.is_none(), "{:?} has {text}: give a test to {line}", there.map(|file| &file.path));
    }
}
