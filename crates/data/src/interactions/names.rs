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

/// A column name without what people vary: case, `_`, `-`, spaces.
#[must_use]
pub fn normalised(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    text.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}
