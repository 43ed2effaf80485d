//! `/docs/api`: how to use the API. It needs no session, and loads nothing from elsewhere.

use std::sync::OnceLock;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::description::Description;
use crate::web::docs::content::Content;
use crate::web::fault::Fault;
use crate::web::page::{Page, answer};
use crate::web::session::{app, theme};
use crate::web::shell::{Solo, Theme};

/// The page `/docs/api`.
#[derive(Debug, Template)]
#[template(path = "docs/api.html")]
pub struct ApiDocs<'a> {
    /// The frame.
    pub shell: Solo,
    /// Everything that is said.
    pub docs: &'a Content,
}

impl Page for ApiDocs<'_> {}

impl<'a> ApiDocs<'a> {
    /// The page of a description that was read.
    pub fn new(theme: Theme, docs: &'a Content) -> Self {
        Self { shell: Solo::new("API docs", theme, ""), docs }
    }
}

/// Draws the page. The description never changes while the process lives, so it is read once.
pub async fn open(request: HttpRequest) -> Result<HttpResponse, Fault> {
    static CONTENT: OnceLock<Content> = OnceLock::new();
    let Some(description) = request.app_data::<Data<&'static Description>>() else {
        return Err(Fault::Internal("the API's description is missing".to_owned()));
    };
    let app = app(&request)?;
    let docs = CONTENT.get_or_init(|| Content::read(description.value(), &app.tools.absolute("")));
    Ok(answer(&request, StatusCode::OK, &ApiDocs::new(theme(&request), docs)))
}
