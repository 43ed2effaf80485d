//! Sessions and one-time links: their words, and how long they live.

use std::time::Duration;

use crate::domain::words::words;

/// How long a session lives without a request.
pub const IDLE: Duration = Duration::from_hours(4);
/// How long a session lives at most.
pub const ABSOLUTE: Duration = Duration::from_hours(24);
/// How many sessions a login has at most; the oldest one ends when another begins.
pub const MOST_SESSIONS: usize = 10;
/// How long a person has for the second factor once the password was right.
pub const CHALLENGE_LIFE: Duration = Duration::from_mins(10);
/// How long a link opens by which an admin invites somebody, who may not read mail today.
pub const INVITATION_LIFE: Duration = Duration::from_hours(72);
/// How long any other one-time link opens.
pub const LINK_LIFE: Duration = Duration::from_mins(30);

words! {
    /// How far a person has proved who they are.
    SessionLevel {
        /// The password was right; the second factor is still asked for.
        Password = "password",
        /// Everything that is asked for was right.
        Full = "full",
    }
}

words! {
    /// What a one-time link is for.
    LinkPurpose {
        /// Makes the first partner and its owner.
        Setup = "setup",
        /// Lets a new login choose a password.
        Invitation = "invitation",
        /// Lets a login choose another password.
        Password = "password",
    }
}
