//! The container of a model file: numbered, checksummed sections behind a header.
//!
//! It knows what numbers and strings look like in bytes, and nothing of what they mean: each room that saves something
//! declares its own [`Section`]s.
//!
//! All integers are little-endian. Sections stand in the order of the table, without gaps, each padded with zeros to a
//! multiple of 64 bytes, so that a mapped file can be read in place.
//!
//! ```text
//!  offset  bytes  what
//!       0      8  magic "foretast"
//!       8      4  format version
//!      12      4  number of sections, n
//!      16      8  length of the file
//!      24      4  CRC-32 of the header and table (bytes 0..24 and 28..32+24n)
//!      28      4  zero
//!      32   24 n  table: kind (4), CRC-32 of the section and its padding (4), offset (8), length without padding (8)
//!         ...     zeros to a multiple of 64, covered by the rule that padding is zero
//!                 sections
//! ```

mod arrays;
mod error;

pub use arrays::Number;
pub use error::ContainerError;

/// First bytes of every model file.
pub const MAGIC: &[u8; 8] = b"foretast";

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its number in the table; no two sections of a file share it, and none is ever used for another content.
    pub kind: u32,
    /// What it is called in messages, such as `item ids`.
    pub name: &'static str,
}

const HEADER: usize = 32;
const ENTRY: usize = 24;
const ALIGN: usize = 64;
/// More sections than any version has; bounds the table before it is read.
const MAX_SECTIONS: usize = 64;

/// Collects sections and lays them out.
#[derive(Debug, Default)]
pub struct Writer {
    sections: Vec<(u32, Vec<u8>)>,
}

impl Writer {
    /// Adds a section of bytes.
    pub fn bytes(&mut self, section: Section, bytes: Vec<u8>) {
        self.sections.push((section.kind, bytes));
    }

    /// Adds an array of numbers, little-endian.
    pub fn array<T: Number>(&mut self, section: Section, numbers: impl IntoIterator<Item = T>) {
        self.bytes(section, arrays::put_array(numbers));
    }

    /// Adds a table of strings: their number (u32), where each ends in the text (u32 each), the text in UTF-8.
    ///
    /// # Errors
    /// When the text takes more than 4 GiB.
    pub fn strings<S: AsRef<str>>(
        &mut self,
        section: Section,
        strings: impl ExactSizeIterator<Item = S>,
    ) -> Result<(), ContainerError> {
        self.bytes(section, arrays::put_strings(strings, section.name)?);
        Ok(())
    }

    /// The bytes of the whole file, in a format of this version.
    #[must_use]
    pub fn finish(self, version: u32) -> Vec<u8> {
        let table = HEADER + ENTRY * self.sections.len();
        let body: usize = self.sections.iter().map(|(_, bytes)| padded(bytes.len())).sum();
        let mut file = Vec::with_capacity(padded(table) + body);
        file.resize(padded(table), 0);
        for (at, (kind, bytes)) in self.sections.iter().enumerate() {
            let offset = file.len();
            file.extend_from_slice(bytes);
            file.resize(offset + padded(bytes.len()), 0);
            let crc = crc32fast::hash(&file[offset..]);
            let entry = &mut file[HEADER + at * ENTRY..][..ENTRY];
            entry[0..4].copy_from_slice(&kind.to_le_bytes());
            entry[4..8].copy_from_slice(&crc.to_le_bytes());
            entry[8..16].copy_from_slice(&(offset as u64).to_le_bytes());
            entry[16..24].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        }
        let length = file.len() as u64;
        file[0..8].copy_from_slice(MAGIC);
        file[8..12].copy_from_slice(&version.to_le_bytes());
        #[allow(clippy::cast_possible_truncation, reason = "there are at most 64 sections")]
        file[12..16].copy_from_slice(&(self.sections.len() as u32).to_le_bytes());
        file[16..24].copy_from_slice(&length.to_le_bytes());
        let crc = header_crc(&file[..table]);
        file[24..28].copy_from_slice(&crc.to_le_bytes());
        file
    }
}

/// The checked sections of a file.
#[derive(Debug)]
pub struct Reader<'a> {
    version: u32,
    sections: Vec<(u32, &'a [u8])>,
}

