//! All families of models there are, as two enums: their parameters, and the fitted models.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fit::OnProgress;
use crate::params::{self, ParamsError};
use crate::{Cheaper, Dimension, Family, FitError, FitReport, Fitted, Memory, Scorer, Shape, Short};

/// Declares the families: a variant, the model's type, and what it is for in one line.
macro_rules! families {
    ($($variant:ident: $family:ty, $purpose:literal;)+) => {
        /// Which model, and what its fit may choose.
        ///
        /// As JSON or YAML it is one mapping, `{"model": "ease", "lambda": 500}`: the name of the model and the parameters
        /// that differ from the defaults. Without a name it is the svd.
        #[derive(Clone, Debug, PartialEq)]
        pub enum ModelParams {
            $(#[doc = $purpose] $variant(<$family as Family>::Params),)+
        }

        /// A fitted model.
        #[derive(Clone, Debug)]
        pub enum Model {
            $(#[doc = $purpose] $variant($family),)+
        }

        impl ModelParams {
            /// The names of all models, each with what it is for.
            pub const MODELS: &'static [(&'static str, &'static str)] = &[$((<$family>::NAME, $purpose)),+];

            /// The sections that models have in a model file.
            pub const SECTIONS: &'static [&'static [Section]] = &[$(<$family>::SECTIONS),+];

            /// The name of the model.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$family>::NAME,)+ }
            }

            /// The default parameters of a model.
            ///
            /// # Errors
            /// When there is no model of that name.
            pub fn of(name: &str) -> Result<Self, ParamsError> {
                $(if name == <$family>::NAME {
                    return Ok(Self::$variant(Default::default()));
                })+
                Err(ParamsError::model(name))
            }

            /// The default parameters of a model, with those lowered that data of this shape cannot have.
            ///
            /// # Errors
            /// When there is no model of that name.
            pub fn for_shape(name: &str, shape: &Shape) -> Result<Self, ParamsError> {
                $(if name == <$family>::NAME {
                    return Ok(Self::$variant(<$family>::defaults_for(shape)));
                })+
                Err(ParamsError::model(name))
            }

            /// The model and what its fit was asked for, in a few words.
            #[must_use]
            pub fn summary(&self) -> String {
                match self { $(Self::$variant(params) => <$family>::summary(params),)+ }
            }

            /// What of the model's parameters a search varies.
            #[must_use]
            pub fn space(&self) -> Vec<Dimension> {
                match self { $(Self::$variant(_) => <$family>::space(),)+ }
            }

            /// Settings of the model that a search tries before others.
            #[must_use]
            pub fn published(&self) -> &'static [&'static [&'static str]] {
                match self { $(Self::$variant(_) => <$family>::published(),)+ }
            }

            /// How a search makes fits of the model cheap to sort out bad values first.
            #[must_use]
            pub fn cheaper(&self) -> Option<Cheaper> {
                match self { $(Self::$variant(_) => <$family>::cheaper(),)+ }
            }

            /// Checks the parameters against the shape, without work.
            ///
            /// # Errors
            /// The first parameter out of range.
            pub fn check(&self, shape: &Shape) -> Result<(), FitError> {
                match self { $(Self::$variant(params) => <$family>::check(params, shape),)+ }
            }

            /// What a fit takes, without work.
            #[must_use]
            pub fn memory(&self, shape: &Shape) -> Memory {
                match self { $(Self::$variant(params) => <$family>::memory(params, shape),)+ }
            }

            /// Fits the model, in the pool of threads that this is called in.
            ///
            /// # Errors
            /// Those of [`check`](Self::check); data that do not suit the model; a fit that `progress` breaks off;
            /// numerical work that fails.
            pub fn fit(
                &self,
                data: &Dataset,
                progress: &mut OnProgress<'_>,
            ) -> Result<Fitted, FitError> {
                self.check(&Shape::of(&data.interactions))?;
                let mut report = FitReport::default();
                let model = match self {
                    $(Self::$variant(params) => {
                        Model::$variant(<$family>::fit(params, data, &mut report, progress)?)
                    })+
                };
                Ok(Fitted { model, report })
            }

            /// Reads the model's sections from a file; every rule is checked again.
            ///
            /// # Errors
            /// When a section is missing, of the wrong length, or holds a number that is not finite.
            pub fn load(&self, shape: &Shape, file: &Reader<'_>) -> Result<Model, ContainerError> {
                match self {
                    $(Self::$variant(params) => <$family>::load(params, shape, file).map(Model::$variant),)+
                }
            }

            /// The parameters as a mapping, the name of the model left out.
            pub(crate) fn to_map(&self) -> serde_json::Map<String, serde_json::Value> {
                match self { $(Self::$variant(params) => params::to_map(params),)+ }
            }

            /// The mapping that is written: what came later only where it differs from the defaults.
            fn to_written(&self) -> serde_json::Map<String, serde_json::Value> {
                match self {
                    $(Self::$variant(params) => {
                        params::without_defaults::<<$family as Family>::Params>(params, <$family>::LATER)
                    })+
                }
            }

            /// The parameters of a model from a mapping, missing ones by default.
            pub(crate) fn from_map(
                name: &str,
                map: serde_json::Map<String, serde_json::Value>,
            ) -> Result<Self, ParamsError> {
                $(if name == <$family>::NAME {
                    return params::from_map(name, map).map(Self::$variant);
                })+
                Err(ParamsError::model(name))
            }
        }

        impl Model {
            /// The model as something that scores items.
            #[must_use]
            pub fn scorer(&self) -> &dyn Scorer {
                match self { $(Self::$variant(model) => model,)+ }
            }

            /// Adds the model's sections to a file.
            ///
            /// # Errors
            /// When a section outgrows the format.
            pub fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
                match self { $(Self::$variant(model) => model.save(file),)+ }
            }
        }
    };
}

