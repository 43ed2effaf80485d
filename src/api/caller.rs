//! Who calls: the token of a request, checked and counted before its body is read.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev};

use crate::api::error::Problem;
use crate::app::App;
use crate::domain::access::permission::Permission;
use crate::domain::id::{BuId, Id, Kind, WebhookId};
use crate::domain::problem::FieldErrors;
use crate::http::identity::{bearer, client_address, source};
use crate::http::limits::{Left, Limited, Limits, Seat};
use crate::ops::Error;
use crate::ops::access::tokens;
use crate::ops::authorize::{authorize_token, note_denied};
use crate::ops::cx::{Actor, Cx, Source, TokenActor, Tools};
use crate::ops::system::denials::Denial;

/// A caller with a live token; what it may do, the operations decide.
pub struct Caller {
    /// The context of what it asks for.
    pub cx: Cx,
    /// Its token.
    pub token: TokenActor,
}

/// A caller that may publish events.
pub struct Producer(pub Caller);

/// The id in an address, which may be none.
pub struct PathId<K>(Option<Id<K>>);

impl Caller {
    /// The token's business unit.
    pub fn bu(&self) -> BuId {
        self.token.bu
    }

    /// A place among the requests of this token that wait.
    pub fn seat(&self, request: &HttpRequest) -> Result<Seat, Problem> {
        Ok(shared::<Limits>(request)?.wait(self.token.token)?)
    }

    /// Counts a test of a webhook of this unit.
    pub fn count_test(&self, request: &HttpRequest, webhook: WebhookId) -> Result<(), Problem> {
        Ok(shared::<Limits>(request)?.test(self.bu(), webhook)?)
    }

    /// Runs an operation where it may block.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx, BuId) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (cx, bu) = (self.cx.clone(), self.bu());
        let done = web::block(move || {
            let done = work(&cx, bu);
            tokens::store_uses(&cx.tools, false);
            done
        })
        .await;
        done.unwrap_or_else(|e| Err(Error::Internal(e.to_string())))
    }
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = authenticate(&request).await?;
            count(&request, |limits| limits.api(caller.token.token))?;
            unconditional(&request)?;
            Ok(caller)
        })
    }
}

impl Producer {
    /// Counts that its request publishes `events` in all; the first was counted before the body was read.
    /// 422 when so many never pass at once: to wait and try again would not help.
    pub fn count(&self, request: &HttpRequest, events: usize) -> Result<(), Problem> {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        if let Some(most) = shared::<Limits>(request)?.most_at_once()
            && events > most
        {
            let text =
                format!("The rate limit lets at most {most} events pass at once. Send fewer in a batch.");
            return Err(FieldErrors::one("events", "limit_events", text).into());
        }
        let more = events.saturating_sub(1);
        count(request, |limits| limits.ingest_more(self.0.token.token, more))
    }
}

impl FromRequest for Producer {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = match remembered(&request)? {
                Some(caller) => caller,
                None => authenticate(&request).await?,
            };
            if let Err(refused) = authorize_token(&caller.token, Permission::EventsWrite) {
                note_denied(&caller.cx, &caller.token, Permission::EventsWrite);
                // Nothing is published, so it counts as any other request.
                count(&request, |limits| limits.api(caller.token.token))?;
                return Err(refused.into());
            }
            note_publishing(&caller);
            count(&request, |limits| limits.ingest(caller.token.token))?;
            unconditional(&request)?;
            Ok(Self(caller))
        })
    }
}

/// Counts a use, and has the counts stored once a minute, while the request goes on.
fn note_publishing(caller: &Caller) {
    let tools = &caller.cx.tools;
    tools.known.uses.note(caller.token.token, Permission::EventsWrite, caller.cx.now);
    if tools.known.uses.is_due() {
        let tools = tools.clone();
        actix_web::rt::task::spawn_blocking(move || tokens::store_uses(&tools, false));
    }
}

/// The token's caller. 401 for anything else, and 429 once too many of those came from one address.
async fn authenticate(request: &HttpRequest) -> Result<Caller, Problem> {
    // Every well-formed token is looked up, also while others fail from the same address: behind a proxy that
    // address is everybody's, and a look-up costs less than a refusal of somebody who may come in.
    let found = match bearer(request) {
        Some(secret) => {
            let tools = shared::<App>(request)?.tools.clone();
            let (secret, source) = (secret.to_owned(), source(request));
            web::block(move || look_up(&tools, &secret, source)).await??
        }
        None => None,
    };
    if let Some(caller) = found {
        return Ok(caller);
    }
    note_refused(request)?;
    shared::<Limits>(request)?.failed_auth(client_address(request))?;
    Err(Problem::unauthorized())
}

/// Has the audit log tell that somebody came without a token that works. Which one it was is not kept.
fn note_refused(request: &HttpRequest) -> Result<(), Problem> {
    let denial = Denial {
        action: "token.refused",
        bu: None,
        target_kind: "address",
        target_id: request.match_pattern().unwrap_or_default(),
    };
    let source = source(request);
    shared::<App>(request)?.tools.known.denials.note(&Actor::System, &source, denial);
    Ok(())
}

/// The caller as of less than a minute ago, if it might publish then. The transaction that stores an event
/// looks again: a token that was deleted since stores nothing.
fn remembered(request: &HttpRequest) -> Result<Option<Caller>, Problem> {
    let tools = &shared::<App>(request)?.tools;
    let token = bearer(request).and_then(|secret| tokens::recall(tools, secret));
    let token = token.filter(|token| authorize_token(token, Permission::EventsWrite).is_ok());
    Ok(token.map(|token| Caller { cx: Cx::new(tools, Actor::Token(token.clone()), source(request)), token }))
}

fn look_up(tools: &Arc<Tools>, secret: &str, source: Source) -> Result<Option<Caller>, Error> {
    let found = tokens::authenticate(tools, secret, &source)?;
    Ok(found.map(|token| {
        let cx = Cx::new(tools, Actor::Token(token.clone()), source);
        Caller { cx, token }
    }))
}

/// Refuses a change on the condition that a version is still there: nothing has versions. Reading has no such
/// conditions.
fn unconditional(request: &HttpRequest) -> Result<(), Problem> {
    let mut asked = request.headers().get_all(header::IF_MATCH);
    let is_met = request.method().is_safe() || asked.all(|value| value.as_bytes() == b"*");
    if is_met { Ok(()) } else { Err(Problem::precondition_failed()) }
}

/// Counts a request, and notes what is left for its answer.
fn count(
    request: &HttpRequest,
    check: impl FnOnce(&Limits) -> Result<Option<Left>, Limited>,
) -> Result<(), Problem> {
    if let Some(left) = check(shared::<Limits>(request)?)? {
        request.extensions_mut().insert(left);
    }
    Ok(())
}

fn shared<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, Error> {
    request.app_data().ok_or_else(|| Error::Internal(format!("{} is missing", std::any::type_name::<T>())))
}

impl<K: Kind> PathId<K> {
    /// The id; 404 when the address holds none of this kind.
    pub fn get(&self) -> Result<Id<K>, Problem> {
        self.0.ok_or_else(Problem::not_found)
    }
}

impl<K: Kind> FromRequest for PathId<K> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    /// Never fails: who calls is looked at before what for.
    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        std::future::ready(Ok(Self(request.match_info().get("id").and_then(|text| text.parse().ok()))))
    }
}
