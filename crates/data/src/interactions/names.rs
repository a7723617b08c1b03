//! Usual names of the columns of an interactions file.

/// Usual names of the user column, [`normalised`].
pub const USER_NAMES: &[&str] = &[
    "user",
    "userid",
    "uid",
    "users",
    "customer",
    "customerid",
    "member",
    "memberid",
    "reviewer",
    "reviewerid",
    "profile",
    "account",
    "accountid",
];
/// Usual names of the item column, [`normalised`].
pub const ITEM_NAMES: &[&str] = &[
    "item",
    "itemid",
    "iid",
    "movie",
    "movieid",
    "mid",
    "product",
    "productid",
    "asin",
    "book",
    "bookid",
    "isbn",
    "track",
    "trackid",
    "song",
    "songid",
    "artist",
    "artistid",
    "game",
    "gameid",
    "anime",
    "animeid",
    "joke",
    "jokeid",
    "film",
    "filmid",
    "article",
    "articleid",
    "sku",
];
/// Usual names of the rating column, [`normalised`].
pub const RATING_NAMES: &[&str] = &[
    "rating",
    "ratings",
    "score",
    "stars",
    "star",
    "value",
    "overall",
    "bookrating",
    "userrating",
    "ratingvalue",
    "preference",
    "weight",
];

/// A column name without what people vary: case, `_`, `-`, spaces; nor the type that some write behind it, such as
/// `item_id:token`.
#[must_use]
pub fn normalised(name: &[u8]) -> String {
    const TYPES: [&str; 9] = ["token", "token_seq", "float", "float_seq", "int", "long", "string", "id", "integer"];
    let text = String::from_utf8_lossy(name);
    let plain = match text.rsplit_once(':') {
        Some((plain, kind)) if TYPES.iter().any(|known| kind.trim().eq_ignore_ascii_case(known)) => plain,
        _ => &text,
    };
    plain.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}
