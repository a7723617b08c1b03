//! The numbers of users and items: looked up for a batch at once, and remembered.

use std::collections::HashMap;

use postgres::{Client, Statement};

use crate::error::StoreError;
use crate::kept::Named;

/// Ids whose numbers are remembered; beyond them all are forgotten.
const REMEMBERED: usize = 1 << 20;

/// The numbers of a table, as far as they are remembered.
pub(super) struct Numbers {
    table: &'static str,
    find: Statement,
    highest: i64,
    known: HashMap<String, i64>,
}

/// Rows that are to be added, by column.
#[derive(Default)]
pub(super) struct Added<'a> {
    pub(super) numbers: Vec<i64>,
    pub(super) ids: Vec<&'a [u8]>,
    pub(super) sums: Vec<i32>,
}

impl Numbers {
    pub(super) fn of(client: &mut Client, table: &'static str) -> Result<Self, StoreError> {
        let find = format!("SELECT number, id, listed, properties, checksum FROM foretaste.{table} WHERE id = ANY($1)");
        Ok(Self { table, find: client.prepare(&find)?, highest: 0, known: HashMap::new() })
    }

    /// Reads the highest number, and forgets all.
    pub(super) fn count(&mut self, client: &mut Client) -> Result<(), StoreError> {
        self.forget();
        let find = format!("SELECT coalesce(max(number), 0) FROM foretaste.{}", self.table);
        self.highest = client.query_one(&find, &[])?.try_get(0)?;
        Ok(())
    }

    /// The number of each id, in their order; those that are new are to be added with the events.
    pub(super) fn look_up<'a>(
        &mut self,
        client: &mut Client,
        ids: &[&'a str],
    ) -> Result<(Vec<i64>, Added<'a>), StoreError> {
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let mut unknown: Vec<&'a str> = ids.iter().filter(|&&id| !self.known.contains_key(id)).copied().collect();
        if !unknown.is_empty() {
            unknown.sort_unstable();
            unknown.dedup();
            let asked: Vec<&[u8]> = unknown.iter().map(|id| id.as_bytes()).collect();
            for row in client.query(&self.find, &[&asked])? {
                let Named { number, id, .. } = super::read::named(&row)?;
                self.known.insert(id, number);
            }
        }
        let mut added = Added::default();
        let mut highest = self.highest;
        // In the order of the events, as in every store.
        let mut number_of = |&id: &&'a str| {
            if let Some(&number) = self.known.get(id) {
                return number;
            }
            highest += 1;
            let row = Named { number: highest, id: id.to_owned(), is_listed: false, properties: None };
            added.numbers.push(highest);
            added.ids.push(id.as_bytes());
            added.sums.push(row.checksum().cast_signed());
            self.known.insert(row.id, highest);
            highest
        };
        let numbers = ids.iter().map(&mut number_of).collect();
        Ok((numbers, added))
    }

    /// Says that what was to be added is there.
    pub(super) fn keep(&mut self, added: &Added<'_>) {
        self.highest = added.numbers.last().copied().unwrap_or(self.highest);
    }

    /// Says that it is not.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}
