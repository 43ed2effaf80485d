//! A request outside of business units, about one's account or as an operator: who asks, and how it is answered.

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};

use crate::domain::id::{Id, Kind as IdKind, SessionId};
use crate::ops::Error;
use crate::ops::access::sign_in::Renewed;
use crate::ops::cx::Cx;
use crate::web::cookies::{Jar, Kind};
use crate::web::fault::{Fault, see};
use crate::web::flash::{self, Flash};
use crate::web::page::{self, Page};
use crate::web::parts::{Notice, Tone};
use crate::web::session::{Boxed, Holder, SignedIn, blocking};
use crate::web::shell::Solo;

/// A signed-in person outside of business units.
pub struct Desk {
    /// The person.
    pub signed: SignedIn,
    request: HttpRequest,
}

impl FromRequest for Desk {
    type Error = Fault;
    type Future = Boxed<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed = SignedIn::from_request(&request, &mut Payload::None).await?;
            Ok(Self { signed, request })
        })
    }
}

impl Holder for Desk {
    fn holds(&self, token: &str) -> bool {
        self.signed.holds(token)
    }

    fn session(&self) -> Option<SessionId> {
        self.signed.session()
    }
}

impl Desk {
    /// The frame of a page called `title`.
    pub fn shell(&self, title: &str) -> Solo {
        let mut shell = Solo::new(title, self.signed.theme, &self.signed.csrf);
        shell.login = Some(self.signed.badge());
        shell
    }

    /// An id in the path; a malformed one is as missing as an unknown one.
    pub fn id<K: IdKind>(&self, name: &str) -> Result<Id<K>, Fault> {
        self.request.match_info().get(name).and_then(|text| text.parse().ok()).ok_or(Fault::Missing)
    }

    /// A number in the path; a malformed one is as missing as an unknown one.
    pub fn number(&self, name: &str) -> Result<i64, Fault> {
        self.request.match_info().get(name).and_then(|text| text.parse().ok()).ok_or(Fault::Missing)
    }

    /// A path of this host with the host people use, never the one a request names.
    pub fn absolute(&self, path: &str) -> String {
        self.signed.app.tools.absolute(path)
    }

    /// The cookie by which the device is known.
    pub fn device(&self) -> Option<String> {
        self.jar().read(&self.request, Kind::Device)
    }

    /// A choice that this browser keeps in a cookie.
    pub fn choice(&self, name: &str) -> Option<String> {
        self.request.cookie(name).map(|cookie| cookie.value().to_owned())
    }

    /// Runs an operation of the person's.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let cx = self.signed.cx();
        blocking(move || work(&cx)).await
    }

    /// The same, for a page that tells a refusal in its own way.
    pub async fn try_run<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce(&Cx) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Fault> {
        let cx = self.signed.cx();
        Ok(web::block(move || work(&cx)).await?)
    }

    /// What the last action did.
    pub fn told(&self) -> Option<Notice> {
        let toast = self.flash()?.toast();
        Some(Notice { tone: Tone::Ok, title: toast.title, text: toast.text })
    }

    /// Answers with a page.
    pub fn answer(&self, status: StatusCode, page: &impl Page) -> HttpResponse {
        page::answer(&self.request, status, page)
    }

    /// Answers with a page that tells what the last action did.
    pub fn answer_told(&self, page: &impl Page) -> HttpResponse {
        let mut answer = self.answer(StatusCode::OK, page);
        if self.flash().is_some() {
            // It has been told; a cookie that cannot be added only tells it again.
            let _ = answer.add_cookie(&self.jar().remove(Kind::Flash));
        }
        answer
    }

    /// Answers a refusal with its page; `wait` is after how many seconds it may be tried again.
    pub fn refuse(&self, (status, wait): (StatusCode, Option<u64>), page: &impl Page) -> HttpResponse {
        let mut answer = self.answer(status, page);
        if let Some(seconds) = wait {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }

    /// Leads on after something was done; the page that follows tells it.
    pub fn done(&self, to: &str, flash: Flash) -> HttpResponse {
        let mut answer = see(to);
        self.tell(&mut answer, flash);
        answer
    }

    /// Has the page that follows tell what was done.
    pub fn tell(&self, answer: &mut HttpResponse, flash: Flash) {
        let value = flash.seal(&self.signed.app.tools.keys, self.signed.login.session);
        let _ = answer.add_cookie(&self.jar().make(Kind::Flash, &value, Some(flash::SECONDS)));
    }

    /// Has the browser go on under another cookie.
    pub fn renew(&self, answer: &mut HttpResponse, renewed: &Renewed) {
        let kept = renewed.kept.and_then(|time| i64::try_from(time.as_secs()).ok());
        // Our own values are always fit for a cookie.
        let _ = answer.add_cookie(&self.jar().make(Kind::Session, &renewed.cookie, kept));
    }

    /// The cookies of the installation.
    pub fn jar(&self) -> Jar {
        Jar::new(&self.signed.app.tools.public_url)
    }

    fn flash(&self) -> Option<Flash> {
        let value = self.jar().read(&self.request, Kind::Flash)?;
        Flash::open(&value, &self.signed.app.tools.keys, self.signed.login.session)
    }
}
