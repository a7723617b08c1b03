//! The crates that know no rating: keys, sockets, services, notebooks.

use super::Crate;

pub(super) const CRATES: &[Crate] = &[
    Crate {
        folder: "hosting/keys",
        may_use: &["foretaste-files"],
        rooms: &[
            ("error", &[]),
            ("role", &[]),
            ("rate", &[]),
            ("secret", &[]),
            ("key", &[]),
            ("set", &["key"]),
            ("file", &[]),
            ("watched", &[]),
        ],
    },
    Crate {
        folder: "hosting/net",
        may_use: &["foretaste-keys"],
        rooms: &[
            ("budget", &[]),
            ("body", &["budget"]),
            ("limits", &[]),
            ("listener", &[]),
            ("tls", &[]),
            ("clock", &["limits"]),
            ("slots", &["clock"]),
            ("stream", &["clock"]),
            ("connection", &["clock", "stream"]),
            ("accept", &["clock", "connection", "listener", "stream"]),
            ("serve", &["accept", "listener"]),
            ("edge", &["body", "limits"]),
        ],
    },
    Crate {
        folder: "hosting/deploy",
        may_use: &["foretaste-files"],
        rooms: &[
            ("process", &[]),
            ("home", &[]),
            ("spec", &["home"]),
            ("emit", &["spec"]),
            ("limits", &["process", "spec"]),
            ("log", &["home"]),
            ("order", &["spec"]),
            ("plan", &["emit", "home", "order", "spec"]),
            ("record", &["home", "limits", "order", "process"]),
            ("launch", &["home", "process", "record"]),
            ("worker", &["home", "process", "record"]),
            ("supervisor", &["home", "launch", "limits", "log", "order", "process", "record", "worker"]),
            ("client", &["home", "order", "process", "record", "supervisor", "worker"]),
        ],
    },
    Crate {
        folder: "hosting/notebook",
        may_use: &["foretaste-files", "foretaste-keys", "foretaste-net"],
        rooms: &[
            ("metrics", &[]),
            ("notebook", &[]),
            ("kernel", &["notebook"]),
            ("error", &["kernel"]),
            ("pool", &["error", "kernel", "metrics", "notebook"]),
            ("http", &["kernel", "metrics", "notebook", "pool"]),
            ("gateway", &["error", "http", "kernel", "metrics", "notebook", "pool"]),
        ],
    },
];
