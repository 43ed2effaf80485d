//! The table of audit actions: it holds what the program writes, and nothing that it does not.

use super::tree::{File, rust_sources};
use bellwire::ops::system::actions::{ELSEWHERE, IN_UNITS, is_known};
use std::collections::BTreeSet;

const TABLE: &str = "src/ops/system/actions.rs";
/// What stands before the name of an action where a row is made.
const MADE: &[&str] =
    &["action: \"", "entry(\"", "entry(login, \"", "let action = \"", "SHORTENED: &str = \""];

/// The names behind `before` in a file.
fn behind<'a>(file: &'a File, before: &str) -> impl Iterator<Item = &'a str> {
    let parts: Vec<&str> = file.text.split(before).skip(1).collect();
    parts.into_iter().filter_map(|rest| rest.split('"').next())
}

#[test]
fn the_table_of_audit_actions_is_what_the_sources_write() {
    let all: BTreeSet<&str> = IN_UNITS.iter().chain(ELSEWHERE).copied().collect();
    assert_eq!(all.len(), IN_UNITS.len() + ELSEWHERE.len(), "each stands there once");
    let sources: Vec<File> = rust_sources().into_iter().filter(|file| file.path != TABLE).collect();
    let mut made = BTreeSet::new();
    for file in sources.iter().filter(|file| file.path.starts_with("src/ops/")) {
        let named = MADE.iter().flat_map(|before| behind(file, before));
        for action in named.filter(|name| name.contains('.') && !name.contains(' ')) {
            assert!(is_known(action), "{}: {action} is in no list of {TABLE}", file.path);
            made.insert(action.to_owned());
        }
    }
    assert!(made.len() > 40, "the sources are read as they are written: {made:?}");
    let is_written = |action: &&str| {
        let quoted = format!("\"{action}\"");
        sources.iter().any(|file| file.text.contains(&quoted))
    };
    let never: Vec<&str> = all.into_iter().filter(|action| !is_written(action)).collect();
    assert!(never.is_empty(), "nothing writes these: {never:?}");
}
