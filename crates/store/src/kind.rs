//! Types of events: what one is worth, and how several of one user and item become one interaction.

use foretaste_data::interactions::Feedback;

/// The type of an event. Its number is what a store holds, and never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(u8);

/// What the events of a type say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// They are evidence of taste.
    Taste,
    /// They are turned down: the item is in no list of the user.
    Negative,
}

/// How several events of one type, user and item become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// How many there are.
    Count,
    /// The sum of their values.
    Sum,
    /// The highest value.
    Max,
    /// The value of the last by time, among equal times of the last that came.
    Last,
}

/// A type of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Its name.
    pub name: &'static str,
    /// What the merged value is multiplied with.
    pub weight: f32,
    /// How several become one.
    pub merge: Merge,
    /// What it says.
    pub meaning: Meaning,
    /// Whether an event of it must bring a value.
    pub needs_value: bool,
}

const fn rules(name: &'static str, weight: f32, merge: Merge) -> Rules {
    Rules { name, weight, merge, meaning: Meaning::Taste, needs_value: false }
}

/// All types; the place is the number.
const KINDS: [Rules; 12] = [
    Rules { needs_value: true, ..rules("rating", 1.0, Merge::Last) },
    rules("interaction", 1.0, Merge::Sum),
    rules("view", 1.0, Merge::Count),
    rules("click", 2.0, Merge::Count),
    rules("cart", 4.0, Merge::Count),
    rules("purchase", 8.0, Merge::Count),
    rules("like", 5.0, Merge::Count),
    rules("bookmark", 3.0, Merge::Count),
    rules("share", 4.0, Merge::Count),
    rules("play", 1.0, Merge::Max),
    rules("skip", -1.0, Merge::Count),
    Rules { meaning: Meaning::Negative, ..rules("dislike", 0.0, Merge::Count) },
];

impl EventKind {
    /// A rating on the scale of the data.
    pub const RATING: Self = Self(0);
    /// What a file of interactions holds, with its value.
    pub const INTERACTION: Self = Self(1);

    /// The type of what a data set of such values holds.
    #[must_use]
    pub fn of_data(feedback: Feedback) -> Self {
        match feedback {
            Feedback::Explicit { .. } => Self::RATING,
            Feedback::Implicit => Self::INTERACTION,
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.rules().name == name)
    }

    /// All types, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        (0u8..).take(KINDS.len()).map(Self)
    }

    /// What an event of this type is.
    #[must_use]
    pub fn rules(self) -> &'static Rules {
        &KINDS[usize::from(self.0)]
    }

    /// The number that a store holds.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The type of a number; `None` where there is none.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        (usize::from(number) < KINDS.len()).then_some(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_meaning() {
        let names: Vec<&str> = EventKind::all().map(|kind| kind.rules().name).collect();
        let expected = [
            "rating",
            "interaction",
            "view",
            "click",
            "cart",
            "purchase",
            "like",
            "bookmark",
            "share",
            "play",
            "skip",
            "dislike",
        ];
        assert_eq!(names, expected, "a type is added behind the others: stores hold the numbers");
        for kind in EventKind::all() {
            assert_eq!(EventKind::of_number(kind.number()), Some(kind));
            assert_eq!(EventKind::named(kind.rules().name), Some(kind));
        }
        assert_eq!(EventKind::of_number(12), None);
        assert_eq!(EventKind::named("View"), None);
        assert_eq!((EventKind::RATING.rules().name, EventKind::INTERACTION.rules().name), ("rating", "interaction"));
    }
}
