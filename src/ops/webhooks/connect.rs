//! The Connect address of a login: what a tool that collects notifications needs to know. It grants nothing.

use serde_json::{Value, json};

use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::id::BuId;
use crate::domain::webhooks::catalogue as types;
use crate::ops::authorize::authorize;
use crate::ops::cx::Cx;
use crate::ops::webhooks::catalogue::{self, TypeView};
use crate::ops::{Error, Refusal};
use crate::store::access::{memberships, users};

/// The id and the moment that samples show.
const SAMPLE_ID: &str = "evt_00000000000000000000000000";
const SAMPLE_MOMENT: &str = "2026-01-31T09:15:30Z";

/// What the Connect address of one login tells.
#[derive(Debug, Clone)]
pub struct Connect {
    /// The business unit.
    pub bu: BuId,
    /// Its name.
    pub unit: String,
    /// The number of the login whose address it is.
    pub login: i64,
    /// The login's name.
    pub name: String,
    /// Where the REST API begins, without a slash at the end.
    pub base_url: String,
    /// The event types that can be subscribed to, in the order of the catalogue.
    pub types: Vec<TypeView>,
    /// Whether the login's role may subscribe and unsubscribe.
    pub may_subscribe: bool,
    /// Whether it may pull.
    pub may_pull: bool,
}

/// What the Connect address of the login `number` in `bu` tells. `NotFound` unless both the caller and that login
/// may act in the unit; `NoApiAccess` when the API is not part of its plan.
pub fn show(cx: &Cx, bu: BuId, number: i64) -> Result<Connect, Error> {
    let types = offered(catalogue::list(cx, bu)?);
    cx.read(|conn| {
        let access = authorize(cx, conn, bu, Permission::EventTypesRead)?;
        let (user, name) = users::by_number(conn, number)?.ok_or(Error::NotFound)?;
        let standing = memberships::standing(conn, user, bu)?.ok_or(Error::NotFound)?;
        if !access.api_access {
            return Err(Error::Forbidden(Refusal::NoApiAccess));
        }
        let held = Scopes::of_role(standing.role);
        Ok(Connect {
            bu,
            unit: access.unit_name,
            login: number,
            name,
            base_url: cx.tools.absolute("/api/v1"),
            types,
            may_subscribe: held.contains(Permission::WebhooksWrite),
            may_pull: held.contains(Permission::EventsRead),
        })
    })
}

/// Those that a new webhook of the API may have.
fn offered(all: Vec<TypeView>) -> Vec<TypeView> {
    let wanted = |found: &TypeView| {
        let subscribable = types::find(&found.name).is_none_or(|built_in| built_in.subscribable);
        subscribable && !found.partner_only && !found.deprecated
    };
    all.into_iter().filter(wanted).collect()
}

impl Connect {
    /// The resources with their types, in the order of the catalogue.
    pub fn resources(&self) -> Vec<(&str, Vec<&TypeView>)> {
        let mut resources: Vec<(&str, Vec<&TypeView>)> = Vec::new();
        for found in &self.types {
            match resources.iter_mut().find(|(name, _)| *name == found.resource) {
                Some((_, types)) => types.push(found),
                None => resources.push((&found.resource, vec![found])),
            }
        }
        resources
    }
}

/// An event of this type as a webhook receives it and a reader of the feed pulls it.
pub fn sample(of: &TypeView) -> Value {
    let data = of.sample.clone().unwrap_or_else(|| json!({}));
    json!({"id": SAMPLE_ID, "type": of.name, "created": SAMPLE_MOMENT, "data": data})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::partner::PartnerKind;
    use crate::domain::access::user::Role;
    use crate::ops::access::partners::{self, Grant};
    use crate::ops::testing::{World, is_not_found};
    use crate::store::access::units;

    fn number(cx: &Cx) -> i64 {
        let crate::ops::cx::Actor::Login(login) = &cx.actor else { panic!("a login") };
        login.number
    }

    #[test]
    fn it_tells_what_the_login_may_and_only_those_who_may_act_in_the_unit() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours"), world.channel("Theirs"));
        let bu = ours.bu.unwrap();
        let developer = world.login(ours.partner, Role::Developer);
        let viewer = world.login(ours.partner, Role::Viewer);
        let stranger = world.login(theirs.partner, Role::Owner);
        let shown = show(&viewer, bu, number(&developer)).unwrap();
        assert_eq!((shown.may_subscribe, shown.may_pull), (true, true));
        assert_eq!(shown.base_url, "https://bellwire.example/api/v1");
        let own = show(&viewer, bu, number(&viewer)).unwrap();
        assert_eq!((own.may_subscribe, own.may_pull), (false, true));
        let names: Vec<&str> = shown.types.iter().map(|t| t.name.as_str()).collect();
        assert!(names.contains(&"order.completed"));
        assert!(!names.contains(&"webhook.test") && !names.contains(&"token.created"));
        let (first, types) = &shown.resources()[0];
        assert!(types.len() > 1 && types.iter().all(|t| t.resource == *first));

        assert!(is_not_found(&show(&stranger, bu, number(&developer))));
        assert!(is_not_found(&show(&developer, bu, number(&stranger))));
        assert!(is_not_found(&show(&developer, bu, 9_999)));
        let global = world.partner("Global", PartnerKind::Global).partner;
        let far = world.login(global, Role::Admin);
        assert!(is_not_found(&show(&developer, bu, number(&far))));
        partners::grant(&world.operator(), global, Grant::Unit(bu)).unwrap();
        assert!(show(&far, bu, number(&far)).unwrap().may_subscribe);
        developer.write(|conn| Ok(units::set_api_access(conn, bu, false)?)).unwrap();
        assert!(matches!(show(&viewer, bu, number(&viewer)), Err(Error::Forbidden(Refusal::NoApiAccess))));
    }
}
