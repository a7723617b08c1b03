//! The best of many items without the scores of all: for models whose scores are products of vectors.

use super::eligible::Eligible;
use super::subject::Basis;
use super::{Recommender, Scored};
use foretaste_models::Factored;

/// Of this many items one may be asked for at most: the more, the more items have to be multiplied.
const ITEMS_A_PLACE: usize = 64;
/// Of this many items at least one must be allowed: a search that finds few looks at all others.
const ITEMS_ALLOWED: usize = 8;

impl Recommender {
    /// The `limit` best items that the subject does not have and that are allowed, to the bit those of all scores; `None`
    /// where all scores are as fast, or the model has no such search.
    pub(super) fn screened(&self, basis: &Basis<'_>, eligible: &Eligible, limit: usize) -> Option<Vec<Scored>> {
        let factored = self.model().scorer().factored()?;
        let (vectors, history) = (factored.item_vectors(), basis.history());
        let items = self.dataset().interactions.items().len();
        let allowed = eligible.count().unwrap_or(items);
        if !vectors.is_screened()
            || limit.saturating_mul(ITEMS_A_PLACE) > allowed
            || allowed.saturating_mul(ITEMS_ALLOWED) < items
        {
            return None;
        }
        let (x, plus) = basis.vector(factored);
        let is_allowed = &mut |item| eligible.contains(item) && history.items.binary_search(&item.0).is_err();
        let found = vectors.best((&x, plus), limit, is_allowed)?;
        Some(found.into_iter().map(|(item, score)| Scored { item, score }).collect())
    }
}

impl Basis<'_> {
    /// What the vectors of the items are multiplied with, and what is added.
    fn vector(&self, factored: &dyn Factored) -> (Vec<f32>, f32) {
        match *self {
            Self::User(user, history) => factored.of_user(user, history),
            Self::History(_, history) => factored.of_history(history),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use foretaste_data::dataset::Dataset;
    use foretaste_data::ids::{IdTable, ItemIx, UserIx};
    use foretaste_data::interactions::{Feedback, Interactions};
    use foretaste_linalg::CsrMatrix;
    use foretaste_models::{ModelParams, SCREENED_FROM};

    use super::super::eligible::Unknown;
    use super::super::subject::Given;
    use super::super::{Request, Selection, Subject};
    use super::*;

    const USERS: usize = 60;

    /// Users with some hundred items each, popular ones more often; the last tenth of the items are copies of each other.
    fn data(items: usize) -> Arc<Dataset> {
        let (mut offsets, mut columns) = (vec![0], vec![]);
        for user in 0..USERS {
            let mut own: Vec<u32> = (0..200u32)
                .map(|at| {
                    let mixed = (user as u32 * 1000 + at).wrapping_mul(0x9E37_79B9) ^ (at << 7);
                    let share = f64::from(mixed.wrapping_mul(0x85EB_CA6B) >> 8) / f64::from(1 << 24);
                    (share * share * share * items as f64 * 0.9) as u32
                })
                .collect();
            if user % 2 == 0 {
                own.extend(items as u32 / 10 * 9..items as u32);
            }
            own.sort_unstable();
            own.dedup();
            columns.extend(own);
            offsets.push(columns.len());
        }
        let names = |count: usize| {
            let ids: Vec<String> = (0..count).map(|id| id.to_string()).collect();
            IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap()
        };
        let ones = vec![1.0; columns.len()];
        let matrix = CsrMatrix::new(items, offsets, columns, ones).unwrap();
        let interactions = Interactions::new(names(USERS), names(items), matrix, None, Feedback::Implicit).unwrap();
        Arc::new(Dataset::new("made", interactions))
    }

    fn fitted(data: &Arc<Dataset>, model: &str, settings: &[&str]) -> Recommender {
        let params = ModelParams::of(model).unwrap().with(settings).unwrap();
        let progress = &mut |_| ControlFlow::Continue(());
        Recommender::fit(data.clone(), &params, jiff::Timestamp::UNIX_EPOCH, progress).unwrap().0
    }

    /// How many of the lists that a search could make it made; each is that of all scores, to the bit.
    fn searched(recommender: &Recommender, selection: &Selection<'_>, limit: usize) -> usize {
        let mut made = 0;
        for user in 0..USERS {
            let name = user.to_string();
            let (ids, values) = recommender.dataset().interactions.of(UserIx(user as u32));
            let names: Vec<String> = ids.iter().map(|&id| recommender.item_id(ItemIx(id)).to_owned()).collect();
            let history = names.iter().zip(values).map(|(name, &value)| (name.as_str(), value)).take(50).collect();
            for subject in [Subject::User(&name), Subject::History(history)] {
                let mut unknown = Unknown::default();
                let request = Request { subject, limit, ..Request::for_user("") };
                let given = Given::read(recommender, &request, &mut unknown.items).unwrap();
                let basis = recommender.basis(&request.subject, &given).unwrap();
                let eligible = Eligible::new(recommender, selection, &mut unknown).unwrap();
                let bits = |list: Vec<Scored>| {
                    list.into_iter().map(|scored| (scored.item, scored.score.to_bits())).collect::<Vec<_>>()
                };
                if let Some(found) = recommender.screened(&basis, &eligible, limit) {
                    made += 1;
                    let expected = bits(recommender.best_of_all_scores(&basis, &eligible, limit));
                    assert_eq!(bits(found), expected, "{}, user {user}", recommender.model_name());
                }
            }
        }
        made
    }

    #[test]
    fn a_search_of_many_items_gives_the_lists_of_all_scores_and_is_what_requests_get() {
        let data = data(2 * SCREENED_FROM);
        let excluded: Vec<String> = (0..2000).map(|item| (7 * item).to_string()).collect();
        let exclude = Selection { exclude: excluded.iter().map(String::as_str).collect(), ..Selection::default() };
        let models: [(&str, &[&str]); 3] =
            [("ials", &["factors=24", "epochs=2"]), ("svd", &["rank=10"]), ("scaled_svd", &["factors=20"])];
        for (model, settings) in models {
            let recommender = fitted(&data, model, settings);
            for selection in [&Selection::default(), &exclude] {
                for limit in [1, 10, 100] {
                    let made = searched(&recommender, selection, limit);
                    assert!(made > USERS, "{model}: {made} of {} lists were searched for", 2 * USERS);
                }
            }
            let few: Vec<String> = (0..2000).map(|item| item.to_string()).collect();
            let only = Selection { only: Some(few.iter().map(String::as_str).collect()), ..Selection::default() };
            assert_eq!(searched(&recommender, &only, 10), 0, "few of the items are allowed");
            assert_eq!(searched(&recommender, &Selection::default(), 1000), 0, "a long list");
        }
    }

    #[test]
    fn few_items_have_no_copy_to_search() {
        let recommender = fitted(&data(SCREENED_FROM - 1), "ials", &["factors=4", "epochs=1"]);
        assert_eq!(searched(&recommender, &Selection::default(), 10), 0);
    }
}
