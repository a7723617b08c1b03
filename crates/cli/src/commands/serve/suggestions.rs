//! What to try next: commands with users and items of the data at hand.

use std::fmt::Write;

use foretaste::recommend::Recommender;
use serde_json::json;

use crate::output::printable;

/// The tutorial asks for this user first.
const TUTORIAL_USER: &str = "500";
/// And refits with this k.
const TUTORIAL_K: usize = 100;

/// Commands, but for the address.
pub(super) struct Suggestions {
    user: String,
    item: String,
    title: String,
    history: String,
    k: usize,
}

/// Picks a user, and the item most people rated.
pub(super) fn of(recommender: &Recommender) -> Suggestions {
    let users = recommender.dataset().interactions.users();
    let first = users.iter().next().unwrap_or(TUTORIAL_USER);
    let user = if users.index(TUTORIAL_USER).is_some() { TUTORIAL_USER } else { first };
    let best = recommender.popular(1).ok().and_then(|popular| popular.first().map(|scored| scored.item));
    let (item, title) = best.map_or(("1", "1"), |item| (recommender.item_id(item), recommender.title(item)));
    Suggestions {
        user: user.to_owned(),
        item: item.to_owned(),
        title: printable(title),
        history: json!({ "history": [{ "item": item, "rating": 5 }] }).to_string(),
        k: TUTORIAL_K.min(users.len().min(recommender.dataset().interactions.items().len())),
    }
}

impl Suggestions {
    /// The commands for a service at `address`, a URL, each to be pasted into a shell; with a key, where one is asked for.
    pub(super) fn at(&self, address: &str, asks_for_keys: bool) -> String {
        let (user, item, k) = (percent_encoded(&self.user), percent_encoded(&self.item), self.k);
        let history = quoted(&self.history);
        let mut text = String::from("\nTry next:\n");
        let call = if asks_for_keys { "curl -H \"authorization: Bearer $KEY\"" } else { "curl" };
        if asks_for_keys {
            text.push_str("  # a key for all of this\n  KEY=$(foretaste keys add NAME --role admin)\n");
        }
        for (about, command) in [
            (
                format!("the ten best for user {}", self.user),
                format!("curl -X POST '{address}/recommended?param={user}'"),
            ),
            ("what the user has rated".to_owned(), format!("curl -X POST '{address}/viewed?param={user}'")),
            (
                "the same with scores, as JSON".to_owned(),
                format!("curl '{address}/v1/users/{user}/recommendations?limit=10'"),
            ),
            (format!("what is like {}", self.title), format!("curl '{address}/v1/items/{item}/similar?limit=10'")),
            (
                "for a new user who likes it".to_owned(),
                format!("curl -H 'content-type: application/json' -d {history} '{address}/v1/recommendations'"),
            ),
            (
                "fit anew with another k, and swap it in".to_owned(),
                format!("curl -X POST '{address}/recompute_svd?param={k}'"),
            ),
            ("how long refits took".to_owned(), format!("curl '{address}/metrics'")),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  # {about}\n  {}", command.replacen("curl", call, 1));
        }
        let _ = write!(text, "All endpoints: {address}/docs");
        text
    }
}

/// Everything but letters, digits and `-._~` as `%XX` (RFC 3986, 2.3).
fn percent_encoded(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// One word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_any_kind_fit_into_a_url_and_a_shell() {
        assert_eq!(percent_encoded("a/b c'日"), "a%2Fb%20c%27%E6%97%A5");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
