//! What stands behind the path of an address.

/// `path` with those of `pairs` that have a value, encoded.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        empty if empty.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_holds_what_was_given_and_nothing_more() {
        let pairs = [("q", "a b&c=é"), ("status", ""), ("after", "evt_1")];
        assert_eq!(with_query("/logs", &pairs), "/logs?q=a+b%26c%3D%C3%A9&after=evt_1");
        assert_eq!(with_query("/logs", &[("q", "")]), "/logs");
    }
}
