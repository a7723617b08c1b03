//! The fit of a blend: its members, one after the other.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;

use super::members::Members;
use super::{Blend, BlendParams, persist};
use crate::fit::{OnProgress, check_range, tell};
use crate::{Family, FitError, FitProgress, FitReport, Memory, ModelParams, Scorer, Shape};

/// More members are not worth their cost, and a file holds so many.
const MOST: usize = 8;

impl BlendParams {
    /// Checks what concerns the blend itself.
    pub(super) fn check_own(&self) -> Result<(), FitError> {
        let members = &self.members.0;
        let refused = |found: String, allowed: String| Err(FitError::Parameter { name: "members", found, allowed });
        if !(1..=MOST).contains(&members.len()) {
            return refused(members.len().to_string(), format!("1 to {MOST}"));
        }
        if members.iter().any(|member| matches!(member.model, ModelParams::Blend(_))) {
            return refused("a blend".to_owned(), "other models".to_owned());
        }
        for member in members {
            check_range("weight", member.weight, -1e6, 1e6)?;
        }
        check_range("rank_constant", self.rank_constant, f64::MIN_POSITIVE, f64::INFINITY)
    }
}

impl Family for Blend {
    const NAME: &'static str = "blend";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = BlendParams;

    fn defaults_for(shape: &Shape) -> BlendParams {
        BlendParams { members: Members::for_shape(shape), ..BlendParams::default() }
    }

    fn summary(params: &BlendParams) -> String {
        format!("{} of {}", Self::NAME, params.members)
    }

    fn check(params: &BlendParams, shape: &Shape) -> Result<(), FitError> {
        params.check_own()?;
        params.members.0.iter().try_for_each(|member| member.model.check(shape))
    }

    fn memory(params: &BlendParams, shape: &Shape) -> Memory {
        // Those that are fitted are held while the next one is.
        let (mut fit, mut model) = (shape.by_user(), 0);
        for member in &params.members.0 {
            let own = member.model.memory(shape);
            fit = fit.max(model + own.fit);
            model += own.model;
        }
        Memory { fit, model }
    }

    fn fit(
        params: &BlendParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let share = 1.0 / params.members.0.len().max(1) as f64;
        let mut members = Vec::with_capacity(params.members.0.len());
        for member in &params.members.0 {
            let before = members.len() as f64 * share;
            let mut own = |FitProgress { done }| progress(FitProgress { done: before + share * done });
            let fitted = member.model.fit(data, &mut own)?;
            report.phases.extend(fitted.report.phases);
            report.figures.extend(fitted.report.figures);
            members.push((member.weight, fitted.model));
        }
        tell(progress, 1.0)?;
        Ok(Self { members, votes: params.votes, rank_constant: params.rank_constant })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file)
    }

    fn load(params: &BlendParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let model = persist::load(params, shape, file)?;
        debug_assert_eq!(model.items(), shape.items);
        Ok(model)
    }
}
