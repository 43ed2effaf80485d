//! Static files: embedded, served under names that carry their hash, kept by browsers for a year.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, ETag, Encoding, EntityTag, IfNoneMatch,
};
use actix_web::web::{self, Bytes};
use actix_web::{Either, HttpResponse, Responder};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

const ROOT: &str = "/static/";
/// What a page gets for a file that is not there; the tests look for it in every page.
const MISSING: &str = "/static/missing";
/// A file opened by itself may run nothing and be framed by nobody.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

#[derive(rust_embed::Embed)]
#[folder = "static/"]
struct Files;

struct Asset {
    bytes: Bytes,
    /// The same as gzip, made when a browser first asks; none when that is no smaller.
    gzip: OnceLock<Option<Bytes>>,
    mime: String,
    hash: String,
}

struct Shelf {
    addresses: BTreeMap<String, String>,
    assets: HashMap<String, Asset>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::fill);

/// The address of a static file, hash included: `css/bellwire.css` is at
/// `/static/css/bellwire.<hash>.css`. A name that is not there answers `/static/missing`.
pub fn path(name: &str) -> &'static str {
    SHELF.addresses.get(name).map_or(MISSING, String::as_str)
}

/// Serves `/static/…`: GET and HEAD, hashed names only, 304 to whoever has the file already.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource(format!("{ROOT}{{file:.+}}")).route(web::get().to(serve)).route(web::head().to(serve)),
    );
}

async fn serve(
    file: web::Path<String>,
    known: web::Header<IfNoneMatch>,
    takes: Option<web::Header<AcceptEncoding>>,
) -> impl Responder {
    let Some(asset) = SHELF.assets.get(file.as_str()) else {
        return Either::Left(
            guarded(HttpResponse::NotFound()).content_type("text/plain").body("Not found\n"),
        );
    };
    let gzip = asset.gzip().filter(|_| takes.is_some_and(|takes| takes_gzip(&takes)));
    let tag = EntityTag::new_strong(format!("{}{}", asset.hash, if gzip.is_some() { "-gzip" } else { "" }));
    let fresh = match &*known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|t| t.weak_eq(&tag)),
    };
    let mut answer = guarded(if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() });
    answer
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header(ETag(tag));
    Either::Right(match gzip {
        _ if fresh => answer.finish(),
        Some(bytes) => {
            answer.content_type(asset.mime.as_str()).insert_header(ContentEncoding::Gzip).body(bytes.clone())
        }
        None => answer.content_type(asset.mime.as_str()).body(asset.bytes.clone()),
    })
}

fn takes_gzip(takes: &AcceptEncoding) -> bool {
    takes.negotiate([Encoding::gzip(), Encoding::identity()].iter()) == Some(Encoding::gzip())
}

fn guarded(mut answer: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    answer
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    answer
}

impl Asset {
    /// A tenth saved is worth what a browser does for it; pictures and fonts are compressed already.
    fn gzip(&self) -> Option<&Bytes> {
        let press = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            let pressed = encoder.write_all(&self.bytes).and_then(|()| encoder.finish()).ok()?;
            (pressed.len() < self.bytes.len() / 10 * 9).then(|| Bytes::from(pressed))
        };
        self.gzip.get_or_init(press).as_ref()
    }
}

impl Shelf {
    fn fill() -> Self {
        let mut shelf = Self { addresses: BTreeMap::new(), assets: HashMap::new() };
        let (sheets, others): (Vec<_>, Vec<_>) =
            Files::iter().filter(|name| !name.ends_with(".md")).partition(|name| name.ends_with(".css"));
        for name in others {
            shelf.put(&name, None);
        }
        // Sheets come last: they name the others, and a sheet's own hash covers the names in it.
        for name in sheets {
            let sheet = Files::get(&name).map(|file| shelf.point(&String::from_utf8_lossy(&file.data)));
            shelf.put(&name, sheet);
        }
        shelf
    }

