//! Events in, signed requests out: the whole program through its public door, on both databases.

mod crash;
mod fairness;
mod guard;
mod outcomes;
mod poison;
mod retries;
mod several_nodes;
mod signing;
mod storage;
mod tls;
