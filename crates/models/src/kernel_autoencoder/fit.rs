//! Fitting the kernel autoencoder: the kernel of all landmarks, one Cholesky factorisation, one solve.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::random::Random;
use foretaste_linalg::{Cholesky, CsrMatrix, Dense, PanelMatrix};
use serde::{Deserialize, Serialize};

use super::{KernelAutoencoder, kernel, persist};
use crate::fit::{OnProgress, check_finite, check_range, tell};
use crate::{Cheaper, Dimension, Family, FitError, FitReport, Memory, Positive, Shape};

/// The most hidden layers: with more, all histories grow alike.
const DEEPEST: usize = 20;

/// What the fit of a kernel autoencoder may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KernelAutoencoderParams {
    /// Hidden layers, 1 to 20.
    pub depth: usize,
    /// Ridge, as a multiple of the mean of the kernel's diagonal. The best one lies close to some others: a grid of steps of
    /// 1.25 finds it.
    pub lambda: f64,
    /// Most users that are fitted to; of more, so many are drawn.
    pub landmarks: usize,
    /// The users drawn come from it.
    pub seed: u64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for KernelAutoencoderParams {
    fn default() -> Self {
        Self { depth: 4, lambda: 4.0, landmarks: 20_000, seed: 0, positive: Positive::default() }
    }
}

impl Family for KernelAutoencoder {
    const NAME: &'static str = "kernel_autoencoder";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = KernelAutoencoderParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::whole("depth", 2, 5), Dimension::log("lambda", 1.0, 20.0)]
    }

    fn cheaper() -> Option<Cheaper> {
        Some(Cheaper::Users)
    }

    fn check(params: &KernelAutoencoderParams, _: &Shape) -> Result<(), FitError> {
        let whole = |name, found: usize, most: usize| {
            let allowed = format!("1 to {most}");
            if (1..=most).contains(&found) {
                Ok(())
            } else {
                Err(FitError::Parameter { name, found: found.to_string(), allowed })
            }
        };
        whole("depth", params.depth, DEEPEST)?;
        whole("landmarks", params.landmarks, u32::MAX as usize)?;
        check_range("lambda", params.lambda, 1e-6, f64::from(f32::MAX))
    }

    fn memory(params: &KernelAutoencoderParams, shape: &Shape) -> Memory {
        let landmarks = params.landmarks.min(shape.users) as u64;
        let (items, panels) = (shape.items as u64, (shape.items as u64).next_multiple_of(16));
        // Landmarks have as many entries as users have on average.
        let share = shape.entries as u64 * landmarks / (shape.users as u64).max(1);
        let positives = 8 * (share + items + 1);
        let model = 4 * landmarks * panels + positives + 4 * landmarks;
        let solve = 4 * landmarks * (landmarks + items);
        let pack = 4 * landmarks * (2 * items + panels);
        let rows = 8 * (share + landmarks + 1);
        // What is positive of all users goes when the landmarks are chosen; where all are landmarks it is theirs.
        let choose = shape.by_user() + if landmarks < shape.users as u64 { rows } else { 0 };
        Memory { fit: shape.by_user() + choose.max(rows + positives + solve.max(pack)), model }
    }

    /// landmarks² x (mean history + items) and landmarks³ / 3 multiplications.
    fn fit(
        params: &KernelAutoencoderParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let failed = |what, source| FitError::Failed { what, source };
        let positive =
            params.positive.matrix(interactions).map_err(|error| failed("choice of positives", error.into()))?;
        let rows = landmarks(positive, params).map_err(|error| failed("choice of landmarks", error.into()))?;
        let takers = rows.transpose();
        let mut theta = report.phase("kernel", || kernel::matrix(&rows, &takers, params.depth));
        tell(progress, 0.2)?;
        let (count, items) = (rows.nrows(), rows.ncols());
        let diagonal = || theta.values().iter().step_by(count + 1).map(|&x| f64::from(x));
        #[expect(clippy::cast_precision_loss, reason = "a number of users is far below 2^53")]
        let mean = diagonal().sum::<f64>() / count.max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "the kernel is stored as f32 on purpose")]
        let ridge = (params.lambda * mean) as f32;
        theta.values_mut().iter_mut().step_by(count + 1).for_each(|diagonal| *diagonal += ridge);
        let factor = report.phase("factorise", || Cholesky::new(theta));
        let factor = factor.map_err(|error| failed("factorisation", error.into()))?;
        tell(progress, 0.6)?;
        let mut alpha = Dense::<f32>::zeros(count, items);
        for row in 0..count {
            rows.row(row).0.iter().for_each(|&item| alpha.values_mut()[row * items + item as usize] = 1.0);
        }
        report.phase("solve", || factor.solve(&mut alpha));
        drop(factor);
        tell(progress, 0.9)?;
        check_finite("weights", alpha.values().iter().map(|&x| f64::from(x)))?;
        let weights = report.phase("pack", || packed(&alpha));
        tell(progress, 1.0)?;
        let lengths = (0..count).map(|row| u32::try_from(rows.row(row).0.len()).unwrap_or(u32::MAX)).collect();
        Ok(Self { depth: params.depth, positive: params.positive, takers, lengths, weights })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &KernelAutoencoderParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

/// The rows of users with anything, at most as many as are asked for, in the order of users.
fn landmarks(all: CsrMatrix, params: &KernelAutoencoderParams) -> Result<CsrMatrix, foretaste_linalg::CsrError> {
    let mut users: Vec<usize> = (0..all.nrows()).filter(|&user| !all.row(user).0.is_empty()).collect();
    if users.len() > params.landmarks {
        Random::new(params.seed).shuffle(&mut users);
        users.truncate(params.landmarks);
        users.sort_unstable();
    }
    if users.len() == all.nrows() {
        return Ok(all);
    }
    let (mut offsets, mut columns) = (vec![0], Vec::new());
    for user in users {
        columns.extend_from_slice(all.row(user).0);
        offsets.push(columns.len());
    }
    let values = vec![1.0; columns.len()];
    CsrMatrix::new(all.ncols(), offsets, columns, values)
}

/// The transpose of `alpha`, packed.
fn packed(alpha: &Dense<f32>) -> PanelMatrix {
    let (landmarks, items) = (alpha.nrows(), alpha.ncols());
    let mut turned = vec![0f32; landmarks * items];
    for (row, values) in alpha.values().chunks_exact(items.max(1)).enumerate() {
        values.iter().enumerate().for_each(|(item, &value)| turned[item * landmarks + row] = value);
    }
    PanelMatrix::new(items, landmarks, &turned)
}
