//! The tutorial's one parameter, from the query or a JSON body.

use axum::extract::{FromRequest, FromRequestParts, Request};
use serde::Deserialize;

use super::body::{is_json, parse, read};
use super::fields::pairs;
use super::query::Params;
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};

/// Its name.
const PARAM: &str = "param";

/// The value of `param`. The query wins over the body, the first of several values over the rest.
pub(crate) struct Param(pub(crate) String);

/// The parameter in the query.
#[derive(Deserialize)]
struct ParamQuery {
    #[serde(default)]
    param: Vec<String>,
}

/// The form in which the tutorial's notebook sees a request.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParamBody {
    /// The arguments by name.
    args: Args,
}

/// The arguments by name.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Args {
    /// The parameter; the first value counts.
    #[schema(example = json!(["500"]), min_items = 1)]
    param: Vec<String>,
}

impl FromRequest<Shared> for Param {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        // The usual request has this one parameter, which is read without a list of all.
        let mut given = pairs(request.uri());
        if let (Some((name, value)), None) = (given.next(), given.next())
            && name == PARAM
        {
            return Ok(Self(value.into_owned()));
        }
        let (mut parts, body) = request.into_parts();
        let Params(ParamQuery { param }) = Params::from_request_parts(&mut parts, app).await?;
        if let Some(param) = param.into_iter().next() {
            return Ok(Self(param));
        }
        let bytes = read(body, app).await?;
        if bytes.is_empty() {
            return Err(missing());
        }
        // Whatever the content type says: `curl -d` calls everything a form.
        match parse::<ParamBody>(&bytes) {
            Ok(body) => body.args.param.into_iter().next().map(Self).ok_or_else(missing),
            Err(error) if is_json(&parts.headers) => Err(error),
            Err(_) => {
                Err(ErrorCode::UnsupportedMediaType
                    .because("the body must be JSON: {\"args\": {\"param\": [\"500\"]}}"))
            }
        }
    }
}

fn missing() -> ApiError {
    ErrorCode::MissingParameter.because("`param` is missing: give ?param=500 or {\"args\": {\"param\": [\"500\"]}}")
}

impl Param {
    /// The value as a whole number.
    ///
    /// # Errors
    /// It is not a whole number.
    pub(crate) fn whole_number(&self) -> Result<usize, ApiError> {
        let text = &self.0;
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // Too large for a usize is too large for any model.
            return Ok(text.parse().unwrap_or(usize::MAX));
        }
        let shown: String = text.chars().take(40).collect();
        Err(ErrorCode::InvalidParameter.because(format!("`param` is `{shown}`, expected a whole number of at least 1")))
    }
}
