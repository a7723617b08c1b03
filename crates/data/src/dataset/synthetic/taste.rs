//! The hidden tastes behind the ratings: a biased matrix factorisation, used the other way round.

use crate::random::Random;

/// Hidden factors of a user or an item.
const FACTORS: usize = 8;
/// In stars: the mean where nobody has chosen, and what user, item, agreement and chance add (standard deviations).
const MEAN: f64 = 3.0;
const MILDNESS: f64 = 0.4;
const QUALITY: f64 = 0.35;
const AGREEMENT: f32 = 0.6;
const CHANCE: f64 = 0.7;

/// A rating in half stars, 1 to 10.
pub(super) type HalfStars = u8;

/// What a user likes, or what an item offers.
pub(super) struct Taste {
    factors: [f32; FACTORS],
    /// How mild a judge, or how well liked by all, in stars.
    bias: f32,
}

impl Taste {
    pub(super) fn of_user(random: &mut Random) -> Self {
        Self::draw(1.0, MILDNESS, random)
    }

    pub(super) fn of_item(random: &mut Random) -> Self {
        // 1 / sqrt(FACTORS): the agreement of a user and an item has the deviation 1.
        Self::draw(0.353_553_39, QUALITY, random)
    }

    fn draw(spread: f64, bias: f64, random: &mut Random) -> Self {
        let factors = std::array::from_fn(|_| narrow(spread * random.normal()));
        Self { factors, bias: narrow(bias * random.normal()) }
    }

    /// How well an item suits a user: mean 0, standard deviation 1.
    pub(super) fn agreement(&self, item: &Self) -> f32 {
        let mut terms: [f32; FACTORS] = std::array::from_fn(|at| self.factors[at] * item.factors[at]);
        // Halves are added to halves: the same order, hence the same sum, on every processor.
        for half in [4, 2, 1] {
            for at in 0..half {
                terms[at] += terms[at + half];
            }
        }
        terms[0]
    }

    /// The chance that a user takes an item that comes along: 1/16 where nothing speaks for or against it, towards 0 and
    /// 1 where much does.
    pub(super) fn interest(&self, item: &Self) -> f32 {
        let agreement = self.agreement(item);
        let half = 0.5 + 0.5 * agreement / (1.0 + agreement.abs());
        let square = half * half;
        square * square
    }

    /// The rating `mean + b_u + b_i + p_u . q_i + noise`, rounded to the scale of half a star to five.
    ///
    /// Source of the form: Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", IEEE
    /// Computer 42(8), 2009, equation 4.
    pub(super) fn rating(&self, item: &Self, random: &mut Random) -> HalfStars {
        let known = self.bias + item.bias + AGREEMENT * self.agreement(item);
        let stars = MEAN + f64::from(known) + CHANCE * random.normal();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 10")]
        let half_stars = (stars * 2.0).round().clamp(1.0, 10.0) as HalfStars;
        half_stars
    }
}

#[allow(clippy::cast_possible_truncation, reason = "factors are stored as f32")]
fn narrow(x: f64) -> f32 {
    x as f32
}
