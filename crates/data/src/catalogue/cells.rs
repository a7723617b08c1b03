//! The rows of a file as they stand, and their columns made into properties once all of them are there.

use super::infer::{Inferred, infer};
use super::layout::{Layout, Planned, Role};
use super::parse::{Split, Syntax, parse, year_of_date, year_of_title};
use super::properties::{Origin, Properties, PropertyError};
use super::report::SkippedColumn;
use super::value::{PropertyType, Value};
use crate::ids::StringTable;

/// The cells of the accepted rows, by column of the [`Layout`].
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) columns: Vec<StringTable>,
    /// Genres by flags, with `|` between them.
    pub(super) flags: StringTable,
    /// Number of accepted rows.
    pub(super) rows: usize,
}

/// How a column is read: the type that was stated, or the one that was inferred.
struct Typed<'a> {
    planned: &'a Planned,
    cells: &'a StringTable,
    inferred: Inferred,
}

impl Cells {
    /// Makes properties of all columns. `order` names the accepted row of each row of the catalogue, if it has one.
    ///
    /// # Errors
    /// When a property outgrows a limit that no single cell breaks, such as the number of distinct strings.
    pub(super) fn properties(
        &self,
        layout: &Layout,
        order: &[Option<usize>],
        ignored: &mut Vec<SkippedColumn>,
    ) -> Result<Properties, PropertyError> {
        let mut typed = Vec::new();
        for (planned, cells) in layout.columns.iter().zip(&self.columns) {
            let inferred = match (planned.role, planned.stated) {
                (_, Some((syntax, why))) => Some(Inferred { syntax: settled(syntax, cells), evidence: why.to_owned() }),
                (Role::Title, None) => text(cells, "the title"),
                (role, None) => infer(&planned.name, cells, role == Role::Genres),
            };
            match inferred {
                Some(inferred) => typed.push(Typed { planned, cells, inferred }),
                None => ignored.push(planned.skipped("no row has a value")),
            }
        }
        let mut out = Output { properties: Properties::none(order.len()), order };
        let role = |role| typed.iter().find(|typed| typed.planned.role == role);
        let title = role(Role::Title).or_else(|| likely_title(layout, &typed));
        if let Some(title) = title {
            out.title(title)?;
        }
        match role(Role::Genres) {
            Some(genres) => out.column(genres)?,
            None if layout.flags.is_some() => out.flags(&self.flags)?,
            None => {}
        }
        out.year(title, role(Role::Year), role(Role::Date))?;
        if let Some(year) = role(Role::Year).filter(|_| out.properties.get("year").is_none()) {
            ignored.push(year.planned.skipped("every year is 0"));
        }
        let rest = typed.iter().filter(|typed| !matches!(typed.planned.role, Role::Title | Role::Genres | Role::Year));
        for typed in rest {
            if out.properties.get(&typed.planned.name).is_none() {
                out.column(typed)?;
            }
        }
        Ok(out.properties)
    }
}

/// The properties so far, and the order of their rows.
struct Output<'a> {
    properties: Properties,
    order: &'a [Option<usize>],
}

