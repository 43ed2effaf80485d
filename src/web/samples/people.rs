//! Users, teams, programmes and the audit log with sample data.

use super::{Samples, at, bu};
use crate::domain::id::{ProgrammeId, TeamId, UserId};
use crate::ops::access::bearer::LinkSecret;
use crate::web::access::ask::{Ask, Pick};
use crate::web::access::fresh_link::FreshLink;
use crate::web::access::naming::Naming;
use crate::web::access::programmes::list::{ProgrammeList, Row as ProgrammeRow};
use crate::web::access::teams::list::{Menu as TeamMenu, Row as TeamRow, TeamList};
use crate::web::access::teams::one::{Member, Team};
use crate::web::access::users::edit::UserEditPage;
use crate::web::access::users::factor::Policy;
use crate::web::access::users::invite::UserInvite;
use crate::web::access::users::list::UserList;
use crate::web::access::users::{Menu, Row};
use crate::web::format::Moment;
use crate::web::parts::{Choice, Field, Mark, Notice, Pager, Tone};
use crate::web::routes;
use crate::web::shell::Place;
use crate::web::system::trail::Trail;
use crate::web::system::{Change, Row as TrailRow};

fn user_id(n: u128) -> UserId {
    UserId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n))
}

fn team_id(n: u128) -> TeamId {
    TeamId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n))
}

fn programme_id(n: u128) -> ProgrammeId {
    ProgrammeId::from_uuid(uuid::Uuid::from_u128((7 << 76) | n))
}

impl Samples {
    fn wrong(&self, value: &str) -> Field {
        Field { value: self.t(value), errors: vec![self.t("This cannot be used.")] }
    }

    pub(super) fn refusal(&self) -> Notice {
        Notice { tone: Tone::Bad, title: self.t("Nothing was done."), text: self.t("It is the last.") }
    }

    pub fn users(&self) -> UserList {
        UserList {
            shell: self.shell("Users", Place::Users, true),
            href: routes::users(bu()),
            invite: Some(routes::user_new(bu())),
            reads_as: None,
            factor: Policy { required: false, to: Some(routes::users_factor(bu())), set_up: None },
            q: self.t("ada"),
            fresh: None,
            rows: (0..4).map(|n| self.user(n)).collect(),
            pager: Pager { summary: "4 users".to_owned(), newer: None, older: Some(routes::users(bu())) },
        }
    }

    pub fn no_users(&self) -> UserList {
        UserList { rows: Vec::new(), invite: None, reads_as: Some("viewer"), ..self.users() }
    }

    pub fn user_invited(&self) -> UserList {
        let fresh = FreshLink {
            name: self.t("Ada Marsh"),
            email: self.t("ada@example.com"),
            base: self.t("https://dashboard.example.com/setup?link="),
            secret: LinkSecret::fresh(),
        };
        UserList { fresh: Some(fresh), ..self.users() }
    }

    fn user(&self, n: u128) -> Row {
        let id = user_id(n + 987_654_321);
        let names = ["Integrations desk", "Partner success", "Sales systems", "Internal audit"];
        let name = names.get(usize::try_from(n).unwrap()).unwrap();
        let off = n == 1;
        Row {
            id: id.to_string(),
            number: (1_042 + n).to_string(),
            name: self.t(name),
            initials: "IN".to_owned(),
            email: self.t("integrations@kestrel.example.com"),
            role: "Developer",
            teams: self.t("EMEA Sales, Finance"),
            last: (n == 0).then(|| Moment::full(at("2025-11-20T13:44:00Z"))),
            note: "Invited, not yet signed in",
            off: off.then(|| Mark::new(Tone::Off, "Switched off")),
            menu: Some(Menu {
                id: format!("menu-{id}"),
                edit: routes::user_edit(bu(), id),
                link: (n == 3).then(|| routes::user_link(bu(), id)),
                sign_out: (n == 0).then(|| routes::user_sign_out(bu(), id)),
                disable: (!off).then(|| routes::user_disable(bu(), id)),
                enable: off.then(|| routes::user_enable(bu(), id)),
                remove: Some(routes::user_remove(bu(), id)),
            }),
        }
    }

