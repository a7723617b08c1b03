//! How items stand for a subject: their scores, their places, and what keeps them out of the list.

use foretaste_data::ids::ItemIx;
use foretaste_models::Candidates;

use super::eligible::{Eligible, Unknown};
use super::explain::check_terms;
use super::ranking::{check_limit, with_scores};
use super::subject::{Basis, Given};
use super::top_n::best_first;
use super::{RecommendError, Recommender, Request, Scored, Selection, Source, UnknownValue, Why};

/// How some items stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Standings {
    /// The items, in the order in which they were named; unknown ones are not among them.
    pub items: Vec<Standing>,
    /// Where the scores come from.
    pub source: Source,
    /// Ids of the request that are not known, in the order in which they were named.
    pub unknown_items: Vec<String>,
    /// Values of filters that no item has, in the order in which they were named.
    pub unknown_values: Vec<UnknownValue>,
}

/// How one item stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The item's id, as it was named.
    pub id: String,
    /// Its title, or its id where it has none.
    pub title: String,
    /// What a list would be ordered by; none where no interaction tells anything of the item.
    pub score: Option<f32>,
    /// The place that it has in the list of all items that the request allows, from 1; for an item that is kept out the place
    /// that it would have.
    pub rank: Option<usize>,
    /// The first reason that keeps it out of the list.
    pub reason: Option<KeptOut>,
    /// Why it has its score, where that was asked for.
    pub why: Option<Why>,
}

/// What keeps an item out of a list, in the order in which a list is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeptOut {
    /// It has no interaction in the data, so that no model knows it.
    NoInteractions,
    /// It is in the history.
    Seen,
    /// `exclude` names it.
    Excluded,
    /// `only` does not name it.
    Only,
    /// A filter leaves it out: `genre`, `min_year` or `max_year`.
    Filter,
    /// There are as many better items as the list has places.
    Limit,
}

impl Recommender {
    /// How the named items stand for the subject of a request, whose limit only keeps an item out where `limit` states it.
    /// Scores all items and sorts those that may be in the list.
    ///
    /// # Errors
    /// Those of [`recommend`](Self::recommend).
    pub fn standings<'i>(
        &self,
        request: &Request<'_>,
        items: &[&'i str],
        limit: Option<usize>,
    ) -> Result<Standings, RecommendError> {
        limit.map_or(Ok(()), check_limit)?;
        request.explain.map_or(Ok(()), check_terms)?;
        let mut unknown = Unknown::default();
        let given = Given::read(self, request, &mut unknown.items)?;
        let hidden = self.hidden(request.live);
        let eligible = Eligible::without(self, &request.selection, &hidden, &mut unknown)?;
        let stages = Stages::new(self, &request.selection)?;
        let basis = self.basis_or_fallback(request, &given)?;
        let seen = self.seen(request, &given, basis.as_ref());
        let named = |&id: &&'i str| Some((id, self.named(id, &mut unknown.items)?));
        let items: Vec<(&str, Named)> = items.iter().filter_map(named).collect();
        let placed = with_scores(self.model(), |scores| {
            match &basis {
                Some(basis) => basis.score(self.model().scorer(), Candidates::All, scores),
                None => self.by_popularity().for_each(|scored| scores[scored.item.0 as usize] = scored.score),
            }
            let all = (0u32..).zip(scores.iter()).map(|(item, &score)| Scored { item: ItemIx(item), score });
            let may = |item: ItemIx| seen.binary_search(&item.0).is_err() && eligible.contains(item);
            let mut listed: Vec<Scored> = all.filter(|scored| may(scored.item)).collect();
            listed.sort_unstable_by(best_first);
            let place = |&(_, named): &(&str, Named)| {
                let Named::Item(item) = named else { return None };
                let own = Scored { item, score: scores[item.0 as usize] };
                Some((own, listed.partition_point(|other| best_first(other, &own).is_lt()) + 1))
            };
            items.iter().map(place).collect::<Vec<_>>()
        });
        let scored: Vec<Scored> = placed.iter().flatten().map(|&(scored, _)| scored).collect();
        let mut why = request
            .explain
            .map_or_else(Vec::new, |terms| self.why((basis.as_ref(), &given), &scored, terms))
            .into_iter();
        let stand = |(&(id, named), place): (&(&str, Named), &Option<(Scored, usize)>)| {
            let Some((Scored { item, score }, rank)) = *place else {
                let reason = Some(KeptOut::NoInteractions);
                return Standing {
                    id: id.to_owned(),
                    title: self.title_of(id, named),
                    score: None,
                    rank: None,
                    reason,
                    why: None,
                };
            };
            let seen = seen.binary_search(&item.0).is_ok() || hidden.binary_search(&item).is_ok();
            let seen = seen.then_some(KeptOut::Seen);
            let why = why.next();
            let beyond = || limit.filter(|&limit| rank > limit).map(|_| KeptOut::Limit);
            Standing {
                id: id.to_owned(),
                title: self.title_of(id, named),
                score: Some(why.as_ref().map_or(score, |why| why.score)),
                rank: Some(rank),
                reason: seen.or_else(|| stages.reason(item)).or_else(beyond),
                why,
            }
        };
        Ok(Standings {
            items: items.iter().zip(&placed).map(stand).collect(),
            source: basis.as_ref().map_or(Source::Popular, Basis::source),
            unknown_items: unknown.items,
            unknown_values: unknown.values,
        })
    }

    fn named(&self, id: &str, unknown: &mut Vec<String>) -> Option<Named> {
        let known = self.item(id).map(Named::Item).ok();
        let named = known.or_else(|| self.dataset().catalogue.unrated_row(id).map(Named::Row));
        if named.is_none() {
            unknown.push(id.to_owned());
        }
        named
    }

    fn title_of(&self, id: &str, named: Named) -> String {
        let title = match named {
            Named::Item(item) => Some(self.title(item)),
            Named::Row(row) => self.dataset().catalogue.card(row).title,
        };
        title.unwrap_or(id).to_owned()
    }
}

/// What a named item is.
#[derive(Clone, Copy)]
enum Named {
    /// An item that the model knows.
    Item(ItemIx),
    /// A row of the catalogue without an interaction.
    Row(usize),
}

/// The conditions of a selection, each by itself.
struct Stages([(KeptOut, Eligible); 3]);

impl Stages {
    fn new(recommender: &Recommender, selection: &Selection<'_>) -> Result<Self, RecommendError> {
        let excluding = Selection { exclude: selection.exclude.clone(), ..Selection::default() };
        let only = Selection { only: selection.only.clone(), ..Selection::default() };
        let filtering = Selection { filter: selection.filter.clone(), ..Selection::default() };
        // What is not known was noted when the whole selection was compiled.
        let compiled = |part: &Selection<'_>| Eligible::new(recommender, part, &mut Unknown::default());
        Ok(Self([
            (KeptOut::Excluded, compiled(&excluding)?),
            (KeptOut::Only, compiled(&only)?),
            (KeptOut::Filter, compiled(&filtering)?),
        ]))
    }

    /// The first condition that an item fails.
    fn reason(&self, item: ItemIx) -> Option<KeptOut> {
        self.0.iter().find(|(_, allowed)| !allowed.contains(item)).map(|&(reason, _)| reason)
    }
}
