//! `docs/coverage.md`: every file, address and test that it names is there.

use super::tree::{File, files, top};
use bellwire::{api, web};

/// One line of a table: where a behaviour lives, and what holds it.
struct Row<'a> {
    line: &'a str,
    places: Vec<&'a str>,
    tests: Vec<&'a str>,
}

/// The rows of all tables, without their heads.
fn rows(text: &str) -> Vec<Row<'_>> {
    let lines = text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let rows = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    rows.filter(|cells| cells.first() != Some(&"line"))
        .map(|cells| {
            assert_eq!(cells.len(), 4, "a row has four cells: {cells:?}");
            Row { line: cells[0], places: names(cells[2]), tests: names(cells[3]) }
        })
        .collect()
}

/// What stands between backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Whether a place is there: a file of the project, a page, or `GET /path` of the API.
fn is_there(place: &str) -> bool {
    if let Some((method, path)) = place.split_once(' ') {
        return api::routes::table().iter().any(|route| route.method == method && route.path == path);
    }
    if place.starts_with('/') {
        return web::mount::table().iter().any(|(_, path)| *path == place);
    }
    top().join(place).is_file()
}

/// Whether one of these files is the module of a test, and has it.
fn has(sources: &[File], test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let path = module.replace("::", "/");
    let claim = format!("fn {name}(");
    let ends = [format!("tests/it/{path}.rs"), format!("src/{path}.rs")];
    sources.iter().any(|file| ends.contains(&file.path) && file.text.contains(&claim))
}

#[test]
fn what_the_coverage_of_the_documents_names_is_there() {
    let text = std::fs::read_to_string(top().join("docs/coverage.md")).expect("the coverage");
    let sources = [files("tests/it", "rs"), files("src", "rs")].concat();
    let rows = rows(&text);
    assert!(rows.len() > 100, "only {} rows", rows.len());
    let mut missing = Vec::new();
    for row in &rows {
        if row.places.is_empty() || row.tests.is_empty() {
            missing.push(format!("line {}: a place and a test are named", row.line));
        }
        let places = row.places.iter().filter(|place| !is_there(place));
        let tests = row.tests.iter().filter(|test| !has(&sources, test));
        missing.extend(places.chain(tests).map(|name| format!("line {}: {name} is not there", row.line)));
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[test]
fn a_name_without_its_thing_is_found() {
    let file = File::new("src/domain/id.rs", "fn an_id_reads_back_what_it_wrote() {}");
    assert!(has(std::slice::from_ref(&file), "domain::id::an_id_reads_back_what_it_wrote"));
    assert!(!has(std::slice::from_ref(&file), "domain::id::an_id_reads_back"));
    assert!(!has(&[file], "domain::time::an_id_reads_back_what_it_wrote"));
    assert!(is_there("GET /webhooks") && !is_there("PUT /webhooks") && !is_there("/nowhere"));
    assert!(is_there("src/lib.rs") && is_there("/partners") && !is_there("src"));
    let one = rows("| line | a | b | c |\n|---|---|---|---|\n| 7 | does it | `src/a.rs`, `/b` | `c::d` |");
    assert_eq!((one.len(), one[0].line, one[0].places.len(), one[0].tests[0]), (1, "7", 2, "c::d"));
}
