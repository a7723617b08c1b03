//! Files in the folder `public` beside the notebook.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::header::{HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::reply::of_kind;

/// The folder of static files, when there is one; links on the way to it are followed.
pub(super) fn folder_beside(notebook: &Path) -> Option<PathBuf> {
    let folder = notebook.parent()?.join("public");
    std::fs::canonicalize(folder).ok().filter(|folder| folder.is_dir())
}

/// The file, or `index.html` of a folder; `None` when there is none inside of `folder`, also where a link leads out of it.
pub(super) async fn file(folder: &Path, path: &str) -> Option<Response<Body>> {
    let path = inside(folder, path)?;
    let kind = kind_of(&path);
    let mut response = of_kind(StatusCode::OK, kind, tokio::fs::read(&path).await.ok()?);
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Some(response)
}

fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    // Hidden files, the folder above, and names that a path would read differently are not served.
    let odd = |part: &str| part.starts_with('.') || part.contains(['\\', '\0']);
    if path.split('/').any(odd) || path.starts_with('/') {
        return None;
    }
    let mut file = folder.join(path.as_ref());
    if file.is_dir() {
        file.push("index.html");
    }
    let file = std::fs::canonicalize(file).ok()?;
    (file.starts_with(folder) && file.is_file()).then_some(file)
}

fn kind_of(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "txt" | "md" | "csv" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_folder_is_served() {
        let root = tempfile::tempdir().unwrap();
        let public = root.path().join("public");
        std::fs::create_dir_all(public.join("sub")).unwrap();
        std::fs::write(root.path().join("secret"), "s").unwrap();
        std::fs::write(public.join("a b.txt"), "a").unwrap();
        std::fs::write(public.join(".hidden"), "h").unwrap();
        std::fs::write(public.join("sub/index.html"), "i").unwrap();
        std::os::unix::fs::symlink(root.path().join("secret"), public.join("link")).unwrap();
        let folder = folder_beside(&root.path().join("n.ipynb")).unwrap();
        assert!(inside(&folder, "a%20b.txt").is_some());
        assert!(inside(&folder, "sub/").is_some_and(|file| file.ends_with("sub/index.html")));
        for path in [
            "../secret",
            "%2e%2e/secret",
            "sub/../../secret",
            "link",
            ".hidden",
            "",
            "nothing",
            "/etc/passwd",
            "%2Fetc/passwd",
            "a%00b",
        ] {
            assert_eq!(inside(&folder, path), None, "{path}");
        }
    }
}
