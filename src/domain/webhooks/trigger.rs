//! Triggers: one resource and event of a webhook, and how event types are named.

/// How many triggers a webhook may have.
pub const MOST_TRIGGERS: usize = 200;
/// The longest name of an event type, in bytes.
pub const LONGEST_TYPE: usize = 100;

/// Whether `name` can name an event type: `^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`, at most 100 bytes.
pub fn is_event_type(name: &str) -> bool {
    let part_is_sound = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    name.len() <= LONGEST_TYPE && name.contains('.') && name.split('.').all(part_is_sound)
}

/// The resource and the event of a type: all before the last dot, and the part after it.
pub fn resource_and_event(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_lower_case_and_dotted() {
        for good in ["user.created", "bench.x17g0.made", "quote.email_added", "a.b.c"] {
            assert!(is_event_type(good), "{good}");
        }
        for bad in
            ["", "user", "user.", ".created", "User.created", "user.*", "../x", "user.1x", "user created.x"]
        {
            assert!(!is_event_type(bad), "{bad}");
        }
        assert_eq!(resource_and_event("a.b.c"), ("a.b", "c"));
    }
}
