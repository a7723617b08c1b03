//! The service as the binary starts and stops it.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use crate::program::Program;
use crate::service::Service;
use rustix::process::Signal;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

fn demo(program: &Program, more: &[&str]) -> Service {
    Service::start(program.command(&[&["serve", "demo", "--listen", "127.0.0.1:0"][..], more].concat()))
}

/// The words of a command as a shell splits them.
fn words(command: &str) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}; {}", command.trim());
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Does what curl would do with these words; the status and the body.
fn curl(words: &[String]) -> (u16, String) {
    let (mut method, mut data, mut headers, mut url) = (None, None, Vec::new(), None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" => method = words.next().cloned(),
            "-d" => data = words.next().cloned(),
            "-H" => headers.push(words.next().unwrap().clone()),
            other => url = Some(other.to_owned()),
        }
    }
    let method = method.unwrap_or_else(|| if data.is_some() { "POST" } else { "GET" }.to_owned());
    let mut request = ureq::http::Request::builder().method(method.as_str()).uri(url.unwrap());
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent.run(request.body(data.unwrap_or_default()).unwrap()).unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

#[test]
fn every_command_that_is_suggested_answers_and_a_signal_ends_the_service_well() {
    let program = Program::new();
    let mut service = demo(&program, &[]);
    let lines = service.lines_until("All endpoints");
    assert!(lines[0].starts_with("read demo: ") && lines[1].contains("rows = "), "{lines:?}");
    assert!(lines[2].starts_with("fitted rank 50 in "), "{lines:?}");
    let commands: Vec<_> = lines.iter().filter(|line| line.starts_with("  curl ")).collect();
    assert_eq!(commands.len(), 7, "{lines:?}");
    for command in commands {
        let (status, body) = curl(&words(command));
        assert_eq!(status, 200, "{command}: {body}");
        assert!(!body.trim().is_empty(), "{command}");
        if command.contains("/v1/recommendations") {
            let list: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(list["items"].as_array().unwrap().len(), 10, "{body}");
        }
    }
    let docs = lines.last().unwrap().trim_start_matches("All endpoints: ").to_owned();
    assert_eq!(curl(&[docs]).0, 200);
    service.signal(Signal::TERM);
    let (code, log) = service.end(PATIENCE);
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(['\r', '\u{1b}']), "{log:?}");
}

#[test]
fn ctrl_c_ends_the_service_well_too() {
    let program = Program::new();
    let mut service = demo(&program, &["--rank", "5", "--admin", "127.0.0.1:0"]);
    let lines = service.lines_until("health and metrics also on ");
    let admin = lines.last().unwrap().rsplit(' ').next().unwrap();
    assert_eq!(curl(&[format!("{admin}/readyz")]).0, 200);
    service.signal(Signal::INT);
    assert_eq!(service.end(PATIENCE).0, Some(0));
}

#[test]
fn a_model_file_is_served_without_a_fit() {
    let program = Program::new();
    program.run(&["fit", "demo", "--rank", "7", "--out", "m.foretaste"]).ok();
    let mut service =
        Service::start(program.command(&["serve", "m.foretaste", "--listen", "127.0.0.1:0", "--log-format", "json"]));
    let lines = service.lines_until("All endpoints");
    assert!(lines[0].starts_with("read a model of rank 7, fitted to demo"), "{lines:?}");
    assert!(lines[1].starts_with("listening on http://127.0.0.1:"), "{lines:?}");
    service.signal(Signal::TERM);
    let (code, log) = service.end(PATIENCE);
    assert_eq!(code, Some(0));
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "not JSON: {line}");
    }
}

#[test]
fn a_taken_port_is_a_clear_error_before_the_fit() {
    let program = Program::new();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let message = program.run(&["serve", "demo", "--listen", &address]).fails(1);
    assert!(message.contains(&format!("cannot listen on {address}")) && message.contains("--listen"), "{message}");
}

#[test]
#[cfg(target_os = "linux")]
fn one_thread_means_one_cpu() {
    let program = Program::new();
    let mut service = demo(&program, &["--rank", "5", "--threads", "1"]);
    service.lines_until("listening");
    for task in std::fs::read_dir(format!("/proc/{}/task", service.id())).unwrap() {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
        assert!(allowed.parse::<u32>().is_ok(), "a thread may run on {allowed}");
    }
}

#[test]
fn a_log_filter_that_makes_no_sense_is_refused() {
    let program = Program::new();
    let output = program.command(&["serve", "demo", "--listen", "127.0.0.1:0"]).env("FORETASTE_LOG", "=!").output();
    assert_eq!(output.unwrap().status.code(), Some(2));
}