    fn put(&mut self, name: &str, rewritten: Option<String>) {
        let Some(file) = Files::get(name) else { return };
        let mime = match file.metadata.mimetype() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other.to_owned(),
        };
        let bytes = rewritten.map_or_else(|| Bytes::from(file.data.into_owned()), Bytes::from);
        let mut hash = hex::encode(Sha256::digest(&bytes));
        hash.truncate(16);
        let hashed = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
            None => format!("{name}.{hash}"),
        };
        self.addresses.insert(name.to_owned(), format!("{ROOT}{hashed}"));
        self.assets.insert(hashed, Asset { bytes, gzip: OnceLock::new(), mime, hash });
    }

    /// The sheet with each `url("../name")` pointing at the hashed name.
    fn point(&self, sheet: &str) -> String {
        self.addresses
            .iter()
            .fold(Cow::Borrowed(sheet), |sheet, (name, address)| {
                Cow::Owned(sheet.replace(&format!("url(\"../{name}\")"), &format!("url(\"{address}\")")))
            })
            .into_owned()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;

    /// Files that are not Bellwire's own; `static/README.md` has a row and a sum for each.
    const VENDORED: &[&str] = &[
        "js/htmx.min.js",
        "js/htmx-ext-sse.js",
        "js/htmx-ext-response-targets.js",
        "js/idiomorph-ext.js",
        "icons/icons.svg",
        "fonts/geist.woff2",
        "fonts/geist-mono.woff2",
    ];

    #[test]
    fn each_vendored_file_has_the_sum_written_in_the_readme() {
        let readme = include_str!("../../static/README.md");
        for name in VENDORED {
            let sum = hex::encode(Sha256::digest(Files::get(name).unwrap().data));
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
            assert!(row.contains(&format!("`{sum}`")), "{name} is {sum}");
        }
    }

    #[test]
    fn every_file_of_the_style_sheet_is_named_with_its_hash() {
        let sheet = &SHELF.assets[path("css/bellwire.css").strip_prefix(ROOT).unwrap()];
        let text = std::str::from_utf8(&sheet.bytes).unwrap();
        let named: Vec<_> =
            text.split("url(\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
        assert_eq!(named.len(), 3);
        for address in named {
            assert!(SHELF.addresses.values().any(|a| a == address), "{address}");
        }
    }

    #[actix_web::test]
    async fn a_hashed_name_is_kept_for_a_year_and_answered_once() {
        let app = init_service(actix_web::App::new().configure(configure)).await;
        let get = || TestRequest::get().uri(path("icons/icons.svg"));
        let first = call_service(&app, get().to_request()).await;
        assert_eq!(first.status(), StatusCode::OK);
        let header = |name: &str| first.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header("content-type"), "image/svg+xml");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-security-policy"), POLICY);
        let tag = header("etag");
        assert!(!read_body(first).await.is_empty());
        let again =
            call_service(&app, get().insert_header(("if-none-match", tag.as_str())).to_request()).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers().get("etag").unwrap().to_str().unwrap(), tag);
        assert!(read_body(again).await.is_empty());
        let other = get().insert_header(("if-none-match", "\"other\"")).to_request();
        assert_eq!(call_service(&app, other).await.status(), StatusCode::OK);
    }

    #[actix_web::test]
    async fn a_name_without_its_hash_or_with_another_is_not_there() {
        let app = init_service(actix_web::App::new().configure(configure)).await;
        for uri in [
            "/static/css/bellwire.css",
            "/static/css/bellwire.0000000000000000.css",
            "/static/README.md",
            "/static/../Cargo.toml",
            MISSING,
        ] {
            let answer = call_service(&app, TestRequest::get().uri(uri).to_request()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{uri}");
            assert!(!answer.headers().contains_key("cache-control"), "{uri}");
        }
        assert_eq!(path("css/nothing.css"), MISSING);
    }
}
