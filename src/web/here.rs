//! A request inside a business unit: who asks, where, and how the answer is given.

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};

use crate::config::{Contact, Keep};
use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, Id, Kind as IdKind, SessionId, WebhookId};
use crate::ops::access::partner_search;
use crate::ops::access::partners::{self, Unit as OwnUnit};
use crate::ops::cx::Cx;
use crate::ops::{Error, Refusal};
use crate::web::cookies::{Jar, Kind};
use crate::web::fault::{Fault, HX_REDIRECT, see};
use crate::web::flash::{self, Flash};
use crate::web::form::Fields;
use crate::web::page::{self, Page};
use crate::web::session::{Boxed, Holder, SignedIn, blocking, limits, signed_in};
use crate::web::shell::{Place, Session, Shell, Unit};

/// A signed-in person in a business unit that is theirs.
pub struct Here {
    /// The person.
    pub signed: SignedIn,
    unit: OwnUnit,
    request: HttpRequest,
}

impl FromRequest for Here {
    type Error = Fault;
    type Future = Boxed<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed = SignedIn::from_request(&request, &mut Payload::None).await?;
            let bu: BuId = in_path(&request, "bu")?;
            let cx = signed.cx();
            let unit = blocking(move || {
                let unit = partners::unit(&cx, bu)?;
                if unit.by_grant {
                    partner_search::enter(&cx, bu)?;
                }
                Ok(unit)
            })
            .await?;
            Ok(Self { signed, unit, request })
        })
    }
}

impl Holder for Here {
    fn holds(&self, token: &str) -> bool {
        self.signed.holds(token)
    }

    fn session(&self) -> Option<SessionId> {
        self.signed.session()
    }
}

impl Here {
    /// The person and the unit that the address of a request names, where that person may open it: for pages
    /// that stand for another one.
    pub async fn around(request: &HttpRequest) -> Option<Self> {
        let bu: BuId = request.path().strip_prefix("/bu/")?.split('/').next()?.parse().ok()?;
        let known = request.extensions().get::<SignedIn>().cloned();
        let signed = match known {
            Some(signed) => signed,
            None => signed_in(request).await.ok().flatten()?,
        };
        let cx = signed.cx();
        let unit = blocking(move || partners::unit(&cx, bu)).await.ok()?;
        Some(Self { signed, unit, request: request.clone() })
    }

    /// The business unit.
    pub const fn bu(&self) -> BuId {
        self.unit.bu
    }

    /// An id in the path; a malformed one is as missing as an unknown one.
    pub fn id<K: IdKind>(&self, name: &str) -> Result<Id<K>, Fault> {
        in_path(&self.request, name)
    }

    /// A part of the path as text; empty when there is none of this name.
    pub fn in_path(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// What stands in the address.
    pub fn query(&self) -> Fields {
        Fields::of_query(&self.request)
    }

    /// Whether API access is part of the unit's plan.
    pub const fn api_access(&self) -> bool {
        self.unit.api_access
    }

    /// How the operator is reached, where that is known.
    pub fn contact(&self) -> Option<Contact> {
        self.request.app_data::<Data<Option<Contact>>>().and_then(|contact| contact.as_ref().clone())
    }

    /// For how long events and attempts are kept: `for 30 days`
    pub fn kept(&self) -> String {
        self.request.app_data::<Data<Keep>>().map_or_else(String::new, |keep| keep.words())
    }

    /// The login's role here, in a word; empty for none.
    pub fn role(&self) -> &'static str {
        self.unit.role.map_or("", Role::as_str)
    }

    /// Whether the login's role decides on users, teams and programmes here. The operation asks again.
    pub fn is_admin(&self) -> bool {
        self.unit.role >= Some(Role::Admin)
    }

    /// Passes those who decide on the partner's owners and on what is asked of all its logins. The operation asks
    /// again.
    pub const fn over_owners(&self) -> Result<(), Refusal> {
        self.unit.over_owners
    }

    /// Which scopes the login holds here, and so may grant.
    pub fn held(&self) -> Scopes {
        self.unit.role.map(Scopes::of_role).unwrap_or_default()
    }

    /// A path of this host with the host people use, never the one a request names.
    pub fn absolute(&self, path: &str) -> String {
        self.signed.app.tools.absolute(path)
    }

    /// Whether the login's role allows this here. The operation asks again.
    pub fn may(&self, need: Permission) -> bool {
        self.held().contains(need)
    }

