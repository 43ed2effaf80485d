//! The command line: what the operator says, and what the program says back.

#![expect(clippy::doc_markdown, reason = "what is said here is printed by --help as it stands")]

mod admin;
mod output;
mod partners;
mod serving;

use std::process::ExitCode;

use clap::builder::BoolishValueParser;
use clap::{Parser, Subcommand};

use crate::api;
use crate::config::{DatabaseArgs, EgressArgs, HttpArgs, KeyArgs, RetentionArgs};
use crate::server::Failure;
use crate::telemetry::{self, LogFormat};

/// A self-hosted admin dashboard for API tokens and webhooks.
#[derive(Debug, Parser)]
#[command(name = "bellwire", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Common {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    key: KeyArgs,
    /// Answer with JSON on standard output.
    #[arg(long, env = "BELLWIRE_JSON", global = true, value_parser = BoolishValueParser::new())]
    json: bool,
    /// How log lines look.
    #[arg(long, env = "BELLWIRE_LOG_FORMAT", value_enum, default_value = "text", global = true)]
    log_format: LogFormat,
    /// Which log lines are written, as RUST_LOG has it: `info`, `warn,bellwire=debug`.
    #[arg(long, env = "BELLWIRE_LOG", value_name = "FILTER", default_value = telemetry::DEFAULT_FILTER, global = true)]
    log: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages and the API, and deliver.
    Serve {
        #[command(flatten)]
        http: HttpArgs,
        #[command(flatten)]
        egress: EgressArgs,
        #[command(flatten)]
        retention: RetentionArgs,
    },
    /// Serve pages and the API; leave delivering to workers. Needs PostgreSQL.
    Web {
        #[command(flatten)]
        http: HttpArgs,
        #[command(flatten)]
        egress: EgressArgs,
        /// What workers remove; pages tell it.
        #[command(flatten)]
        retention: RetentionArgs,
    },
    /// Deliver only. Needs PostgreSQL.
    Worker {
        #[command(flatten)]
        egress: EgressArgs,
        #[command(flatten)]
        retention: RetentionArgs,
        /// The address people and programs use: deliveries to Bellwire itself are refused.
        #[arg(long, env = "BELLWIRE_PUBLIC_URL", value_name = "URL")]
        public_url: url::Url,
    },
    /// Bring the database to this version's schema.
    Migrate,
    /// Show everything at once: a throw-away database full of life.
    Demo {
        /// The address to listen on; port 0 takes a free one.
        #[arg(long, env = "BELLWIRE_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: std::net::SocketAddr,
    },
    /// Partners: companies with logins here.
    #[command(subcommand)]
    Partner(partners::PartnerCommand),
    /// Logins.
    #[command(subcommand)]
    User(admin::UserCommand),
    /// API tokens.
    #[command(subcommand)]
    Token(admin::TokenCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(admin::AuditCommand),
    /// The master key.
    #[command(subcommand)]
    Keys(admin::KeysCommand),
    /// Write the API's description as OpenAPI 3.1 to standard output. Needs no database.
    Openapi,
}

/// Reads the command line and runs it. A wrong setting is one sentence and exit code 2; any other
/// failure is exit code 1.
pub fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse();
    let started = telemetry::start(common.log_format, &common.log)
        .map_err(|e| Failure::Setting(format!("--log {} cannot be used: {e}.", common.log)));
    match started.and_then(|()| run(&common, command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failed(&failure);
            match failure {
                Failure::Setting(_) => ExitCode::from(2),
                Failure::Running(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn run(common: &Common, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve { http, egress, retention } => serving::serve(common, &http, &egress, &retention),
        Command::Web { http, egress, retention } => serving::web(common, &http, &egress, &retention),
        Command::Worker { egress, retention, public_url } => {
            serving::worker(common, &egress, &retention, public_url)
        }
        Command::Demo { listen } => serving::demo(common, listen),
        Command::Migrate => admin::migrate(common),
        Command::Partner(command) => partners::run(common, command),
        Command::User(command) => admin::user(common, command),
        Command::Token(command) => admin::token(common, command),
        Command::Audit(command) => admin::audit(common, &command),
        Command::Keys(command) => admin::keys(common, &command),
        Command::Openapi => {
            output::say(api::openapi::document().text().trim_end());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
