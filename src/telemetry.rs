//! Logs: one line an event, as text for people or JSON for machines, never on standard output.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is written unless the operator says otherwise. The HTTP library would report everybody's broken
/// requests as errors of ours.
pub const DEFAULT_FILTER: &str = "info,actix_http=off";

/// Starts logging to standard error. `filter` follows the syntax of `RUST_LOG`; an error says what is wrong
/// with it.
pub fn start(format: LogFormat, filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    let colours = std::io::stderr().is_terminal();
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_told() {
        assert!(EnvFilter::try_new(DEFAULT_FILTER).is_ok());
        assert!(start(LogFormat::Text, "bellwire=loudest").is_err());
    }
}
