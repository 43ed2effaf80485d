//! Tests of the REST API through its public door: the real program, asked over HTTP, on both databases.

mod bad_input;
mod batch;
mod deliveries;
mod description;
mod document_003;
mod document_words;
mod event_types;
mod events;
mod feed;
mod hooks;
mod limits;
mod matrix;
mod problems;
mod replays;
mod rights;
mod samples;
mod scope;
mod secrets;
mod tenants;
mod test_send;
mod tokens;
mod world;