    pub fn user_invite(&self, wrong: bool) -> UserInvite {
        UserInvite {
            shell: self.shell("Invite user", Place::Users, true),
            href: routes::user_new(bu()),
            back: routes::users(bu()),
            email: if wrong { self.wrong("ada@") } else { Field::default() },
            name: Field { value: self.t("Ada"), errors: Vec::new() },
            roles: Choice::list([("viewer", "Viewer"), ("developer", "Developer")], "viewer"),
            role_errors: if wrong { vec![self.t("Choose one of these roles.")] } else { Vec::new() },
            focus: "email",
        }
    }

    pub fn user_edit(&self) -> UserEditPage {
        UserEditPage {
            shell: self.shell("Edit user", Place::Users, true),
            href: routes::user_edit(bu(), user_id(1)),
            back: routes::users(bu()),
            about: self.t("Login 1042, ada@example.com"),
            name: self.wrong("Ada"),
            roles: Choice::list([("viewer", "Viewer"), ("developer", "Developer")], "viewer"),
            notice: Some(self.refusal()),
        }
    }

    pub fn user_remove(&self) -> Ask {
        let choices = [("", "Nobody: they stop".to_owned()), ("1077", self.t("Partner success (1077)"))];
        Ask {
            shell: self.shell("Remove user", Place::Users, true),
            heading: "Users",
            href: routes::user_remove(bu(), user_id(1)),
            back: routes::users(bu()),
            title: self.t("Remove “Ada Marsh”?"),
            texts: vec![self.t("Login 1042 leaves this partner."), self.t("It owns 2 webhooks.")],
            pick: Some(Pick {
                name: "heir",
                label: "Webhooks go to",
                hint: "Who answers for them from now on.",
                choices: Choice::list(choices.iter().map(|(value, label)| (*value, label.as_str())), ""),
                field: self.wrong(""),
            }),
            notice: Some(self.refusal()),
            keep: "Keep user",
            act: "Remove user",
        }
    }

    pub fn teams(&self) -> TeamList {
        let row = |n: u128| {
            let id = team_id(n + 987_654_321);
            TeamRow {
                id: id.to_string(),
                name: self.t("EMEA Sales"),
                href: routes::team(bu(), id),
                members: "14".to_owned(),
                webhooks: "1".to_owned(),
                created: Moment::full(at("2025-06-02T09:14:00Z")),
                menu: Some(TeamMenu {
                    id: format!("menu-{id}"),
                    rename: routes::team_edit(bu(), id),
                    delete: routes::team_delete(bu(), id),
                }),
            }
        };
        TeamList {
            shell: self.shell("Teams", Place::Teams, true),
            href: routes::teams(bu()),
            create: Some(routes::team_new(bu())),
            reads_as: None,
            q: self.t("emea"),
            none_made: false,
            rows: (0..3).map(row).collect(),
            pager: Pager { summary: "3 teams".to_owned(), newer: Some(routes::teams(bu())), older: None },
        }
    }

    pub fn no_teams(&self) -> TeamList {
        TeamList {
            rows: Vec::new(),
            none_made: true,
            create: None,
            reads_as: Some("viewer"),
            shell: self.shell("Teams", Place::Teams, false),
            ..self.teams()
        }
    }

