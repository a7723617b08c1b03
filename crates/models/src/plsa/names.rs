//! What tastes are called: the properties that set them apart, and the item that does.

use std::collections::BTreeMap;

use foretaste_data::catalogue::{Property, PropertyType};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::ItemIx;

/// How many properties a name has at most.
const PROPERTIES: usize = 2;
/// How many characters of a property or title it has at most.
const LENGTH: usize = 60;

/// A name for each taste, such as `Film-Noir, Mystery: Chinatown`. What sets a taste apart is that with the largest part of
/// the Kullback-Leibler divergence from the average user: `p(x | taste) ln(p(x | taste) / p(x))`.
pub(super) fn of_tastes(data: &Dataset, items: &[f64], popular: &[f64], tastes: usize) -> Vec<String> {
    let properties = with_properties(data, popular.len());
    let name = |taste: usize| {
        let part = |item: usize| items[item * tastes + taste];
        let mut apart: Vec<(f64, &str)> = Vec::new();
        for (name, holders) in &properties {
            let of_taste: f64 = holders.iter().map(|&item| part(item)).sum();
            let of_all: f64 = holders.iter().map(|&item| popular[item]).sum();
            apart.push((divergence(of_taste, of_all), name));
        }
        apart.retain(|&(divergence, _)| divergence > 0.0);
        apart.sort_by(|a, b| b.0.total_cmp(&a.0));
        let named: Vec<String> = apart.iter().take(PROPERTIES).map(|&(_, name)| clean(name)).collect();
        let of_item = |item: usize| divergence(part(item), popular[item]);
        let most = (0..popular.len()).max_by(|&a, &b| of_item(a).total_cmp(&of_item(b)).then(b.cmp(&a)));
        let title = most.map_or_else(String::new, |item| clean(title(data, item)));
        if named.is_empty() { title } else { format!("{}: {title}", named.join(", ")) }
    };
    (0..tastes).map(name).collect()
}

fn divergence(of_taste: f64, of_all: f64) -> f64 {
    if of_taste > 0.0 && of_all > 0.0 { of_taste * (of_taste / of_all).ln() } else { 0.0 }
}

/// The items that have each value of the sets that are known of items, such as genres; where there are none, of the strings.
fn with_properties(data: &Dataset, items: usize) -> BTreeMap<String, Vec<usize>> {
    let mut holders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for kind in [PropertyType::Set, PropertyType::String] {
        let columns = data.catalogue.properties().list().iter().map(Property::column);
        for column in columns.filter(|column| column.kind() == kind) {
            for item in 0..items {
                column.strings(item).for_each(|name| holders.entry(name.to_owned()).or_default().push(item));
            }
        }
        if !holders.is_empty() {
            break;
        }
    }
    holders
}

fn title(data: &Dataset, item: usize) -> &str {
    let item = ItemIx(u32::try_from(item).unwrap_or(u32::MAX));
    data.catalogue.title(item).unwrap_or_else(|| data.interactions.items().name(item.0))
}

/// Without what could break a line, and not too long.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LENGTH).collect()
}
