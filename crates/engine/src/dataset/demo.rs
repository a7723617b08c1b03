//! A generated data set.
