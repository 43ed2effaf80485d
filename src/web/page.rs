//! Answers with a page: whole for a browser, its named block for htmx.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

/// A page that can be answered with.
pub trait Page: Template {
    /// The block that changed, for htmx. The whole page when there is none.
    fn fragment(&self) -> askama::Result<String> {
        self.render()
    }

    /// What the window is called from then on, when htmx puts the block into a page; as before when `None`.
    fn title(&self) -> Option<&str> {
        None
    }
}

/// The window's title, which htmx takes out of a fragment.
#[derive(Template)]
#[template(source = "<title>{{ title }} · Bellwire</title>\n", ext = "html")]
struct Title<'a> {
    title: &'a str,
}

/// Answers with `page`, or with its block when htmx asks. Never kept by a cache: it shows what one
/// session may see.
pub fn answer(request: &HttpRequest, status: StatusCode, page: &impl Page) -> HttpResponse {
    let html = if wants_fragment(request) { titled(page) } else { page.render() };
    match html {
        Ok(html) => HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .insert_header((header::VARY, "HX-Request, Cookie"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be drawn");
            HttpResponse::InternalServerError()
                .content_type("text/plain")
                .body("Something broke on our side.\n")
        }
    }
}

fn titled(page: &impl Page) -> askama::Result<String> {
    let title = page.title().map(|title| Title { title }.render()).transpose()?;
    Ok(title.unwrap_or_default() + &page.fragment()?)
}

/// htmx asks for a fragment, except when it goes back in history: then it needs the whole page.
pub fn wants_fragment(request: &HttpRequest) -> bool {
    let says = |name: &str| request.headers().get(name).is_some_and(|value| value == "true");
    says("hx-request") && !says("hx-history-restore-request") && !says("hx-boosted")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[derive(Template)]
    #[template(source = "whole{% block part %} part{% endblock %}", ext = "html", blocks = ["part"])]
    struct Sample;

    impl Page for Sample {
        fn fragment(&self) -> askama::Result<String> {
            self.as_part().render()
        }
    }

    async fn body(headers: &[(&str, &str)]) -> String {
        let request = headers.iter().fold(TestRequest::get(), |r, h| r.insert_header(*h)).to_http_request();
        let answer = answer(&request, StatusCode::OK, &Sample);
        let header = |name| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!(header("vary"), "HX-Request, Cookie");
        assert_eq!(header("cache-control"), "no-store");
        let bytes = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[actix_web::test]
    async fn htmx_gets_the_block_and_everyone_else_the_whole_page() {
        let htmx = ("hx-request", "true");
        assert_eq!(body(&[]).await, "whole part");
        assert_eq!(body(&[htmx]).await, " part");
        assert_eq!(body(&[htmx, ("hx-history-restore-request", "true")]).await, "whole part");
        assert_eq!(body(&[htmx, ("hx-boosted", "true")]).await, "whole part");
    }
}
