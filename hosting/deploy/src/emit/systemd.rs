//! A systemd unit.

use std::fmt::Write;

use super::{EmitError, Service};

/// A unit that runs the program of this machine within the limits. It is one process: replicas are for the others.
///
/// # Errors
/// [`EmitError::LineFeed`]: an argument or a variable has one.
pub fn systemd(service: &Service) -> Result<String, EmitError> {
    let listen = ["--listen".to_owned(), format!("127.0.0.1:{}", service.outside())];
    let program = service.program.to_string_lossy().into_owned();
    let words = std::iter::once(&program).chain(&service.here.arguments).chain(&listen);
    let command: Vec<String> = words.map(|word| quoted("an argument", word, true)).collect::<Result<_, _>>()?;
    let directory = service.directory.to_string_lossy();
    plain("the folder", &directory)?;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "[Unit]\nDescription=foretaste service {}\nAfter=network.target\n", service.name);
    let _ = writeln!(text, "[Service]\nType=notify\nNotifyAccess=main");
    let _ = writeln!(text, "ExecStart={}", command.join(" "));
    let _ = writeln!(text, "WorkingDirectory={}", directory.replace('%', "%%"));
    for (name, value) in &service.here.environment {
        let _ = writeln!(text, "Environment={}", quoted(&format!("`{name}`"), &format!("{name}={value}"), false)?);
    }
    let _ = writeln!(text, "CPUQuota={}%", (service.cpu.get() * 100.0).round());
    let _ = writeln!(text, "MemoryMax={}\nMemorySwapMax=0", service.memory.bytes());
    let _ = writeln!(text, "Restart=on-failure\nRestartSec=1\nTimeoutStartSec=600\nTimeoutStopSec=15");
    let _ = writeln!(text, "NoNewPrivileges=true\nProtectSystem=full\n");
    let _ = writeln!(text, "[Install]\nWantedBy=multi-user.target");
    Ok(text)
}

/// A word in systemd's quotes: specifiers, quotes and backslashes escaped, in commands variables too (systemd.syntax(7),
/// systemd.service(5)).
fn quoted(what: &str, word: &str, command: bool) -> Result<String, EmitError> {
    plain(what, word)?;
    let word = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    let word = if command { word.replace('$', "$$") } else { word };
    Ok(format!("\"{word}\""))
}

fn plain(what: &str, text: &str) -> Result<(), EmitError> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(EmitError::LineFeed { what: what.to_owned(), artefact: "a systemd unit" });
    }
    Ok(())
}
