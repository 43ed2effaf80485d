//! Rotate signing secret: a new one, how long the old one signs beside it, and moving receivers on in between.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::shown::{OneSecret, SecretShown, show};
use crate::domain::id::{SecretId, WebhookKind};
use crate::domain::problem::FieldErrors;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::access::sign_in::require_recent;
use crate::ops::webhooks::overlap::{Signing, end as end_overlap, signing, switch as switch_hex};
use crate::ops::webhooks::read::read;
use crate::ops::webhooks::secrets::{Rotation, rotate};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::{Checked, Fields};
use crate::web::format::{self, Moment};
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Choice, Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};
use crate::web::webhooks::change::page::{home, may_change};

/// The choices of the overlap, in hours.
const OVERLAPS: [(&str, &str); 4] =
    [("24", "In 24 hours"), ("1", "In 1 hour"), ("168", "In 7 days"), ("0", "Immediately")];

/// The page `/bu/{bu}/admin/webhooks/{wh}/rotate`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/rotate.html", blocks = ["modal"])]
pub struct Rotate {
    /// The frame.
    pub shell: Shell,
    /// Where Rotate posts to: this page's own address.
    pub href: String,
    /// The webhook it came from.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// What the webhook is for; may be empty.
    pub description: String,
    /// The newest secret that signs, by which a form is known that is sent twice.
    pub from: String,
    /// When the old secret stops.
    pub overlaps: Vec<Choice>,
    /// What is wrong with that.
    pub overlap_errors: Vec<String>,
    /// What is wrong with a secret of one's own.
    pub secret_errors: Vec<String>,
    /// What signs now, newest first, when it is more than one.
    pub versions: Vec<Version>,
    /// Where the hex signature is switched to the newest, while it is made with another.
    pub switch: Option<String>,
    /// Where the overlap is ended.
    pub end: String,
    /// Why nothing was done.
    pub notice: Option<Notice>,
}

/// One secret that signs now.
#[derive(Debug, Clone)]
pub struct Version {
    /// `The newest, made 2 h ago`.
    pub title: String,
    /// Until when it signs.
    pub until: Option<Moment>,
    /// Whether the hex signature is made with it.
    pub hex: bool,
}

impl Page for Rotate {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Asks how long both are to sign.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let (found, now) = load(&here).await?;
    require_recent(&here.signed.cx())?;
    Ok(here.answer(&Rotate::of(&here, &found, now)))
}

/// Makes the new secret, and shows it.
pub async fn send(Checked { by: here, form }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    let (found, now) = load(&here).await?;
    let from: SecretId = form.text("from").parse().map_err(|_| Fault::Forged)?;
    let done = match asked(&form, from) {
        Ok(rotation) => here.try_run(move |cx, bu| rotate(cx, bu, id, rotation)).await?,
        Err(errors) => Err(errors.into()),
    };
    let page = Rotate::of(&here, &found, now);
    match done {
        Ok(rotated) => {
            let old = match rotated.previous_until {
                Some(until) => format!(
                    "The old one signs beside it until {}. X-Webhook-Signature is made with the old one until then, \
                     or until you switch.",
                    format::full(until)
                ),
                None => "The old one has stopped signing.".to_owned(),
            };
            let shown = SecretShown {
                shell: here.shell("New signing secret", Place::Webhooks),
                back: page.back,
                name: page.name,
                description: page.description,
                heading: "Copy the new signing secret now".to_owned(),
                lead: format!("This is the only time it is shown unasked. {old}"),
                secrets: vec![OneSecret {
                    id: "secret-1".to_owned(),
                    label: String::new(),
                    secret: rotated.secret,
                }],
            };
            Ok(show(&here, &shown, Flash::SecretShown))
        }
        Err(Error::Invalid(errors)) => {
            Ok(here.answer_with(StatusCode::UNPROCESSABLE_ENTITY, &page.refused(&form, &errors)))
        }
        Err(Error::Conflict { message, .. }) => {
            let title = "The secret was not rotated.".to_owned();
            let notice = Notice { tone: Tone::Bad, title, text: message.into_owned() };
            Ok(here.answer_with(StatusCode::CONFLICT, &Rotate { notice: Some(notice), ..page }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Has the hex signature made with the newest secret.
pub async fn switch(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    here.run(move |cx, bu| switch_hex(cx, bu, id)).await?;
    Ok(here.leave(&home(&here, id), Flash::SecretSwitched))
}

/// Has only the newest secret sign.
pub async fn end(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    here.run(move |cx, bu| end_overlap(cx, bu, id)).await?;
    Ok(here.leave(&home(&here, id), Flash::OverlapEnded))
}

async fn load(here: &Here) -> Result<(Signing, Ts), Fault> {
    let id = here.id::<WebhookKind>("wh")?;
    here.run(move |cx, bu| read(cx, bu, id).map(drop)).await?;
    may_change(here)?;
    here.run(move |cx, bu| Ok((signing(cx, bu, id)?, cx.now))).await
}

fn asked(form: &Fields, from: SecretId) -> Result<Rotation, FieldErrors> {
    let known = OVERLAPS.iter().find(|(value, _)| *value == form.text("overlap"));
    let hours: Option<u64> = known.and_then(|(value, _)| value.parse().ok());
    let Some(hours) = hours else {
        return Err(FieldErrors::one("overlap_seconds", "range", "Choose when the old secret expires."));
    };
    let secret = Some(form.text("secret").to_owned()).filter(|text| !text.is_empty());
    Ok(Rotation { secret, overlap: Duration::from_hours(hours), from: Some(from) })
}

impl Rotate {
    fn of(here: &Here, found: &Signing, now: Ts) -> Self {
        let (bu, row) = (here.bu(), &found.webhook);
        let all = &found.versions;
        let version = |(i, one): (usize, &crate::ops::webhooks::overlap::Version)| Version {
            title: format!(
                "{}, made {}",
                if i == 0 { "The newest" } else { "An old one" },
                format::relative(one.made, now)
            ),
            until: one.until.map(|until| Moment::relative(until, now)),
            hex: one.hex,
        };
        let is_switched = all.first().is_none_or(|newest| newest.hex);
        Self {
            shell: here.shell("Rotate signing secret", Place::Webhooks),
            href: routes::webhook_rotate(bu, row.id),
            back: home(here, row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            from: all.first().map(|newest| newest.id.to_string()).unwrap_or_default(),
            overlaps: Choice::list(OVERLAPS, "24"),
            overlap_errors: Vec::new(),
            secret_errors: Vec::new(),
            versions: if all.len() > 1 { all.iter().enumerate().map(version).collect() } else { Vec::new() },
            switch: (!is_switched).then(|| routes::webhook_switch(bu, row.id)),
            end: routes::webhook_end_overlap(bu, row.id),
            notice: None,
        }
    }

    /// The same with what is wrong: the title says so, and the focus is on the first wrong part.
    fn refused(mut self, form: &Fields, errors: &FieldErrors) -> Self {
        "Error: Rotate signing secret".clone_into(&mut self.shell.title);
        let of = |field: &str| errors.of(field).map(|e| e.message.to_string()).collect::<Vec<_>>();
        self.overlaps = Choice::list(OVERLAPS, form.text("overlap"));
        self.overlap_errors = of("overlap_seconds");
        self.secret_errors = of("secret");
        self
    }
}
