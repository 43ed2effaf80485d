//! What was typed into a form or stands in an address, and the proof that a form was ours.

use std::time::Duration;

use actix_web::body::{BodyStream, to_bytes_limited};
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};

use crate::http::csrf::{TOKEN_FIELD, TOKEN_HEADER};
use crate::web::fault::Fault;
use crate::web::session::{Boxed, Holder, limits};

/// The largest form, in bytes.
pub const MOST_BYTES: usize = 64 * 1024;
/// The largest form that holds a payload: 256 KiB, each byte of which may take three.
pub const MOST_PAYLOAD_BYTES: usize = 1024 * 1024;
/// How long a form may take to arrive.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How large the forms of an address may be, in bytes, where that is not [`MOST_BYTES`].
#[derive(Debug, Clone, Copy)]
pub struct FormLimit(pub usize);

/// Stands with an address that takes forms and shows no page.
#[derive(Debug, Clone, Copy)]
pub struct FormOnly;

/// Names with their values, in the order they came.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=1&b=2`; what cannot be decoded is replaced.
    pub fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The fields in the address of a request.
    pub fn of_query(request: &HttpRequest) -> Self {
        Self::parse(request.query_string().as_bytes())
    }

    /// These names with their values.
    pub fn of_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The first value of a field; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a field, as typed: without the space around it, and nothing when it is empty.
    pub fn typed(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }
}

/// A form that one of our pages sent for `by`. Whoever takes it need not ask again.
pub struct Checked<S> {
    /// Who sent it.
    pub by: S,
    /// What it holds.
    pub form: Fields,
}

impl<S> FromRequest for Checked<S>
where
    S: FromRequest<Error = Fault> + Holder + 'static,
{
    type Error = Fault;
    type Future = Boxed<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let by = S::from_request(&request, &mut Payload::None).await?;
            if let Some(session) = by.session() {
                limits(&request)?.form(session)?;
            }
            let in_header =
                request.headers().get(TOKEN_HEADER).map(|v| v.to_str().unwrap_or_default().to_owned());
            if in_header.as_deref().is_some_and(|token| !by.holds(token)) {
                return Err(Fault::Forged);
            }
            let form = read(&request, payload).await?;
            if in_header.is_none() && !by.holds(form.text(TOKEN_FIELD)) {
                return Err(Fault::Forged);
            }
            Ok(Self { by, form })
        })
    }
}

/// Reads a form; one of another type is as good as empty, and so holds no token.
async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Fields, Fault> {
    let typed = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = typed.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Fields::default());
    }
    let payload = web::Payload::from_request(request, &mut payload).await;
    let payload = payload.map_err(|e| Fault::Internal(e.to_string()))?;
    let most = request.app_data::<FormLimit>().map_or(MOST_BYTES, |limit| limit.0);
    let received = tokio::time::timeout(LONGEST_WAIT, to_bytes_limited(BodyStream::new(payload), most));
    match received.await {
        Ok(Ok(Ok(bytes))) => Ok(Fields::parse(&bytes)),
        Ok(Ok(Err(_))) => Err(Fault::of_status(StatusCode::BAD_REQUEST)),
        Ok(Err(_)) => Err(Fault::of_status(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => Err(Fault::of_status(StatusCode::REQUEST_TIMEOUT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_its_first_value() {
        let fields = Fields::parse(b"q=+a%20b%26&q=c&empty=&bad=%ff");
        assert_eq!((fields.text("q"), fields.typed("q")), (" a b&", Some("a b&")));
        assert_eq!((fields.text("empty"), fields.typed("empty")), ("", None));
        assert_eq!(fields.text("none"), "");
        assert_eq!(fields.all("q").collect::<Vec<_>>(), [" a b&", "c"]);
        assert_eq!(fields.text("bad"), "\u{fffd}");
    }
}
