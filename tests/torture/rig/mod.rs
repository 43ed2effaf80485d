//! What all cases stand on: the program, its databases, load, receivers, chance and the checks.

pub mod chance;
pub mod check;
pub mod client;
pub mod cluster;
pub mod database;
pub mod disk;
pub mod load;
pub mod patience;
pub mod receiver;
pub mod server;
pub mod site;
pub mod trace;
pub mod trial;
