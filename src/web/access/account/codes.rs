//! Recovery codes: making new ones, their one showing, and the same as a file.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;
use zeroize::Zeroizing;

use super::Desk;
use crate::domain::access::second_factor::{RECOVERY_CODES, RecoveryCode, Typed};
use crate::ops::access::second_factor::{self, State};
use crate::ops::access::sign_in::require_recent;
use crate::web::access::challenge::left_in_words;
use crate::web::fault::{Fault, see};
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::page::Page;
use crate::web::routes;
use crate::web::shell::Solo;

/// The page `/account/recovery-codes`, which asks first.
#[derive(Debug, Template)]
#[template(path = "access/account/codes_new.html")]
pub struct AskCodes {
    /// The frame.
    pub shell: Solo,
    /// `8 recovery codes are left.`
    pub left: String,
    /// Which codes are replaced.
    pub set: String,
}

/// The one showing of recovery codes.
#[derive(Debug, Template)]
#[template(path = "access/account/codes.html")]
pub struct Codes {
    /// The frame.
    pub shell: Solo,
    /// The codes: they stand in this answer and nowhere else.
    pub codes: Shown,
}

/// Codes as they are shown. Never printed.
pub struct Shown(Vec<Zeroizing<String>>);

impl Shown {
    /// These codes.
    pub fn of(codes: &[RecoveryCode]) -> Self {
        Self(codes.iter().map(RecoveryCode::shown).collect())
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|code| code.as_str())
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl Page for AskCodes {}
impl Page for Codes {}

/// Asks whether the codes are to be replaced.
pub async fn open(desk: Desk) -> Result<HttpResponse, Fault> {
    let Some(State { codes_left, set }) = desk.run(second_factor::state).await? else {
        return Ok(see(routes::ACCOUNT));
    };
    require_recent(&desk.signed.cx())?;
    let shell = desk.shell("New recovery codes");
    Ok(desk.answer(StatusCode::OK, &AskCodes { shell, left: left_in_words(codes_left), set }))
}

/// Replaces the codes, and shows the new ones.
pub async fn send(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let set = form.text("set").to_owned();
    let codes = desk.run(move |cx| second_factor::renew_codes(cx, &set)).await?;
    Ok(shown(&desk, &codes, Flash::CodesShown))
}

/// Gives the codes that the form holds as a text file. They come from the page that shows them: nothing here
/// could show them again.
pub async fn file(Checked { by: desk, form }: Checked<Desk>) -> HttpResponse {
    let codes = form.all("code").filter_map(|text| match Typed::read(text) {
        Some(Typed::Recovery(code)) => Some(code.shown()),
        _ => None,
    });
    let codes: Vec<_> = codes.take(RECOVERY_CODES).collect();
    let mut text = Zeroizing::new(format!("Bellwire recovery codes of {}\n", desk.signed.login.email));
    text.push_str("Each one works once, in place of the code of the app.\n\n");
    for code in &codes {
        text.push_str(code);
        text.push('\n');
    }
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"bellwire-recovery-codes.txt\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text.to_string())
}

/// The page with codes that are shown this once.
pub(super) fn shown(desk: &Desk, codes: &[RecoveryCode], flash: Flash) -> HttpResponse {
    let page = Codes { shell: desk.shell("Recovery codes"), codes: Shown::of(codes) };
    let mut answer = desk.answer(StatusCode::OK, &page);
    // The next page takes the cookie away, and a browser does not go back to a page across such a change.
    desk.tell(&mut answer, flash);
    answer
}
