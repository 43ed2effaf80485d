//! What stands around the content of a page: navigation, business unit, login, toasts.

use crate::domain::id::BuId;
use crate::web::format;
use crate::web::parts::Toast;
use crate::web::routes;

/// The theme a person chose; without a choice the system's is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the value of the `theme` cookie; anything unknown is the system's.
    pub fn from_cookie(value: &str) -> Self {
        match value {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The value of `data-theme`, if it is to be set.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// Who is signed in, as pages show it.
#[derive(Debug, Clone)]
pub struct Badge {
    /// The login's name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
    /// Two letters of the name.
    pub initials: String,
    /// Whether the login is an operator, and so is led to the operator's pages.
    pub operates: bool,
}

impl Badge {
    /// The badge of a login that is no operator.
    pub fn new(name: &str, email: &str) -> Self {
        let initials = format::initials(name);
        Self { name: name.to_owned(), email: email.to_owned(), initials, operates: false }
    }
}

/// The business unit the page is about, as pages show it.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The tenant.
    pub id: BuId,
    /// Its name.
    pub name: String,
    /// Its partner's number, as people say it: `12345`.
    pub number: String,
    /// Two letters of the name.
    pub initials: String,
}

impl Unit {
    /// The business unit called `name`, of the partner with that number.
    pub fn new(id: BuId, name: &str, number: &str) -> Self {
        let initials = format::initials(name);
        Self { id, name: name.to_owned(), number: number.to_owned(), initials }
    }
}

/// The pages the navigation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// None of them.
    Elsewhere,
    /// The overview of the business unit.
    Overview,
    /// The Webhooks Dashboard.
    Dashboard,
    /// Programmes.
    Programmes,
    /// Event Logs.
    Log,
    /// The event matrix.
    Matrix,
    /// Admin › API, tab API.
    Api,
    /// Admin › API, tab Webhooks.
    Webhooks,
    /// Admin › Users.
    Users,
    /// Admin › Teams.
    Teams,
    /// Admin › Audit log.
    Audit,
}

/// One entry of the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Its name.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// Its symbol in the sprite.
    pub icon: &'static str,
    /// Whether this page belongs to it.
    pub current: bool,
    /// How many webhooks are failing, where the entry tells of it.
    pub failing: u64,
}

/// Entries of the navigation under one heading.
#[derive(Debug, Clone)]
pub struct NavGroup {
    /// Unique in the page: `nav-admin`.
    pub id: &'static str,
    /// The heading; empty for none.
    pub label: &'static str,
    /// The entries.
    pub items: Vec<NavItem>,
}

/// Everything around the content of a page inside a business unit.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The page's name, first in the window's title.
    pub title: String,
    /// Light, dark or the system's.
    pub theme: Theme,
    /// The session's token against forged requests.
    pub csrf: String,
    /// Who is signed in.
    pub login: Badge,
    /// The tenant.
    pub unit: Unit,
    /// Whether the login is a global partner's: the page then says whose unit this is, with a way out.
    pub global: bool,
    /// The navigation on the left.
    pub nav: Vec<NavGroup>,
    /// Results of the last action.
    pub toasts: Vec<Toast>,
}

impl Shell {
    /// The shell of the page called `title`, at `place` of the navigation; without toasts.
    pub fn new(title: &str, place: Place, session: Session) -> Self {
        let Session { theme, csrf, login, unit, global, failing, admin } = session;
        let nav = nav(unit.id, place, failing, admin);
        Self { title: title.to_owned(), theme, csrf, login, unit, global, nav, toasts: Vec::new() }
    }

    /// Where the tab API leads.
    pub fn api(&self) -> String {
        routes::api(self.unit.id)
    }

    /// Where the tab Webhooks leads.
    pub fn webhooks(&self) -> String {
        routes::webhooks(self.unit.id)
    }

    /// Where the sign of Bellwire leads.
    pub fn home(&self) -> String {
        routes::overview(self.unit.id)
    }

    /// Where Search leads.
    pub fn search(&self) -> String {
        routes::search(self.unit.id)
    }
}

/// What every page of a session inside a business unit shows.
#[derive(Debug, Clone)]
pub struct Session {
    /// Light, dark or the system's.
    pub theme: Theme,
    /// The session's token against forged requests.
    pub csrf: String,
    /// Who is signed in.
    pub login: Badge,
    /// The tenant.
    pub unit: Unit,
    /// Whether the login is a global partner's.
    pub global: bool,
    /// How many of the unit's webhooks are failing.
    pub failing: u64,
    /// Whether its role decides on users, and so sees the audit log.
    pub admin: bool,
}

fn nav(bu: BuId, place: Place, failing: u64, admin: bool) -> Vec<NavGroup> {
    let item = |to: Place, label, icon, href| NavItem { label, href, icon, current: to == place, failing: 0 };
    let log = item(Place::Log, "Event Logs", "activity", routes::log(bu));
    let audit = admin.then(|| item(Place::Audit, "Audit log", "scroll-text", routes::audit(bu)));
    vec![
        NavGroup {
            id: "nav-unit",
            label: "",
            items: vec![
                item(Place::Overview, "Overview", "chart-line", routes::overview(bu)),
                NavItem { failing, ..log },
            ],
        },
        NavGroup {
            id: "nav-integrations",
            label: "Integrations",
            items: vec![
                item(Place::Dashboard, "Webhooks Dashboard", "webhook", routes::webhooks_dashboard(bu)),
                item(Place::Programmes, "Programmes", "blocks", routes::programmes(bu)),
                item(Place::Matrix, "Event matrix", "list-checks", routes::matrix(bu)),
            ],
        },
        NavGroup {
            id: "nav-admin",
            label: "Admin",
            items: [
                item(Place::Api, "API", "key-round", routes::api(bu)),
                item(Place::Webhooks, "Webhooks", "cable", routes::webhooks(bu)),
                item(Place::Users, "Users", "user-round", routes::users(bu)),
                item(Place::Teams, "Teams", "users-round", routes::teams(bu)),
            ]
            .into_iter()
            .chain(audit)
            .collect(),
        },
        NavGroup {
            id: "nav-help",
            label: "Help",
            items: vec![NavItem {
                label: "API docs",
                href: routes::API_DOCS.to_owned(),
                icon: "book-open",
                current: false,
                failing: 0,
            }],
        },
    ]
}

/// Everything around a page that stands alone: signing in, partner search, errors.
#[derive(Debug, Clone)]
pub struct Solo {
    /// The page's name, first in the window's title.
    pub title: String,
    /// Light, dark or the system's.
    pub theme: Theme,
    /// The token against forged requests; empty on pages without a form.
    pub csrf: String,
    /// Who is signed in, if anyone is.
    pub login: Option<Badge>,
    /// The version of Bellwire.
    pub version: &'static str,
}

impl Solo {
    /// The frame of the page called `title`, with nobody signed in.
    pub fn new(title: &str, theme: Theme, csrf: &str) -> Self {
        Self {
            title: title.to_owned(),
            theme,
            csrf: csrf.to_owned(),
            login: None,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
