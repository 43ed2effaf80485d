//! What an operation answers when it does not do what was asked.

use std::borrow::Cow;

use crate::domain::access::permission::Permission;
use crate::domain::problem::FieldErrors;
use crate::store::pool::OpenError;
use crate::store::storage::{Tells, Trouble};

/// By what their databases tell that they cannot serve right now.
const UNAVAILABLE: [&str; 2] = ["database is locked", "canceling statement due to"];

/// Why an operation changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input breaks rules; all of them are told.
    #[error("the input is not valid")]
    Invalid(FieldErrors),
    /// Not there, or not the caller's: the two cannot be told apart.
    #[error("not found")]
    NotFound,
    /// The caller may not do this to what it may see.
    #[error("forbidden: {0}")]
    Forbidden(Refusal),
    /// It contradicts what is stored.
    #[error("conflict: {code}")]
    Conflict {
        /// A stable code in snake case.
        code: &'static str,
        /// One sentence for a person.
        message: Cow<'static, str>,
    },
    /// The database cannot serve right now. Nothing was stored, unless the answer to a commit was lost.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The storage under the database takes no writes. Nothing was stored.
    #[error("no storage: {1}")]
    Storage(Trouble, String),
    /// A fault of ours. The text is for the operator's log only.
    #[error("internal: {0}")]
    Internal(String),
}

/// Why a caller may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token lacks a scope.
    #[error("the scope {0} is missing")]
    Scope(Permission),
    /// The login's role does not allow it.
    #[error("the role does not allow {0}")]
    Role(Permission),
    /// The business unit's plan has no API access.
    #[error("API access is not part of the plan")]
    NoApiAccess,
    /// The token was deleted or has expired since the request began.
    #[error("the token does not work any more")]
    TokenEnded,
    /// The person proved who they are too long ago.
    #[error("the sign-in is too old")]
    OldSignIn,
    /// The webhook hears several business units, and is managed by the logins of that partner.
    #[error("another partner manages it")]
    OtherPartner,
    /// The owners of the partner operate the installation, and nobody else decides on them.
    #[error("its owners operate the installation")]
    Operators,
    /// Only the operator or a signed-in person may do this.
    #[error("not for this kind of caller")]
    Caller,
}

impl Error {
    /// One error on one field.
    pub fn field(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid(FieldErrors::one(field, code, message))
    }

    /// A conflict with a code and a sentence.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, message: message.into() }
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::ClosedConnection;
        use diesel::result::Error::{BrokenTransactionManager, DatabaseError, RollbackErrorOnCommit};
        if let Some(trouble) = error.trouble() {
            return Self::Storage(trouble, error.to_string());
        }
        match error {
            // Nobody knows whether a commit whose answer was lost counts.
            DatabaseError(ClosedConnection, _) | BrokenTransactionManager | RollbackErrorOnCommit { .. } => {
                Self::Unavailable(error.to_string())
            }
            // SQLite tells a busy file, PostgreSQL a limit of time, by their texts alone.
            DatabaseError(_, ref info) if UNAVAILABLE.iter().any(|text| info.message().contains(text)) => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error.trouble() {
            Some(trouble) => Self::Storage(trouble, error.to_string()),
            None => Self::Unavailable(error.to_string()),
        }
    }
}

impl Tells for Error {
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Storage(trouble, _) => Some(*trouble),
            _ => None,
        }
    }
}
