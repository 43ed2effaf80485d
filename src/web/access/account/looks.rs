//! How this browser shows Bellwire: its theme, and whether keys are shortcuts. Both stand in cookies that
//! scripts of ours may set too.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use super::Desk;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::routes;
use crate::web::shell::Theme;

/// The cookie of the theme.
pub(super) const THEME: &str = "theme";
/// The cookie that says `off` when `/` is no shortcut.
pub(super) const SHORTCUTS: &str = "shortcuts";
/// For how long a browser keeps them, in days.
const KEPT_DAYS: i64 = 365;

/// Keeps both choices.
pub async fn send(Checked { by: desk, form }: Checked<Desk>) -> HttpResponse {
    let theme = Theme::from_cookie(form.text("theme")).attribute();
    let shortcuts = form.text("shortcuts").is_empty().then_some("off");
    let mut answer = desk.done(routes::ACCOUNT, Flash::LooksSaved);
    for (name, value) in [(THEME, theme), (SHORTCUTS, shortcuts)] {
        let mut cookie =
            Cookie::build(name, value.unwrap_or_default()).path("/").same_site(SameSite::Lax).finish();
        cookie.set_secure(desk.signed.app.tools.public_url.scheme() == "https");
        cookie.set_max_age(Duration::days(if value.is_some() { KEPT_DAYS } else { 0 }));
        // Both values are words.
        let _ = answer.add_cookie(&cookie);
    }
    answer
}
