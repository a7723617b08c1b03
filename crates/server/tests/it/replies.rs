//! Whole replies: a field that is added, renamed or removed shows as a difference.

use crate::client::start;

/// The reply's body, one field a line; what differs from run to run is masked.
fn shown(body: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(body).unwrap();
    mask(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

fn mask(value: &mut serde_json::Value) {
    const VARIES: [&str; 9] = [
        "queued_at",
        "finished_at",
        "duration_ms",
        "svd_ms",
        "residual",
        "fitted_at",
        "foretaste_version",
        "dataset",
        "data_hash",
    ];
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if VARIES.contains(&name.as_str()) {
                    *value = "<varies>".into();
                }
                mask(value);
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask),
        serde_json::Value::Number(number) if number.is_f64() => {
            // Last digits depend on the CPU.
            *value = format!("{:.3}", number.as_f64().unwrap()).into();
        }
        _ => {}
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "whole bodies stand beside their requests")]
fn recommendations() {
    let server = start();
    insta::assert_snapshot!(shown(&server.get("/v1/users/u5/recommendations?limit=2").body), @r#"
    {
      "items": [
        {
          "id": "2",
          "score": "2.043",
          "title": "Film 2 (1982)"
        },
        {
          "id": "11",
          "score": "2.034",
          "title": "Film 11 (1991)"
        }
      ],
      "model_version": "v1",
      "source": "model",
      "unknown_items": []
    }
    "#);
    insta::assert_snapshot!(shown(&server.get("/v1/users/nobody/recommendations?limit=13").body), @r#"
    {
      "items": [
        {
          "id": "2",
          "score": "16.000",
          "title": "Film 2 (1982)"
        },
        {
          "id": "3",
          "score": "16.000",
          "title": "Film 3 (1983)"
        },
        {
          "id": "4",
          "score": "16.000",
          "title": "Film 4 (1984)"
        },
        {
          "id": "5",
          "score": "16.000",
          "title": "Film 5 (1985)"
        },
        {
          "id": "6",
          "score": "16.000",
          "title": "Film 6 (1986)"
        },
        {
          "id": "7",
          "score": "16.000",
          "title": "Film 7 (1987)"
        },
        {
          "id": "8",
          "score": "16.000",
          "title": "Film 8 (1988)"
        },
        {
          "id": "9",
          "score": "16.000",
          "title": "Film 9 (1989)"
        },
        {
          "id": "10",
          "score": "16.000",
          "title": "Film 10 (1990)"
        },
        {
          "id": "11",
          "score": "16.000",
          "title": "Film 11 (1991)"
        },
        {
          "id": "x/y z",
          "score": "16.000",
          "title": "Film 0 (1980)"
        },
        {
          "id": "映画",
          "score": "16.000",
          "title": "Film 1 (1981)"
        }
      ],
      "model_version": "v1",
      "shortfall": {
        "reason": "no_more_items",
        "requested": 13,
        "returned": 12
      },
      "source": "popular",
      "unknown_items": []
    }
    "#);
    let body = r#"{"history": [{"item": "2", "rating": 5}], "limit": 1, "exclude": ["nothing"]}"#;
    insta::assert_snapshot!(shown(&server.post_json("/v1/recommendations", body).body), @r#"
    {
      "items": [
        {
          "id": "11",
          "score": "1.750",
          "title": "Film 11 (1991)"
        }
      ],
      "model_version": "v1",
      "source": "fold_in",
      "unknown_items": [
        "nothing"
      ]
    }
    "#);
}

#[test]
fn ratings() {
    insta::assert_snapshot!(shown(&start().get("/v1/users/u5/ratings?limit=2").body), @r#"
    {
      "items": [
        {
          "id": "7",
          "score": "5.000",
          "title": "Film 7 (1987)"
        },
        {
          "id": "4",
          "score": "4.000",
          "title": "Film 4 (1984)"
        }
      ],
      "model_version": "v1",
      "total": 8,
      "user": "u5"
    }
    "#);
}

#[test]
fn items() {
    let server = start();
    insta::assert_snapshot!(shown(&server.get("/v1/items/2").body), @r#"
    {
      "genres": [
        "Western"
      ],
      "id": "2",
      "mean_rating": "3.000",
      "model_version": "v1",
      "ratings": 16,
      "title": "Film 2 (1982)",
      "year": 1982
    }
    "#);
    insta::assert_snapshot!(shown(&server.get("/v1/items/2/similar?limit=1").body), @r#"
    {
      "item": "2",
      "items": [
        {
          "id": "11",
          "score": "0.999",
          "title": "Film 11 (1991)"
        }
      ],
      "model_version": "v1"
    }
    "#);
}

#[test]
fn models_and_jobs() {
    let server = start();
    let json = ["accept: application/json"];
    insta::assert_snapshot!(shown(&server.client().send("POST", "/recompute_svd?param=4", &json, b"").body), @r#"
    {
      "duration_ms": "<varies>",
      "job": "j1",
      "model_version": "v2",
      "rank": 4,
      "svd_ms": "<varies>"
    }
    "#);
    server.post_json("/v1/models", r#"{"rank": 5}"#);
    insta::assert_snapshot!(shown(&server.ended("j2").to_string()), @r#"
    {
      "duration_ms": "<varies>",
      "finished_at": "<varies>",
      "id": "j2",
      "model_version": "v3",
      "params": {
        "model": "svd",
        "rank": 5,
        "seed": 0,
        "tolerance": "0.000"
      },
      "progress": "1.000",
      "queued_at": "<varies>",
      "state": "succeeded"
    }
    "#);
    insta::assert_snapshot!(shown(&server.post("/v1/models/v1/activate").body), @r#"
    {
      "active": true,
      "data_hash": "<varies>",
      "dataset": "<varies>",
      "figures": {
        "residual": "<varies>"
      },
      "fitted_at": "<varies>",
      "foretaste_version": "<varies>",
      "items": 12,
      "params": {
        "model": "svd",
        "rank": 3,
        "seed": 0,
        "tolerance": "0.000"
      },
      "ratings": 192,
      "score": "ranking_score",
      "users": 24,
      "version": "v1"
    }
    "#);
}

#[test]
fn operations() {
    let server = start();
    insta::assert_snapshot!(shown(&server.get("/readyz").body), @r#"
    {
      "status": "ready"
    }
    "#);
    insta::assert_snapshot!(shown(&server.get("/nowhere").body), @r#"
    {
      "code": "unknown_route",
      "message": "there is nothing at `/nowhere`; /docs lists what there is"
    }
    "#);
}

#[test]
fn the_openapi_document() {
    let document: serde_json::Value = serde_json::from_str(&foretaste_server::openapi()).unwrap();
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&document).unwrap());
}
