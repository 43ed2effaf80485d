//! What each Rust file keeps to: length, an opening sentence, `mod.rs` without code, no test that is skipped.

use super::rust::code_only;
use super::tree::File;

const LONGEST: usize = 400;

/// One sentence when the file has too many lines.
pub fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > LONGEST)
        .then(|| format!("{}: {lines} lines, at most {LONGEST}; make it a folder, cut by act", file.path))
}

/// One sentence when the file does not open with `//!` and words.
pub fn no_opening(file: &File) -> Option<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let opens = first.strip_prefix("//! ").is_some_and(|words| !words.trim().is_empty());
    (!opens).then(|| format!("{}: open the file with one sentence in //!", file.path))
}

/// One sentence when a `mod.rs` does more than declare and re-export.
pub fn code_in_mod(file: &File) -> Option<String> {
    if !file.path.ends_with("/mod.rs") {
        return None;
    }
    let code = code_only(&file.text);
    let statements = split(&code);
    let odd = statements.iter().map(|statement| statement.trim()).find(|statement| !declares(statement))?;
    Some(format!("{}: mod.rs declares and re-exports, nothing else: {odd}", file.path))
}

/// At each semicolon that stands in no attribute.
fn split(code: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut rest = code;
    while let Some(at) = [rest.find("#["), rest.find("#![")].into_iter().flatten().min() {
        bare.push_str(&rest[..at]);
        let end = rest[at..].find(']').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    bare.push_str(rest);
    bare.split(';').map(str::to_owned).collect()
}

fn declares(statement: &str) -> bool {
    let mut words = statement.split_whitespace();
    let mut first = words.next();
    if first.is_some_and(|word| word.starts_with("pub")) {
        first = words.next();
    }
    match first {
        None | Some("use") => true,
        Some("mod") => !statement.contains('{'),
        Some(_) => false,
    }
}

/// One sentence when a test is switched off.
pub fn ignored_test(file: &File) -> Option<String> {
    let bare: String = code_only(&file.text).chars().filter(|c| !c.is_whitespace()).collect();
    let off = bare.contains("#[ignore") || bare.contains(",ignore)]");
    off.then(|| format!("{}: a test is ignored; make it pass or remove it", file.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(too_long(&File::new("src/a.rs", &"x\n".repeat(400))), None);
        assert!(too_long(&File::new("src/a.rs", &"x\n".repeat(401))).is_some());
    }

    #[test]
    fn a_file_without_an_opening_is_found() {
        assert_eq!(no_opening(&File::new("src/a.rs", "//! Words.\n")), None);
        for text in ["", "use a;\n//! Words.", "// Words.", "//! \n"] {
            assert!(no_opening(&File::new("src/a.rs", text)).is_some(), "{text}");
        }
    }

    #[test]
    fn code_in_mod_rs_is_found() {
        let good = "//! Words.\n#![expect(x, reason = \"a; b\")]\n#[cfg(test)]\npub(crate) mod a;\nmod b;\npub use a::{\n  X, Y,\n};\n";
        assert_eq!(code_in_mod(&File::new("src/a/mod.rs", good)), None);
        for text in
            ["mod a;\nfn f() {}", "mod a { }", "pub const A: u8 = 1;", "#[derive(Debug)]\npub struct A;"]
        {
            assert!(code_in_mod(&File::new("src/a/mod.rs", text)).is_some(), "{text}");
            assert_eq!(code_in_mod(&File::new("src/a/b.rs", text)), None);
        }
    }

    #[test]
    fn an_ignored_test_is_found() {
        for text in ["#[ignore]", "#[ignore = \"slow\"]", "# [ ignore ]", "#[cfg_attr(x, ignore)]"] {
            assert!(ignored_test(&File::new("src/a.rs", text)).is_some(), "{text}");
        }
        assert_eq!(ignored_test(&File::new("src/a.rs", "// #[ignore]\nlet a = \"#[ignore]\";")), None);
    }
}
