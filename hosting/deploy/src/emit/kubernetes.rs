//! A Kubernetes Deployment and the Service before it.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{EmitError, INSIDE, Secret, Service, one_line, yaml};

/// Manifests that run the image of the [`dockerfile`](super::dockerfile) within the limits.
///
/// # Errors
/// [`EmitError::Yaml`]
pub fn kubernetes(service: &Service) -> Result<String, EmitError> {
    let labels = json!({"app.kubernetes.io/name": service.name});
    let metadata = json!({"name": service.name, "labels": labels});
    let machine = json!({
        "cpu": format!("{}m", (service.cpu.get() * 1000.0).round()),
        "memory": service.memory.bytes().to_string(),
    });
    let environment: Vec<Value> = service
        .container
        .environment
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value.replace("$(", "$$(")}))
        .collect();
    let scheme = if service.tls { "HTTPS" } else { "HTTP" };
    let probe = |path: &str| {
        let asked = json!({"path": path, "port": INSIDE, "scheme": scheme});
        json!({"httpGet": asked, "periodSeconds": 5, "timeoutSeconds": 2})
    };
    let mut startup = probe(service.probes.ready);
    // Reading and fitting large data takes minutes.
    startup["failureThreshold"] = json!(120);
    let mut container = json!({
        "name": service.name,
        "image": format!("{}:latest", service.name),
        "imagePullPolicy": "IfNotPresent",
        "args": service.command(),
        "env": environment,
        "ports": [{"containerPort": INSIDE, "name": "http"}],
        "resources": {"limits": machine, "requests": machine},
        "startupProbe": startup,
        "readinessProbe": probe(service.probes.ready),
        "livenessProbe": probe(service.probes.alive),
        "securityContext": {"allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 65534},
    });
    let mut pod = json!({"terminationGracePeriodSeconds": 15});
    if let Some(folder) = service.secrets.first().and_then(|secret| Path::new(&secret.place).parent()) {
        container["volumeMounts"] = json!([{"name": "secrets", "mountPath": folder, "readOnly": true}]);
        pod["volumes"] = json!([{"name": "secrets", "secret": {"secretName": service.name}}]);
    }
    pod["containers"] = json!([container]);
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": service.replicas,
            "selector": {"matchLabels": labels},
            // The new one gets ready before an old one goes.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels},
                "spec": pod,
            },
        },
    });
    let front = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": labels, "ports": [{"name": "http", "port": service.outside(), "targetPort": "http"}]},
    });
    let mut note = String::new();
    if !service.secrets.is_empty() {
        let mut files = String::new();
        for Secret { name, file, .. } in &service.secrets {
            one_line("the path of a file to mount", file, "a comment")?;
            // Writing to a string cannot fail.
            let _ = write!(files, " --from-file={name}={}", for_shell(file));
        }
        note = format!("# Before: kubectl create secret generic {}{files}\n", service.name);
    }
    Ok(format!("{note}---\n{}---\n{}", yaml(&deployment)?, yaml(&front)?))
}

/// A word that a shell takes as it is.
fn for_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/-~".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
