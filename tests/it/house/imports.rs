//! Imports go downwards: each folder and file at the top of `src` has a floor, and sees only what lies beneath.

use super::rust::{code_only, is_word};
use super::tree::File;
use std::collections::{BTreeMap, BTreeSet};

/// From the ground up; names on one line stand beside each other.
const FLOORS: &[&[&str]] = &[
    &["domain", "config", "telemetry", "clock", "keys"],
    &["store"],
    &["ops"],
    &["app"],
    &["delivery"],
    &["http"],
    &["web", "api"],
    &["server", "demo"],
    &["cli"],
    &["main"],
];

/// Neither may know the other, although they stand on one floor.
const STRANGERS: &[&str] = &["web", "api"];

/// One sentence for each import that goes up, sideways in a circle, or between the two faces.
pub fn violations(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    let mut sideways: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let from = top(&file.path);
        if from == "lib" {
            continue;
        }
        let Some(here) = floor(from) else {
            found.push(format!(
                "{}: {from} has no floor; give it one in tests/it/house/imports.rs",
                file.path
            ));
            continue;
        };
        for name in imports(file) {
            match floor(&name) {
                None => found.push(format!("{}: crate::{name} has no floor", file.path)),
                Some(there) if there > here => {
                    found.push(format!("{}: {from} imports {name} above it", file.path));
                }
                Some(_)
                    if STRANGERS.contains(&from) && STRANGERS.contains(&name.as_str()) && name != from =>
                {
                    found.push(format!(
                        "{}: {from} imports {name}, and neither may know the other",
                        file.path
                    ));
                }
                Some(there) if there == here && name != from => {
                    sideways.entry(from).or_default().insert(name);
                }
                Some(_) => {}
            }
        }
    }
    found.extend(
        sideways
            .keys()
            .filter(|name| reaches(&sideways, name, name))
            .map(|name| format!("{name} stands in a circle of imports on its own floor")),
    );
    found
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&name))
}

/// `domain` for `src/domain/id.rs`, `clock` for `src/clock.rs`.
fn top(path: &str) -> &str {
    let below = path.trim_start_matches("src/");
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

fn reaches(edges: &BTreeMap<&str, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(name) = next.pop() {
        for there in edges.get(name).into_iter().flatten() {
            if there == to {
                return true;
            }
            if seen.insert(there) {
                next.push(there);
            }
        }
    }
    false
}

/// The names at the top of the crate which a file uses: through `crate::`, `bellwire::`, or enough `super::`.
fn imports(file: &File) -> BTreeSet<String> {
    let code: String = code_only(&file.text);
    let mut names = BTreeSet::new();
    for root in ["crate::", "bellwire::"] {
        for rest in after(&code, root) {
            names.extend(first_names(rest));
        }
    }
    // From a file at depth n, n times `super` is the top of the crate; inside an inline module it is one less.
    let depth = file.path.trim_start_matches("src/").trim_end_matches("/mod.rs").split('/').count();
    for rest in after(&code, &"super::".repeat(depth)) {
        names.extend(first_names(rest).into_iter().filter(|name| floor(name).is_some()));
    }
    names
}

fn after<'a>(code: &'a str, root: &'a str) -> impl Iterator<Item = &'a str> {
    let stands_alone = |at: usize| !code[..at].ends_with(|c: char| is_word(c) || c == ':');
    code.match_indices(root)
        .filter(move |(at, _)| stands_alone(*at))
        .map(move |(at, _)| &code[at + root.len()..])
}

/// The first name of a path, or of each path in a group. Macros (`name!`) and what is defined in lib.rs are none.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return name(rest).into_iter().collect();
    };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(name(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

fn name(path: &str) -> Option<String> {
    let name: String = path.chars().take_while(|c| is_word(*c)).collect();
    let is_macro = path[name.len()..].starts_with('!');
    (!name.is_empty() && !is_macro).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        violations(&files.iter().map(|(path, text)| File::new(path, text)).collect::<Vec<_>>())
    }

    #[test]
    fn downward_imports_are_good() {
        let good = [
            ("src/main.rs", "use bellwire::cli;"),
            ("src/lib.rs", "pub mod web; pub mod api;"),
            (
                "src/web/page.rs",
                "use crate::{http::csrf, domain::{id, time}}; crate::each!(x); use super::routes;",
            ),
            ("src/clock.rs", "use crate::domain::id; // crate::web"),
            ("src/ops/cx.rs", "/// See [`crate::web`]\nfn f() { let a = \"crate::web\"; }"),
        ];
        assert_eq!(check(&good), Vec::<String>::new());
    }

    #[test]
    fn an_import_from_above_is_found_in_every_spelling() {
        let spellings = [
            "use crate::web::page;",
            "use crate::{domain, web};",
            "use crate::{\n    domain::{id, time},\n    web::page,\n};",
            "fn f() -> crate::web::Page { }",
            "use super::super::web;",
            "use super::super::{web};",
            "mod tests { use bellwire::web; }",
        ];
        for text in spellings {
            let found = check(&[("src/ops/cx.rs", text)]);
            assert_eq!(found, ["src/ops/cx.rs: ops imports web above it"], "{text}");
        }
        assert_eq!(check(&[("src/clock.rs", "use super::store;")]).len(), 1);
        assert_eq!(check(&[("src/domain/mod.rs", "use super::store;")]).len(), 1);
    }

    #[test]
    fn the_two_faces_do_not_know_each_other() {
        assert_eq!(check(&[("src/web/a.rs", "use crate::api;")]).len(), 1);
        assert_eq!(check(&[("src/api/a.rs", "use crate::web;")]).len(), 1);
    }

    #[test]
    fn circles_and_names_without_a_floor_are_found() {
        let circle = [("src/clock.rs", "use crate::domain::id;"), ("src/domain/id.rs", "use crate::clock;")];
        assert_eq!(check(&circle).len(), 2);
        assert_eq!(check(&circle[..1]), Vec::<String>::new());
        assert_eq!(check(&[("src/helpers.rs", "")]).len(), 1);
        assert_eq!(check(&[("src/web/a.rs", "use crate::helpers;")]).len(), 1);
    }
}
