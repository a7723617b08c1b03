//! The architecture as tables: which crate may use which, and which room of it may import which.
//! Changing a table is changing the architecture: the commit says why.

mod crates;
mod hosting;

/// A room, and those of its crate that it may import. They stand above it, so no circle is possible.
pub type Rooms = &'static [(&'static str, &'static [&'static str])];

/// A crate: its folder, the crates of this workspace that it may use, its rooms.
#[derive(Clone, Copy, Debug)]
pub struct Crate {
    /// Its folder.
    pub folder: &'static str,
    /// The crates of this workspace that it may use.
    pub may_use: &'static [&'static str],
    /// Its rooms.
    pub rooms: Rooms,
}

/// Every crate of the workspace.
#[must_use]
pub fn all() -> Vec<Crate> {
    let own = Crate { folder: "tests/architecture", may_use: &[], rooms: &[("prose", &[]), ("tables", &[])] };
    crates::CRATES.iter().chain(hosting::CRATES).copied().chain([own]).collect()
}
