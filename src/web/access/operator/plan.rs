//! API access in the plan of a channel partner: taken out or put back, once what that does was read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::access::partner::PartnerNumber;
use crate::ops::access::{operators, partner_desk, plan};
use crate::web::access::account::Desk;
use crate::web::fault::Fault;
use crate::web::flash::Flash;
use crate::web::form::Checked;
use crate::web::page::Page;
use crate::web::routes::operator;
use crate::web::shell::Solo;

/// The page `/operator/partners/{number}/plan`.
#[derive(Debug, Template)]
#[template(path = "access/operator/plan.html")]
pub struct Plan {
    /// The frame.
    pub shell: Solo,
    /// The partner's name.
    pub name: String,
    /// Its page.
    pub back: String,
    /// Where the form posts to: this page's own address.
    pub href: String,
    /// Whether API access is part of the plan now.
    pub api_access: bool,
}

impl Page for Plan {}

/// Asks.
pub async fn open(desk: Desk) -> Result<HttpResponse, Fault> {
    let number = desk.number("number")?;
    let work = move |cx: &_| {
        operators::may_change(cx)?;
        partner_desk::one(cx, number, 0, 0)
    };
    let partner = desk.run(work).await?.listed.partner;
    let (_, api_access) = partner.unit.ok_or(Fault::Missing)?;
    Ok(desk.answer(StatusCode::OK, &Plan::of(desk.shell("API access"), number, partner.name, api_access)))
}

/// Changes the plan, and goes back to the partner.
pub async fn send(Checked { by: desk, form }: Checked<Desk>) -> Result<HttpResponse, Fault> {
    let (number, on) = (desk.number("number")?, form.text("api_access") == "on");
    desk.run(move |cx| plan::set_api_access(cx, number, on)).await?;
    let flash = if on { Flash::ApiAccessOn } else { Flash::ApiAccessOff };
    Ok(desk.done(&operator::partner(number), flash))
}

impl Plan {
    /// The page for a partner.
    pub fn of(shell: Solo, number: PartnerNumber, name: String, api_access: bool) -> Self {
        let (back, href) = (operator::partner(number), operator::partner_plan(number));
        Self { shell, name, back, href, api_access }
    }
}
