//! What was observed, and what is known of users and items: read from files, checked, and named.
//!
//! [`ids`] name users and items, [`table`] cuts text into rows, [`columnar`] decodes typed columns, [`interactions`] are
//! what was observed, the [`catalogue`] says what the items are, a [`dataset`] is both.

pub mod catalogue;
pub mod columnar;
pub mod container;
pub mod dataset;
pub mod ids;
pub mod interactions;
pub mod random;
mod source;
pub mod table;
