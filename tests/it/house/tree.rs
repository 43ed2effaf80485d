//! Holds every file of the project against the checks beside this one.

use super::{imports, sources, templates};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One file with its path from the top of the project, in forward slashes.
#[derive(Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    /// A file that need not exist.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// The folder of the project.
pub fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files with this ending under a folder of the project, in order; none when there is no such folder.
pub fn files(folder: &str, ending: &str) -> Vec<File> {
    let mut found = Vec::new();
    walk(&top().join(folder), ending, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<File>) {
    if !folder.exists() {
        return;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path).unwrap();
            found.push(File { path: path.strip_prefix(top()).unwrap().display().to_string(), text });
        }
    }
}

/// Every Rust file of the program.
pub fn rust_sources() -> Vec<File> {
    let sources = files("src", "rs");
    assert!(sources.len() > 10, "the sources are where this test looks for them");
    sources
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

fn assert_each(files: &[File], check: impl Fn(&File) -> Option<String>) {
    assert_none(&files.iter().filter_map(check).collect::<Vec<_>>());
}

/// What the two sides of the migrations do not share.
fn unpaired(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    one.symmetric_difference(other)
        .map(|name| format!("migrations: {name} stands on one side only"))
        .collect()
}

fn folders(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(top().join(folder)).into_iter().flatten();
    let folders = entries.map(Result::unwrap).filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn imports_go_downwards() {
    assert_none(&imports::violations(&rust_sources()));
}

#[test]
fn no_source_file_is_long() {
    assert_each(&rust_sources(), sources::too_long);
}

#[test]
fn every_file_opens_with_a_sentence() {
    assert_each(&rust_sources(), sources::no_opening);
    assert_each(&files("tests", "rs"), sources::no_opening);
}

#[test]
fn mod_files_only_declare() {
    assert_each(&rust_sources(), sources::code_in_mod);
    assert_each(&files("tests", "rs"), sources::code_in_mod);
}

#[test]
fn no_test_is_ignored() {
    assert_each(&rust_sources(), sources::ignored_test);
    assert_each(&files("tests", "rs"), sources::ignored_test);
}

#[test]
fn templates_hold_no_script_and_no_style() {
    let templates = files("templates", "html");
    assert_none(&templates.iter().flat_map(templates::violations).collect::<Vec<_>>());
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_none(&unpaired(&folders("migrations/sqlite"), &folders("migrations/postgres")));
}

#[test]
fn a_migration_on_one_side_only_is_found() {
    let side = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(unpaired(&side(&["1", "2"]), &side(&["2", "1"])), Vec::<String>::new());
    assert_eq!(unpaired(&side(&["1", "2"]), &side(&["1", "3"])).len(), 2);
}
