//! A table of users x items: a name and then values in each row, ids of the other side in the header.
//!
//! ```text
//! userId  10   11   12
//!      1  5.0  3.0            ──>  1 rated 10 with 5, 11 with 3
//!      2  4.0       1.0
//! ```

use super::cells::{self, Cells};
use super::gather::{Gather, Verdict, id_text};
use super::margins::{is_margin, margin};
use super::{Evidence, ReadOptions, Reason, Role, Roles, TableRead, decimals, normalised, suggest};
use crate::ids::IdError;
use crate::table::{Decimal, Decoder, Dialect, Fields, Sketch, Undecided, is_missing, unnamed};

/// Roles by number, as the vocabulary of names gives them.
const USER: usize = 0;
const ITEM: usize = 1;
/// Roles that a name alone may have.
const ROLES: usize = 4;
/// Names of a header that are kept for the report.
const MOST_NAMES: usize = 64;

/// Where ids and values stand in a wide table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    /// Column of the ids of the rows.
    pub(super) id: usize,
    /// Columns of values, and the id that the header gives to each.
    pub(super) cells: Vec<(usize, String)>,
    /// Whether the rows are items and the columns users.
    pub(super) transposed: bool,
    /// Whether a zero is no value: the table has no empty cell, and no negative value.
    pub(super) zero_is_missing: bool,
    pub(super) decimal: Decimal,
    /// Most fields a row may have.
    most_fields: usize,
    /// Whether a row may be called as a row of totals is.
    margins: bool,
    numbers: Vec<Option<u32>>,
}

