//! Removing an event type of one's own: the dialog that asks first.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::ops::{Error, Refusal};
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::parts::{Notice, Tone};
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/catalogue/{type}/delete`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/catalogue/delete.html", blocks = ["modal"])]
pub struct TypeDelete {
    /// The frame.
    pub shell: Shell,
    /// Where Delete posts to: this page's own address.
    pub href: String,
    /// The type's page.
    pub back: String,
    /// The type's name.
    pub name: String,
    /// Why it was refused.
    pub notice: Option<Notice>,
}

impl Page for TypeDelete {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}

/// Says what follows.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let one = own(&here).await?;
    Ok(here.answer(&TypeDelete::of(&here, &one.name, None)))
}

/// Removes it, and goes back to the catalogue.
pub async fn send(Checked { by: here, .. }: Checked<Here>) -> Result<HttpResponse, Fault> {
    let name = own(&here).await?.name;
    let wanted = name.clone();
    match here.try_run(move |cx, bu| catalogue::remove(cx, bu, &wanted)).await? {
        Ok(()) => Ok(here.done(&routes::catalogue(here.bu()), Flash::TypeRemoved)),
        Err(Error::Conflict { message, .. }) => {
            let title = "The event type was not deleted.".to_owned();
            let notice = Notice { tone: Tone::Bad, title, text: message.into_owned() };
            Ok(here.answer_with(StatusCode::CONFLICT, &TypeDelete::of(&here, &name, Some(notice))))
        }
        Err(error) => Err(error.into()),
    }
}

/// The type of this name that the unit added itself, for who may change it; others are as good as not there.
pub(super) async fn own(here: &Here) -> Result<TypeView, Fault> {
    let name = here.in_path("type").to_owned();
    let one = here.run(move |cx, bu| catalogue::get(cx, bu, &name)).await?;
    if !here.may(Permission::EventTypesWrite) {
        return Err(Error::Forbidden(Refusal::Role(Permission::EventTypesWrite)).into());
    }
    if one.own { Ok(one) } else { Err(Fault::Missing) }
}

impl TypeDelete {
    fn of(here: &Here, name: &str, notice: Option<Notice>) -> Self {
        Self {
            shell: here.shell("Delete event type", Place::Matrix),
            href: routes::event_type_delete(here.bu(), name),
            back: routes::event_type(here.bu(), name),
            name: name.to_owned(),
            notice,
        }
    }
}
