//! Which route a request is for, and which role it needs, told without the router.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use foretaste_keys::Role;

/// The role that each method of a path needs; `None` where it is open to all.
type Methods = Vec<(Method, Option<Role>)>;

/// The methods of each template of a path.
#[derive(Debug)]
pub(crate) struct Roles(matchit::Router<Template>);

/// A route's path, with parameters in braces.
#[derive(Debug)]
struct Template {
    path: Arc<str>,
    methods: Methods,
}

impl Roles {
    /// Those of `routes`: a template, a method, and the role, `None` where it is open to all.
    pub(crate) fn new(routes: Vec<(String, Method, Option<Role>)>) -> Self {
        let mut templates: BTreeMap<String, Methods> = BTreeMap::new();
        for (template, method, role) in routes {
            templates.entry(template).or_default().push((method, role));
        }
        let mut router = matchit::Router::new();
        for (template, methods) in templates {
            // The router has taken the same templates; one that it would not take stays closed to all but readers.
            let path = template.as_str().into();
            let _ = router.insert(template, Template { path, methods });
        }
        Self(router)
    }

    /// The template of a path.
    pub(crate) fn template(&self, path: &str) -> Option<&Arc<str>> {
        self.0.at(path).ok().map(|found| &found.value.path)
    }

    /// The role that is needed. What is not there is told to readers only.
    pub(crate) fn needed(&self, method: &Method, path: &str) -> Option<Role> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let methods = self.0.at(path).ok().map(|found| &found.value.methods);
        let known = methods.and_then(|methods| methods.iter().find(|(known, _)| known == method));
        known.map_or(Some(Role::Read), |&(_, role)| role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_the_role_of_its_method_and_template() {
        let row = |template: &str, method, role| (template.to_owned(), method, role);
        let roles = Roles::new(vec![
            row("/", Method::GET, None),
            row("/docs/{*file}", Method::GET, None),
            row("/v1/models", Method::GET, Some(Role::Read)),
            row("/v1/models", Method::POST, Some(Role::Admin)),
            row("/v1/models/{version}/activate", Method::POST, Some(Role::Admin)),
        ]);
        for (method, path, role) in [
            (Method::GET, "/", None),
            (Method::HEAD, "/docs/a/b.js", None),
            (Method::POST, "/", Some(Role::Read)),
            (Method::GET, "/docs", Some(Role::Read)),
            (Method::HEAD, "/v1/models", Some(Role::Read)),
            (Method::POST, "/v1/models", Some(Role::Admin)),
            (Method::DELETE, "/v1/models", Some(Role::Read)),
            (Method::POST, "/v1/models/v1/activate", Some(Role::Admin)),
            (Method::POST, "/v1/models/%2F/activate", Some(Role::Admin)),
            (Method::GET, "/nowhere", Some(Role::Read)),
            (Method::GET, "", Some(Role::Read)),
        ] {
            assert_eq!(roles.needed(&method, path), role, "{method} {path}");
        }
        let template = |path| roles.template(path).map(|template| &**template);
        assert_eq!(template("/v1/models/v7/activate"), Some("/v1/models/{version}/activate"));
        assert_eq!((template("/docs/a/b.js"), template("/nowhere")), (Some("/docs/{*file}"), None));
    }
}
