//! Usual names of the columns of an interactions file, each list with the likeliest first.

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
    "visitor",
    "visitorid",
    "username",
    "userhash",
    "usersha1",
    "useruuid",
    "buyer",
    "buyerid",
    "shopper",
    "shopperid",
    "client",
    "clientid",
    "player",
    "playerid",
    "listener",
    "listenerid",
    "reader",
    "readerid",
    "person",
    "personid",
    "subscriber",
    "subscriberid",
    "reviewername",
    "reviewprofilename",
    "household",
    "householdkey",
    "msno",
    "session",
    "sessionid",
    "custid",
    "usermd5",
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
    "video",
    "videoid",
    "business",
    "businessid",
    "stockcode",
    "recipe",
    "recipeid",
    "news",
    "newsid",
    "restaurant",
    "restaurantid",
    "venue",
    "venueid",
    "place",
    "placeid",
    "poi",
    "poiid",
    "hotel",
    "hotelid",
    "course",
    "courseid",
    "app",
    "appid",
    "gametitle",
    "parentasin",
    "gmapid",
    "beerbeerid",
    "show",
    "showid",
    "podcast",
    "podcastid",
    "mangaid",
    "manga",
    "aid",
    "animeuid",
    "bookmarkid",
    "rawdocid",
    "musicbrainztrackid",
    "productasin",
    "pinid",
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
    "myscore",
    "reviewoverall",
    "grade",
    "starrating",
    "reviewscore",
    "reviewrating",
    "ratingscore",
    "overallrating",
    "productrating",
    "customerrating",
    "movierating",
    "itemrating",
    "userscore",
    "rate",
    "vote",
    "opinion",
    "rui",
];

/// Usual names of a column of counts or weights, [`normalised`]: values that are evidence of use, not opinions.
pub const COUNT_NAMES: &[&str] = &[
    "plays",
    "playcount",
    "listens",
    "listencount",
    "count",
    "counts",
    "watchratio",
    "hours",
    "hoursplayed",
    "playtime",
    "playtimeforever",
    "views",
    "clicks",
    "quantity",
    "qty",
    "purchases",
    "purchasecount",
    "numpurchases",
    "ordercount",
    "viewcount",
    "numviews",
    "clickcount",
    "numclicks",
    "numplays",
    "nplays",
    "numlistens",
    "nlistens",
    "nblistens",
    "totalplays",
    "eventcount",
    "interactioncount",
    "interactions",
    "frequency",
    "freq",
    "cnt",
    "strength",
];
/// Of these, such as say how much one row is about, so that rows of one user and item add up.
pub const AMOUNT_NAMES: &[&str] = &["quantity", "qty"];
/// Usual names of a column of words for what happened, [`normalised`].
pub const EVENT_NAMES: &[&str] = &[
    "event",
    "eventtype",
    "eventname",
    "action",
    "actiontype",
    "behavior",
    "behaviour",
    "behaviortype",
    "behaviourtype",
    "behaviorname",
    "interaction",
    "interactiontype",
    "activity",
    "activitytype",
];
/// Usual names of a column of times, [`normalised`].
pub const TIME_NAMES: &[&str] = &[
    "timestamp",
    "timestampms",
    "unixreviewtime",
    "unixtime",
    "unixtimestamp",
    "epoch",
    "eventtime",
    "eventtimestamp",
    "createdat",
    "datetime",
    "time",
    "ts",
    "date",
    "updatedat",
    "ratedat",
    "watchedat",
    "playedat",
    "lastplayed",
    "ratingtimestamp",
    "reviewtime",
    "reviewdate",
    "eventdate",
    "invoicedate",
    "tdat",
    "orderdate",
    "purchasedate",
    "transactiondate",
    "dateadded",
    "mylastupdated",
];
/// Types of columns, as RecBole, SQL, Arrow and others write them.
const TYPES: [&str; 38] = [
    "token",
    "token_seq",
    "float",
    "float_seq",
    "int",
    "integer",
    "long",
    "string",
    "id",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bigint",
    "smallint",
    "tinyint",
    "float32",
    "float64",
    "double",
    "decimal",
    "numeric",
    "number",
    "real",
    "str",
    "text",
    "varchar",
    "char",
    "object",
    "category",
    "bool",
    "boolean",
    "date",
    "datetime",
    "timestamp",
];
/// Of these, such as no name ends in for another reason.
const ONLY_TYPES: [&str; 13] = [
    "int", "integer", "int32", "int64", "bigint", "float", "float32", "float64", "double", "varchar", "str", "string",
    "token",
];

