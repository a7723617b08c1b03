//! The flag that cures a refusal, filled with the likeliest column.

use super::names::TIME_NAMES;
use super::normalised;

/// Parts of names that hint at a role, likeliest first.
fn hints(role: &str) -> &'static [&'static str] {
    match role {
        "user" => &["user", "cust", "visit", "member", "client", "account", "person", "player", "buyer", "who", "name"],
        "item" => &[
            "item", "prod", "sku", "article", "movie", "film", "book", "song", "track", "game", "video", "title",
            "code", "what", "id", "name",
        ],
        "rating" => &[
            "rat", "scor", "star", "grade", "note", "mark", "point", "weight", "event", "action", "type", "count",
            "quant", "qty", "value", "amount",
        ],
        _ => &["time", "date", "when", "stamp", "day"],
    }
}

/// The likeliest of the columns without a role for this one; the only one there is, if there is but one.
pub(super) fn likeliest(role: &str, free: &[&str]) -> Option<String> {
    let names: Vec<String> = free.iter().map(|name| normalised(name.as_bytes())).collect();
    let is_time = |name: &str| TIME_NAMES.contains(&name);
    let fits = |hint: &&str| {
        let found = names.iter().position(|name| name.contains(*hint) && (role == "time" || !is_time(name)));
        found.map(|at| free[at].to_owned())
    };
    hints(role).iter().find_map(fits).or_else(|| match free {
        [only] => Some((*only).to_owned()),
        _ => None,
    })
}

/// Parts of names that say user, item or value, in the languages of many exports.
const SAY: [&[&str]; 3] = [
    &[
        "user",
        "usr",
        "cust",
        "client",
        "kunde",
        "nutzer",
        "usuario",
        "utilisateur",
        "utente",
        "viewer",
        "visitor",
        "member",
        "rater",
        "reviewer",
        "buyer",
        "person",
        "player",
        "account",
        "listener",
        "reader",
        "subscriber",
    ],
    &[
        "item", "itm", "movie", "film", "produ", "prodo", "artik", "articl", "articul", "book", "song", "track",
        "artist", "sku", "game", "video", "content", "pelicula", "livre", "libro", "anime", "recipe",
    ],
    &[
        "rating", "score", "stars", "points", "note", "wert", "puntua", "grade", "weight", "value", "menge", "quant",
        "qty", "count",
    ],
];

/// Whether a normalised name hints at one other role than that of its place: user, item, value from 0.
pub(super) fn hints_elsewhere(name: &str, place: usize) -> bool {
    let letter = ["u", "i", "r"].iter().position(|letter| *letter == name);
    let mut said = (0..SAY.len()).filter(|&role| SAY[role].iter().any(|part| name.contains(part)));
    let role = match (said.next(), said.next()) {
        (Some(role), None) => Some(role),
        (None, _) if TIME_NAMES.contains(&name) => Some(SAY.len()),
        _ => letter,
    };
    role.is_some_and(|role| role != place)
}

/// Whether a name is that of a property of items or users, which is neither rating nor count.
pub(super) fn is_property(name: &str) -> bool {
    ["id", "title", "name", "category", "genre", "price", "text", "review", "country", "description"]
        .iter()
        .any(|part| name.contains(part))
}

/// The flag that names a role's column.
pub(super) fn flag(role: &str) -> &'static str {
    match role {
        "user" => "--user-column",
        "item" => "--item-column",
        "time" => "--time-column",
        _ => "--rating-column",
    }
}

/// An argument as it is typed in a shell.
pub(super) fn typed(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    if argument.chars().all(is_plain) && !argument.is_empty() {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}