impl<'a> Reader<'a> {
    /// Checks header, table, padding and every checksum; copies nothing. `newest` is the newest version that the caller
    /// reads, `known` the sections that it can name in a message.
    ///
    /// # Errors
    /// The first rule of the format that does not hold.
    pub fn open(file: &'a [u8], newest: u32, known: &[&[Section]]) -> Result<Self, ContainerError> {
        let name_of = |kind| {
            let mut all = known.iter().flat_map(|list| list.iter());
            all.find(|section| section.kind == kind).map_or("unknown section", |section| section.name)
        };
        if file.len() < HEADER {
            return Err(ContainerError::Truncated { found: file.len() as u64, expected: HEADER as u64 });
        }
        if &file[0..8] != MAGIC {
            return Err(ContainerError::Magic);
        }
        let version = u32_at(file, 8);
        if version == 0 || version > newest {
            return Err(ContainerError::Version { found: version, newest });
        }
        let length = u64_at(file, 16);
        if length != file.len() as u64 {
            return Err(ContainerError::Truncated { found: file.len() as u64, expected: length });
        }
        let count = u32_at(file, 12) as usize;
        let table = HEADER + ENTRY * count.min(MAX_SECTIONS);
        if count > MAX_SECTIONS || padded(table) > file.len() {
            return Err(ContainerError::Corrupt { what: "header", why: "more sections than the file can hold" });
        }
        if u32_at(file, 24) != header_crc(&file[..table]) {
            return Err(ContainerError::Checksum { what: "header" });
        }
        if file[table..padded(table)].iter().any(|&byte| byte != 0) {
            return Err(ContainerError::Corrupt { what: "header", why: "padding that is not zero" });
        }
        let mut sections = Vec::with_capacity(count);
        let mut expected = padded(table);
        for entry in file[HEADER..table].chunks_exact(ENTRY) {
            let (kind, offset, length) = (u32_at(entry, 0), u64_at(entry, 8), u64_at(entry, 16));
            let bytes = usize::try_from(length).ok().filter(|&length| length <= file.len() - expected);
            let Some(bytes) =
                bytes.filter(|&bytes| offset == expected as u64 && padded(bytes) <= file.len() - expected)
            else {
                return Err(ContainerError::Corrupt { what: "section table", why: "a section outside of the file" });
            };
            if crc32fast::hash(&file[expected..expected + padded(bytes)]) != u32_at(entry, 4) {
                return Err(ContainerError::Checksum { what: name_of(kind) });
            }
            sections.push((kind, &file[expected..expected + bytes]));
            expected += padded(bytes);
        }
        if expected != file.len() {
            return Err(ContainerError::Corrupt { what: "section table", why: "bytes that belong to no section" });
        }
        Ok(Self { version, sections })
    }

    /// The version of the format that the file is in.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether the file has this section.
    #[must_use]
    pub fn has(&self, section: Section) -> bool {
        self.sections.iter().any(|&(kind, _)| kind == section.kind)
    }

    /// The bytes of one section.
    ///
    /// # Errors
    /// When there is none.
    pub fn bytes(&self, section: Section) -> Result<&'a [u8], ContainerError> {
        let found = self.sections.iter().find(|&&(kind, _)| kind == section.kind);
        found.map(|&(_, bytes)| bytes).ok_or_else(|| section.corrupt("nothing: the section is missing"))
    }

    /// The numbers of one section.
    ///
    /// # Errors
    /// When there is none, or when it has another number of entries than `expected`; `None` stands for a product that is
    /// too large to be right.
    pub fn array<T: Number>(&self, section: Section, expected: Option<usize>) -> Result<Vec<T>, ContainerError> {
        let numbers = arrays::get_array(self.bytes(section)?, section.name)?;
        section.check_count(numbers.len(), expected.unwrap_or(usize::MAX))?;
        Ok(numbers)
    }

    /// The strings of one section, their text not copied.
    ///
    /// # Errors
    /// When there is none, or when it breaks a rule of string tables.
    pub fn strings(&self, section: Section) -> Result<Vec<&'a str>, ContainerError> {
        arrays::get_strings(self.bytes(section)?, section.name)
    }
}

impl Section {
    /// That the content of this section breaks a rule; `why` continues "the item ids hold …".
    #[must_use]
    pub fn corrupt(self, why: &'static str) -> ContainerError {
        ContainerError::Corrupt { what: self.name, why }
    }

    /// Refuses a section with another number of entries than expected.
    ///
    /// # Errors
    /// [`ContainerError::Count`].
    pub fn check_count(self, found: usize, expected: usize) -> Result<(), ContainerError> {
        if found == expected {
            return Ok(());
        }
        Err(ContainerError::Count { what: self.name, found, expected })
    }

    /// Refuses numbers that are NaN or infinite.
    ///
    /// # Errors
    /// [`ContainerError::Corrupt`].
    pub fn check_finite<T: Copy + Into<f64>>(self, numbers: &[T]) -> Result<(), ContainerError> {
        let finite = numbers.iter().all(|&number| number.into().is_finite());
        if finite { Ok(()) } else { Err(self.corrupt("a number that is not finite")) }
    }

    /// Whether no number is further from zero than that, and all are finite.
    ///
    /// # Errors
    /// One is.
    pub fn check_at_most(self, numbers: &[f32], most: f32) -> Result<(), ContainerError> {
        self.check_finite(numbers)?;
        if numbers.iter().any(|number| number.abs() > most) {
            return Err(self.corrupt("a number too large for scores to be numbers"));
        }
        Ok(())
    }
}

fn header_crc(table: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&table[..24]);
    hasher.update(&table[28..]);
    hasher.finalize()
}

fn padded(length: usize) -> usize {
    length.div_ceil(ALIGN) * ALIGN
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]))
}
