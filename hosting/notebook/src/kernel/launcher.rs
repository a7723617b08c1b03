//! Becomes a kernel that ends with the process that started it.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::getppid;

/// Replaces this process by `program`, which the system then kills when `parent` ends, however it ends. Returns only when
/// that failed.
///
/// Where the system has no such bond (it is Linux's and FreeBSD's), the program runs without.
pub fn launch(parent: u32, program: &[OsString]) -> io::Error {
    let Some((program, arguments)) = program.split_first() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "there is no program to run");
    };
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        return error.into();
    }
    // The parent may have ended before the bond held.
    let found = getppid().map(|pid| pid.as_raw_nonzero().get());
    if found.map(i64::from) != Some(i64::from(parent)) {
        return io::Error::new(io::ErrorKind::NotConnected, "the process that started this one is gone");
    }
    Command::new(program).args(arguments).exec()
}
