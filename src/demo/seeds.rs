//! Who and what the demo starts with.

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::user::Role;

/// A channel partner with everything in its business unit.
pub struct UnitSeed {
    /// Its number.
    pub number: PartnerNumber,
    /// Its name.
    pub name: &'static str,
    /// Where its people have their mailboxes.
    pub domain: &'static str,
    /// Its logins: one of each role, and the person's name.
    pub people: [(Role, &'static str); 4],
    /// Its programmes.
    pub programmes: &'static [&'static str],
    /// Its teams, and who is in them.
    pub teams: &'static [(&'static str, &'static [Role])],
    /// Its webhooks, oldest first.
    pub hooks: &'static [HookSeed],
    /// How many of all events happen here.
    pub share: u32,
}

/// A webhook.
pub struct HookSeed {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// How many days ago it was made.
    pub days: u64,
    /// Who made it.
    pub by: Role,
    /// Whose events trigger it.
    pub about: About,
    /// The programme it is made in: the first, second …
    pub programme: Option<usize>,
    /// What it wants.
    pub events: &'static [&'static str],
    /// Conditions on all of them, as JSON.
    pub filter: Option<&'static str>,
    /// A signing secret of the customer's own.
    pub secret: Option<&'static str>,
    /// Where it sends.
    pub endpoints: &'static [EndpointSeed],
    /// Since how many hours it is switched off.
    pub stopped_hours: Option<u64>,
}

/// Whose events trigger a webhook.
#[derive(Clone, Copy)]
pub enum About {
    /// Everyone's.
    Everyone,
    /// Those of the login with this role.
    Login(Role),
    /// Those of the first, second … team.
    Team(usize),
}

/// An endpoint.
pub struct EndpointSeed {
    /// Its name.
    pub name: &'static str,
    /// Its path at the receiver; the first part names the manner. `refusing` stands for the port where
    /// nothing listens.
    pub path: &'static str,
    /// Custom headers.
    pub headers: &'static [(&'static str, &'static str)],
    /// The static secret header.
    pub static_header: Option<(&'static str, &'static str)>,
    /// How long an attempt may take.
    pub timeout_ms: Option<i32>,
    /// Its retry policy, as it is stored.
    pub retry: &'static str,
}

const fn to(path: &'static str) -> EndpointSeed {
    EndpointSeed {
        name: "",
        path,
        headers: &[],
        static_header: None,
        timeout_ms: None,
        retry: "\"published\"",
    }
}

const fn hook(name: &'static str, description: &'static str, days: u64, by: Role) -> HookSeed {
    HookSeed {
        name,
        description,
        days,
        by,
        about: About::Everyone,
        programme: None,
        events: &[],
        filter: None,
        secret: None,
        endpoints: &[],
        stopped_hours: None,
    }
}

/// The global partner: its number, its name, the domain of its mailboxes and its people.
pub const GLOBAL: (PartnerNumber, &str, &str, [(Role, &str); 4]) = (
    10_001,
    "Northwind",
    "northwind.example.com",
    [
        (Role::Owner, "Nora Lindqvist"),
        (Role::Admin, "Noah Adeyemi"),
        (Role::Developer, "Nell Castellano"),
        (Role::Viewer, "Nikhil Desai"),
    ],
);

/// Channel partners that are only there to be found, and whether the global partner may enter.
pub const OTHERS: [(PartnerNumber, &str, bool); 9] = [
    (12_410, "Énergie Vaud Fidélité", true),
    (13_002, "Alder & Finch Hotels", true),
    (13_377, "Baltic Parcel Club", true),
    (14_120, "Søstrene Cinema Pass", false),
    (15_550, "Tanaka Coffee Circle", true),
    (16_001, "Harbour Pharmacy Points", true),
    (17_230, "Ostrava Rail Bonus", false),
    (20_417, "Morrow & Kessler Fuel Cards", true),
    (22_908, "Keswold Garden Centres", false),
];

/// The channel partners whose business units are alive.
pub const UNITS: [UnitSeed; 2] = [
    UnitSeed {
        number: 12_345,
        name: "Kestrel Retail Group",
        domain: "kestrel.example.com",
        people: [
            (Role::Owner, "Ingrid Solheim"),
            (Role::Admin, "Imran Nadeem"),
            (Role::Developer, "Petra Sommer"),
            (Role::Viewer, "Ruth Okafor"),
        ],
        programmes: &["Kestrel Miles", "Kestrel Staff Rewards", "Kestrel at Home"],
        teams: &[
            ("EMEA Sales", &[Role::Admin, Role::Developer]),
            ("Partner Success", &[Role::Owner, Role::Viewer]),
            ("Field Training", &[Role::Viewer]),
            ("Finance", &[Role::Owner, Role::Admin]),
        ],
        hooks: &KESTREL,
        share: 7,
    },
    UnitSeed {
        number: 12_388,
        name: "Keswick Travel Rewards",
        domain: "keswick.example.com",
        people: [
            (Role::Owner, "Kit Barrowclough"),
            (Role::Admin, "Katarina Novak"),
            (Role::Developer, "Kofi Mensah"),
            (Role::Viewer, "Karin Aalto"),
        ],
        programmes: &["Keswick Wanderer"],
        teams: &[("Bookings", &[Role::Admin, Role::Developer]), ("Service desk", &[Role::Viewer])],
        hooks: &KESWICK,
        share: 3,
    },
];

