//! A data set in a few numbers.
use serde::Serialize;
/// x
#[derive(Clone, Debug, Serialize)]
pub struct Summary {}
/// x
#[derive(Clone, Debug, Serialize)]
pub struct Bin {}
/// x
#[derive(Clone, Debug, Serialize)]
pub struct Quantiles {}
/// x
#[derive(Clone, Debug, Serialize)]
pub struct TopItem {}
