//! What decompressed bytes are: text, lines of JSON, columns, or something that is refused by name.

use super::sparse;

/// What the bytes are, as far as their start says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Delimited text, or what looks like nothing else.
    Text,
    /// One JSON object a line.
    JsonLines,
    /// Parquet.
    Parquet,
    /// Arrow IPC, the file format; Feather 2 is the same.
    ArrowFile,
    /// Arrow IPC, the stream format.
    ArrowStream,
    /// UTF-16 text, with its byte order.
    Utf16(&'static str),
    /// A format that is not read.
    Refused(Refusal),
}

/// A format that is not read, and how to get one that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// With its article.
    pub(super) found: &'static str,
    /// What to do, as a command or a step.
    pub(super) advice: &'static str,
}

/// How many bytes are needed to tell: the mark of a tar archive stands at byte 257.
pub(super) const HEAD_BYTES: usize = 1 << 16;

const PANDAS_EXCEL: &str = "save the sheet as CSV, or `pandas.read_excel(FILE).to_csv(\"data.csv\", index=False)`";
const PANDAS_PICKLE: &str = "load it where it was made and write `frame.to_csv(\"data.csv\", index=False)` or a Parquet \
                             file; a pickle can run any code, so it is never loaded here";
const UNPACK: &str = "unpack it and give the file or the folder within";
const AS_CSV: &str = "convert it to CSV or Parquet";

