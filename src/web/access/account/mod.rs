//! Account settings: password, second factor, sessions, and how this browser shows Bellwire.

mod client;
pub mod codes;
mod desk;
pub mod factor;
pub mod looks;
pub mod password;
mod picture;
pub mod sessions;
pub mod settings;

pub use desk::Desk;
pub use picture::Picture;
