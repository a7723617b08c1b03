//! An evaluation as rows for a spreadsheet: a row for each figure.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use foretaste_eval::Report;

use crate::output::{self, csv_field};

/// Prints the means, then the figures of each fold where there are several.
pub(super) fn write(report: &Report) -> Result<()> {
    let mut out = output::stdout();
    writeln!(out, "model,summary,fold,metric,value")?;
    for model in &report.models {
        let begin = format!("{},{}", csv_field(&model.model), csv_field(&model.summary));
        let mut figures = |fold: &str, figures: &BTreeMap<String, f64>| {
            figures.iter().try_for_each(|(metric, value)| writeln!(out, "{begin},{fold},{metric},{value}"))
        };
        figures("", &model.metrics)?;
        for (fold, of_fold) in (1..).zip(&model.by_fold) {
            figures(&format!("{fold}"), of_fold)?;
        }
    }
    Ok(out.flush()?)
}