/// Marks at the start of a file.
const MAGICS: &[(&[u8], &str, &str)] = &[
    (b"SQLite format 3\0", "an SQLite database", "`sqlite3 -header -csv FILE \"SELECT * FROM table\" > data.csv`"),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file",
        "`pandas.read_hdf(FILE).to_csv(\"data.csv\", index=False)`, or h5py for files that pandas did not write",
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (xls)", PANDAS_EXCEL),
    (b"FEA1", "a Feather file of version 1", "`pandas.read_feather(FILE).to_parquet(\"data.parquet\")`"),
    (b"\x93NUMPY", "a NumPy array", "`numpy.savetxt(\"data.csv\", numpy.load(FILE), delimiter=\",\", fmt=\"%g\")`"),
    (b"ORC", "an ORC file", "`pandas.read_orc(FILE).to_parquet(\"data.parquet\")`"),
    (b"Obj\x01", "an Avro file", AS_CSV),
    (b"MATLAB 5.0", "a MATLAB file", "`scipy.io.loadmat(FILE)`, then write its matrix as CSV"),
    (b"RDX2\n", "an R data file", "`write.csv(x, \"data.csv\", row.names = FALSE)` in R"),
    (b"RDX3\n", "an R data file", "`write.csv(x, \"data.csv\", row.names = FALSE)` in R"),
    (b"X\n\0\0\0", "an R object (rds)", "`write.csv(readRDS(FILE), \"data.csv\", row.names = FALSE)` in R"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 stream", "`lz4 -d FILE`"),
    (b"LZIP", "an lzip stream", "`lzip -d FILE`"),
    (b"\x1f\x9d", "an LZW stream (compress)", "`gunzip FILE`"),
    (b"\xff\x06\x00\x00sNaPpY", "a snappy stream", "decompress it, or compress it with gzip or zstd"),
    (b"%PDF-", "a PDF", AS_CSV),
    (b"\x7fELF", "a program", "give a file of data"),
    (b"version https://git-lfs.github.com/", "a pointer of Git LFS, not the file itself", "`git lfs pull`"),
    (b"\x89PNG\r\n", "an image", "give a file of data"),
    (b"\xff\xd8\xff", "an image", "give a file of data"),
];

impl Content {
    /// Tells from the first bytes, at most [`HEAD_BYTES`]; `complete` if there are no more.
    pub(super) fn of(head: &[u8], complete: bool) -> Self {
        let refused = |found, advice| Self::Refused(Refusal { found, advice });
        if head.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        if head.starts_with(b"PARE") {
            return refused("a Parquet file with an encrypted footer", "write it without encryption");
        }
        if head.starts_with(b"ARROW1") {
            return Self::ArrowFile;
        }
        if is_arrow_stream(head) {
            return Self::ArrowStream;
        }
        if let Some(&(_, found, advice)) = MAGICS.iter().find(|(magic, ..)| head.starts_with(magic)) {
            // Three letters open many a text.
            if found != "an ORC file" || !looks_like_text(head) {
                return refused(found, advice);
            }
        }
        if head.get(257..262) == Some(b"ustar") {
            return refused("a tar archive", "`tar xf FILE`, then give the file or the folder within");
        }
        if matches!(head, [0x80, 2..=5, b'c' | b'}' | b']' | b'(' | b'K' | b'X' | 0x8c | 0x95, ..]) {
            return refused("a Python pickle", PANDAS_PICKLE);
        }
        if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = head {
            return refused("UTF-32 text", "save it as UTF-8");
        }
        if let Some(order) = utf16(head) {
            return Self::Utf16(order);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        if is_markup(text) {
            return refused(
                "a page of HTML or XML, such as a site answers instead of the file",
                "download the file itself, or save the table as CSV",
            );
        }
        match json(text, complete) {
            Some(content) => content,
            None if is_binary(head) => refused("not text: every tenth byte or more is a NUL or control byte", AS_CSV),
            None => sparse::content(text, complete).unwrap_or(Self::Text),
        }
    }
}

/// A message of Arrow: the continuation mark and a length of metadata, a table of flatbuffers behind it.
fn is_arrow_stream(head: &[u8]) -> bool {
    let word = |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let (Some(mark), Some(length), Some(root)) = (word(0), word(4), word(8)) else { return false };
    mark == u32::MAX && (16..1 << 28).contains(&length) && (4..length).contains(&root) && length % 8 == 0
}

fn is_markup(text: &[u8]) -> bool {
    let starts = |mark: &[u8]| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    [&b"<!doctype"[..], b"<html", b"<head", b"<?xml", b"<svg"].into_iter().any(starts)
}

fn json(text: &[u8], complete: bool) -> Option<Content> {
    let refused = |found, advice| Some(Content::Refused(Refusal { found, advice }));
    match text {
        [b'{', rest @ ..] => {
            let end = memchr::memchr(b'\n', text);
            let line = &text[..end.unwrap_or(text.len())];
            let object = |line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
            if let Some((found, advice)) = by_columns(text, complete) {
                return refused(found, advice);
            }
            if object(line) {
                return Some(Content::JsonLines);
            }
            match rest.trim_ascii_start().first() {
                // A first line beyond the sample can only be judged by its start.
                Some(b'"') if end.is_none() && !complete => Some(Content::JsonLines),
                // The object goes on in the next line, as printed for people.
                Some(b'"') if matches!(line.trim_ascii_end(), [.., b'{' | b'[' | b',']) => refused(
                    "one JSON document over several lines",
                    "write one object a line, such as `jq -c '.[]' FILE > data.jsonl`",
                ),
                Some(b'"') if line.contains(&b':') => Some(Content::JsonLines),
                _ => None,
            }
        }
        [b'[', rest @ ..] => match rest.trim_ascii_start() {
            [b'{' | b'[' | b'"' | b']', ..] => refused(
                "a JSON array",
                "write one object a line: `jq -c '.[]' FILE > data.jsonl`, or \
                 `pandas.read_json(FILE).to_json(\"data.jsonl\", orient=\"records\", lines=True)`",
            ),
            _ => None,
        },
        _ => None,
    }
}

/// What a document of whole columns is, and what to do; `None` where it is none.
///
/// Its first object holds nothing but columns: lists of numbers and texts, or objects of them, one or more a column.
fn by_columns(text: &[u8], complete: bool) -> Option<(&'static str, &'static str)> {
    const FOUND: &str = "one JSON document of whole columns";
    let columns = "write it as a table: `pandas.read_json(FILE).to_csv(\"data.csv\", index=False)`";
    let split = "write it as a table: `pandas.read_json(FILE, orient=\"split\").to_csv(\"data.csv\", index=False)`";
    let mut objects =
        serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Map<String, serde_json::Value>>();
    match objects.next() {
        Some(Ok(object)) => {
            let is_last = objects.next().is_none() && complete;
            let long =
                |value: &serde_json::Value| value.as_array().map(Vec::len).or(value.as_object().map(|map| map.len()));
            let lengths: Option<Vec<usize>> = object.values().map(long).collect();
            let equal =
                lengths.is_some_and(|lengths| lengths.len() > 1 && lengths.windows(2).all(|two| two[0] == two[1]));
            match () {
                () if !is_last => None,
                () if object.contains_key("columns") && object.contains_key("data") => Some((FOUND, split)),
                () if equal => Some((FOUND, columns)),
                () => None,
            }
        }
        // Beyond the sample: the first column goes on to its end.
        Some(Err(error)) if error.is_eof() && !complete => {
            let value = text.iter().position(|&byte| byte == b':').map(|at| text[at + 1..].trim_ascii_start());
            let opens = value.is_some_and(|value| matches!(value.first(), Some(b'[' | b'{')));
            let first = memchr::memchr(b'\n', text).map_or(text, |end| &text[..end]);
            let ended = first.ends_with(b"}") || first.ends_with(b"}\r");
            (opens && !ended).then_some((FOUND, columns))
        }
        _ => None,
    }
}

/// Byte order of a UTF-16 text, if it is one: by its mark, or by every other byte being zero.
fn utf16(sample: &[u8]) -> Option<&'static str> {
    match sample {
        [0xff, 0xfe, ..] => return Some("little"),
        [0xfe, 0xff, ..] => return Some("big"),
        _ => {}
    }
    let head = &sample[..sample.len().min(256)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = head.len() / 2 * 3 / 4;
    if head.len() < 4 {
        None
    } else if odd > most && even == 0 {
        Some("little")
    } else if even > most && odd == 0 {
        Some("big")
    } else {
        None
    }
}

/// Whether control bytes make up a tenth of the start. Short files, and padding at the end of a file, are left to the
/// reader of rows, which counts them.
fn is_binary(head: &[u8]) -> bool {
    const LEAST: usize = 512;
    if head.len() < LEAST {
        return false;
    }
    let padding = head.iter().rev().take_while(|&&byte| byte == 0).count();
    let head = &head[..head.len() - padding];
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let found = head.iter().filter(|&&byte| control(byte)).count();
    head.is_empty() || found * 10 >= head.len()
}

fn looks_like_text(head: &[u8]) -> bool {
    !head[..head.len().min(64)].iter().any(|&byte| byte < 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(head: &[u8]) -> &'static str {
        match Content::of(head, true) {
            Content::Refused(refusal) => refusal.found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_that_resembles_a_format_is_text() {
        for text in [
            &b"ORCHID,1,5\nROSE,2,4\n"[..],
            b"{a},b,1\n{c},d,2\n",
            b"[1],2,3\n",
            b"",
            b"BZh9,1,2\n",
            b"PK,1,2\n",
            b"user,item\n\0\0\0\0",
            b"<user>,<item>\n",
        ] {
            assert_eq!(Content::of(text, true), Content::Text, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn objects_one_a_line_are_told_from_a_document() {
        assert_eq!(Content::of(b"{\"user\": 1}\n{\"user\": 2}\n", true), Content::JsonLines);
        assert_eq!(Content::of(b"\xef\xbb\xbf \n{\"user\": 1}", true), Content::JsonLines);
        assert_eq!(Content::of(b"{\"user\": 1, \"te", false), Content::JsonLines);
        for columns in [
            "{\"user\": [1, 2], \"item\": [3, 4]}\n",
            "{\n  \"user\": [1, 2],\n  \"item\": [3, 4]\n}\n",
            "{\"user\": {\"0\": 1}, \"item\": {\"0\": 3}}",
            "{\"columns\": [\"user\"], \"index\": [0, 1], \"data\": [[1], [2]]}",
        ] {
            assert_eq!(found(columns.as_bytes()), "one JSON document of whole columns", "{columns}");
        }
        assert_eq!(Content::of(b"{\"user\": [1, 2], \"item\": [3, 4", false), Content::of(b"{\"user\": [1, 2", false));
        for document in ["{\n  \"user\": 1\n}\n", "{\"user\": 1,\n \"item\": 2}", "{\"rows\": [\n{}]}"] {
            assert!(found(document.as_bytes()).contains("document"));
        }
        for array in [&b"[{\"user\": 1}]"[..], b" [\n {", b"[[1, 2]]", b"[\"u\", 1]", b"[]"] {
            assert_eq!(found(array), "a JSON array");
        }
    }

    #[test]
    fn binary_files_are_named() {
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(found(&tar), "a tar archive");
        assert_eq!(found(b"\x80\x04\x95\x10\0\0\0"), "a Python pickle");
        assert_eq!(found(b"<!DOCTYPE html><html>"), found(b"\n<?xml version"));
        assert!(found(&[0; 1024]).starts_with("not text"));
        assert!(found(&[7, b'a'].repeat(512)).starts_with("not text"));
        for (magic, name, _) in MAGICS {
            assert_eq!(found(&[magic, &b"\0\x01"[..]].concat()), *name);
        }
    }

    #[test]
    fn utf16_is_told_from_text() {
        assert_eq!(utf16(b"\xff\xfe1\0,\0"), Some("little"));
        assert_eq!(utf16(b"1\0,\x002\0,\x003\0\n\0"), Some("little"));
        assert_eq!(utf16(b"\x001\0,\x002\0,\x003\0\n"), Some("big"));
        assert_eq!(utf16(b"1,2,3\n\0\0"), None);
        assert_eq!(utf16(b""), None);
    }
}
