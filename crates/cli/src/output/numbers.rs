//! Numbers as people read them.

use std::time::Duration;

/// A count with thousands separated: `1,000,209`.
pub(crate) fn count(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun, whose plural ends in `s`: `1 user`, `2 users`.
pub(crate) fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// At most `places` decimals, without trailing zeros: `4`, `3.5`.
pub(crate) fn decimal(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A size in decimal units, three figures: `5.92 MB`.
pub(crate) fn bytes(number: u64) -> String {
    let mut size = number as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if size < 999.5 {
            break;
        }
        size /= 1000.0;
        unit = next;
    }
    let places = if unit == "B" || size >= 99.95 { 0 } else { 1 + usize::from(size < 9.995) };
    format!("{size:.places$} {unit}")
}

/// A duration: milliseconds below a second, then seconds.
pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!([0u64, 999, 1000, 1_000_209].map(count), ["0", "999", "1,000", "1,000,209"]);
    }

    #[test]
    fn one_of_a_kind_has_no_plural() {
        assert_eq!([0u64, 1, 1000].map(|number| counted(number, "user")), ["0 users", "1 user", "1,000 users"]);
    }

    #[test]
    fn decimals_end_where_the_number_ends() {
        assert_eq!(decimal(4.0, 2), "4");
        assert_eq!(decimal(3.5, 2), "3.5");
        assert_eq!(decimal(100.0, 0), "100");
    }

    #[test]
    fn sizes_keep_three_figures() {
        assert_eq!([0, 999, 5_917_549, 261_978_986].map(bytes), ["0 B", "999 B", "5.92 MB", "262 MB"]);
    }
}
