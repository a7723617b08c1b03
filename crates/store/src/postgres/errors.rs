//! What Postgres says, in the words of a store.

use std::error::Error as _;

use postgres::Error;
use postgres::error::SqlState;

use crate::error::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let said = with_cause(&error);
            let is_lost = error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>());
            return if is_lost { Self::Away(said) } else { Self::Failed(said) };
        };
        // Not its details, which may quote a row.
        let (code, said) = (said.code(), format!("{} (SQLSTATE {})", said.message(), said.code().code()));
        match code.code().get(..2) {
            _ if *code == SqlState::DISK_FULL => Self::Full,
            _ if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => Self::Damaged(said),
            // Lost connections, read-only servers, rolled-back transactions, locks, resources, operators.
            Some("08" | "25" | "40" | "53" | "55" | "57") => Self::Away(said),
            _ => Self::Failed(said),
        }
    }
}

/// An error with what it comes from, which never holds a password.
pub(super) fn with_cause(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => said.message().to_owned(),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
