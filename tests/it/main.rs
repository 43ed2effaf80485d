//! One binary of integration tests: real databases, real HTTP, the real program, a real browser.

#[cfg(test)]
mod api;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod house;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
#[cfg(test)]
mod web;
