//! The tables of bad input and of foreign things, each row of them asked of every route and field it is about.

mod accepted;
mod access;
mod addresses;
mod bodies;
mod edge;
mod fields;
mod ids;
mod ingest;
mod ledger;
mod routes;
mod scene;
mod values;
