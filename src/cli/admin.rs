//! The commands that come and go: logins, tokens, the audit log, keys, migrations.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use url::Url;

use crate::app::{App, Opening};
use crate::cli::Common;
use crate::cli::output::{answer, say};
use crate::clock::Clock;
use crate::config::WrongSetting;
use crate::domain::access::permission::Scopes;
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, TokenId};
use crate::domain::webhooks::address::EgressPolicy;
use crate::keys::KeyRing;
use crate::ops::Error;
use crate::ops::access::bearer::LinkSecret;
use crate::ops::access::partners;
use crate::ops::access::tokens::{self, TokenDraft};
use crate::ops::access::users::{self, UserDraft};
use crate::ops::access::{account, second_factor};
use crate::ops::cx::{Actor, Cx, Source};
use crate::ops::events::handoff::NoDelivery;
use crate::ops::system::audit::{Chain, export, verify};
use crate::server::{Failure, address};
use crate::store::migrate as steps;

/// `bellwire user …`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a login. Without a password, a one-time link sets it.
    Create {
        /// The e-mail address to sign in with.
        #[arg(long)]
        email: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// What the login may do: owner, admin, developer or viewer.
        #[arg(long, value_parser = Role::choose)]
        role: Role,
        /// The partner it belongs to.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// Read the password from standard input, one line.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        links: Links,
    },
    /// Make a one-time link by which a login chooses another password. A second factor is asked for all the
    /// same.
    ResetPassword {
        /// The e-mail address of the login.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        links: Links,
    },
    /// Take the second factor from a login that has lost it; its sessions end.
    DropSecondFactor {
        /// The e-mail address of the login.
        #[arg(long)]
        email: String,
    },
}

/// Where one-time links lead.
#[derive(Debug, Args)]
pub struct Links {
    /// The address for the one-time link, as given to `serve --public-url`.
    #[arg(long, env = "BELLWIRE_PUBLIC_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    public_url: Url,
}

impl Links {
    /// What a one-time link is typed as.
    pub(super) fn setup(&self, link: &LinkSecret) -> String {
        format!("{}/setup?link={}", self.public_url.as_str().trim_end_matches('/'), link.expose())
    }
}

/// `bellwire token …`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make an API token; its secret, shown this once, is all that stands on standard output.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// The channel partner whose business unit it acts in.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// What it may do: webhooks:read,events:write
        #[arg(
            long,
            value_name = "A,B",
            required_unless_present = "all_scopes",
            conflicts_with = "all_scopes"
        )]
        scopes: Option<String>,
        /// Everything a token may do.
        #[arg(long)]
        all_scopes: bool,
        /// Days until it stops working; never when nothing is said.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires_in_days: Option<u32>,
    },
    /// Replace a token by a successor with the same scopes; the new secret, shown this once, is all that
    /// stands on standard output.
    Rotate {
        /// The token to replace.
        #[arg(long, value_name = "TOKEN")]
        id: TokenId,
        /// The channel partner whose business unit it acts in.
        #[arg(long, value_name = "NUMBER")]
        partner: i64,
        /// For how many hours the old one goes on working; 0 ends it at once.
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
    },
}

/// `bellwire audit …`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no row of the audit log was changed or removed since it was written.
    Verify,
    /// Write the whole log to standard output, oldest row first, each a line of JSON: also what belongs to no
    /// business unit, such as refused sign-ins.
    Export,
}

/// `bellwire keys …`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make the master key, in a new file that only you may read.
    Init,
}

/// `bellwire migrate`.
pub fn migrate(common: &Common) -> Result<(), Failure> {
    let database = address(&common.database)?;
    let not_opened = |e: crate::store::pool::OpenError| Failure::Setting(e.to_string());
    let done = steps::run(&mut database.open().map_err(not_opened)?).map_err(not_opened)?;
    answer(common.json, &json!({"applied": done}), &format!("The schema is current ({done} steps applied)."));
    Ok(())
}

/// `bellwire user …`.
pub fn user(common: &Common, command: UserCommand) -> Result<(), Failure> {
    let cx = operator(common)?;
    match command {
        UserCommand::Create { email, name, role, partner, password_stdin, links } => {
            let password = password_stdin.then(read_password).transpose()?;
            let draft = UserDraft { email, name, role, partner, password };
            let made = users::create(&cx, draft).map_err(failure)?;
            let link = made.link.map(|link| links.setup(&link));
            let text = match &link {
                Some(link) => format!("Login {}. Within 30 minutes, set the password at {link}", made.number),
                None => format!("Login {}", made.number),
            };
            let value = json!({"id": made.user, "number": made.number, "link": link});
            answer(common.json, &value, &text);
        }
        UserCommand::ResetPassword { email, links } => {
            let link = account::reset_link(&cx, &email).map_err(failure)?;
            let link = links.setup(&link);
            let text = format!("Within 30 minutes, the new password is set at {link}");
            answer(common.json, &json!({"link": link}), &text);
        }
        UserCommand::DropSecondFactor { email } => {
            second_factor::drop_of(&cx, &email).map_err(failure)?;
            let text = "The second factor is off, and the login's sessions have ended.";
            answer(common.json, &json!({"second_factor": false}), text);
        }
    }
    Ok(())
}

