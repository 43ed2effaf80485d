//! The commands about partners: the list, making, names, plans, grants, and who operates the installation.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::admin::{Links, failure, operator, unit_of};
use crate::cli::output::{answer, say};
use crate::domain::access::partner::PartnerKind;
use crate::ops::access::operators;
use crate::ops::access::partner_desk::{self, Listed, OwnerDraft, PartnerQuery};
use crate::ops::access::partners::{self, Grant, PartnerDraft};
use crate::ops::access::plan;
use crate::ops::access::second_factor;
use crate::ops::cx::Cx;
use crate::server::Failure;

/// How many partners are read at a time.
const PART: usize = 500;

/// `bellwire partner …`.
#[derive(Debug, Subcommand)]
pub enum PartnerCommand {
    /// Make a partner; a channel partner gets its business unit.
    Create {
        /// Its name.
        #[arg(long)]
        name: String,
        /// channel: exactly one business unit. global: acts in those that are granted to it.
        #[arg(long, value_parser = PartnerKind::choose)]
        kind: PartnerKind,
        /// Its number; the next free one when nothing is said.
        #[arg(long, value_name = "NUMBER")]
        id: Option<i64>,
        /// The e-mail address of its first owner, who gets a one-time link to choose a password.
        #[arg(long, value_name = "EMAIL", requires = "owner_name")]
        owner_email: Option<String>,
        /// The name of its first owner.
        #[arg(long, value_name = "NAME", requires = "owner_email")]
        owner_name: Option<String>,
        #[command(flatten)]
        links: Links,
    },
    /// List partners with their numbers, kinds, units, plans and grants, lowest number first.
    List {
        /// Only those whose number starts with this, or whose name holds it.
        #[arg(long, value_name = "TEXT", default_value = "")]
        search: String,
        /// Only those with a higher number.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
        /// How many at the most; 0 for all.
        #[arg(long, value_name = "N", default_value_t = 0)]
        limit: usize,
    },
    /// Give a partner another name, and with it the business unit of a channel partner.
    Rename {
        /// The partner.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// Its new name.
        #[arg(long)]
        name: String,
    },
    /// Say whether API access is part of the plan of a channel partner.
    Plan {
        /// The channel partner.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// off: the API refuses its tokens and its webhooks stop; nothing is deleted. on: they go on.
        #[arg(long, value_enum)]
        api_access: Switch,
    },
    /// Let a global partner act in a business unit, or in all.
    Grant {
        /// The global partner.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        #[command(flatten)]
        which: Units,
    },
    /// Take from a global partner what was granted.
    Withdraw {
        /// The global partner.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        #[command(flatten)]
        which: Units,
    },
    /// Say whether every login of a partner needs a second factor.
    SecondFactor {
        /// The partner.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// on: whoever has none sets one up before anything else. off: each decides.
        #[arg(long, value_enum)]
        required: Switch,
    },
    /// Say whether the owners of a partner operate this installation. The partner that was made at the set-up does.
    Operator {
        /// The partner.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// on: its owners are operators. off: they no longer are, from their next request on.
        #[arg(long, value_enum)]
        operates: Switch,
    },
}

/// Which business units are granted or withdrawn.
#[derive(Debug, Args)]
pub struct Units {
    /// The partners whose business units are meant: 12345,12346
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', num_args = 1..,
          required_unless_present = "all", conflicts_with = "all")]
    unit: Vec<i64>,
    /// The grant of every business unit, also of later ones; it is one of its own.
    #[arg(long)]
    all: bool,
}

