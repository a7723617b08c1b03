//! Times single-svdlib's restarted Lanczos bidiagonalisation in float32.
//!
//! Reads the path of a matrix as its first argument, then from each line of its input `RANK TOLERANCE OUT`, and
//! answers with one line `WALL_SECONDS CPU_SECONDS`. `OUT` gets u (rows x k), s and vt (k x columns), float32, row-major.
//! The matrix is three u64 (rows, columns, entries), then CSR row starts as u64, columns as u32, values as f32.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use single_svdlib::irlba::{IrlbaConfig, svd_with};
use single_svdlib::{SvdMat, SvdRec};

/// Basis vectors for a rank: on MovieLens 200k the fastest, or within a tenth of it, of 7 to 400 beyond ranks 10 to 500.
fn basis(rank: usize) -> usize {
    rank + rank / 5 + 5
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of a matrix")?;
    let matrix = read(&fs::read(path)?)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let [rank, tolerance, out] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err("expected `RANK TOLERANCE OUT`".into());
        };
        let rank = rank.parse::<usize>()?;
        let config = IrlbaConfig::new(rank).tol(tolerance.parse()?).work(basis(rank)).seed(0);
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let svd = pool.install(|| svd_with::<f32, _>(&matrix, &config, None))?;
        let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        fs::write(out, factors(&svd))?;
        println!("{wall} {cpu}");
        io::stdout().flush()?;
    }
    Ok(())
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn read(bytes: &[u8]) -> Result<SvdMat<f32>, Box<dyn Error>> {
    let mut rest = bytes;
    let mut take = |count: usize| -> Result<&[u8], Box<dyn Error>> {
        let (head, tail) = rest.split_at_checked(count).ok_or("the matrix file is cut off")?;
        rest = tail;
        Ok(head)
    };
    let header: Vec<usize> = words(take(24)?, |word| u64::from_le_bytes(word) as usize);
    let [rows, columns, entries] = header[..] else { unreachable!("24 bytes are three words") };
    let starts = words(take(8 * (rows + 1))?, u64::from_le_bytes);
    let indices = words(take(4 * entries)?, u32::from_le_bytes);
    let values = words(take(4 * entries)?, f32::from_le_bytes);
    SvdMat::try_new((rows, columns), starts, indices, values).map_err(|(_, _, _, error)| error.into())
}

fn words<const N: usize, T>(bytes: &[u8], from: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&word| from(word)).collect()
}

fn factors(svd: &SvdRec<f32>) -> Vec<u8> {
    svd.u.iter().chain(&svd.s).chain(&svd.vt).flat_map(|value| value.to_le_bytes()).collect()
}
