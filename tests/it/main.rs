//! One binary of integration tests: real databases, real HTTP, the real program, a real browser.

#[cfg(test)]
mod api;
#[cfg(test)]
mod house;
#[cfg(test)]
mod support;
#[cfg(test)]
mod web;
