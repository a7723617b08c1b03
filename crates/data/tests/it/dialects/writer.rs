//! Writes a known matrix in a dialect.

use rand_chacha::ChaCha8Rng;

use super::generator::{Dialect, Matrix, below};

/// Field of a row: what it holds, and whether it is a text (quoted where only texts are).
struct Field {
    text: String,
    is_text: bool,
}

/// The separator as it stands in the file.
pub(crate) fn separator(dialect: &Dialect) -> &'static str {
    match dialect.of("separator") {
        "tab" => "\t",
        "space" => " ",
        "spaces" => "   ",
        "tabs" => "\t\t",
        other => other,
    }
}

/// The bytes of the file.
pub(crate) fn write(dialect: &Dialect, matrix: &Matrix, random: &mut ChaCha8Rng) -> Vec<u8> {
    let (header, mut rows) =
        if dialect.is("shape", "long") { long(dialect, matrix, random) } else { wide(dialect, matrix, random) };
    let mut header = header;
    if dialect.is("shape", "wide levels") {
        // As pandas writes a frame whose columns have two levels: what the values are, the ids, and a line for the index.
        let mut ids = header.take().unwrap_or_default();
        let width = ids.len();
        let user = std::mem::replace(&mut ids[0], text(name(dialect, "item", 0)));
        let what = (0..width).map(|at| text(if at == 0 { "" } else { "rating" }));
        let empty = (1..width).map(|_| text(""));
        header = Some(what.collect());
        rows.splice(0..0, [ids, [user].into_iter().chain(empty).collect()]);
    }
    let end = match dialect.of("line end") {
        "crlf" => "\r\n",
        "cr" => "\r",
        _ => "\n",
    };
    let mut text = String::new();
    match dialect.of("before") {
        "title" => text += &format!("Ratings of the shop in May{end}"),
        "comment" => text += &format!("# written by hand{end}"),
        "blank" => text += end,
        "sep=" => text += &format!("sep={}{end}", separator(dialect)),
        _ => {}
    }
    if let Some(header) = header {
        text += &line(dialect, &header, ["header", "both"].contains(&dialect.of("trailing")));
        text += end;
    }
    for row in rows {
        text += &line(dialect, &row, ["rows", "both"].contains(&dialect.of("trailing")));
        text += end;
    }
    let bytes = if dialect.is("letters", "latin-1") {
        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
    } else {
        text.into_bytes()
    };
    if dialect.is("mark", "bom") { [b"\xef\xbb\xbf", &bytes[..]].concat() } else { bytes }
}

type Rows = (Option<Vec<Field>>, Vec<Vec<Field>>);

fn text(text: impl Into<String>) -> Field {
    Field { text: text.into(), is_text: true }
}

fn number(text: impl Into<String>) -> Field {
    Field { text: text.into(), is_text: false }
}

fn id(dialect: &Dialect, id: &str) -> Field {
    Field { text: id.to_owned(), is_text: ["words", "codes"].contains(&dialect.of("ids")) }
}

fn value(dialect: &Dialect, value: &str) -> Field {
    number(if dialect.is("decimal", "comma") { value.replace('.', ",") } else { value.to_owned() })
}

fn long(dialect: &Dialect, matrix: &Matrix, random: &mut ChaCha8Rng) -> Rows {
    let mut columns: Vec<&str> = dialect.of("order").split(' ').collect();
    let timed = !dialect.is("time", "none");
    columns.retain(|column| (*column != "value" || !dialect.is("values", "none")) && (*column != "time" || timed));
    if timed && !columns.contains(&"time") {
        columns.push("time");
    }
    if !dialect.is("extra", "none") {
        columns.push("extra");
    }
    let mut entries: Vec<_> = matrix.iter().collect();
    if dialect.is("sorted", "not") {
        for at in (1..entries.len()).rev() {
            entries.swap(at, below(random, at + 1));
        }
    }
    let mut rows = Vec::new();
    let count = entries.len();
    for (at, ((user, item), rating)) in entries.into_iter().enumerate() {
        let mut row = Vec::new();
        if !dialect.is("index", "none") {
            row.push(index(dialect, at, count));
        }
        for column in &columns {
            row.push(match *column {
                "user" => id(dialect, user),
                "item" => id(dialect, item),
                "value" => value(dialect, rating),
                "time" => time(dialect, below(random, 1 << 24)),
                _ => extra(dialect, random),
            });
        }
        match dialect.of("length") {
            "longer" if below(random, 3) == 0 => row.push(text(["gift", "again", "1200", "1300"][below(random, 4)])),
            "shorter" if at > 0 && below(random, 3) == 0 => drop(row.pop()),
            _ => {}
        }
        rows.push(row);
    }
    let header = (!dialect.is("header", "none")).then(|| {
        let mut header: Vec<Field> =
            columns.iter().enumerate().map(|(at, column)| text(name(dialect, column, at))).collect();
        header.splice(0..0, index_name(dialect));
        header
    });
    (header, rows)
}

