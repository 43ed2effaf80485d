//! How ids, moments and words stand in columns: as text and as 64-bit numbers on both databases.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domain::access::partner::PartnerKind;
use crate::domain::access::permission::Scopes;
use crate::domain::access::session::{LinkPurpose, SessionLevel};
use crate::domain::access::user::Role;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::events::replay::{ReplayState, StopReason};
use crate::domain::id::{Id, Kind};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, Origin, Reach, WebhookStatus};

/// What `#[derive(AsExpression, FromSqlRow)]` would write, for types that must not know Diesel.
macro_rules! column {
    ([$($generics:tt)*] $name:ty, $sql:ty) => {
        impl<$($generics)*> AsExpression<$sql> for $name {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<$($generics)*> AsExpression<Nullable<$sql>> for $name {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'expr, $($generics)*> AsExpression<$sql> for &'expr $name {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'expr, $($generics)*> AsExpression<Nullable<$sql>> for &'expr $name {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<DB, $($generics)*> ToSql<Nullable<$sql>, DB> for $name
        where
            DB: Backend,
            Self: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
        impl<DB, ST, $($generics)*> Queryable<ST, DB> for $name
        where
            DB: Backend,
            ST: diesel::sql_types::SingleValue,
            Self: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

/// A type whose column holds its text.
macro_rules! text_column {
    ([$($generics:tt)*] $name:ty) => {
        column!([$($generics)*] $name, Text);
        impl<DB, $($generics)*> ToSql<Text, DB> for $name
        where
            DB: Backend,
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.as_str().to_sql(out)
            }
        }
        impl<DB, $($generics)*> FromSql<Text, DB> for $name
        where
            DB: Backend,
            String: FromSql<Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                String::from_sql(value)?.parse().map_err(Into::into)
            }
        }
    };
}

text_column!([K: Kind] Id<K>);
text_column!([] PartnerKind);
text_column!([] Role);
text_column!([] SessionLevel);
text_column!([] LinkPurpose);
text_column!([] Cause);
text_column!([] DeliveryKind);
text_column!([] DeliveryState);
text_column!([] ReplayState);
text_column!([] StopReason);
text_column!([] InactiveReason);
text_column!([] Origin);
text_column!([] Reach);
text_column!([] WebhookStatus);

column!([] Ts, BigInt);
impl<DB> ToSql<BigInt, DB> for Ts
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}
impl<DB> FromSql<BigInt, DB> for Ts
where
    DB: Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(value).map(Ts)
    }
}

/// Scopes are read as a set and stored through [`Scopes::to_text`].
impl<DB> FromSql<Text, DB> for Scopes
where
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Self::parse(&String::from_sql(value)?).map_err(|_| "unknown scopes are stored".into())
    }
}
impl<DB, ST> Queryable<ST, DB> for Scopes
where
    DB: Backend,
    ST: diesel::sql_types::SingleValue,
    Self: FromSql<ST, DB>,
{
    type Row = Self;
    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}
