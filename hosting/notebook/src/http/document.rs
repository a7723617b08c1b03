//! The notebook's endpoints as an API document, in both of its formats.

use serde_json::{Map, Value, json};

use crate::notebook::{Notebook, Route, Verb};

/// OpenAPI 3.1.
pub(super) fn open_api(notebook: &Notebook) -> String {
    let paths = paths(notebook, |route| {
        let parameters: Vec<Value> = route
            .pattern
            .names()
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let mut operation = json!({"parameters": parameters, "responses": {
            "200": {"description": "What the cells print", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "500": {"description": "A cell failed", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "502": {"description": "The kernel was lost", "content": failure()},
            "503": {"description": "Too many requests wait for a kernel", "content": failure()},
            "504": {"description": "The cells ran too long", "content": failure()},
        }});
        if matches!(route.verb(), Verb::Post | Verb::Put) {
            let any = json!({"schema": {}});
            operation["requestBody"] =
                json!({"required": false, "content": {"application/json": any, "text/plain": any}});
        }
        operation
    });
    json!({"openapi": "3.1.0", "info": info(notebook), "paths": paths}).to_string()
}

/// Swagger 2.0.
pub(super) fn swagger(notebook: &Notebook) -> String {
    let paths = paths(notebook, |route| {
        let parameters: Vec<Value> = route
            .pattern
            .names()
            .map(|name| json!({"name": name, "in": "path", "required": true, "type": "string"}))
            .collect();
        json!({"parameters": parameters, "produces": ["text/plain"], "responses": {"200": {"description": "Success"}}})
    });
    json!({"swagger": "2.0", "info": info(notebook), "paths": paths}).to_string()
}

fn failure() -> Value {
    json!({"application/json": {"schema": {"type": "object",
        "properties": {"reason": {"type": "string"}, "message": {"type": "string"}}}}})
}

fn info(notebook: &Notebook) -> Value {
    let title = notebook.path.file_stem().map_or_else(|| "notebook".into(), |stem| stem.to_string_lossy());
    json!({"title": title, "version": "0.0.0"})
}

fn paths(notebook: &Notebook, operation: impl Fn(&Route) -> Value) -> Map<String, Value> {
    let mut paths = Map::new();
    for route in notebook.routes() {
        let verb = route.verb().as_str().to_lowercase();
        let cells: Vec<String> = route.cells().iter().map(usize::to_string).collect();
        let mut operation = operation(route);
        operation["summary"] = Value::String(format!("Runs cell {}", cells.join(", ")));
        operation["operationId"] = Value::String(format!("{verb}{}", route.pattern.template()));
        let path = paths.entry(route.pattern.template()).or_insert_with(|| json!({}));
        path[verb] = operation;
    }
    paths
}