/// `bellwire token …`.
pub fn token(common: &Common, command: TokenCommand) -> Result<(), Failure> {
    let (row, secret) = match command {
        TokenCommand::Create { name, partner, scopes, all_scopes: _, expires_in_days } => {
            let scopes = match &scopes {
                Some(text) => Scopes::parse(text).map_err(|e| failure(e.into()))?,
                None => Scopes::all(),
            };
            let cx = operator(common)?;
            let bu = unit_of(&cx, partner)?;
            let expires_at = expires_in_days.map(|days| cx.now + Duration::from_hours(24 * u64::from(days)));
            tokens::create(&cx, bu, TokenDraft { name, scopes, expires_at })
        }
        TokenCommand::Rotate { id, partner, overlap_hours } => {
            let cx = operator(common)?;
            let bu = unit_of(&cx, partner)?;
            tokens::rotate(&cx, bu, id, Duration::from_hours(overlap_hours.into()))
        }
    }
    .map_err(failure)?;
    if common.json {
        let value = json!({"id": row.id, "bu": row.bu_id, "secret": secret.expose(), "scopes": row.scopes});
        say(&value.to_string());
    } else {
        say(secret.expose());
    }
    Ok(())
}

/// `bellwire audit …`.
pub fn audit(common: &Common, command: &AuditCommand) -> Result<(), Failure> {
    let cx = operator(common)?;
    if matches!(command, AuditCommand::Export) {
        return export(&cx, |row| say(&row.to_string())).map_err(failure);
    }
    match cx.read(verify).map_err(failure)? {
        Chain::Whole { rows } => {
            let text = format!("The audit log is whole: {rows} rows, each as it was written.");
            answer(common.json, &json!({"whole": true, "rows": rows}), &text);
            Ok(())
        }
        Chain::Broken { seq } => {
            if common.json {
                say(&json!({"whole": false, "first_broken_row": seq}).to_string());
            }
            Err(Failure::Running(format!(
                "The audit log was tampered with: row {seq} is the first that is not as it was written."
            )))
        }
    }
}

/// `bellwire keys …`.
pub fn keys(common: &Common, command: &KeysCommand) -> Result<(), Failure> {
    let KeysCommand::Init = command;
    let path = common.key.path()?;
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        std::fs::create_dir_all(folder)
            .map_err(|e| Failure::Setting(format!("{} cannot be made: {e}.", folder.display())))?;
    }
    KeyRing::init(&path).map_err(|e| Failure::Setting(e.to_string()))?;
    let shown = path.display().to_string();
    let text = format!(
        "The master key is in {shown}. Keep a copy apart from the database: without it, secrets are lost."
    );
    answer(common.json, &json!({"file": shown}), &text);
    Ok(())
}

/// A context for the operator, on a database that a server may be serving at the same time.
pub(super) fn operator(common: &Common) -> Result<Cx, Failure> {
    let here = Url::parse("http://127.0.0.1/").map_err(|e| WrongSetting(e.to_string()))?;
    let app = App::open(Opening {
        database: address(&common.database)?,
        connections: 1,
        serving: false,
        keys: common.key.load()?,
        egress: EgressPolicy::default(),
        public_url: here,
        clock: Clock::system(),
        handoff: Arc::new(NoDelivery),
    })?;
    Ok(app.cx(Actor::Operator, Source::default()))
}

/// The unit of a channel partner.
pub(super) fn unit_of(cx: &Cx, partner: i64) -> Result<BuId, Failure> {
    partners::unit_of(cx, partner).map_err(failure)?.ok_or_else(|| {
        Failure::Setting(format!("Partner {partner} has no business unit of its own, or does not exist."))
    })
}

fn read_password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What an operation refused, in one sentence.
pub(super) fn failure(error: Error) -> Failure {
    match error {
        Error::Invalid(errors) => {
            let told: Vec<String> = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect();
            Failure::Setting(told.join(" "))
        }
        Error::NotFound => Failure::Setting("There is nothing with this number or id.".into()),
        Error::Conflict { message, .. } => Failure::Setting(message.into_owned()),
        Error::Forbidden(refusal) => Failure::Setting(refusal.to_string()),
        Error::Unavailable(text) | Error::Storage(_, text) | Error::Internal(text) => Failure::Running(text),
    }
}
