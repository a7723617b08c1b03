//! Text of a rating as a number.

use super::Reason;

/// A finite rating, or why not. `-0` is 0. The decimal separator is a point; there are no others.
#[inline(always)]
pub(super) fn rating(bytes: &[u8]) -> Result<f32, Reason> {
    match *bytes {
        [d @ b'0'..=b'9'] => Ok(f32::from(d - b'0')),
        // A quotient of whole numbers below 2^24 rounds to the float nearest to the decimal text.
        [d @ b'0'..=b'9', b'.', e @ b'0'..=b'9'] => Ok(f32::from((d - b'0') * 10 + (e - b'0')) / 10.0),
        _ => any(bytes),
    }
}

#[cold]
fn any(bytes: &[u8]) -> Result<f32, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::RatingNotANumber)?;
    let wide: f64 = text.parse().map_err(|_| Reason::RatingNotANumber)?;
    // From the text, not from `wide`: rounding twice may miss the nearest float.
    let value: f32 = text.parse().map_err(|_| Reason::RatingNotANumber)?;
    checked(wide, value)
}

/// The rating that a 64-bit float is, equal to that of its shortest decimal text.
#[inline]
pub(super) fn rating_of_float(wide: f64) -> Result<f32, Reason> {
    const HALFWAY: u64 = 1 << 28;
    if wide.to_bits() & (2 * HALFWAY - 1) == HALFWAY {
        // Between two 32-bit floats the text decides.
        return any(wide.to_string().as_bytes());
    }
    #[allow(clippy::cast_possible_truncation, reason = "rounds to the nearest, which is checked")]
    checked(wide, wide as f32)
}

/// The rating that a whole number is.
#[inline]
pub(super) fn rating_of_whole(whole: i64) -> Result<f32, Reason> {
    #[allow(clippy::cast_precision_loss, reason = "rounds to the nearest, as its text does")]
    checked(whole as f64, whole as f32)
}

/// What both readings of a rating say.
#[inline]
fn checked(wide: f64, value: f32) -> Result<f32, Reason> {
    if !wide.is_finite() {
        return Err(Reason::RatingNotFinite);
    }
    let vanished = value == 0.0 && wide != 0.0;
    if !value.is_finite() || vanished { Err(Reason::RatingOutOfRange) } else { Ok(value + 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ratings_equal_the_parsed_ones() {
        for tenths in 0..100u32 {
            let text = format!("{}.{}", tenths / 10, tenths % 10);
            assert_eq!(rating(text.as_bytes()), Ok(text.parse::<f32>().unwrap()));
        }
        assert_eq!(rating(b"7"), Ok(7.0));
    }

    #[test]
    fn floats_are_rated_as_their_text() {
        let halfway = [1.000_000_059_604_644_8f64, 16_777_217.0, 16_777_219.0, 0.300_000_011_920_928_96, 5e-46];
        let near = halfway.iter().flat_map(|&x| [x, x.next_up(), x.next_down()]);
        for wide in near.chain([0.0, -0.0, 4.5, 0.1, 1e39, 1e-60, f64::NAN, f64::INFINITY, -1.0, 3.4e38]) {
            assert_eq!(rating_of_float(wide), rating(wide.to_string().as_bytes()), "{wide}");
        }
        for whole in [0, 5, -1, 16_777_217, i64::MAX, i64::MIN] {
            assert_eq!(rating_of_whole(whole), rating(whole.to_string().as_bytes()), "{whole}");
        }
    }

    #[test]
    fn what_is_no_rating_says_why() {
        for (text, reason) in [
            ("", Reason::RatingNotANumber),
            ("x", Reason::RatingNotANumber),
            ("3,5", Reason::RatingNotANumber),
            ("1_0", Reason::RatingNotANumber),
            ("0x1", Reason::RatingNotANumber),
            ("\u{663}", Reason::RatingNotANumber),
            ("nan", Reason::RatingNotFinite),
            ("inf", Reason::RatingNotFinite),
            ("-inf", Reason::RatingNotFinite),
            ("1e400", Reason::RatingNotFinite),
            ("-1e-300", Reason::RatingOutOfRange),
            ("1e39", Reason::RatingOutOfRange),
            ("1e-60", Reason::RatingOutOfRange),
        ] {
            assert_eq!(rating(text.as_bytes()), Err(reason), "{text:?}");
        }
        assert_eq!(rating(b"-0").map(f32::to_bits), Ok(0));
        assert_eq!(rating(b"+4.25"), Ok(4.25));
        assert_eq!(rating(b"-9.5"), Ok(-9.5));
        assert_eq!(rating(b"1e1"), Ok(10.0));
    }
}
