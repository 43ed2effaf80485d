//! The API tab and its dialogs with sample data.

use super::{Samples, at, bu};
use crate::domain::access::permission::Permission;
use crate::domain::access::token::TokenSecret;
use crate::domain::id::TokenId;
use crate::web::access::confirm::Confirm;
use crate::web::access::tokens::create::{Group, ScopeChoice, TokenCreate};
use crate::web::access::tokens::delete::TokenDelete;
use crate::web::access::tokens::list::{ApiTab, MINDS};
use crate::web::access::tokens::rotate::TokenRotate;
use crate::web::access::tokens::{Expiry, Fresh, Row, Scope};
use crate::web::format::Moment;
use crate::web::json_view;
use crate::web::parts::{Choice, CodeBlock, Field, Mark, Notice, Pager, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Solo};

/// A secret that nobody was given.
pub const SECRET: &str = "bwl_abcdefghijABCDEFGHIJ0123456789abcdefgh4gMjDM";

fn token_id(n: u128) -> TokenId {
    TokenId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n))
}

impl Samples {
    pub fn confirm(&self) -> Confirm {
        let error = Notice {
            tone: Tone::Bad,
            title: "That is not your password.".to_owned(),
            text: self.t("Again."),
        };
        Confirm {
            shell: Solo::new("Confirm that it is you", self.theme, "c0ffee"),
            email: self.t("ops@northwind.example.com"),
            next: self.t("/bu/1"),
            error: Some(error),
        }
    }

    pub fn tokens(&self) -> ApiTab {
        ApiTab {
            shell: self.shell("API", Place::Api, true),
            href: routes::api(bu()),
            webhooks: "7".to_owned(),
            base_url: self.t("https://dashboard.example.com/api/v1"),
            open: true,
            contact: None,
            fresh: None,
            notice: None,
            create: Some(routes::token_new(bu())),
            reads_as: None,
            minds: Choice::list(MINDS, "wide"),
            mind: "wide".to_owned(),
            after: String::new(),
            none_made: false,
            rows: (0..3).map(|n| self.token(n)).collect(),
            pager: Pager { summary: "3 tokens".to_owned(), newer: None, older: Some(routes::api(bu())) },
        }
    }

    pub fn no_tokens(&self) -> ApiTab {
        ApiTab { none_made: true, rows: Vec::new(), reads_as: Some("viewer"), create: None, ..self.tokens() }
    }

    pub fn api_closed(&self) -> ApiTab {
        let contact = Some(self.t("mailto:help@operator.example"));
        ApiTab { open: false, create: None, contact, ..self.tokens() }
    }

    pub fn token_created(&self) -> ApiTab {
        let fresh = Fresh {
            name: self.t("Order desk importer"),
            secret: TokenSecret::parse(SECRET).unwrap(),
            try_it: CodeBlock {
                id: "try-it".to_owned(),
                label: "Try it".to_owned(),
                mark: None,
                pieces: json_view::body(self.t("curl").as_bytes()),
                note: None,
            },
            scopes: vec!["events:read", "webhooks:read"],
            expiry: "No expiry.".to_owned(),
            old: String::new(),
        };
        let text = self.t("Something was refused.");
        let notice = Notice { tone: Tone::Bad, title: text.clone(), text };
        ApiTab { fresh: Some(fresh), notice: Some(notice), ..self.tokens() }
    }

    pub fn token_create(&self) -> TokenCreate {
        let choice = |permission: &Permission| ScopeChoice {
            value: permission.as_str(),
            sentence: permission.sentence(),
            chosen: true,
        };
        TokenCreate {
            shell: self.shell("Create token", Place::Api, true),
            webhooks: "7".to_owned(),
            href: routes::token_new(bu()),
            back: routes::api(bu()),
            form_id: self.t("form"),
            name: Field { value: self.t("Order desk"), errors: vec![self.t("A token has this name.")] },
            groups: vec![Group {
                label: "Everything".to_owned(),
                choices: Permission::ALL.iter().map(choice).collect(),
            }],
            scope_errors: vec![self.t("There is no such scope.")],
            expiries: Choice::list([("", "Never"), ("30", "In 30 days")], ""),
            expiry_errors: vec![self.t("Choose one of these times.")],
            focus: "name",
        }
    }

    pub fn token_rotate(&self) -> TokenRotate {
        TokenRotate {
            shell: self.shell("Rotate token", Place::Api, true),
            webhooks: "7".to_owned(),
            href: routes::token_rotate(bu(), token_id(1)),
            back: routes::api(bu()),
            form_id: self.t("form"),
            name: self.t("Order desk"),
            masked: "bwl_…MjDM".to_owned(),
            overlaps: Choice::list([("24", "In 24 hours")], "24"),
        }
    }

    pub fn token_delete(&self) -> TokenDelete {
        TokenDelete {
            shell: self.shell("Delete token", Place::Api, true),
            webhooks: "7".to_owned(),
            href: routes::token_delete(bu(), token_id(1)),
            back: routes::api(bu()),
            name: self.t("Course badge issuer"),
            masked: "bwl_…0KdW".to_owned(),
            used: self.t("It was last used 97 days ago by curl."),
            ended: false,
        }
    }

    fn token(&self, n: u128) -> Row {
        let (id, now) = (token_id(n), at("2025-11-20T14:02:41Z"));
        let expiry = Expiry {
            at: Moment::relative(at("2025-11-24T00:00:00Z"), now),
            mark: (n == 1).then(|| Mark::new(Tone::Wait, "Ends 24 Nov")),
            note: "Rotate it before then.",
        };
        Row {
            name: self.t("Reporting warehouse"),
            masked: "bwl_…m1Rb".to_owned(),
            id: id.to_string(),
            scopes: vec![
                Scope { name: "events:read", idle: false },
                Scope { name: "webhooks:read", idle: n == 2 },
            ],
            idle: if n == 2 { "1 not used in 30 days".to_owned() } else { String::new() },
            narrow: (n == 2).then(|| routes::token_narrow(bu(), id)),
            created: Moment::full(at("2025-08-19T09:00:00Z")),
            creator: "Login 1042".to_owned(),
            last_used: (n > 0).then(|| Moment::relative(at("2025-11-20T13:44:00Z"), now)),
            used_from: self.t("from 203.0.113.9 by curl"),
            unused: if n == 0 {
                "Unused for 97 days. Consider deleting it.".to_owned()
            } else {
                String::new()
            },
            expires: (n > 0).then_some(expiry),
            rotate: Some(routes::token_rotate(bu(), id)),
            delete: Some(routes::token_delete(bu(), id)),
        }
    }
}