impl Output<'_> {
    /// A column as it is read.
    fn column(&mut self, typed: &Typed<'_>) -> Result<(), PropertyError> {
        self.named(&typed.planned.name, typed, typed.inferred.evidence.clone())
    }

    fn named(&mut self, name: &str, typed: &Typed<'_>, evidence: String) -> Result<(), PropertyError> {
        let Typed { planned, cells, inferred } = typed;
        let origin = Origin { column: planned.column.clone(), evidence };
        // Cells that do not fit were rejected with their rows.
        let value = |row: &Option<usize>| parse(inferred.syntax, cells.at((*row)?)).ok().flatten();
        let values = self.order.iter().map(value);
        self.properties.add_values(name, origin, inferred.syntax.kind(), values)
    }

    fn title(&mut self, typed: &Typed<'_>) -> Result<(), PropertyError> {
        if typed.planned.role == Role::Title {
            return self.column(typed);
        }
        let evidence = "no column has a usual name for titles, this one holds text".to_owned();
        self.named("title", typed, evidence)
    }

    fn flags(&mut self, flags: &StringTable) -> Result<(), PropertyError> {
        let origin = Origin { column: None, evidence: "a column of 0 and 1 for each genre".to_owned() };
        let value = |row: &Option<usize>| parse(Syntax::Set(Split::Pipe), flags.at((*row)?)).ok().flatten();
        self.properties.add_values("genres", origin, PropertyType::Set, self.order.iter().map(value))
    }

    /// The year: of its own column, or the one in brackets at the end of the title, or that of a date.
    fn year(
        &mut self,
        title: Option<&Typed<'_>>,
        year: Option<&Typed<'_>>,
        date: Option<&Typed<'_>>,
    ) -> Result<(), PropertyError> {
        if let Some(year) = year.filter(|year| year.planned.stated.is_some()) {
            return self.column(year);
        }
        let numbers = year.filter(|year| year.inferred.syntax == Syntax::Number);
        let (mut by_column, mut by_title, mut by_date) = (0u64, 0u64, 0u64);
        let mut of_row = |row: usize| {
            // 0 stands for no year, as in Book-Crossing.
            let number = numbers.and_then(|year| match parse(Syntax::Number, year.cells.at(row)) {
                Ok(Some(Value::Number(number))) if number != 0.0 => Some(number),
                _ => None,
            });
            let title = || title.and_then(|title| year_of_title(title.cells.at(row))).map(f64::from);
            let date = || year.or(date).and_then(|date| year_of_date(date.cells.at(row))).map(f64::from);
            let (found, from) = if let Some(number) = number {
                (number, &mut by_column)
            } else if let Some(year) = title() {
                (year, &mut by_title)
            } else {
                (date()?, &mut by_date)
            };
            *from += 1;
            Some(Value::Number(found))
        };
        let values: Vec<_> = self.order.iter().map(|row| row.and_then(&mut of_row)).collect();
        let from = [
            (by_column, "the column".to_owned()),
            (by_title, "the brackets at the end of the title".to_owned()),
            (
                by_date,
                year.or(date).map_or_else(String::new, |date| format!("the date in column `{}`", date.planned.name)),
            ),
        ];
        let from: Vec<String> = from
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(count, from)| format!("{count} from {from}"))
            .collect();
        if from.is_empty() {
            // What no year can be read from is a property all the same; numbers are all 0 then, which is no value.
            let words = year.filter(|_| numbers.is_none());
            return words.map_or(Ok(()), |year| self.column(year));
        }
        let column = year.and_then(|year| year.planned.column.clone());
        let origin = Origin { column, evidence: from.join(", ") };
        self.properties.add_values("year", origin, PropertyType::Number, values)
    }
}

/// The column that stands in for a title, if it holds text that is nothing else.
fn likely_title<'a, 'b>(layout: &Layout, typed: &'a [Typed<'b>]) -> Option<&'a Typed<'b>> {
    let likely = typed.iter().find(|typed| Some(typed.planned.at) == layout.likely_title)?;
    let is_text = matches!(likely.inferred.syntax, Syntax::Text | Syntax::String);
    (is_text && likely.planned.role == Role::None && likely.planned.name != "title").then_some(likely)
}

fn text(cells: &StringTable, evidence: &str) -> Option<Inferred> {
    let known = cells.iter().any(|cell| !cell.is_empty());
    known.then(|| Inferred { syntax: Syntax::Text, evidence: evidence.to_owned() })
}

/// How the sets of a column that was declared as one are written.
fn settled(syntax: Syntax, cells: &StringTable) -> Syntax {
    let Syntax::Set(Split::Pipe) = syntax else { return syntax };
    let any = |sign: char| cells.iter().any(|cell| cell.contains(sign));
    let values = || cells.iter().filter(|cell| !cell.is_empty());
    let split = if any('|') {
        Split::Pipe
    } else if values().next().is_some() && values().all(|cell| super::parse::list(cell).is_some()) {
        Split::List
    } else {
        Split::Comma
    };
    Syntax::Set(split)
}
