//! Reads requests, and says in our own words what is wrong with one.

pub(crate) mod accept;
pub(crate) mod body;
pub(crate) mod decode;
pub(crate) mod fields;
pub(crate) mod param;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod tree;
pub(crate) mod wire_error;
