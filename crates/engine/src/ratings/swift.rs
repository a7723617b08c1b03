//! Plain rows by sight: short fields, no quotes, ids that came before. Whatever is not plain is left to the careful path.