families! {
    Svd: crate::svd::TruncatedSvd, "truncated SVD of the zero-filled matrix (PureSVD), the tutorial's model";
    Popularity: crate::popularity::Popularity, "what most users took, lately where there are times";
    Trending: crate::trending::Trending, "what is taken more often than it was before";
    Bias: crate::bias::Bias, "predicts ratings from how users and items differ from the mean";
    ItemKnn: crate::item_knn::ItemKnn, "items like those of the history, by their users";
    ScaledSvd: crate::scaled_svd::ScaledSvd, "truncated SVD with popular items scaled down (EIGENREC)";
    KernelAutoencoder: crate::kernel_autoencoder::KernelAutoencoder, "an infinitely wide autoencoder, fitted exactly (infinite-AE)";
    Ease: crate::ease::Ease, "linear item-to-item weights in closed form (EASE, EDLAE)";
    Ials: crate::ials::Ials, "factors of users and items for what was taken and what was not (iALS)";
    UserKnn: crate::user_knn::UserKnn, "what users like that of the history took";
    RandomWalk: crate::random_walk::RandomWalk, "where random walks from the history end (P3alpha, RP3beta)";
    Slim: crate::slim::Slim, "sparse item-to-item weights of at least 0 (SLIM)";
    Sansa: crate::sansa::Sansa, "weights of EASE from a sparse approximate inverse, for large catalogues (SANSA)";
    CoClustering: crate::co_clustering::CoClustering, "predicts ratings from groups of users and of items";
    Plsa: crate::plsa::Plsa, "users as mixtures of tastes that have names (PLSA)";
    BiasedMf: crate::biased_mf::BiasedMf, "predicts ratings from biases and from factors of users and items (biased MF)";
    SvdPlusPlus: crate::svd_plus_plus::SvdPlusPlus, "predicts ratings from factors and from what a user has rated at all (SVD++)";
    BayesianFm: crate::bayesian_fm::BayesianFm, "predicts ratings, and how sure they are, from weights that are drawn (Bayesian FM)";
    SequentialRules: crate::sequential_rules::SequentialRules, "what users took soon after the latest items of the history (SR)";
    TwoScaleLinear: crate::two_scale_linear::TwoScaleLinear, "linear weights of a history that fades at two speeds for what comes next";
    SasRec: crate::sasrec::SasRec, "a network of self-attention over the history says what comes next (SASRec)";
    Content: crate::content::Content, "items whose properties are those of the history";
    KernelRidge: crate::kernel_ridge::KernelRidge, "what users took of items with such properties";
    FeatureFactors: crate::feature_factors::FeatureFactors, "factors of items by their users, of new ones by their properties";
    Blend: crate::blend::Blend, "several models that vote with weights";
}

impl ModelParams {
    /// The parameters of the default model that can be set where no model is named.
    pub const SHORT: &'static [Short] = crate::svd::SvdParams::SHORT;

    /// Checks the parameters as far as they are wrong whatever the data; what a model needs of its data shows when those are
    /// read.
    ///
    /// # Errors
    /// The first parameter that is out of range for data of any shape.
    pub fn check_for_any_data(&self) -> Result<(), FitError> {
        let any = Shape { users: usize::MAX, items: usize::MAX, entries: usize::MAX };
        match self.check(&any) {
            Err(FitError::Unsuited { .. }) => Ok(()),
            checked => checked,
        }
    }
}

impl Default for ModelParams {
    /// The tutorial's model, the svd.
    fn default() -> Self {
        Self::Svd(Default::default())
    }
}

impl Serialize for ModelParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = [("model".to_owned(), self.name().into())];
        serializer.collect_map(name.into_iter().chain(self.to_written()))
    }
}

impl<'de> Deserialize<'de> for ModelParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        params::from_tagged(serde_json::Map::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
