//! Every limit of the process, each under the name of what it counts.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::limiter::{Left, Limited, Limiter};
use super::seats::{Seat, Seats};
use crate::domain::id::{BuId, SessionId, TokenId, UserId, WebhookId};
use crate::domain::network::network;

/// Failed authentications that one address may cause in a minute.
pub const FAILED_AUTH_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Tests of one webhook in a minute; each sends one request to each of its endpoints.
const TESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Partner searches of one login in a minute.
const SEARCHES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Reports of policy violations that one address may send in a minute.
const REPORTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Forms that one session may send in a second.
const FORMS_PER_SECOND: u32 = 5;
/// How many seconds' worth of forms a session may send at once.
const FORMS_BURST: u32 = 4;
/// How many seconds' worth of events a token may publish at once.
const INGEST_BURST: u32 = 2;
/// How many seconds' worth of requests a token may make at once.
const API_BURST: u32 = 3;
/// How many requests of one token may wait for events at the same time.
const MOST_WAITING: u32 = 10;
/// How many live lists one session may have open.
const MOST_TAILS: u32 = 4;

/// How often a token may ask, by the settings; 0 is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Events a second.
    pub ingest_per_second: u32,
    /// Other requests a second.
    pub api_per_second: u32,
}

/// Every limit of the process.
pub struct Limits {
    ingest: Option<Limiter<TokenId>>,
    api: Option<Limiter<TokenId>>,
    waiting: Seats<TokenId>,
    tails: Seats<SessionId>,
    failed_auth: Limiter<IpAddr>,
    tests: Limiter<(BuId, WebhookId)>,
    forms: Option<Limiter<SessionId>>,
    searches: Limiter<UserId>,
    reports: Limiter<IpAddr>,
}

impl Limits {
    /// Limits with nothing counted yet.
    pub fn new(rates: Rates) -> Self {
        Self {
            ingest: Limiter::per_second("ingest", rates.ingest_per_second, INGEST_BURST),
            api: Limiter::per_second("api", rates.api_per_second, API_BURST),
            waiting: Seats::new("waiting", MOST_WAITING),
            tails: Seats::new("tails", MOST_TAILS),
            failed_auth: Limiter::per_minute("failed-auth", FAILED_AUTH_PER_MINUTE),
            tests: Limiter::per_minute("test-send", TESTS_PER_MINUTE),
            forms: Limiter::per_second("dashboard", FORMS_PER_SECOND, FORMS_BURST),
            searches: Limiter::per_minute("partner-search", SEARCHES_PER_MINUTE),
            reports: Limiter::per_minute("csp-reports", REPORTS_PER_MINUTE),
        }
    }

    /// The limits of the process that a request came to.
    pub fn of(request: &HttpRequest) -> Option<&Data<Self>> {
        request.app_data()
    }

    /// Counts a publishing request of a token; what is left, where there is a limit.
    pub fn ingest(&self, token: TokenId) -> Result<Option<Left>, Limited> {
        self.ingest.as_ref().map(|limiter| limiter.check(&token)).transpose()
    }

    /// How many events a token may ever publish at once, where there is a limit.
    pub fn most_at_once(&self) -> Option<u32> {
        self.ingest.as_ref().map(Limiter::quota)
    }

    /// Counts `more` further events of one request.
    pub fn ingest_more(&self, token: TokenId, more: u32) -> Result<Option<Left>, Limited> {
        let (Some(limiter), Some(more)) = (&self.ingest, NonZeroU32::new(more)) else { return Ok(None) };
        limiter.check_many(&token, more).map(Some)
    }

    /// Counts any other API request of a token; what is left, where there is a limit.
    pub fn api(&self, token: TokenId) -> Result<Option<Left>, Limited> {
        self.api.as_ref().map(|limiter| limiter.check(&token)).transpose()
    }

    /// A place among the requests of a token that wait for events.
    pub fn wait(&self, token: TokenId) -> Result<Seat, Limited> {
        self.waiting.take(token)
    }

    /// A place among the live lists of a session.
    pub fn tail(&self, session: SessionId) -> Result<Seat<SessionId>, Limited> {
        self.tails.take(session)
    }

    /// Counts a test of a webhook.
    pub fn test(&self, bu: BuId, webhook: WebhookId) -> Result<(), Limited> {
        self.tests.check(&(bu, webhook)).map(drop)
    }

    /// Counts a form of a session.
    pub fn form(&self, session: SessionId) -> Result<(), Limited> {
        self.forms.as_ref().map_or(Ok(()), |limiter| limiter.check(&session).map(drop))
    }

    /// Counts a partner search of a login.
    pub fn search(&self, user: UserId) -> Result<(), Limited> {
        self.searches.check(&user).map(drop)
    }

    /// Counts a report of a policy violation.
    pub fn report(&self, from: Option<IpAddr>) -> Result<(), Limited> {
        self.reports.check(&neighbourhood(from)).map(drop)
    }

    /// Counts a failed authentication from an address.
    pub fn failed_auth(&self, from: Option<IpAddr>) -> Result<(), Limited> {
        self.failed_auth.check(&neighbourhood(from)).map(drop)
    }
}

/// Where a client counts; those whose address is not known count together.
fn neighbourhood(address: Option<IpAddr>) -> IpAddr {
    network(address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn limits(api_per_second: u32) -> Limits {
        Limits::new(Rates { ingest_per_second: 0, api_per_second })
    }

    fn token(n: u128) -> TokenId {
        TokenId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_token_over_its_limit_is_told_when_to_return_and_others_are_not_held_up() {
        let limits = limits(1);
        let answers: Vec<_> = (0..4).map(|_| limits.api(token(1))).collect();
        assert!(answers[..3].iter().all(Result::is_ok));
        let limited = answers[3].unwrap_err();
        assert_eq!((limited.name, limited.retry_after_s), ("api", 1));
        assert_eq!(limited.policy(), "\"api\";q=3;w=3");
        assert_eq!(limited.state(), "\"api\";r=0;t=1");
        assert!(limits.api(token(2)).is_ok());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let limits = limits(0);
        let none = Ok(None);
        assert!((0..10_000).all(|_| limits.ingest(token(1)) == none && limits.api(token(1)) == none));
    }

    #[test]
    fn the_sixty_first_failure_of_a_network_in_a_minute_is_refused() {
        let limits = limits(0);
        let from = |n: u16| Some(IpAddr::from([0x2600, 1, 2, 3, 0, 0, 0, n]));
        for n in 0..60 {
            assert_eq!(limits.failed_auth(from(n)), Ok(()));
        }
        assert_eq!(limits.failed_auth(from(61)).unwrap_err().window_s, 60);
        let other = Some(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(limits.failed_auth(other), Ok(()));
    }

    #[test]
    fn the_smaller_limits_are_those_of_the_table() {
        let limits = limits(0);
        let id = Uuid::from_u128(7);
        let passed =
            |check: &dyn Fn() -> Result<(), Limited>| (0..100).take_while(|_| check().is_ok()).count();
        let (bu, webhook) = (BuId::from_uuid(id), WebhookId::from_uuid(id));
        assert_eq!(passed(&|| limits.test(bu, webhook)), 10);
        assert_eq!(passed(&|| limits.form(SessionId::from_uuid(id))), 20);
        assert_eq!(passed(&|| limits.search(UserId::from_uuid(id))), 30);
        assert_eq!(passed(&|| limits.report(None)), 10);
    }
}