    pub fn team(&self) -> Team {
        let id = team_id(987_654_321);
        let member = |n: u128| Member {
            number: (1_042 + n).to_string(),
            name: self.t("Ada Marsh"),
            initials: "AM".to_owned(),
            email: self.t("ada@example.com"),
            role: "Viewer",
            off: (n == 1).then(|| Mark::new(Tone::Off, "Switched off")),
            remove: Some(routes::team_member_remove(bu(), id, user_id(n))),
        };
        Team {
            shell: self.shell("EMEA Sales", Place::Teams, true),
            back: routes::teams(bu()),
            name: self.t("EMEA Sales"),
            id: id.to_string(),
            rename: Some(routes::team_edit(bu(), id)),
            delete: Some(routes::team_delete(bu(), id)),
            add: Some(routes::team_members(bu(), id)),
            others: Choice::list([("", "Choose a user"), ("1077", self.t("Jo (1077)").as_str())], ""),
            by_number: false,
            add_errors: vec![self.t("Nobody has this number.")],
            members: (0..2).map(member).collect(),
            summary: "2 members".to_owned(),
            webhooks: vec![(self.t("Course badges"), routes::webhooks(bu()))],
        }
    }

    pub fn team_new(&self) -> Naming {
        Naming {
            shell: self.shell("Create team", Place::Teams, true),
            heading: "Teams",
            href: routes::team_new(bu()),
            back: routes::teams(bu()),
            title: "Create team",
            lede: "A webhook that is limited to a team hears events about its members only.",
            hint: "You add members next.",
            name: self.wrong("EMEA"),
            act: "Create",
        }
    }

    pub fn programmes(&self) -> ProgrammeList {
        let row = |n: u128| {
            let id = programme_id(n + 987_654_321);
            ProgrammeRow {
                id: id.to_string(),
                name: self.t("Kestrel Miles"),
                webhooks: "2".to_owned(),
                created: Moment::full(at("2025-06-02T09:14:00Z")),
                menu: Some(TeamMenu {
                    id: format!("menu-{id}"),
                    rename: routes::programme_edit(bu(), id),
                    delete: routes::programme_delete(bu(), id),
                }),
            }
        };
        ProgrammeList {
            shell: self.shell("Programmes", Place::Programmes, true),
            href: routes::programmes(bu()),
            create: Some(routes::programme_new(bu())),
            reads_as: None,
            q: self.t("miles"),
            none_made: false,
            rows: (0..2).map(row).collect(),
            pager: Pager { summary: "2 programmes".to_owned(), newer: None, older: None },
        }
    }

    pub fn audit(&self) -> Trail {
        let row = |n: usize| TrailRow {
            action: self.t("Webhook secret rotated"),
            kind: self.t("Webhook"),
            target: self.t("Order desk"),
            target_id: self.t("wh_1"),
            href: (n == 0).then(|| routes::webhooks(bu())),
            by: self.t("1042"),
            by_name: self.t("Integrations desk"),
            global: (n == 1).then(|| Mark::new(Tone::Wait, self.t("Global partner ops@example.com"))),
            by_href: (n == 0).then(|| routes::audit(bu())),
            from: if n == 2 { String::new() } else { self.t("203.0.113.24") },
            at: Moment::full(at("2025-11-20T13:12:00Z")),
            changes: vec![Change {
                name: self.t("Name"),
                before: self.t("Order desk"),
                after: if n == 1 { String::new() } else { self.t("Orders") },
            }],
        };
        Trail {
            shell: self.shell("Audit log", Place::Audit, true),
            href: routes::audit(bu()),
            export: routes::audit_export(bu()),
            target: self.t("wh_1"),
            actions: Choice::list([("", "All actions"), ("token.created", "Token created")], ""),
            action: self.t("token.created"),
            actor: self.t("1042"),
            from: self.t("2025-11-20T00:00"),
            to: String::new(),
            more_open: true,
            filtered: true,
            rows: (0..3).map(row).collect(),
            pager: Pager { summary: "In UTC".to_owned(), newer: None, older: Some(routes::audit(bu())) },
        }
    }

    pub fn no_audit(&self) -> Trail {
        Trail { rows: Vec::new(), filtered: false, ..self.audit() }
    }
}