const KESTREL: [HookSeed; 12] = [
    HookSeed {
        events: &["user.created", "user.updated", "user.deleted"],
        endpoints: &[EndpointSeed {
            headers: &[("x-environment", "demo"), ("authorization", "Bearer crm-demo-credential")],
            ..to("ok/crm/users")
        }],
        ..hook("CRM contact sync", "Keeps contacts in step with user changes", 24, Role::Admin)
    },
    HookSeed {
        events: &["order.completed", "order.refunded"],
        endpoints: &[
            EndpointSeed { name: "Order desk", ..to("ok/orders/in") },
            EndpointSeed { name: "Warehouse", timeout_ms: Some(10_000), ..to("slow/warehouse/pick") },
        ],
        ..hook("Order desk", "Completed and refunded orders", 22, Role::Admin)
    },
    HookSeed {
        events: &["order.completed"],
        filter: Some(r#"[{"path":"currency","op":"eq","value":"EUR"},{"path":"items","op":"ge","value":3}]"#),
        endpoints: &[EndpointSeed {
            static_header: Some(("qn-secret", "a-secret-of-the-demo")),
            ..to("ok/vouchers/issue")
        }],
        ..hook("Voucher printer", "Larger orders in euro only", 21, Role::Developer)
    },
    HookSeed {
        events: &["enrollment.completed"],
        secret: Some("badges-demo-secret-0042"),
        endpoints: &[to("flaky/badges/v2/issue")],
        ..hook("Course badges", "Issues a badge when a course is completed", 20, Role::Developer)
    },
    HookSeed {
        about: About::Team(0),
        events: &["user.enrolled", "user.unenrolled", "enrollment.completed"],
        endpoints: &[to("ok/training/sales")],
        ..hook("Sales training board", "Courses of the EMEA Sales team", 19, Role::Owner)
    },
    HookSeed {
        events: &["team.created", "team.deleted", "user.enrolled"],
        endpoints: &[to("large/directory/webhooks")],
        ..hook("Team directory", "", 18, Role::Admin)
    },
    HookSeed {
        events: &[
            "quote.created",
            "quote.sent",
            "quote.email_added",
            "quote.tagged",
            "quote.tag_removed",
            "quote.order_placed",
        ],
        endpoints: &[to("ok/pipeline/quotes")],
        ..hook("Quote pipeline", "Every step of a quote, for the sales board", 16, Role::Developer)
    },
    HookSeed {
        events: &["report.generated"],
        stopped_hours: Some(90),
        endpoints: &[to("page/ledger/reports")],
        ..hook("Reward ledger", "Report files ready to collect", 15, Role::Admin)
    },
    HookSeed {
        events: &["system.alert"],
        filter: Some(r#"[{"path":"severity","op":"in","value":["warning","critical"]}]"#),
        endpoints: &[
            EndpointSeed { name: "On-call rota", ..to("busy/alerts/relay") },
            EndpointSeed { name: "Screen in the office", retry: "\"none\"", ..to("broken/alerts/screen") },
        ],
        ..hook("Alert relay", "Passes system alerts to the on-call rota", 12, Role::Developer)
    },
    HookSeed {
        about: About::Login(Role::Developer),
        events: &["user.updated", "data.updated"],
        endpoints: &[EndpointSeed { retry: "[10,60,300]", ..to("missing/sandbox/petra") }],
        ..hook("Petra’s sandbox", "Retries soon and gives up soon", 9, Role::Developer)
    },
    HookSeed {
        programme: Some(0),
        events: &["order.completed", "order.refunded"],
        endpoints: &[to("ok/miles/orders")],
        ..hook("Miles on orders", "Credits miles for what was ordered", 8, Role::Developer)
    },
    HookSeed {
        programme: Some(1),
        events: &["order.completed"],
        endpoints: &[to("flaky/rewards/orders")],
        ..hook("Staff rewards", "Counts what staff order", 7, Role::Admin)
    },
];

const KESWICK: [HookSeed; 4] = [
    HookSeed {
        events: &["order.completed", "order.refunded", "quote.order_placed"],
        endpoints: &[to("ok/bookings/in")],
        ..hook("Booking engine", "Orders become bookings", 23, Role::Developer)
    },
    HookSeed {
        events: &["data.created", "data.updated", "data.deleted"],
        endpoints: &[EndpointSeed {
            timeout_ms: Some(3_000),
            retry: "[30,300,3600]",
            ..to("silent/erp/import")
        }],
        ..hook("ERP import", "The old system takes calls and never answers", 14, Role::Admin)
    },
    HookSeed {
        events: &["user.created", "user.deleted"],
        endpoints: &[to("refusing/lounge/members")],
        ..hook("Lounge access", "Its server was taken down", 13, Role::Owner)
    },
    HookSeed {
        events: &["report.generated", "system.alert"],
        endpoints: &[to("page/reports/inbox")],
        ..hook("Report inbox", "Answers with a sign-in page", 11, Role::Admin)
    },
];

/// Which events happen, and how often.
pub const MIX: [(&str, u32); 19] = [
    ("order.completed", 26),
    ("order.refunded", 4),
    ("user.created", 8),
    ("user.updated", 13),
    ("user.deleted", 2),
    ("user.enrolled", 8),
    ("user.unenrolled", 1),
    ("enrollment.completed", 6),
    ("team.created", 1),
    ("data.created", 2),
    ("data.updated", 4),
    ("report.generated", 2),
    ("system.alert", 3),
    ("quote.created", 6),
    ("quote.sent", 5),
    ("quote.email_added", 2),
    ("quote.tagged", 3),
    ("quote.tag_removed", 1),
    ("quote.order_placed", 3),
];
