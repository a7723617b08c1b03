//! Every endpoint, asked properly.

use crate::client::{recommender, start};
use foretaste::recommend::Request;
use serde_json::json;

fn titles(rank: usize, user: &str) -> String {
    let recommender = recommender(12, rank);
    let ranked = recommender.recommend(&Request::for_user(user)).unwrap();
    ranked.items.iter().map(|scored| format!("{}\n", recommender.title(scored.item))).collect()
}

#[test]
fn the_tutorial_answers_titles_one_a_line() {
    let server = start();
    let reply = server.post("/recommended?param=u5");
    assert_eq!((reply.status, reply.body.as_str()), (200, titles(3, "u5").as_str()));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header("x-model-version"), Some("v1"));
    let viewed = server.post("/viewed?param=u5");
    assert_eq!(viewed.body.lines().count(), 8);
    assert!(viewed.body.ends_with(")\n"));
}

#[test]
fn the_parameter_may_come_as_json_and_the_query_wins() {
    let server = start();
    let expected = server.post("/recommended?param=u5");
    let body = r#"{"args": {"param": ["u5", "u6"]}}"#;
    for headers in [&["content-type: application/json"][..], &["content-type: application/json; charset=utf-8"], &[]] {
        let reply = server.client().send("POST", "/recommended", headers, body.as_bytes());
        assert_eq!(reply.body, expected.body, "{headers:?}");
    }
    let form = ["content-type: application/x-www-form-urlencoded"];
    assert_eq!(server.client().send("POST", "/recommended", &form, body.as_bytes()).body, expected.body);
    assert_eq!(server.post_json("/recommended?param=u5", r#"{"args": {"param": ["u6"]}}"#).body, expected.body);
}

#[test]
fn the_tutorial_answers_json_where_it_is_preferred() {
    let server = start();
    let json = ["accept: application/json"];
    let recommended = server.client().send("POST", "/recommended?param=u5", &json, b"").json();
    assert_eq!((&recommended["model_version"], &recommended["source"]), (&json!("v1"), &json!("model")));
    assert_eq!(recommended["items"][0]["title"], titles(3, "u5").lines().next().unwrap());
    let viewed = server.client().send("POST", "/viewed?param=u5", &json, b"").json();
    assert_eq!((&viewed["user"], &viewed["total"]), (&json!("u5"), &json!(8)));
    let recomputed = server.client().send("POST", "/recompute_svd?param=4", &json, b"").json();
    assert_eq!((&recomputed["model_version"], &recomputed["rank"]), (&json!("v2"), &json!(4)));
    let (svd, call) = (recomputed["svd_ms"].as_f64().unwrap(), recomputed["duration_ms"].as_f64().unwrap());
    assert!((0.0..=call + 1.0).contains(&svd), "{recomputed}");
}

#[test]
fn a_recompute_takes_effect_and_is_counted() {
    let server = start();
    let before: serde_json::Value = server.get("/metrics").json();
    assert_eq!(before, json!({"requests": 0, "average": 0, "total_time": 0, "last_calls": []}));
    let reply = server.post("/recompute_svd?param=5");
    assert_eq!((reply.status, reply.body.as_str(), reply.header("x-model-version")), (200, "5\n", Some("v2")));
    let recommended = server.post("/recommended?param=u5");
    assert_eq!((recommended.header("x-model-version"), &recommended.body), (Some("v2"), &titles(5, "u5")));
    let after = server.get("/metrics").json();
    assert_eq!((&after["requests"], after["last_calls"].as_array().unwrap().len()), (&json!(1), 1));
    for accept in ["accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1", "accept: text/plain;version=0.0.4"] {
        let scraped = server.client().send("GET", "/metrics", &[accept], b"");
        assert!(scraped.body.contains("\nforetaste_recompute_seconds_count 1\n"), "{}", scraped.body);
        assert!(scraped.body.contains("\nforetaste_model_info{model=\"svd\"} 1\n"));
    }
}

#[test]
fn a_user_gets_recommendations_and_sees_ratings() {
    let server = start();
    let reply = server.get("/v1/users/u5/recommendations?limit=3&exclude=2&genre=drama&min_year=1981&max_year=1990");
    let body = reply.json();
    assert_eq!(reply.header("x-model-version"), Some("v1"));
    assert_eq!(body["shortfall"]["reason"], "filtered");
    for item in body["items"].as_array().unwrap() {
        let year: u16 = item["title"].as_str().unwrap().rsplit_once('(').unwrap().1[..4].parse().unwrap();
        assert!((1981..=1990).contains(&year) && year % 3 != 2, "{item}");
    }
    let ratings = server.get("/v1/users/u5/ratings?limit=2").json();
    assert_eq!((ratings["items"].as_array().unwrap().len(), &ratings["total"]), (2, &json!(8)));
}

#[test]
fn an_unknown_user_gets_popular_items_unless_told_otherwise() {
    let server = start();
    let body = server.get("/v1/users/nobody/recommendations").json();
    assert_eq!((&body["source"], body["items"].as_array().unwrap().len()), (&json!("popular"), 10));
    assert_eq!(server.get("/v1/users/nobody/recommendations?fallback=none").fault(), "404 unknown_user");
    let none = r#"{"history": [], "fallback": "none"}"#;
    assert_eq!(server.post_json("/v1/recommendations", none).fault(), "404 unknown_history");
}

#[test]
fn a_users_own_history_in_the_body_gives_that_users_list() {
    let server = start();
    let rated = server.get("/v1/users/u5/ratings?limit=100").json();
    let history: Vec<_> = rated["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!({"item": item["id"], "rating": item["score"]}))
        .collect();
    let body = json!({"history": history, "limit": 4, "exclude": ["nothing"]}).to_string();
    let folded = server.post_json("/v1/recommendations", &body).json();
    let trained = server.get("/v1/users/u5/recommendations?limit=4").json();
    assert_eq!((&folded["source"], &folded["unknown_items"]), (&json!("fold_in"), &json!(["nothing"])));
    for (folded, trained) in folded["items"].as_array().unwrap().iter().zip(trained["items"].as_array().unwrap()) {
        assert_eq!(folded["id"], trained["id"]);
        assert!((folded["score"].as_f64().unwrap() - trained["score"].as_f64().unwrap()).abs() < 1e-4);
    }
}

#[test]
fn ids_with_slashes_blanks_and_unicode_round_trip() {
    let server = start();
    for (path, id) in [("a%2Fb%20c", "a/b c"), ("%E6%97%A5%E6%9C%AC", "日本")] {
        assert_eq!(server.get(&format!("/v1/users/{path}/ratings")).json()["user"], id);
        assert_eq!(server.post(&format!("/recommended?param={path}")).body, titles(3, id));
    }
    for (path, id) in [("x%2Fy%20z", "x/y z"), ("%E6%98%A0%E7%94%BB", "映画")] {
        assert_eq!(server.get(&format!("/v1/items/{path}")).json()["id"], id);
        let similar = server.get(&format!("/v1/items/{path}/similar?limit=11")).json();
        assert_eq!((&similar["item"], similar["items"].as_array().unwrap().len()), (&json!(id), 11));
    }
}

#[test]
fn a_fit_is_a_job_and_a_version_can_be_rolled_back() {
    let server = start();
    let accepted = server.post_json("/v1/models", r#"{"rank": 6}"#);
    assert_eq!((accepted.status, accepted.header("location")), (202, Some("/v1/jobs/j1")));
    let job = server.ended("j1");
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(
        (&job["model_version"], &job["progress"], &job["params"]["rank"]),
        (&json!("v2"), &json!(1.0), &json!(6))
    );
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 1);
    let back = server.post("/v1/models/v1/activate").json();
    assert_eq!((&back["version"], &back["active"], &back["params"]["rank"]), (&json!("v1"), &json!(true), &json!(3)));
    assert_eq!(server.post("/recommended?param=u5").header("x-model-version"), Some("v1"));
    let models = server.get("/v1/models").json();
    assert_eq!((&models["active"], models["models"].as_array().unwrap().len()), (&json!("v1"), 2));
}

#[test]
fn the_last_five_versions_are_kept() {
    let server = start();
    for rank in 4..=8 {
        assert_eq!(server.post(&format!("/recompute_svd?param={rank}")).status, 200);
    }
    let models = server.get("/v1/models").json();
    let versions: Vec<_> = models["models"].as_array().unwrap().iter().map(|model| model["version"].clone()).collect();
    assert_eq!(versions, ["v2", "v3", "v4", "v5", "v6"]);
    assert_eq!(server.post("/v1/models/v1/activate").fault(), "404 unknown_model");
}

#[test]
fn the_docs_load_nothing_from_elsewhere() {
    let server = start();
    assert_eq!(server.get("/docs").header("location"), Some("docs/"));
    let page = server.get("/docs/");
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; script-src 'self';"));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "{}", page.body);
    for script in page.body.split("<script src=\".").skip(1) {
        let path = script.split('"').next().unwrap();
        assert_eq!(server.get(&format!("/docs{path}")).status, 200, "{path}");
    }
    // Here a key may be left out; otherwise it is the document that the command line prints.
    assert_eq!(
        server.get("/openapi.json").body.replace("\"security\":[{},", "\"security\":["),
        foretaste_server::openapi()
    );
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn a_request_keeps_its_id_and_every_reply_is_hardened() {
    let server = start();
    let reply = server.client().send("GET", "/healthz", &["x-request-id: abc-1"], b"");
    assert_eq!(
        (reply.header("x-request-id"), reply.header("x-content-type-options")),
        (Some("abc-1"), Some("nosniff"))
    );
    let ours = server.get("/nowhere");
    assert_eq!(ours.header("x-request-id").unwrap().len(), 17);
    assert_eq!(ours.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn the_admin_listener_answers_what_operators_ask_and_nothing_else() {
    let config =
        foretaste_server::ServerConfig { admin: Some(([127, 0, 0, 1], 0).into()), ..crate::client::any_port() };
    let server = crate::client::start_with(config, recommender(12, 3));
    let ask = |target| crate::client::Client::to(server.admin.unwrap()).send("GET", target, &[], b"");
    for target in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask(target).status, 200, "{target}");
    }
    assert_eq!(ask("/v1/models").fault(), "404 unknown_route");
}

#[test]
fn a_taken_port_is_named() {
    let server = start();
    let config = foretaste_server::ServerConfig { listen: server.address, ..crate::client::any_port() };
    let train = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let error = foretaste_server::Server::bind(config, recommender(12, 3), foretaste_server::Origin::memory(), train)
        .unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", server.address));
}

#[test]
fn figures_tell_routes_apart_and_how_old_the_model_is() {
    let server = start();
    for path in ["/v1/users/u5/ratings", "/v1/users/u6/ratings", "/v1/users/nobody/ratings", "/nowhere"] {
        server.get(path);
    }
    let metrics = server.client().send("GET", "/metrics", &["accept: application/openmetrics-text"], b"").body;
    for line in [
        "foretaste_http_requests_total{route=\"/v1/users/{user}/ratings\",status=\"200\"} 2\n",
        "foretaste_http_requests_total{route=\"/v1/users/{user}/ratings\",status=\"404\"} 1\n",
        "foretaste_http_request_seconds_count{route=\"/v1/users/{user}/ratings\"} 3\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    assert!(!metrics.contains("nobody") && !metrics.contains("nowhere"), "labels are templates");
    let age = metrics.lines().find_map(|line| line.strip_prefix("foretaste_model_age_seconds ")).unwrap();
    // It was fitted at the epoch, as the recommender of these tests says.
    assert!(age.parse::<f64>().unwrap() > 1e9, "{age}");
}