impl Wide {
    /// Reads the table as one of users x items; `None` where it is none. The options may tell.
    ///
    /// # Errors
    /// When it may be one as well as rows of interactions.
    pub(super) fn find(
        dialect: &Dialect,
        options: &ReadOptions,
        role: &dyn Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<Self>, Undecided> {
        let told = options.wide.or(dialect.table.then_some(true));
        if told == Some(false) {
            return Ok(None);
        }
        let generated: Vec<String> = (0..dialect.width).map(|at| at.to_string()).collect();
        let names = dialect.header.as_ref().or(told.map(|_| &generated)).filter(|names| !names.is_empty());
        let Some(names) = names else { return Ok(None) };
        let usual = |name: &String| role(name.as_bytes()).filter(|&role| role < ROLES);
        let roles: Vec<Option<usize>> = names.iter().map(usual).collect();
        let is_index = |at: usize| dialect.index == Some(at) && unnamed(&names[at]);
        let named = roles.iter().position(|role| matches!(role, Some(USER | ITEM)));
        let named = if dialect.table { Some(0) } else { named };
        let id = named.or_else(|| (0..names.len()).find(|&at| !is_index(at))).unwrap_or(0);
        // A lone column without a name that numbers the rows is the ids themselves.
        let id =
            if named.is_none() && dialect.index == Some(0) && dialect.columns.get(1).is_some_and(cells::holds_values) {
                0
            } else {
                id
            };
        let cells: Vec<usize> = (0..names.len()).filter(|&at| at != id && !is_index(at)).collect();
        let others = cells.iter().any(|&at| roles[at].is_some());
        if told != Some(true) {
            match likely(dialect, names, id, &cells, others, named.is_some()) {
                Likely::No => {
                    let columns: Vec<&Sketch> = cells.iter().filter_map(|&at| dialect.columns.get(at)).collect();
                    let filler = if others { None } else { cells::filler(&columns) };
                    return filler.map_or(Ok(None), |filler| Err(filled(&filler)));
                }
                Likely::Yes => {}
                Likely::Maybe => return Err(undecided(names, id)),
            }
        }
        if let Some(&at) = cells.iter().find(|&&at| options.wide != Some(true) && is_margin(&names[at])) {
            return Err(margin(&names[at]));
        }
        let columns: Vec<&Sketch> = cells.iter().filter_map(|&at| dialect.columns.get(at)).collect();
        let decimal = match options.decimal {
            Some(decimal) => decimals::told(decimal),
            None => decimals::found(&columns, &[], dialect.format.separator)?,
        };
        let empty = columns.iter().any(|column| column.missing > 0);
        let negative = columns.iter().any(|column| column.range.is_some_and(|(low, _)| low < 0.0));
        Ok(Some(Self {
            id,
            transposed: roles[id] == Some(ITEM),
            zero_is_missing: !empty && !negative && options.missing.is_empty(),
            decimal,
            most_fields: dialect.width,
            margins: options.wide == Some(true),
            numbers: vec![None; cells.len()],
            cells: cells.into_iter().map(|at| (at, names[at].trim().to_owned())).collect(),
        }))
    }

    /// The columns that a report names: that of the ids, and the first of the values.
    pub(super) fn roles(&self, header: Option<Vec<String>>) -> Roles {
        let role = |at| Role { at, evidence: Evidence::Position };
        let value = role(self.cells.first().map_or(1, |cell| cell.0));
        let header = header.map(|names| names.into_iter().take(MOST_NAMES).collect());
        let (user, item) = if self.transposed { (value, role(self.id)) } else { (role(self.id), value) };
        Roles { user, item, value: Some(value), time: None, header }
    }

    /// What was recognised, as a sentence.
    pub(super) fn evidence(&self) -> String {
        let (rows, columns) = if self.transposed { ("items", "users") } else { ("users", "items") };
        let zeros = if self.zero_is_missing { "a zero is no value" } else { "an empty cell is no value" };
        format!("a table of values: rows are {rows}, {} columns are {columns}, {zeros}", self.cells.len())
    }

    /// What a report says of the table.
    pub(super) fn told(&self) -> TableRead {
        let places = || self.cells.iter().map(|cell| cell.0 + 1);
        TableRead {
            rows_are_items: self.transposed,
            columns: self.cells.len(),
            first: places().min().unwrap_or(0),
            last: places().max().unwrap_or(0),
            zero_is_missing: self.zero_is_missing,
        }
    }

    /// Zeros were taken for gaps, and then came a gap.
    pub(super) fn zeros_or_gaps(&self, line: u64) -> Undecided {
        Undecided {
            what: "table",
            one: "its zeros are values".to_owned(),
            other: format!("its zeros say that there is no value, as the empty cell in line {line} does"),
            flags: "filling or emptying those cells".to_owned(),
        }
    }

    /// The name of a row that may sum up the others, where that was not told.
    pub(super) fn total(&self, fields: &Fields) -> Option<Undecided> {
        let id = fields.get(self.id).filter(|_| !self.margins)?;
        let name = std::str::from_utf8(id).ok().filter(|name| is_margin(name))?;
        Some(margin(name))
    }

    /// Takes the values of one row, and says of each what it was. Returns whether the row has an empty cell.
    ///
    /// # Errors
    /// When the ids outgrow their table.
    pub(super) fn take(
        &mut self,
        fields: &Fields,
        gather: &mut Gather,
        decoder: &mut Decoder,
        verdicts: &mut Vec<Verdict>,
    ) -> Result<bool, IdError> {
        let mut empty = false;
        if fields.len() > self.most_fields {
            verdicts.push(Err(Reason::TooManyFields));
            return Ok(false);
        }
        let id = match fields.get(self.id).map(|id| id_text(id, decoder)) {
            Some(Ok(id)) => id,
            Some(Err(reason)) => {
                verdicts.push(Err(reason));
                return Ok(false);
            }
            None => {
                verdicts.push(Err(Reason::TooFewFields));
                return Ok(false);
            }
        };
        for (place, (at, name)) in self.cells.iter().enumerate() {
            let cell = fields.get(*at).unwrap_or_default();
            if is_missing(cell) {
                empty = true;
                continue;
            }
            let value = match gather.value(cell) {
                Ok(value) if value == 0.0 && self.zero_is_missing => continue,
                Ok(value) => value,
                Err(reason) => {
                    verdicts.push(Err(reason));
                    continue;
                }
            };
            let (users, items) = (&mut gather.users, &mut gather.items);
            let (rows, columns) = if self.transposed { (items, users) } else { (users, items) };
            let row = rows.number(&id)?;
            let column = match self.numbers[place] {
                Some(number) => number,
                None => *self.numbers[place].insert(columns.number(name)?),
            };
            let (user, item) = if self.transposed { (column, row) } else { (row, column) };
            gather.push_run(user, 1);
            gather.gathered.items.push(item);
            gather.gathered.values.push(value);
            verdicts.push(Ok(()));
        }
        Ok(empty)
    }
}

enum Likely {
    Yes,
    No,
    Maybe,
}

/// How far the columns of a table reach.
struct Reach {
    /// Whether all reach about as far.
    close: bool,
    /// Whether most are of one scale.
    scale: bool,
}

impl Reach {
    /// Columns of one scale reach about as far as each other; an age and a number of visits do not. `None` where there is
    /// no number, or one that is too large for a value.
    fn of(columns: &[&Sketch]) -> Option<Self> {
        let reach = columns.iter().filter_map(|column| column.range).map(|(low, high)| high.abs().max(low.abs()));
        let reach: Vec<f64> = reach.collect();
        let largest = reach.iter().copied().reduce(f64::max)?;
        let highest = columns.iter().filter_map(|column| column.range).map(|(_, high)| high).reduce(f64::max)?;
        let reaching = reach.iter().filter(|&&reach| reach > 0.0).count();
        let near = reach.iter().filter(|&&reach| reach > 0.0 && reach * 8.0 >= largest).count();
        let close = reach.iter().all(|reach| reach * 1.6 >= largest);
        (highest < 1e8).then_some(Self { close, scale: near * 10 >= reaching * 8 })
    }
}

/// Whether a table with these names is one of users x items.
fn likely(dialect: &Dialect, names: &[String], id: usize, cells: &[usize], others: bool, named: bool) -> Likely {
    let columns: Vec<&Sketch> = cells.iter().filter_map(|&at| dialect.columns.get(at)).collect();
    let values = |column: &&Sketch| column.numbers() + column.missing >= column.cells && column.padded == 0;
    let unique = dialect.columns.get(id).is_some_and(|column| column.is_unique() && column.missing == 0);
    let mut ids: Vec<&str> = cells.iter().map(|&at| names[at].trim()).collect();
    ids.sort_unstable();
    let distinct = ids.windows(2).all(|pair| pair[0] != pair[1]) && ids.first().is_none_or(|id| !id.is_empty());
    if others || cells.len() < 2 || columns.len() < cells.len() || !columns.iter().all(values) || !unique || !distinct {
        return Likely::No;
    }
    let Some(Reach { close, scale }) = Reach::of(&columns) else { return Likely::No };
    let pattern = patterned(names, cells);
    let nameless = unnamed(&names[id]);
    // Names that a program gave to all columns, that of the ids among them: V1, V2, V3.
    if !nameless && patterned(names, &[&[id], cells].concat()) && patterned(names, &[id]) {
        return Likely::No;
    }
    let speaks = suggest::say_rows(cells.iter().map(|&at| names[at].as_str()));
    let found = Cells::of(dialect, &columns, nameless);
    if found.no_rows && !named && (pattern || found.sparse) && cells.len() >= 3 {
        return Likely::Yes;
    }
    if found.no_rows && nameless && cells.len() == 2 {
        return Likely::Maybe;
    }
    // An index that does not rise, before columns that only have numbers for names; or ids, before 0, 1 and 2.
    if nameless && dialect.index.is_none() && counts(names, cells) && cells.len() <= 6 {
        return Likely::Maybe;
    }
    if dialect.index == Some(0) && id == 0 && counts(names, cells) && cells.len() <= 6 {
        let kind = columns[0].kind();
        // Ids that begin at 1 are commoner than those that begin at 0.
        let ids = scale && names[cells[0]].trim() == "1";
        let alike = ids || close && columns.iter().all(|column| column.kind() == kind);
        let doubt = alike || found.gaps_everywhere || columns.iter().any(|column| column.missing > 0);
        return if doubt { Likely::Maybe } else { Likely::No };
    }
    if pattern && (named || scale) {
        return if cells.len() > 2 || named { Likely::Yes } else { Likely::Maybe };
    }
    let numbered = cells.iter().all(|&at| names[at].trim().bytes().all(|byte| byte.is_ascii_digit()));
    if pattern && numbered && cells.len() >= 3 && (found.gappy || !counts(names, cells)) {
        return Likely::Yes;
    }
    if scale && cells.len() >= 3 && found.gaps * 20 >= found.all || found.sparse && cells.len() >= 4 {
        return if speaks && !named { Likely::Maybe } else { Likely::Yes };
    }
    let rows_of_scale = scale && (named || dialect.rows >= 2 && cells.len() >= 3);
    let numbers = cells.len() >= 3 && !speaks && (nameless || dialect.rows >= 5 && cells.len() >= 5);
    let table = pattern || found.gappy && !speaks || found.gaps * 3 >= found.all || numbers && !named;
    if rows_of_scale || table && cells.len() >= 3 { Likely::Maybe } else { Likely::No }
}

/// Whether names are numbers, or differ in a number only.
fn patterned(names: &[String], cells: &[usize]) -> bool {
    let shape = |name: &str| -> Option<String> {
        let mut shape = String::new();
        let mut digits = false;
        for c in normalised(name.as_bytes()).chars() {
            if !c.is_ascii_digit() {
                shape.push(c);
            } else if !digits {
                shape.push('0');
            }
            digits |= c.is_ascii_digit();
        }
        digits.then_some(shape)
    };
    let mut shapes: Vec<Option<String>> = cells.iter().map(|&at| shape(names[at].trim())).collect();
    shapes.sort();
    shapes.chunk_by(|a, b| a == b).any(|run| run[0].is_some() && run.len() * 10 >= shapes.len() * 8)
}

/// Whether the names of the cells are 0, 1, 2 and so on, or 1, 2, 3.
fn counts(names: &[String], cells: &[usize]) -> bool {
    let from = |least: usize| (least..).zip(cells).all(|(at, &cell)| names[cell].trim() == at.to_string());
    from(0) || from(1)
}

/// A table that says in its own way that there is no value.
fn filled(filler: &str) -> Undecided {
    Undecided {
        what: "table",
        one: format!("it is a table of values in which `{filler}` says that there is none"),
        other: "each row is one interaction".to_owned(),
        flags: "writing nothing or NA instead, or --columns such as --columns user,item,value".to_owned(),
    }
}

fn undecided(names: &[String], id: usize) -> Undecided {
    Undecided {
        what: "table",
        one: format!("it is a table of values, whose rows are named by `{}`", names[id]),
        other: "each row is one interaction".to_owned(),
        flags: "--wide yes, or --columns such as --columns user,item,value".to_owned(),
    }
}
