//! Tests of the REST API through its public door: the real program, asked over HTTP, on both databases.

mod bad_input;
mod document_003;
mod events;
mod problems;
mod tenants;
mod world;
