//! Interactions as lines of text.

use std::io::{self, Write};

use super::taste::HalfStars;

/// Bytes collected before they are written.
const CHUNK: usize = 1 << 16;
const STARS: [&str; 10] = ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0", "4.5", "5.0"];

/// A ratings file in the layout of MovieLens 20M, on its way out.
pub(super) struct Rows<'a> {
    out: &'a mut dyn Write,
    text: Vec<u8>,
    written: u64,
}

impl<'a> Rows<'a> {
    /// Starts with the header.
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        let mut text = Vec::with_capacity(CHUNK + 64);
        text.extend_from_slice(b"userId,movieId,rating,timestamp\n");
        Self { out, text, written: 0 }
    }

    /// Appends a row; user and item are ids as they stand in the file, the time is in seconds since 1970.
    pub(super) fn push(&mut self, user: u32, item: u32, rating: HalfStars, time: u64) -> io::Result<()> {
        self.number(u64::from(user), b',');
        self.number(u64::from(item), b',');
        self.text.extend_from_slice(STARS[usize::from(rating) - 1].as_bytes());
        self.text.push(b',');
        self.number(time, b'\n');
        self.written += 1;
        if self.text.len() >= CHUNK {
            self.out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// Rows appended so far.
    pub(super) fn count(&self) -> u64 {
        self.written
    }

    /// Writes what is still here.
    pub(super) fn finish(self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.out.flush()
    }

    /// A number in decimal, and what follows it.
    fn number(&mut self, mut number: u64, end: u8) {
        let mut digits = [end; 21];
        let mut at = digits.len() - 1;
        loop {
            at -= 1;
            #[allow(clippy::cast_possible_truncation, reason = "one digit")]
            let digit = (number % 10) as u8;
            digits[at] = b'0' + digit;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.text.extend_from_slice(&digits[at..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_a_ratings_file() {
        let mut text = Vec::new();
        let mut rows = Rows::new(&mut text);
        rows.push(1, 4_294_967_295, 1, u64::MAX).unwrap();
        rows.push(10, 7, 10, 0).unwrap();
        assert_eq!(rows.count(), 2);
        rows.finish().unwrap();
        let expected = "userId,movieId,rating,timestamp\n1,4294967295,0.5,18446744073709551615\n10,7,5.0,0\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