fn index_name(dialect: &Dialect) -> Option<Field> {
    match dialect.of("index") {
        "empty name" => Some(text("")),
        "Unnamed: 0" | "Unnamed: 0, gaps" => Some(text("Unnamed: 0")),
        _ => None,
    }
}

/// The name of a row: its number, with gaps as a filter leaves them, or in the order that a shuffle leaves.
fn index(dialect: &Dialect, at: usize, count: usize) -> Field {
    number(match dialect.of("index") {
        "no name, shuffled" => ((at + 1) * 7919 % next_prime(count)).to_string(),
        "Unnamed: 0, gaps" => (3 + 2 * at + at / 3).to_string(),
        _ => at.to_string(),
    })
}

/// The least prime above a number.
fn next_prime(above: usize) -> usize {
    (above + 1..).find(|&number| number > 1 && (2..number).all(|by| number % by != 0)).unwrap_or(above)
}

fn wide(dialect: &Dialect, matrix: &Matrix, random: &mut ChaCha8Rng) -> Rows {
    let mut users: Vec<&String> = matrix.keys().map(|(user, _)| user).collect();
    users.dedup();
    let mut items: Vec<&String> = matrix.keys().map(|(_, item)| item).collect();
    items.sort();
    items.dedup();
    if dialect.is("sorted", "not") {
        for at in (1..users.len()).rev() {
            users.swap(at, below(random, at + 1));
        }
    }
    let mut header: Vec<Field> = index_name(dialect).into_iter().collect();
    header.extend(corner(dialect));
    header.extend(items.iter().map(|item| id(dialect, item)));
    let missing = match dialect.of("shape") {
        "wide zero" => "0",
        "wide nan" => "NaN",
        "wide dot" => ".",
        _ => "",
    };
    let rows = users.iter().enumerate().map(|(at, user)| {
        let mut row = Vec::new();
        if !dialect.is("index", "none") {
            row.push(index(dialect, at, users.len()));
        }
        row.push(id(dialect, user));
        for item in &items {
            let found = matrix.get(&((*user).clone(), (*item).clone()));
            row.push(found.map_or_else(|| number(missing), |rating| value(dialect, rating)));
        }
        row
    });
    (Some(header), rows.collect())
}

/// What stands above the ids of the rows.
fn corner(dialect: &Dialect) -> Option<Field> {
    match dialect.of("corner") {
        "user" => Some(text("user")),
        "user/item" => Some(text("user/item")),
        "none" => None,
        _ => Some(text(name(dialect, "user", 0))),
    }
}

fn name(dialect: &Dialect, column: &str, at: usize) -> String {
    let names = match column {
        "user" => ["userId", "user_id", "User ID", "user_id:token", "src"],
        "item" => ["movieId", "item_id", "Item ID", "item_id:token", "dst"],
        "value" if dialect.is("value name", "other") => {
            ["quantity", "star_rating", "Rating (1-5)", "review_score:float", "w"]
        }
        "value" => ["rating", "rating", "Rating", "rating:float", "w"],
        "time" => ["timestamp", "timestamp", "Timestamp", "timestamp:float", "time"],
        _ => ["note", "item_note", "A Note", "note:token_seq", "note"],
    };
    match dialect.of("header") {
        "snake" => names[1].to_owned(),
        "words" => names[2].to_owned(),
        "typed" => names[3].to_owned(),
        "edges" => names[4].to_owned(),
        "numbers" => at.to_string(),
        _ => names[0].to_owned(),
    }
}

fn time(dialect: &Dialect, after: usize) -> Field {
    let seconds = 1_600_000_000 + after;
    match dialect.of("time") {
        "milliseconds" => number(format!("{seconds}{:03}", after % 1000)),
        "iso" => text(format!(
            "2021-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            1 + after % 12,
            1 + after % 28,
            after % 24,
            after % 60,
            after % 59
        )),
        _ => number(seconds.to_string()),
    }
}

fn extra(dialect: &Dialect, random: &mut ChaCha8Rng) -> Field {
    match dialect.of("extra") {
        "text" => text(["Toy Story (1995)", "The Matrix", "Am Ende", "Se7en"][below(random, 4)]),
        "set" => text(["Action, Comedy", "Drama", "Drama, War, Romance", "Comedy, Drama"][below(random, 4)]),
        _ => number(below(random, 1000).to_string()),
    }
}

fn line(dialect: &Dialect, fields: &[Field], trailing: bool) -> String {
    let fields: Vec<String> = fields.iter().map(|field| written(dialect, field)).collect();
    let mut line = fields.join(separator(dialect));
    if trailing {
        line += separator(dialect);
    }
    line
}

fn written(dialect: &Dialect, field: &Field) -> String {
    let text = &field.text;
    match dialect.of("quotes") {
        "double" => format!("\"{}\"", text.replace('"', "\"\"")),
        "double text" if field.is_text => format!("\"{}\"", text.replace('"', "\"\"")),
        "single" => format!("'{}'", text.replace('\'', "''")),
        "backslash" => format!("\"{}\"", text.replace('"', "\\\"")),
        _ => text.clone(),
    }
}
