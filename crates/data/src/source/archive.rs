//! Zip archives: which entry is the table, and its bytes with length and checksum compared.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::TableError;
use super::compression::Bytes;
use super::stream::{Raw, buffered};

pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Files in the archive and their indices, without what systems leave in it.
pub(super) fn files(archive: &mut ZipArchive<Raw>) -> zip::result::ZipResult<Vec<(String, usize)>> {
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index)?;
        if entry.is_file() {
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if !is_litter(&name) {
                files.push((name, index));
            }
        }
    }
    Ok(files)
}

/// Whether a system left the file behind, such as macOS in archives and Spark in folders: nobody's data.
pub(crate) fn is_litter(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']).rev();
    let name = parts.next().unwrap_or_default();
    name.starts_with(['.', '_'])
        || ["thumbs.db", "desktop.ini"].contains(&name.to_ascii_lowercase().as_str())
        || parts.any(|folder| folder == "__MACOSX" || (folder.starts_with('.') && !folder.trim_matches('.').is_empty()))
}

fn find(files: &[(String, usize)], want: &str) -> Option<usize> {
    let ends = |entry: &str| entry == want || entry.rsplit('/').next() == Some(want);
    files.iter().find(|(entry, _)| ends(entry)).map(|&(_, index)| index)
}

/// Names of the files in the archive.
pub(super) fn list(raw: Raw, name: &str) -> Result<Vec<String>, TableError> {
    let fail = |error: zip::result::ZipError| TableError::Zip { name: name.to_owned(), reason: error.to_string() };
    let mut archive = ZipArchive::new(raw).map_err(fail)?;
    Ok(files(&mut archive).map_err(fail)?.into_iter().map(|(entry, _)| entry).collect())
}

/// Finds the entry, and gives its bytes without borrowing the archive, and their length as stored.
pub(super) fn entry(raw: Raw, name: &str, wanted: &[String]) -> Result<(Bytes, u64), TableError> {
    let fail = |reason: String| TableError::Zip { name: name.to_owned(), reason };
    let mut archive = ZipArchive::new(raw).map_err(|error| fail(error.to_string()))?;
    let files = files(&mut archive).map_err(|error| fail(error.to_string()))?;
    if let Some((found, advice)) = document(&files) {
        return Err(TableError::Refused { name: name.to_owned(), found: found.to_owned(), advice: advice.to_owned() });
    }
    let only = if let [(_, index)] = files[..] { Some(index) } else { None };
    let Some(index) = wanted.iter().find_map(|want| find(&files, want)).or(only) else {
        let found = files.into_iter().map(|(entry, _)| entry).take(20).collect();
        return Err(TableError::ZipEntry { name: name.to_owned(), found, wanted: wanted.to_vec() });
    };
    let entry = archive.by_index_raw(index).map_err(|error| fail(error.to_string()))?;
    if entry.encrypted() {
        return Err(fail("the entry is encrypted".to_owned()));
    }
    let (method, length, crc, size) = (entry.compression(), entry.compressed_size(), entry.crc32(), entry.size());
    let start = entry.data_start().ok_or_else(|| fail("the entry has no data".to_owned()))?;
    drop(entry);
    let mut raw = archive.into_inner();
    raw.seek(SeekFrom::Start(start)).map_err(|error| fail(error.to_string()))?;
    let bytes = buffered(raw.take(length));
    let stream: Bytes = match method {
        CompressionMethod::Stored => Box::new(bytes),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(bytes)),
        other => return Err(fail(format!("compression {other:?}, supported are stored and deflate"))),
    };
    Ok((Box::new(Checked { stream, crc, size, hasher: crc32fast::Hasher::new(), read: 0 }), length))
}

/// Formats that are zip archives of parts of their own.
fn document(files: &[(String, usize)]) -> Option<(&'static str, &'static str)> {
    let any = |is: &dyn Fn(&str) -> bool| files.iter().any(|(entry, _)| is(entry));
    if any(&|entry| entry == "xl/workbook.xml" || entry == "xl/workbook.bin") {
        return Some((
            "an Excel workbook (xlsx)",
            "save the sheet as CSV, or `pandas.read_excel(FILE).to_csv(\"data.csv\", index=False)`",
        ));
    }
    if any(&|entry| entry == "content.xml") && any(&|entry| entry == "META-INF/manifest.xml") {
        return Some(("an OpenDocument file", "save the sheet as CSV"));
    }
    if any(&|entry| entry == "[Content_Types].xml") {
        return Some(("an Office document", "save the table as CSV"));
    }
    if any(&|entry| entry.rsplit('/').next() == Some("data.pkl")) {
        return Some(("a PyTorch file", "write its tables as CSV or Parquet where it was made"));
    }
    if !files.is_empty() && files.iter().all(|(entry, _)| entry.ends_with(".npy")) {
        return Some((
            "an archive of NumPy arrays (npz)",
            "write it as CSV; `scipy.sparse.load_npz(FILE).tocoo()` has row, col and data",
        ));
    }
    None
}

/// A zip entry whose length and checksum are compared with the archive's directory at its end.
struct Checked {
    stream: Bytes,
    crc: u32,
    size: u64,
    hasher: crc32fast::Hasher,
    read: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.stream.read(buffer)?;
        self.hasher.update(&buffer[..got]);
        self.read += got as u64;
        if got == 0 && !buffer.is_empty() && (self.read != self.size || self.hasher.clone().finalize() != self.crc) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "zip entry does not match its checksum"));
        }
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_leave_behind_is_no_data() {
        for litter in
            ["__MACOSX/ml/._ratings.csv", "ml/._ratings.csv", ".DS_Store", "a/.DS_Store", "_SUCCESS", "x/Thumbs.db"]
        {
            assert!(is_litter(litter), "{litter}");
        }
        for data in ["ratings.csv", "./ratings.csv", "../ml/ratings.csv", "ml_1/part_0.csv"] {
            assert!(!is_litter(data), "{data}");
        }
    }
}
