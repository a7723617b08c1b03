//! The container of a model file: numbered, checksummed sections behind a header.
//!
//! All integers are little-endian. Sections stand in the order of the table, without gaps, each padded with zeros to a
//! multiple of 64 bytes, so that a mapped file can be read in place.
//!
//! ```text
//!  offset  bytes  what
//!       0      8  magic "foretast"
//!       8      4  format version, 1
//!      12      4  number of sections, n
//!      16      8  length of the file
//!      24      4  CRC-32 of the header and table (bytes 0..24 and 28..32+24n)
//!      28      4  zero
//!      32   24 n  table: kind (4), CRC-32 of the section and its padding (4), offset (8), length without padding (8)
//!         ...     zeros to a multiple of 64, covered by the rule that padding is zero
//!                 sections
//! ```

use super::ArtifactError;

/// First bytes of every model file.
pub(super) const MAGIC: &[u8; 8] = b"foretast";
/// The version this code writes; it reads every version up to it.
pub(super) const VERSION: u32 = 1;

const HEADER: usize = 32;
const ENTRY: usize = 24;
const ALIGN: usize = 64;
/// More sections than any version has; bounds the table before it is read.
const MAX_SECTIONS: usize = 64;

/// Collects sections and lays them out.
#[derive(Default)]
pub(super) struct Writer {
    sections: Vec<(u32, Vec<u8>)>,
}

impl Writer {
    pub(super) fn section(&mut self, kind: u32, bytes: Vec<u8>) {
        self.sections.push((kind, bytes));
    }

    /// The bytes of the whole file.
    pub(super) fn finish(self) -> Vec<u8> {
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
        file[8..12].copy_from_slice(&VERSION.to_le_bytes());
        #[allow(clippy::cast_possible_truncation, reason = "there are at most 64 sections")]
        file[12..16].copy_from_slice(&(self.sections.len() as u32).to_le_bytes());
        file[16..24].copy_from_slice(&length.to_le_bytes());
        let crc = header_crc(&file[..table]);
        file[24..28].copy_from_slice(&crc.to_le_bytes());
        file
    }
}

/// The checked sections of a file.
pub(super) struct Reader<'a> {
    sections: Vec<(u32, &'a [u8])>,
}

impl<'a> Reader<'a> {
    /// Checks header, table, padding and every checksum; copies nothing.
    pub(super) fn open(file: &'a [u8]) -> Result<Self, ArtifactError> {
        if file.len() < HEADER {
            return Err(ArtifactError::Truncated { found: file.len() as u64, expected: HEADER as u64 });
        }
        if &file[0..8] != MAGIC {
            return Err(ArtifactError::NotAModel);
        }
        let version = u32_at(file, 8);
        if version == 0 || version > VERSION {
            return Err(ArtifactError::Version { found: version, newest: VERSION });
        }
        let length = u64_at(file, 16);
        if length != file.len() as u64 {
            return Err(ArtifactError::Truncated { found: file.len() as u64, expected: length });
        }
        let count = u32_at(file, 12) as usize;
        let table = HEADER + ENTRY * count.min(MAX_SECTIONS);
        if count > MAX_SECTIONS || padded(table) > file.len() {
            return Err(ArtifactError::Corrupt { what: "header", why: "more sections than the file can hold" });
        }
        if u32_at(file, 24) != header_crc(&file[..table]) {
            return Err(ArtifactError::Checksum { what: "header" });
        }
        if file[table..padded(table)].iter().any(|&byte| byte != 0) {
            return Err(ArtifactError::Corrupt { what: "header", why: "padding that is not zero" });
        }
        let mut sections = Vec::with_capacity(count);
        let mut expected = padded(table);
        for entry in file[HEADER..table].chunks_exact(ENTRY) {
            let (kind, offset, length) = (u32_at(entry, 0), u64_at(entry, 8), u64_at(entry, 16));
            let bytes = usize::try_from(length).ok().filter(|&length| length <= file.len() - expected);
            let Some(bytes) =
                bytes.filter(|&bytes| offset == expected as u64 && padded(bytes) <= file.len() - expected)
            else {
                return Err(ArtifactError::Corrupt { what: "section table", why: "a section outside of the file" });
            };
            if crc32fast::hash(&file[expected..expected + padded(bytes)]) != u32_at(entry, 4) {
                return Err(ArtifactError::Checksum { what: super::layout::section_name(kind) });
            }
            sections.push((kind, &file[expected..expected + bytes]));
            expected += padded(bytes);
        }
        if expected != file.len() {
            return Err(ArtifactError::Corrupt { what: "section table", why: "bytes that belong to no section" });
        }
        Ok(Self { sections })
    }

    /// The bytes of one section.
    pub(super) fn section(&self, kind: u32) -> Result<&'a [u8], ArtifactError> {
        let found = self.sections.iter().find(|(found, _)| *found == kind);
        found
            .map(|&(_, bytes)| bytes)
            .ok_or(ArtifactError::Corrupt { what: super::layout::section_name(kind), why: "the section is missing" })
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