    /// Runs an operation in this business unit.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx, BuId) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let (cx, bu) = (self.signed.cx(), self.bu());
        blocking(move || work(&cx, bu)).await
    }

    /// The same, for a page that tells a refusal in its own way.
    pub async fn try_run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx, BuId) -> Result<T, Error> + Send + 'static,
    ) -> Result<Result<T, Error>, Fault> {
        let (cx, bu) = (self.signed.cx(), self.bu());
        Ok(web::block(move || work(&cx, bu)).await?)
    }

    /// What stands around a page, with what the last action did.
    pub fn shell(&self, title: &str, place: Place) -> Shell {
        let mut shell = self.bare_shell(title, place);
        shell.toasts.extend(self.flash().map(Flash::toast));
        shell
    }

    /// What stands around a page that tells of nothing but itself.
    pub fn bare_shell(&self, title: &str, place: Place) -> Shell {
        let session = Session {
            theme: self.signed.theme,
            csrf: self.signed.csrf.clone(),
            login: self.signed.badge(),
            unit: Unit::new(self.unit.bu, &self.unit.name, &self.unit.partner.to_string()),
            global: self.unit.by_grant,
            failing: u64::try_from(self.unit.failing).unwrap_or(0),
            admin: self.is_admin(),
        };
        Shell::new(title, place, session)
    }

    /// Whether htmx asks, who wants a block of the page.
    pub fn wants_fragment(&self) -> bool {
        page::wants_fragment(&self.request)
    }

    /// The id of the element that htmx will put the answer into; empty when it names none.
    pub fn target(&self) -> &str {
        self.request.headers().get("hx-target").and_then(|id| id.to_str().ok()).unwrap_or_default()
    }

    /// Whether the login is a global partner's, inside another partner's unit.
    pub const fn by_grant(&self) -> bool {
        self.unit.by_grant
    }

    /// Whether a form was sent.
    pub fn is_post(&self) -> bool {
        self.request.method() == Method::POST
    }

    /// Answers with a page or its block.
    pub fn answer(&self, page: &impl Page) -> HttpResponse {
        self.answer_with(StatusCode::OK, page)
    }

    /// The same with another status.
    pub fn answer_with(&self, status: StatusCode, page: &impl Page) -> HttpResponse {
        let mut answer = page::answer(&self.request, status, page);
        if status.is_success() && self.flash().is_some() && !page::wants_fragment(&self.request) {
            // It has been told; a cookie that cannot be added only tells it again.
            let _ = answer.add_cookie(&self.jar().remove(Kind::Flash));
        }
        answer
    }

    /// Leads on after something was done. A fragment shows it by itself; a whole page is told to say it.
    pub fn done(&self, to: &str, flash: Flash) -> HttpResponse {
        let mut answer = see(to);
        if !page::wants_fragment(&self.request) {
            self.tell(&mut answer, flash);
        }
        answer
    }

    /// Leads to another page after something was done in a dialog over this one; that page tells it.
    pub fn leave(&self, to: &str, flash: Flash) -> HttpResponse {
        let mut answer = if page::wants_fragment(&self.request) {
            HttpResponse::NoContent().insert_header((HX_REDIRECT, to)).finish()
        } else {
            see(to)
        };
        self.tell(&mut answer, flash);
        answer
    }

    /// Counts a test of a webhook of this unit.
    pub fn count_test(&self, webhook: WebhookId) -> Result<(), Fault> {
        Ok(limits(&self.request)?.test(self.bu(), webhook)?)
    }

    /// The path of the request.
    pub fn path(&self) -> &str {
        self.request.path()
    }

    /// Has the page that follows tell what was done.
    pub fn tell(&self, answer: &mut HttpResponse, flash: Flash) {
        let value = flash.seal(&self.signed.app.tools.keys, self.signed.login.session);
        let _ = answer.add_cookie(&self.jar().make(Kind::Flash, &value, Some(flash::SECONDS)));
    }

    /// What the last action did. A form's own answer does not tell it: that tells what came of the form.
    fn flash(&self) -> Option<Flash> {
        if self.is_post() {
            return None;
        }
        let value = self.jar().read(&self.request, Kind::Flash)?;
        Flash::open(&value, &self.signed.app.tools.keys, self.signed.login.session)
    }

    fn jar(&self) -> Jar {
        Jar::new(&self.signed.app.tools.public_url)
    }
}

fn in_path<K: IdKind>(request: &HttpRequest, name: &str) -> Result<Id<K>, Fault> {
    request.match_info().get(name).and_then(|text| text.parse().ok()).ok_or(Fault::Missing)
}
