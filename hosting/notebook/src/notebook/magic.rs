//! IPython's cell magics, such as `%%time`: they have to be the very first text of what runs, and so has an annotation.

/// What runs of an annotated cell: all of it, or what follows the annotation when that begins with a magic.
pub(super) fn runnable(source: &str) -> &str {
    below(source).filter(|code| code.starts_with("%%")).unwrap_or(source)
}

/// Whether the code below the annotation begins with a magic.
pub(super) fn begins_with_magic(source: &str) -> bool {
    below(source).is_some_and(|code| code.starts_with("%%"))
}

/// What follows the first line, without the blank lines at its beginning.
fn below(source: &str) -> Option<&str> {
    let (_, mut code) = source.split_once('\n')?;
    while let Some((line, rest)) = code.split_once('\n')
        && line.trim().is_empty()
    {
        code = rest;
    }
    Some(code)
}
