//! The live tail: the last deliveries of one webhook as they are made and settle.

use actix_web::{HttpRequest, HttpResponse};

use super::recent::{Delivered, version};
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{BuId, WebhookId, WebhookKind};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Cx;
use crate::ops::webhooks::details::recent;
use crate::store::events::deliveries::DeliveryRow;
use crate::web::fault::Fault;
use crate::web::here::Here;
use crate::web::tail::{Line, Live, Look, stream};

/// The stream of one webhook's deliveries.
pub async fn tail(here: Here, request: HttpRequest) -> Result<HttpResponse, Fault> {
    let webhook = here.id::<WebhookKind>("wh")?;
    stream(here, &request, Recent(webhook)).await
}

struct Recent(WebhookId);

impl Live for Recent {
    type Line = DeliveryRow;

    fn begin(&mut self, cx: &Cx, bu: BuId) -> Result<Vec<String>, Error> {
        recent(cx, bu, self.0).map(|_| Vec::new())
    }

    fn look(&self, cx: &Cx, bu: BuId) -> Result<Look<DeliveryRow>, Error> {
        // Only the newest are shown: nobody misses those that later ones have pushed out.
        Ok(Look { lines: recent(cx, bu, self.0)?, since: None })
    }

    fn draw(&self, bu: BuId, row: &DeliveryRow, fresh: bool, now: Ts) -> askama::Result<String> {
        Delivered { fresh, ..Delivered::of(bu, row, now) }.draw()
    }
}

impl Line for DeliveryRow {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> String {
        version(self)
    }

    fn stands_since(&self) -> Option<Ts> {
        self.settled_at.map(|at| at.max(self.created_at))
    }

    fn is_busy(&self) -> bool {
        self.state == DeliveryState::Leased
    }
}
