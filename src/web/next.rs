//! Where to go after signing in: a path of this host, or nowhere in particular.

/// The longest path that is gone back to.
const LONGEST: usize = 2_000;

/// `next` when it can only lead to this host; `None` otherwise. What browsers read as another host (`//`,
/// `/\`, characters they drop) is not among it, and no path of ours starts with an encoded character.
pub fn local(next: &str) -> Option<&str> {
    let behind = next.strip_prefix('/')?;
    let plain = next.len() <= LONGEST && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (plain && !behind.starts_with(['/', '%'])).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_host_are_gone_back_to() {
        for good in ["/", "/bu/bu_1/logs?q=evt_1&status=failed", "/partners"] {
            assert_eq!(local(good), Some(good));
        }
        let long = format!("/{}", "a".repeat(10_000));
        for bad in [
            "",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "/%09/evil",
            "/\t/evil",
            "/%2fevil",
            "https:evil",
            "https://evil",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: b=c",
            " /a",
            "a",
            &long,
        ] {
            assert_eq!(local(bad), None, "{bad}");
        }
    }
}
