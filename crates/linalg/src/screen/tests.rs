//! A screened search gives what an exhaustive one gives.

use proptest::prelude::*;

use super::*;

/// The same by multiplying every row and sorting.
fn exhaustive(
    matrix: &PanelMatrix,
    x: &[f32],
    plus: f32,
    k: usize,
    allowed: &dyn Fn(usize) -> bool,
) -> Vec<(usize, u32)> {
    let mut scores = vec![0.0; matrix.nrows()];
    matrix.times_plus(x, plus, &mut scores);
    let mut found: Vec<(usize, f32)> = scores.into_iter().enumerate().filter(|&(row, _)| allowed(row)).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.into_iter().take(k).map(|(row, score)| (row, score.to_bits())).collect()
}

fn searched(
    matrix: &PanelMatrix,
    x: &[f32],
    plus: f32,
    k: usize,
    allowed: &dyn Fn(usize) -> bool,
) -> Option<Vec<(usize, u32)>> {
    let found = Screen::new(matrix)?.largest(matrix, (x, plus), k, &mut |row| allowed(row))?;
    Some(found.into_iter().map(|(row, score)| (row, score.to_bits())).collect())
}

/// Numbers of every size, with many equal ones, zeros of both signs and some below the normal range.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -1f32..1.0,
        2 => (-3i8..4).prop_map(f32::from),
        1 => Just(-0.0),
        1 => (-1f32..1.0).prop_map(|x| x * 1e-20),
        1 => (-1f32..1.0).prop_map(|x| x * 1e-42),
        1 => (-1f32..1.0).prop_map(|x| x * 1e15),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_screened_search_gives_places_and_bits_of_an_exhaustive_one(
        ncols in 1usize..40,
        rows in prop::collection::vec((prop::collection::vec(number(), 40), prop_oneof![Just(1f32), Just(0.0), Just(1e-30), Just(1e12)]), 0..300),
        repeat in 1usize..4,
        x in prop::collection::vec(number(), 40),
        k in 0usize..30,
        out in 1usize..7,
        plus in prop_oneof![Just(-0.0f32), number()],
    ) {
        let one: Vec<f32> = rows.iter().flat_map(|(row, scale)| row[..ncols].iter().map(move |x| x * scale)).collect();
        let values = one.repeat(repeat);
        let matrix = PanelMatrix::new(values.len() / ncols, ncols, &values);
        let allowed = |row: usize| row % out != 1;
        if let Some(found) = searched(&matrix, &x[..ncols], plus, k, &allowed) {
            prop_assert_eq!(found, exhaustive(&matrix, &x[..ncols], plus, k, &allowed));
        }
    }
}

#[test]
fn few_rows_of_many_are_multiplied_and_the_answer_is_that_of_all() {
    let (nrows, ncols) = (20_000, 64);
    let values = crate::random::normal(nrows, ncols, 1.0, 1);
    let matrix = PanelMatrix::new(nrows, ncols, values.values());
    let screen = Screen::new(&matrix).unwrap();
    for seed in 0..20 {
        let x = crate::random::normal(1, ncols, 1.0, 100 + seed);
        let mut asked = 0;
        let found = screen.largest(&matrix, (x.row(0), -0.0), 10, &mut |_| {
            asked += 1;
            true
        });
        let found: Vec<_> = found.unwrap().into_iter().map(|(row, score)| (row, score.to_bits())).collect();
        assert_eq!(found, exhaustive(&matrix, x.row(0), -0.0, 10, &|_| true));
        assert!(asked < nrows / 20, "{asked} of {nrows} rows were looked at");
    }
}

#[test]
fn rows_that_are_equal_or_zero_are_ordered_by_place_or_left_to_an_exhaustive_search() {
    let matrix = PanelMatrix::new(900, 3, &[1.0, 2.0, 3.0].repeat(900));
    for x in [[1.0, 0.5, -0.25], [0.0; 3], [-1.0, -1.0, -1.0]] {
        let found = searched(&matrix, &x, -0.0, 5, &|row| row > 2).unwrap();
        assert_eq!(found, exhaustive(&matrix, &x, -0.0, 5, &|row| row > 2));
        assert_eq!(found.iter().map(|&(row, _)| row).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    }
    let many = PanelMatrix::new(20_000, 3, &[1.0, 2.0, 3.0].repeat(20_000));
    assert_eq!(searched(&many, &[1.0, 1.0, 1.0], 0.5, 5, &|_| true), None, "all rows are equal");
}

#[test]
fn numbers_that_could_overflow_are_left_to_an_exhaustive_search() {
    let huge = PanelMatrix::new(2, 2, &[3e37, 3e37, 1.0, 1.0]);
    assert_eq!(searched(&huge, &[30.0, 1.0], -0.0, 1, &|_| true), None);
    assert!(searched(&huge, &[1e-3, 1e-3], -0.0, 1, &|_| true).is_some());
    assert!(Screen::new(&PanelMatrix::new(1, 2, &[f32::INFINITY, 0.0])).is_none());
    assert!(Screen::new(&PanelMatrix::new(1, 2, &[f32::NAN, 0.0])).is_none());
    assert_eq!(searched(&huge, &[f32::NAN, 0.0], -0.0, 1, &|_| true), None);
}

#[test]
fn products_that_an_addition_rounds_to_one_are_ordered_by_place() {
    // All of them are 1 once 1 is added: those of the last rows are the largest before.
    let values: Vec<f32> = (0..6000).map(|row| row as f32 * 1e-12).collect();
    let matrix = PanelMatrix::new(6000, 1, &values);
    let found = searched(&matrix, &[1.0], 1.0, 3, &|row| row > 5990).unwrap();
    assert_eq!(found.iter().map(|&(row, _)| row).collect::<Vec<_>>(), [5991, 5992, 5993]);
    assert_eq!(found, exhaustive(&matrix, &[1.0], 1.0, 3, &|row| row > 5990));
    let huge = searched(&matrix, &[1.0], f32::MAX, 3, &|_| true);
    assert_eq!(huge, None, "what is added could overflow");
}
