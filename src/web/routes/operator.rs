//! The addresses of the operator's pages: for everybody else there is nothing at them.

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::UserId;

/// The partners of the installation.
pub const PARTNERS: &str = "/operator/partners";
/// The form that makes a partner; POST makes it.
pub const PARTNER_NEW: &str = "/operator/partners/new";

/// One partner.
pub fn partner(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}")
}

/// POST gives a partner another name.
pub fn partner_name(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}/name")
}

/// The page that asks before the plan of a partner's unit changes; POST changes it.
pub fn partner_plan(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}/plan")
}

/// POST grants units to a global partner.
pub fn partner_grants(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}/grants")
}

/// POST grants a global partner every unit, or withdraws that.
pub fn partner_grants_all(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}/grants/all")
}

/// POST withdraws the unit of the partner `of`.
pub fn partner_grant_withdraw(number: PartnerNumber, of: PartnerNumber) -> String {
    format!("/operator/partners/{number}/grants/{of}/withdraw")
}

/// POST invites an owner.
pub fn partner_owners(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}/owners")
}

/// POST makes a new invitation link for an owner.
pub fn partner_owner_link(number: PartnerNumber, owner: UserId) -> String {
    format!("/operator/partners/{number}/owners/{owner}/link")
}

/// POST has every login of a partner need a second factor, or leaves it to each.
pub fn partner_factor(number: PartnerNumber) -> String {
    format!("/operator/partners/{number}/second-factor")
}
