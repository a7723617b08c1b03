//! What a subject did after the data of a model were taken: it counts in the next list, without a fit.

use foretaste_data::ids::ItemIx;

use super::top_n::best_first;
use super::{RecommendError, Recommender, Scored};

/// What a subject has to do with an item by now, all of it taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The item's id.
    pub item: String,
    /// The value of the interaction, in place of the one in the data. Without a value the item only is in no list: it was seen,
    /// or turned down, and says nothing of taste.
    pub value: Option<f32>,
    /// When it was last observed, in milliseconds since 1970 (UTC).
    pub time: i64,
}

impl Recommender {
    /// Everything that a user rated, in the data and since, best first, equal ratings by rising item index; the score is the
    /// rating. Of items that the model does not know nothing is said.
    ///
    /// # Errors
    /// A user who is unknown and did nothing since.
    pub fn rated_by(&self, user: &str, live: &[Observed]) -> Result<Vec<Scored>, RecommendError> {
        let mut rated: Vec<Scored> = match self.user(user) {
            Ok(row) => {
                let (items, ratings) = self.dataset().interactions.of(row);
                items.iter().zip(ratings).map(|(&item, &score)| Scored { item: ItemIx(item), score }).collect()
            }
            Err(unknown) if live.is_empty() => return Err(unknown),
            Err(_) => Vec::new(),
        };
        for observed in live {
            let (Ok(item), Some(score)) = (self.item(&observed.item), observed.value) else { continue };
            match rated.iter_mut().find(|known| known.item == item) {
                Some(known) => known.score = score,
                None => rated.push(Scored { item, score }),
            }
        }
        rated.sort_by(best_first);
        Ok(rated)
    }

    /// The items that a request keeps out of its list without folding them in, rising: those without a value, and, for a
    /// model that cannot fold in, all.
    pub(super) fn hidden(&self, live: &[Observed]) -> Vec<ItemIx> {
        let folds = self.model().scorer().fold_in().is_some();
        let hidden = live.iter().filter(|observed| !folds || observed.value.is_none());
        let mut items: Vec<ItemIx> = hidden.filter_map(|observed| self.item(&observed.item).ok()).collect();
        items.sort_unstable();
        items
    }
}
