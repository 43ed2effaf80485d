//! Who a request comes from: a session, or the cookie that stands in for one before signing in.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::app::App;
use crate::domain::id::SessionId;
use crate::http::identity;
use crate::http::limits::Limits;
use crate::ops::Error;
use crate::ops::access::sign_in::{
    Challenge, challenge, csrf_matches, csrf_token, pre_session, pre_session_matches, pre_session_token,
    session,
};
use crate::ops::cx::{Actor, Cx, Login, Source};
use crate::web::cookies::{Jar, Kind};
use crate::web::fault::Fault;
use crate::web::routes;
use crate::web::shell::{Badge, Theme};

/// What is open to somebody whose partner requires a second factor, and who has none yet.
const WHILE_OWING: [&str; 3] = [routes::ACCOUNT_FACTOR, routes::CONFIRM, routes::LOGOUT];

/// What an extractor of ours is waiting for.
pub type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Fault>>>>;

/// Somebody who can be told by a token that only pages of ours hold.
pub trait Holder {
    /// Whether `token` is the one that this holder's pages carry.
    fn holds(&self, token: &str) -> bool;

    /// The session whose forms are counted; none before signing in, where attempts are counted.
    fn session(&self) -> Option<SessionId> {
        None
    }
}

/// The person who is signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// The process.
    pub app: App,
    /// Who it is.
    pub login: Login,
    /// The token that forms of this session carry.
    pub csrf: String,
    /// The theme they chose.
    pub theme: Theme,
    source: Source,
}

impl SignedIn {
    /// A context for an operation, from now.
    pub fn cx(&self) -> Cx {
        self.app.cx(Actor::Login(self.login.clone()), self.source.clone())
    }

    /// The login as pages show it.
    pub fn badge(&self) -> Badge {
        let operates = self.login.is_operator && !self.login.owes_factor;
        Badge { operates, ..Badge::new(&self.login.name, &self.login.email) }
    }
}

impl Holder for SignedIn {
    fn holds(&self, token: &str) -> bool {
        csrf_matches(&self.app.tools, self.login.session, token)
    }

    fn session(&self) -> Option<SessionId> {
        Some(self.login.session)
    }
}

impl FromRequest for SignedIn {
    type Error = Fault;
    type Future = Boxed<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { signed_in(&request).await?.ok_or(Fault::SignIn) })
    }
}

/// Who is signed in, if anyone is.
pub async fn signed_in(request: &HttpRequest) -> Result<Option<SignedIn>, Fault> {
    let app = app(request)?;
    let Some(cookie) = Jar::new(&app.tools.public_url).read(request, Kind::Session) else { return Ok(None) };
    let tools = app.tools.clone();
    let found = blocking(move || match session(&tools, &cookie)? {
        Some(login) => Ok(Ok(login)),
        None => Ok(Err(challenge(&tools, &cookie)?)),
    });
    let login = match found.await? {
        Ok(login) => login,
        Err(Some(_)) => return Err(Fault::SecondFactor),
        Err(None) => return Ok(None),
    };
    if login.owes_factor && !WHILE_OWING.contains(&request.path()) {
        return Err(Fault::OwesFactor);
    }
    let csrf = csrf_token(&app.tools, login.session);
    let signed = SignedIn { app, login, csrf, theme: theme(request), source: identity::source(request) };
    request.extensions_mut().insert(signed.clone());
    Ok(Some(signed))
}

/// Somebody who gave the right password and is asked for the second factor: nothing else is open to them.
pub struct Half {
    /// The process.
    pub app: App,
    /// What they have to prove.
    pub challenge: Challenge,
    /// The token that the form carries.
    pub csrf: String,
    /// The theme that was chosen.
    pub theme: Theme,
    /// Where the request came from.
    pub source: Source,
    /// The cookie by which the device is known.
    pub device: Option<String>,
}

impl Half {
    /// The cookies of the installation.
    pub fn jar(&self) -> Jar {
        Jar::new(&self.app.tools.public_url)
    }
}

impl Holder for Half {
    fn holds(&self, token: &str) -> bool {
        csrf_matches(&self.app.tools, self.challenge.session, token)
    }
}

impl FromRequest for Half {
    type Error = Fault;
    type Future = Boxed<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = app(&request)?;
            let jar = Jar::new(&app.tools.public_url);
            let cookie = jar.read(&request, Kind::Session).ok_or(Fault::SignIn)?;
            let tools = app.tools.clone();
            let found = blocking(move || challenge(&tools, &cookie)).await?.ok_or(Fault::SignIn)?;
            Ok(Self {
                csrf: csrf_token(&app.tools, found.session),
                challenge: found,
                theme: theme(&request),
                source: identity::source(&request),
                device: jar.read(&request, Kind::Device),
                app,
            })
        })
    }
}

/// A browser in which nobody has signed in yet.
pub struct PreSession {
    /// The process.
    pub app: App,
    /// The value of the cookie.
    pub value: String,
    /// Whether the browser has no such cookie yet.
    pub is_new: bool,
    /// The theme that was chosen.
    pub theme: Theme,
    /// Where the request came from.
    pub source: Source,
    /// The cookie by which the device is known.
    pub device: Option<String>,
}

impl PreSession {
    /// The token that this browser's forms carry.
    pub fn csrf(&self) -> String {
        pre_session_token(&self.app.tools, &self.value)
    }

    /// The cookies of the installation.
    pub fn jar(&self) -> Jar {
        Jar::new(&self.app.tools.public_url)
    }
}

impl Holder for PreSession {
    fn holds(&self, token: &str) -> bool {
        !self.is_new && pre_session_matches(&self.app.tools, &self.value, token)
    }
}

impl FromRequest for PreSession {
    type Error = Fault;
    type Future = Ready<Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(app(request).map(|app| {
            let jar = Jar::new(&app.tools.public_url);
            let given = jar.read(request, Kind::PreSession).filter(|value| !value.is_empty());
            Self {
                is_new: given.is_none(),
                value: given.unwrap_or_else(pre_session),
                theme: theme(request),
                source: identity::source(request),
                device: jar.read(request, Kind::Device),
                app,
            }
        }))
    }
}

/// The process that a request came to.
pub fn app(request: &HttpRequest) -> Result<App, Fault> {
    let app = request.app_data::<Data<App>>();
    app.map(|app| App::clone(app)).ok_or_else(|| Fault::Internal("the pages know no process".to_owned()))
}

/// The limits of the process that a request came to.
pub fn limits(request: &HttpRequest) -> Result<&Data<Limits>, Fault> {
    Limits::of(request).ok_or_else(|| Fault::Internal("the pages know no limits".to_owned()))
}

/// The theme of the browser.
pub fn theme(request: &HttpRequest) -> Theme {
    request.cookie("theme").map(|cookie| Theme::from_cookie(cookie.value())).unwrap_or_default()
}

/// Runs an operation where it may block.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Fault> {
    Ok(web::block(work).await??)
}
