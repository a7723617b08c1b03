//! Compression undone: gzip, zstd, bz2 and xz, told by the first bytes of the stream.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use serde::Serialize;

/// A stream of bytes that may be read on another thread than the one that opened it.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// What was undone to get at the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Nothing.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// One entry of a zip archive.
    Zip,
    /// zstd, of one or more frames.
    Zstd,
    /// bzip2, of one or more streams.
    Bzip2,
    /// xz, of one or more streams.
    Xz,
}

const BUFFER_BYTES: usize = 1 << 16;
/// Most memory that a stream may ask for its window: what `zstd` and `xz` accept without a flag.
const WINDOW_BYTES: u64 = 128 << 20;
const SKIPPABLE_MAGIC: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;
const ZSTD_MAGIC: u32 = 0xfd2f_b528;

impl Compression {
    /// What the first bytes say; zip archives are no streams, and are looked for elsewhere.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let bzip2 = |head: &[u8]| {
            let block = head.get(4..10);
            let magics: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
            matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', ..]) && block.is_some_and(|block| magics.contains(&block))
        };
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            head if bzip2(head) => Some(Self::Bzip2),
            _ => None,
        }
    }

    /// Undoes it. Memory is bounded: by the format, or by a window of 128 MiB.
    pub(super) fn undo(self, bytes: Bytes) -> Bytes {
        let buffered = BufReader::with_capacity(BUFFER_BYTES, bytes);
        let kilobytes = u32::try_from((2 * WINDOW_BYTES) >> 10).unwrap_or(u32::MAX);
        match self {
            // An archive is no stream; its entries are found elsewhere.
            Self::None | Self::Zip => Box::new(buffered),
            Self::Gzip => Box::new(MultiGzDecoder::new(buffered)),
            Self::Bzip2 => Box::new(Once::new(MultiBzDecoder::new(buffered), "bz2")),
            Self::Xz => Box::new(Once::new(XzReader::new_mem_limit(buffered, true, kilobytes), "xz")),
            Self::Zstd => Box::new(Once::new(Zstd::new(buffered), "zstd")),
        }
    }
}

/// Names the format in its errors, and reads nothing more after the first, which leaves a decoder in no known state.
struct Once<R> {
    reader: Option<R>,
    format: &'static str,
}

impl<R> Once<R> {
    fn new(reader: R, format: &'static str) -> Self {
        Self { reader: Some(reader), format }
    }
}

impl<R: Read> Read for Once<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(reader) = &mut self.reader else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("the {} stream is broken", self.format)));
        };
        match reader.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.reader = None;
                Err(io::Error::new(error.kind(), format!("{}: {error}", self.format)))
            }
            other => other,
        }
    }
}

/// Frames of zstd one after the other, each compared with its checksum if it has one.
struct Zstd<R> {
    source: R,
    frame: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(WINDOW_BYTES);
        Self { source, frame, within: false }
    }

    /// Goes to the next frame; false at the end of the stream.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            let mut magic = [0u8; 4];
            self.source.read_exact(&mut magic)?;
            let number = u32::from_le_bytes(magic);
            if SKIPPABLE_MAGIC.contains(&number) {
                let mut length = [0u8; 4];
                self.source.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if number != ZSTD_MAGIC {
                return Err(invalid("bytes behind the last frame that are no frame"));
            }
            self.frame.reset((&magic[..]).chain(&mut self.source)).map_err(|error| invalid(&error.to_string()))?;
            self.within = true;
            return Ok(true);
        }
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.within = false;
        let (stored, computed) = (self.frame.get_checksum_from_data(), self.frame.get_calculated_checksum());
        if stored.is_some() && stored != computed {
            return Err(invalid("a frame does not match its checksum"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within && !self.next_frame()? {
                return Ok(0);
            }
            while self.frame.can_collect() == 0 && !self.frame.is_finished() {
                let decoded = self.frame.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(|error| invalid(&error.to_string()))?;
            }
            let got = self.frame.read(buffer)?;
            if got > 0 {
                return Ok(got);
            }
            if self.frame.is_finished() {
                self.end_frame()?;
            }
        }
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
