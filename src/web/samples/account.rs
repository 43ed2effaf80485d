//! The account's pages, and the second half of signing in, with sample data.

use zeroize::Zeroizing;

use super::{Samples, at};
use crate::domain::access::second_factor::RecoveryCode;
use crate::domain::problem::FieldErrors;
use crate::ops::access::second_factor::{Proposal, State};
use crate::web::access::account::Picture;
use crate::web::access::account::codes::{AskCodes, Codes, Shown};
use crate::web::access::account::factor::{TurnOff, TurnOn};
use crate::web::access::account::password::NewPassword;
use crate::web::access::account::settings::{Account, Factor, Session, themes};
use crate::web::access::challenge::{Code, CodeUsed, wrong};
use crate::web::format::Moment;
use crate::web::parts::{Field, Notice, Tone};
use crate::web::shell::{Badge, Solo};

/// A key that nobody has.
pub const KEY: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";
/// A recovery code that nobody has.
pub const CODE: &str = "7777-7777-7777-7777";

impl Samples {
    pub(super) fn solo(&self, title: &str) -> Solo {
        let mut shell = Solo::new(title, self.theme, "c0ffee");
        shell.login = Some(Badge::new("Partner operations", &self.t("ops@northwind.example.com")));
        shell
    }

    pub fn challenge(&self) -> Code {
        let shell = Solo::new("Error: Second factor", self.theme, "c0ffee");
        Code { shell, next: self.t("/bu/1"), error: Some(wrong()) }
    }

    pub fn code_used(&self) -> CodeUsed {
        let shell = Solo::new("Recovery code used", self.theme, "");
        CodeUsed { shell, left: self.t("9 recovery codes are left."), to: self.t("/bu/1") }
    }

    pub fn account(&self, with_factor: bool) -> Account {
        let now = at("2025-11-20T14:02:41Z");
        let session = |client: &str, created: &str, end: Option<&str>| Session {
            client: self.t(client),
            agent: self.t("Mozilla/5.0 (X11; Linux x86_64)"),
            ip: self.t("203.0.113.9"),
            created: Moment::relative(at(created), now),
            seen: Moment::relative(at("2025-11-20T14:01:41Z"), now),
            end: end.map(str::to_owned),
        };
        let mut sessions = vec![session("Firefox on Linux", "2025-11-20T09:12:00Z", None)];
        if with_factor {
            let end = "/account/sessions/ses_1/end";
            sessions.push(session("Chrome on Android", "2025-11-19T15:40:00Z", Some(end)));
        }
        let told = Notice { tone: Tone::Ok, title: "Password changed".to_owned(), text: self.t("Done.") };
        let state = State { codes_left: 2, set: String::new() };
        Account {
            shell: self.solo("Account settings"),
            told: with_factor.then_some(told),
            name: self.t("Partner operations"),
            email: self.t("ops@northwind.example.com"),
            number: 1_042,
            factor: with_factor.then(|| Factor::of(&state)),
            sessions,
            themes: themes("dark"),
            shortcuts: with_factor,
        }
    }

    pub fn account_password(&self) -> NewPassword {
        let errors = FieldErrors::one("new", "too_short", self.t("A password has at least 12 characters."));
        NewPassword::blank(self.solo("Change password"), &self.t("ops@northwind.example.com"))
            .refused(&errors)
    }

    pub fn account_factor(&self) -> TurnOn {
        TurnOn {
            shell: self.solo("Set up the second factor"),
            picture: Picture::of("otpauth://totp/Bellwire:ops%40northwind.example.com").unwrap(),
            proposal: Proposal {
                key: Zeroizing::new(KEY.to_owned()),
                address: Zeroizing::new(String::new()),
                sealed: self.t("sealed-key"),
            },
            code: Field { value: String::new(), errors: vec![self.t("This code is not right.")] },
            is_owed: true,
        }
    }

    pub fn account_factor_off(&self) -> TurnOff {
        let shell = self.solo("Turn off the second factor");
        let mut page = TurnOff::blank(shell, &self.t("ops@northwind.example.com"));
        page.code.errors.push(self.t("This code is not right."));
        page
    }

    pub fn account_codes_new(&self) -> AskCodes {
        let left = self.t("2 recovery codes are left.");
        AskCodes { shell: self.solo("New recovery codes"), left, set: self.t("c0de") }
    }

    pub fn account_codes(&self) -> Codes {
        let codes: Vec<_> = (0..10).map(|n| RecoveryCode::new(&[n; 16])).collect();
        Codes { shell: self.solo("Recovery codes"), codes: Shown::of(&codes) }
    }
}