/// A column name without what people vary: case, `_`, `-`, spaces, points, a type such as `:token` or ` (int)`, and a
/// scale such as ` (1-5)`.
#[must_use]
pub fn normalised(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let plain = untyped(without_scale(text.trim()));
    plain.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

/// A name without the scale behind it: `(1-5)`, `[0..10]`, `(1 to 5)`, `(out of 10)`, `(0/5)`.
fn without_scale(name: &str) -> &str {
    let scale = |inner: &str| {
        let word = |part: &str| part.is_empty() || matches!(part, "to" | "of" | "out" | "bis" | "a" | "stars");
        let marks = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '.' | '/' | ':');
        let mut parts = inner.split(marks).map(|part| part.chars().all(|c| c.is_ascii_digit()) || word(part));
        inner.contains(|c: char| c.is_ascii_digit()) && parts.all(|known| known)
    };
    for (open, close) in [('(', ')'), ('[', ']')] {
        let inner = name.strip_suffix(close).and_then(|rest| rest.rsplit_once(open));
        if let Some((plain, _)) = inner.filter(|(plain, inner)| !plain.trim().is_empty() && scale(inner)) {
            return plain.trim_end();
        }
    }
    name
}

/// A name without the type behind it: `:token`, `::int`, `|int`, `(int)`, `[int]`, `<int>`, ` INTEGER`, `.int64`, `_int`.
fn untyped(name: &str) -> &str {
    let kind = |text: &str, types: &[&str]| {
        let first = text.trim().split([' ', '(', '[', '<']).next().unwrap_or_default();
        types.iter().any(|known| first.eq_ignore_ascii_case(known))
    };
    for (open, close) in [('(', ')'), ('[', ']'), ('<', '>')] {
        let inner = name.strip_suffix(close).and_then(|rest| rest.rsplit_once(open));
        if let Some((plain, _)) = inner.filter(|(plain, inner)| !plain.is_empty() && kind(inner, &TYPES)) {
            return plain.trim_end();
        }
    }
    if let Some((plain, _)) = name.split_once([':', '|']).filter(|(_, rest)| kind(rest.trim_start_matches(':'), &TYPES))
    {
        return plain;
    }
    let mark = |c: char| matches!(c, ' ' | '.' | '_');
    let typed = name.char_indices().filter(|&(_, c)| mark(c)).find(|&(at, _)| kind(&name[at + 1..], &ONLY_TYPES));
    typed.map_or(name, |(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_with_its_type_behind_it() {
        for name in [
            "user_id",
            "User-ID",
            "user_id:token",
            "user_id: int",
            "user_id::int",
            "user_id|int",
            "user_id (int)",
            "user_id[int64]",
            "user_id<str>",
            "user_id INTEGER",
            "user_id.int64",
            "user_id_int",
            "user_id:INT NOT NULL",
            "user_id VARCHAR(20)",
            "user_id BIGINT NOT NULL",
        ] {
            assert_eq!(normalised(name.as_bytes()), "userid", "{name}");
        }
    }

    #[test]
    fn a_name_is_known_with_its_scale_behind_it() {
        for name in
            ["Rating (1-5)", "rating(0-10)", "Rating [1..5]", "rating (1 to 5)", "rating (out of 10)", "Rating (1–5)"]
        {
            assert_eq!(normalised(name.as_bytes()), "rating", "{name}");
        }
        for (name, expected) in [("movie (1995 film)", "movie(1995film)"), ("(1-5)", "(15)"), ("item[a]", "item[a]")] {
            assert_eq!(normalised(name.as_bytes()), expected);
        }
    }

    #[test]
    fn a_word_that_is_no_type_stays() {
        for (name, expected) in [
            ("movie (title)", "movie(title)"),
            ("user_text", "usertext"),
            ("item_number", "itemnumber"),
            ("order date", "orderdate"),
            ("event_timestamp", "eventtimestamp"),
            ("string", "string"),
            ("", ""),
        ] {
            assert_eq!(normalised(name.as_bytes()), expected);
        }
    }
}
