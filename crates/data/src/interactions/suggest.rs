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

/// Whether one of some names hints at users and another at items, as those of rows of interactions do.
pub(super) fn say_rows<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut said = [false; 2];
    for name in names.map(|name| normalised(name.as_bytes())) {
        let hint = (0..2).find(|&role| SAY[role].iter().any(|part| name.contains(part)));
        let letter = ["u", "i"].iter().position(|letter| *letter == name);
        if let Some(role) = hint.or(letter) {
            said[role] = true;
        }
    }
    said == [true; 2]
}

/// Words that make a name that of a property of an item, a user or an event, which is neither rating nor count.
const PROPERTY: [&str; 63] = [
    "id",
    "ids",
    "uid",
    "uuid",
    "no",
    "nr",
    "index",
    "idx",
    "row",
    "key",
    "hash",
    "code",
    "sku",
    "isbn",
    "url",
    "title",
    "name",
    "text",
    "review",
    "comment",
    "description",
    "summary",
    "category",
    "genre",
    "brand",
    "color",
    "colour",
    "size",
    "price",
    "cost",
    "fee",
    "tax",
    "currency",
    "country",
    "city",
    "state",
    "region",
    "zip",
    "zipcode",
    "postcode",
    "lat",
    "lon",
    "lng",
    "latitude",
    "longitude",
    "lang",
    "language",
    "age",
    "sex",
    "gender",
    "occupation",
    "year",
    "month",
    "day",
    "week",
    "weekday",
    "hour",
    "minute",
    "time",
    "date",
    "timestamp",
    "fold",
    "split",
];
/// Parts of names, long enough to be no part of another word, that do so too.
const PROPERTY_PARTS: [&str; 14] = [
    "title",
    "category",
    "genre",
    "price",
    "country",
    "description",
    "timestamp",
    "timezone",
    "timeframe",
    "latitude",
    "longitude",
    "postal",
    "year",
    "date",
];
/// Parts of names that say that it is a value after all, and words that do.
const VALUE_PARTS: [&str; 7] = ["rating", "score", "quantit", "prefer", "playcount", "viewcount", "frequen"];
const VALUE: [&str; 14] = [
    "star", "stars", "grade", "vote", "votes", "point", "points", "value", "count", "counts", "qty", "weight", "plays",
    "likes",
];

/// Whether a name is that of a property of items, users or events, which is neither rating nor count.
pub(super) fn is_property(name: &str) -> bool {
    let words = words(name);
    let plain = words.concat();
    let holds = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let says_value = holds(&VALUE) || VALUE_PARTS.iter().any(|part| plain.contains(part));
    !says_value && (holds(&PROPERTY) || plain.ends_with("id") || PROPERTY_PARTS.iter().any(|part| plain.contains(part)))
}

/// The words of a name in small letters: `release_date`, `releaseDate` and `Release Date` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (small && c.is_uppercase()) {
            words.push(String::new());
        }
        small = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_told_from_values_by_the_words_of_their_names() {
        for name in
            ["zip_code", "releaseYear", "Age", "UnitPrice", "categoryId", "transactionid", "latitude", "fold", "review"]
        {
            assert!(is_property(name), "{name}");
        }
        for name in
            ["percentage", "review_score", "quantity", "likes", "usage", "value_date", "n", "vote count", "stage"]
        {
            assert!(!is_property(name), "{name}");
        }
    }
}