impl Units {
    fn grants(&self, cx: &Cx) -> Result<Vec<Grant>, Failure> {
        if self.all {
            return Ok(vec![Grant::All]);
        }
        self.unit.iter().map(|owner| unit_of(cx, *owner).map(Grant::Unit)).collect()
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// `bellwire partner …`.
pub fn run(common: &Common, command: PartnerCommand) -> Result<(), Failure> {
    let cx = operator(common)?;
    match command {
        PartnerCommand::Create { name, kind, id, owner_email, owner_name, links } => {
            let owner = owner_email.zip(owner_name).map(|(email, name)| OwnerDraft { email, name });
            create(&cx, common.json, (PartnerDraft { name, kind, id }, owner), &links)
        }
        PartnerCommand::List { search, after, limit } => list(&cx, common.json, &search, after, limit),
        PartnerCommand::Rename { partner, name } => {
            partner_desk::rename(&cx, partner, &name).map_err(failure)?;
            answer(common.json, &json!({"id": partner, "name": name}), "Renamed.");
            Ok(())
        }
        PartnerCommand::Plan { partner, api_access } => {
            let on = api_access == Switch::On;
            let moved = plan::set_api_access(&cx, partner, on).map_err(failure)?;
            let text =
                if on { "API access is part of the plan." } else { "API access is not part of the plan." };
            let value = json!({"partner": partner, "api_access": on, "webhooks": moved});
            answer(common.json, &value, text);
            Ok(())
        }
        PartnerCommand::Grant { partner, which } => {
            partners::grant_each(&cx, partner, &which.grants(&cx)?).map_err(failure)?;
            answer(common.json, &json!({"granted": true}), "Granted.");
            Ok(())
        }
        PartnerCommand::Withdraw { partner, which } => {
            partners::withdraw_each(&cx, partner, &which.grants(&cx)?).map_err(failure)?;
            answer(common.json, &json!({"withdrawn": true}), "Withdrawn.");
            Ok(())
        }
        PartnerCommand::SecondFactor { partner, required } => {
            let on = required == Switch::On;
            second_factor::require_of(&cx, partner, on).map_err(failure)?;
            let text = if on {
                "Every login needs a second factor."
            } else {
                "A second factor is up to each login."
            };
            answer(common.json, &json!({"partner": partner, "second_factor_required": on}), text);
            Ok(())
        }
        PartnerCommand::Operator { partner, operates } => {
            let on = operates == Switch::On;
            operators::set_operator(&cx, partner, on).map_err(failure)?;
            let text = if on { "Its owners are operators." } else { "Its owners are no operators." };
            answer(common.json, &json!({"partner": partner, "operator": on}), text);
            Ok(())
        }
    }
}

fn create(
    cx: &Cx,
    json: bool,
    (draft, owner): (PartnerDraft, Option<OwnerDraft>),
    links: &Links,
) -> Result<(), Failure> {
    let kind = draft.kind;
    let made = partner_desk::open(cx, draft, owner).map_err(failure)?;
    let (number, bu) = (made.partner.partner, made.partner.bu);
    let mut value = json!({"id": number, "bu": bu, "kind": kind});
    let mut text =
        format!("Partner {number}{}", bu.map_or(String::new(), |bu| format!(", business unit {bu}")));
    if let (Some(owner), Some(object)) = (made.owner, value.as_object_mut()) {
        let link = owner.link.map(|link| links.setup(&link)).unwrap_or_default();
        text = format!("{text}, owner {}. Within 30 minutes, set the password at {link}", owner.number);
        object.insert("owner".to_owned(), json!({"number": owner.number, "link": link}));
    }
    answer(json, &value, &text);
    Ok(())
}

fn list(cx: &Cx, json: bool, search: &str, mut after: i64, limit: usize) -> Result<(), Failure> {
    let mut left = if limit == 0 { usize::MAX } else { limit };
    while left > 0 {
        let query = PartnerQuery { text: search.to_owned(), after, limit: left.min(PART) };
        let page = partner_desk::page(cx, &query).map_err(failure)?;
        for row in &page.rows {
            say(&if json { value(row).to_string() } else { line(row) });
        }
        left = left.saturating_sub(page.rows.len());
        match page.rows.last().filter(|_| page.more) {
            Some(last) => after = last.partner.number,
            None => break,
        }
    }
    Ok(())
}

fn value(row: &Listed) -> Value {
    let partner = &row.partner;
    json!({
        "id": partner.number,
        "name": partner.name,
        "kind": partner.kind,
        "bu": partner.unit.map(|(bu, _)| bu),
        "api_access": partner.unit.map(|(_, api_access)| api_access),
        "grants": if partner.grants_all { json!("all") } else { json!(row.granted) },
        "logins": row.logins,
        "second_factor_required": partner.second_factor_required,
        "operator": partner.is_operator,
    })
}

/// One partner in one line: number, kind, name, and what is out of the ordinary.
fn line(row: &Listed) -> String {
    let partner = &row.partner;
    let reach = match (partner.unit, partner.grants_all) {
        (Some((bu, true)), _) => bu.to_string(),
        (Some((bu, false)), _) => format!("{bu}, no API access"),
        (None, true) => "all units".to_owned(),
        (None, false) => format!("{} units", row.granted),
    };
    let more = [(partner.is_operator, ", operator"), (partner.second_factor_required, ", second factor")];
    let more: String = more.iter().filter(|(is, _)| *is).map(|(_, text)| *text).collect();
    format!("{:>12}  {:<7}  {}  ({reach}{more})", partner.number, partner.kind.as_str(), partner.name)
}
