//! What is wrong with an input: the field, a stable code, and a sentence for a person.

use std::borrow::Cow;

/// The code of a field that is nobody's to set. A request at fault for nothing else is malformed, not refused.
pub const READ_ONLY_FIELD: &str = "read_only_field";

/// One thing wrong with one field of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the caller spells it: `url`, `events[2]`, `endpoints[0].headers`.
    pub field: Cow<'static, str>,
    /// A stable code in snake case: `private_address`, `required`.
    pub code: &'static str,
    /// One sentence for a person: what is wrong, and what to do. Never holds a refused secret.
    pub message: Cow<'static, str>,
}

/// Everything that is wrong with an input, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// One error on one field.
    pub fn one(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut errors = Self::default();
        errors.push(field, code, message);
        errors
    }

    /// Notes one more error.
    pub fn push(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.0.push(FieldError { field: field.into(), code, message: message.into() });
    }

    /// The same errors under a longer name: `headers[0].name` becomes `endpoints[1].headers[0].name`.
    #[must_use]
    pub fn under(self, part: &str) -> Self {
        let renamed =
            self.0.into_iter().map(|e| FieldError { field: format!("{part}.{}", e.field).into(), ..e });
        Self(renamed.collect())
    }

    /// Notes the error of a part, if it failed; gives the part if it did not.
    pub fn keep<T>(&mut self, part: Result<T, FieldErrors>) -> Option<T> {
        part.map_err(|errors| self.0.extend(errors.0)).ok()
    }

    /// `value` when nothing was noted.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// All errors, in order.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// The errors of one field, in order.
    pub fn of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a FieldError> {
        self.0.iter().filter(move |e| e.field == field)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
