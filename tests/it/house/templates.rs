//! What templates keep to, so that the strict content security policy holds and nothing is shown unescaped.

use super::tree::File;

/// One sentence for each thing a template must not hold.
pub fn violations(file: &File) -> Vec<String> {
    let lower = file.text.to_lowercase();
    let tight: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    let mut found = Vec::new();
    let mut refuse = |bad: bool, what: &str| {
        if bad {
            found.push(format!("{}: {what}", file.path));
        }
    };
    refuse(tight.contains("|safe"), "`|safe` shows text unescaped");
    refuse(
        tight.contains("|escape(") || tight.contains("|e("),
        "the escaping of a value is not chosen by hand",
    );
    refuse(
        ["{%autoescape", "{%-autoescape", "{%filter", "{%-filter"].iter().any(|tag| tight.contains(tag)),
        "the escaping of a part is not chosen by hand",
    );
    refuse(tight.contains("<style"), "styles belong into static/css");
    refuse(tight.contains("javascript:"), "no javascript: addresses");
    let html = without_tags(&lower);
    refuse(scripts_inline(&html), "scripts belong into static/js");
    for (name, value) in attributes(&html) {
        refuse(name == "style", "styles belong into static/css");
        let handler = name
            .strip_prefix("on")
            .is_some_and(|event| !event.is_empty() && event.chars().all(|c| c.is_ascii_alphabetic()));
        refuse(handler, "handlers belong into static/js");
        let name = name.strip_prefix("data-").unwrap_or(name);
        refuse(name.starts_with("hx-on"), "handlers belong into static/js");
        refuse(value.trim_start().starts_with("js:"), "no values computed by script");
        refuse(name == "hx-trigger" && value.contains('['), "filters of hx-trigger are evaluated as script");
    }
    found.dedup();
    found
}

/// The HTML alone: a space for each `{% … %}` and `{# … #}`, a letter for each `{{ … }}`.
fn without_tags(text: &str) -> String {
    let (mut html, mut rest) = (String::new(), text);
    while let Some(at) = ["{%", "{#", "{{"].iter().filter_map(|open| rest.find(open)).min() {
        let (close, instead) = match rest.as_bytes()[at + 1] {
            b'%' => ("%}", ' '),
            b'#' => ("#}", ' '),
            _ => ("}}", 'x'),
        };
        html.push_str(&rest[..at]);
        html.push(instead);
        rest = rest[at..].split_once(close).map_or("", |(_, behind)| behind);
    }
    html + rest
}

fn scripts_inline(text: &str) -> bool {
    text.match_indices("<script").any(|(at, _)| {
        let tag = text[at..].split('>').next().unwrap_or_default();
        !attributes(tag).iter().any(|(name, value)| *name == "src" && !value.trim().is_empty())
    })
}

/// Everything that looks like `name=value`, with the value in quotes or bare, except in the query of an address.
fn attributes(text: &str) -> Vec<(&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '_' | '@' | '.');
    let attribute = |at: usize| {
        let before = &text[..at];
        let trimmed = before.trim_end();
        let name = &trimmed[trimmed.trim_end_matches(is_name).len()..];
        let rest = text[at + 1..].trim_start();
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next(),
            _ => rest.split(|c: char| c.is_whitespace() || c == '>').next(),
        };
        let in_query = trimmed[..trimmed.len() - name.len()].ends_with(['?', '&', ';']);
        (!name.is_empty() && !in_query).then_some((name, value.unwrap_or_default()))
    };
    text.match_indices('=').filter_map(|(at, _)| attribute(at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_must_not_hold_is_found() {
        let bad = [
            "{{ a|safe }}",
            "{{ a | safe }}",
            "{{ a|escape(\"none\") }}",
            "{% filter upper %}{{ a }}{% endfilter %}",
            "<p style=\"color:red\">",
            "<p STYLE = 'x'>",
            "<style>",
            "<button onclick=\"f()\">",
            "<img src=x onerror=f()>",
            "<p class=\"é\"onload='f()'>",
            "<form hx-on::after-request=\"f()\">",
            "<form data-hx-on:click='f()'>",
            "<div hx-vals='js:{a: f()}'>",
            "<a href=\"javascript:f()\">",
            "<div hx-trigger=\"click[ctrlKey]\">",
            "{% if a %}<p {{ b }} onclick=\"{{ c }}\">{% endif %}",
            "<script>f()</script>",
            "<script defer>f()</script>",
        ];
        for text in bad {
            assert_eq!(violations(&File::new("templates/a.html", text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_ordinary_template_is_good() {
        let good = "<script src=\"{{ assets.app }}\" defer></script><p class=\"lifestyle one\" data-only=\"x\">Node.js: {{ a }}</p>\
            {% if a == b && one = two %}<a hx-trigger=\"load, every 5s\" title=\"style of [a]\" href=\"/a?onto=1&once=2\">{% endif %}";
        assert_eq!(violations(&File::new("templates/a.html", good)), Vec::<String>::new());
    }
}
