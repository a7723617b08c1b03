//! Columns written as text of commas, for readers that know rows of text alone.

use std::io::{self, Read};

use super::{Batch, ColumnStream, Values};

/// Text of a header and rows, a batch at a time: quotes where they are needed, nothing for what is missing, times in
/// ISO 8601.
pub(crate) struct Written {
    columns: ColumnStream,
    text: Vec<u8>,
    read: usize,
}

impl Written {
    pub(crate) fn new(columns: ColumnStream) -> Self {
        let mut text = Vec::new();
        for (at, column) in columns.columns().iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            quoted(&mut text, column.name.as_bytes());
        }
        text.push(b'\n');
        Self { columns, text, read: 0 }
    }

    fn write(&mut self, batch: &Batch) {
        for row in 0..batch.rows() {
            if batch.is_broken(row) {
                // One field where there should be several: the reader rejects the row.
                self.text.extend_from_slice(b"\"\"\n");
                continue;
            }
            for (at, column) in batch.columns().iter().enumerate() {
                if at > 0 {
                    self.text.push(b',');
                }
                if column.is_missing(row) {
                    continue;
                }
                match &column.values {
                    Values::Whole(values) => number(&mut self.text, values.get(row)),
                    Values::Float(values) => number(&mut self.text, values.get(row)),
                    Values::Single(values) => number(&mut self.text, values.get(row)),
                    Values::Time(values) => number(&mut self.text, values.get(row).map(|&ms| iso(ms)).as_ref()),
                    Values::Text(texts) => quoted(&mut self.text, texts.get(row)),
                    Values::Nothing => {}
                }
            }
            self.text.push(b'\n');
        }
    }
}

impl Read for Written {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() {
            self.text.clear();
            self.read = 0;
            match self.columns.next() {
                Ok(Some(batch)) => self.write(&batch),
                Ok(None) => return Ok(0),
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
        }
        let got = buffer.len().min(self.text.len() - self.read);
        buffer[..got].copy_from_slice(&self.text[self.read..self.read + got]);
        self.read += got;
        Ok(got)
    }
}

fn number<T: std::fmt::Display>(text: &mut Vec<u8>, value: Option<&T>) {
    use io::Write as _;
    if let Some(value) = value {
        // Writing to memory does not fail.
        let _ = write!(text, "{value}");
    }
}

/// A field, in quotes where it could be mistaken.
fn quoted(text: &mut Vec<u8>, field: &[u8]) {
    let special = |&byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !field.iter().any(special) && field.trim_ascii().len() == field.len() {
        text.extend_from_slice(field);
        return;
    }
    text.push(b'"');
    for &byte in field {
        if byte == b'"' {
            text.push(b'"');
        }
        text.push(byte);
    }
    text.push(b'"');
}

/// A time in ISO 8601, in UTC. The date from the number of days: Howard Hinnant, "chrono-compatible low-level date
/// algorithms", 2013, section `civil_from_days`.
pub(crate) fn iso(ms: i64) -> String {
    let (days, within) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Years that begin in March, in eras of 400 years, 146,097 days each.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, fraction) = (within / 1000, within % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (838_985_046_000, "1996-08-02T11:24:06Z"),
        ] {
            assert_eq!(iso(ms), text);
        }
    }

    #[test]
    fn fields_that_could_be_mistaken_are_quoted() {
        let mut text = Vec::new();
        for field in ["a", "a,b", "a\"b", " a", "a\nb"] {
            quoted(&mut text, field.as_bytes());
            text.push(b';');
        }
        assert_eq!(String::from_utf8(text).unwrap(), "a;\"a,b\";\"a\"\"b\";\" a\";\"a\nb\";");
    }
}
