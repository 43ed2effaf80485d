//! The audit log as a file: CSV for spreadsheets, JSONL for programs; streamed, never held whole.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use serde_json::{Value, json};

use super::trail::reading;
use crate::domain::id::BuId;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::system::trail::{TrailQuery, TrailRow, begin_export, page};
use crate::web::fault::Fault;
use crate::web::form::Checked;
use crate::web::here::Here;

/// How many rows are read at a time.
const PART: usize = 500;
/// The names of the columns.
const COLUMNS: [&str; 15] = [
    "row",
    "time",
    "action",
    "target_kind",
    "target_id",
    "target_name",
    "actor_kind",
    "actor_id",
    "actor_name",
    "actor_number",
    "ip",
    "request_id",
    "before",
    "after",
    "hash",
];

/// What the file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Jsonl,
}

/// Hands the log out as the filters in the form say, newest first. That it was handed out is the first row of it.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let (format, name, kind) = match form.text("format") {
        "jsonl" => (Format::Jsonl, "jsonl", "application/x-ndjson"),
        _ => (Format::Csv, "csv", "text/csv; charset=utf-8"),
    };
    let query = TrailQuery { limit: PART, ..reading(&form) };
    let noted = query.clone();
    here.run(move |cx, bu| begin_export(cx, bu, name, &noted)).await?;
    let file = format!("attachment; filename=\"audit-{}.{name}\"", here.bu());
    let rows = Rows { cx: here.signed.cx(), bu: here.bu(), format, next: Next::Begin(query) };
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, file))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(rows))
}

type Reading = Pin<Box<dyn Future<Output = Result<(Bytes, Option<TrailQuery>), Fault>>>>;

/// The parts of the file, each read when the one before has gone out.
struct Rows {
    cx: Cx,
    bu: BuId,
    format: Format,
    next: Next,
}

enum Next {
    Begin(TrailQuery),
    Reading(Reading),
    End,
}

impl MessageBody for Rows {
    type Error = Fault;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Bytes, Fault>>> {
        loop {
            match &mut self.next {
                Next::Begin(query) => {
                    let query = std::mem::take(query);
                    let (cx, bu, format) = (self.cx.clone(), self.bu, self.format);
                    self.next = Next::Reading(Box::pin(part(cx, bu, format, query)));
                }
                Next::Reading(reading) => {
                    let Poll::Ready(read) = reading.as_mut().poll(task) else { return Poll::Pending };
                    let (bytes, next) = match read {
                        Ok(read) => read,
                        // The file ends in the middle, and the connection with it: nobody takes it for whole.
                        Err(fault) => {
                            self.next = Next::End;
                            return Poll::Ready(Some(Err(fault)));
                        }
                    };
                    self.next = next.map_or(Next::End, Next::Begin);
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Next::End => return Poll::Ready(None),
            }
        }
    }
}

/// One part, and what comes after it. Rights are looked at anew for each.
async fn part(
    cx: Cx,
    bu: BuId,
    format: Format,
    query: TrailQuery,
) -> Result<(Bytes, Option<TrailQuery>), Fault> {
    let is_first = query.before.is_none();
    let read = web::block(move || Ok::<_, Error>((page(&cx, bu, &query)?, query))).await?;
    let (found, query) = read?;
    let mut text = String::new();
    if is_first && format == Format::Csv {
        text.push_str(&COLUMNS.join(","));
        text.push_str("\r\n");
    }
    for row in &found.rows {
        match format {
            Format::Csv => text.push_str(&csv(row)),
            Format::Jsonl => text.push_str(&json(row).to_string()),
        }
        text.push_str(if format == Format::Csv { "\r\n" } else { "\n" });
    }
    let last = found.rows.last().filter(|_| found.more).map(|row| row.row.seq);
    Ok((text.into(), last.map(|seq| TrailQuery { before: Some(seq), ..query })))
}

fn json(found: &TrailRow) -> Value {
    let row = &found.row;
    json!({
        "row": row.seq,
        "time": row.at.to_string(),
        "action": row.action,
        "target_kind": row.target_kind,
        "target_id": row.target_id,
        "target_name": found.target,
        "actor_kind": row.actor_kind,
        "actor_id": row.actor_id,
        "actor_name": row.actor_name,
        "actor_number": found.number,
        "ip": row.ip,
        "request_id": row.request_id,
        "before": found.before,
        "after": found.after,
        "hash": row.hash,
    })
}

/// The same as a line of CSV, in the order of [`COLUMNS`].
fn csv(found: &TrailRow) -> String {
    let value = json(found);
    let cells = COLUMNS.iter().map(|name| match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => cell(text),
        Some(other) => cell(&other.to_string()),
    });
    cells.collect::<Vec<_>>().join(",")
}

/// A cell in quotes. A spreadsheet takes a text that begins like a formula for one, unless an apostrophe is
/// before it.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(cell("Order desk"), "\"Order desk\"");
        assert_eq!(cell("say \"hi\", twice"), "\"say \"\"hi\"\", twice\"");
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(cell(evil).starts_with("\"'"), "{evil}");
        }
    }
}
