//! The words that the titles of the demo's invented films are made of.

/// A genre and its words. Every title is one of
/// `The {adjective} {noun}`, `{adjective} {noun}`, `The {noun} {tail}`.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) genre: &'static str,
    /// A genre that often comes with it.
    pub(super) second: &'static str,
    pub(super) adjectives: [&'static str; 8],
    pub(super) nouns: [&'static str; 8],
    pub(super) tails: [&'static str; 4],
}

pub(super) const WORDS: [Words; 10] = [
    Words {
        genre: "Horror",
        second: "Mystery",
        adjectives: ["Hollow", "Bleeding", "Whispering", "Drowned", "Sleepless", "Buried", "Haunted", "Pale"],
        nouns: ["Cellar", "Orphanage", "Scarecrow", "Chapel", "Mirror", "Nursery", "Graveyard", "Séance"],
        tails: ["Beneath the Stairs", "That Breathes", "at Midnight", "of Ravenmoor"],
    },
    Words {
        genre: "Comedy",
        second: "Romance",
        adjectives: ["Reluctant", "Accidental", "Borrowed", "Clumsy", "Unlikely", "Hungry", "Overdressed", "Misplaced"],
        nouns: ["Butler", "Best Man", "Dentist", "Landlord", "Choir", "Neighbours", "Tourist", "Houseguest"],
        tails: ["Who Came Twice", "on Holiday", "Next Door", "of the Year"],
    },
    Words {
        genre: "Sci-Fi",
        second: "Adventure",
        adjectives: ["Orbital", "Silent", "Synthetic", "Quantum", "Forgotten", "Stellar", "Frozen", "Infinite"],
        nouns: ["Colony", "Signal", "Android", "Horizon", "Archive", "Satellite", "Paradox", "Starship"],
        tails: ["Beyond Titan", "of Europa", "at Zero Gravity", "from Tomorrow"],
    },
    Words {
        genre: "Romance",
        second: "Drama",
        adjectives: ["Tender", "Secret", "Second", "Unsent", "Golden", "Parisian", "Moonlit", "Faraway"],
        nouns: ["Letter", "Waltz", "Summer", "Promise", "Kiss", "Vineyard", "Violin", "Honeymoon"],
        tails: ["in Lisbon", "Before Autumn", "by the Sea", "for Two"],
    },
    Words {
        genre: "Western",
        second: "Adventure",
        adjectives: ["Dusty", "Lonesome", "Crooked", "Outlaw", "Thirsty", "Nameless", "Iron", "Vanishing"],
        nouns: ["Canyon", "Sheriff", "Saddle", "Stagecoach", "Homestead", "Rustlers", "Gunsmith", "Prairie"],
        tails: ["of Red Creek", "West of Laredo", "at Sundown", "Without a Horse"],
    },
    Words {
        genre: "Crime",
        second: "Thriller",
        adjectives: ["Counterfeit", "Perfect", "Rainy", "Unmarked", "Stolen", "Broken", "Cold", "Double"],
        nouns: ["Alibi", "Heist", "Informant", "Verdict", "Witness", "Getaway", "Ledger", "Detective"],
        tails: ["on Pier Nine", "of Harbor Street", "Under Oath", "for Hire"],
    },
    Words {
        genre: "Fantasy",
        second: "Adventure",
        adjectives: ["Enchanted", "Last", "Silver", "Sleeping", "Thorned", "Wandering", "Cursed", "Emerald"],
        nouns: ["Lighthouse", "Dragon", "Crown", "Sorceress", "Forest", "Griffin", "Kingdom", "Lantern"],
        tails: ["of Evermist", "Beyond the Wall", "and the Moon", "of Nine Rivers"],
    },
    Words {
        genre: "War",
        second: "Drama",
        adjectives: ["Distant", "Fallen", "Burning", "Wounded", "Winter", "Unknown", "Divided", "Scarlet"],
        nouns: ["Battalion", "Trench", "Convoy", "Bridge", "Medic", "Armistice", "Regiment", "Bunker"],
        tails: ["at Dawn", "Behind the Lines", "of the Ardennes", "Before the Truce"],
    },
    Words {
        genre: "Animation",
        second: "Children",
        adjectives: ["Brave Little", "Flying", "Giggling", "Tiny", "Curious", "Bouncing", "Runaway", "Sneezing"],
        nouns: ["Teapot", "Hedgehog", "Snowman", "Submarine", "Penguins", "Balloon", "Toymaker", "Otter"],
        tails: ["Goes to School", "and Friends", "on the Moon", "Saves the Day"],
    },
    Words {
        genre: "Documentary",
        second: "Music",
        adjectives: ["Living", "Secluded", "Measured", "Hidden", "Deep", "Ordinary", "Vanished", "Unfinished"],
        nouns: ["Glacier", "Symphony", "Orchestra", "Reef", "Factory", "Ballroom", "Marathon", "Observatory"],
        tails: ["in Ten Chapters", "from Within", "of Patagonia", "in Our Time"],
    },
];
