//! What is for its owner alone, made by a process that would let everybody in: with the umask 000.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;

use foretaste_files::{NotPrivate, PrivateFolder};
use rustix::fs::Mode;

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn why(error: &io::Error) -> &NotPrivate {
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
    error.get_ref().unwrap().downcast_ref().unwrap()
}

/// A place for a test, in a process whose umask is 000.
fn place() -> tempfile::TempDir {
    rustix::process::umask(Mode::empty());
    let place = tempfile::tempdir().unwrap();
    // Where others may write to the place itself, nothing in it is one's own.
    allow(place.path(), 0o755);
    place
}

#[test]
fn whatever_is_made_has_no_bit_for_others() {
    let place = place();
    let folder = PrivateFolder::create(&place.path().join("a/b/c")).unwrap();
    folder.create_folder("folder").unwrap();
    folder.create_file("file").unwrap();
    folder.write("whole", b"x").unwrap();
    folder.append("log").unwrap();
    let _lock = folder.lock("lock").unwrap().unwrap();
    let (_control, _news) = (folder.listen("control.sock").unwrap(), folder.receive("news.sock").unwrap());
    PrivateFolder::create_readable(&place.path().join("cache")).unwrap();
    let names = ["a", "a/b", "a/b/c", "cache", "a/b/c/folder"];
    for name in names {
        assert_eq!(mode(&place.path().join(name)), 0o700, "{name}");
    }
    for name in ["file", "whole", "log", "lock", "control.sock", "news.sock"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 7, "no temporary file is left");
}

#[test]
fn sockets_talk_and_take_the_place_of_what_was_left() {
    let place = place();
    let folder = PrivateFolder::create(&place.path().join("a")).unwrap();
    for _ in 0..2 {
        let control = folder.listen("c").unwrap();
        UnixStream::connect(folder.path().join("c")).unwrap().write_all(b"asked").unwrap();
        let mut asked = String::new();
        control.accept().unwrap().0.read_to_string(&mut asked).unwrap();
        assert_eq!(asked, "asked");
        let news = folder.receive("n").unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"ready", folder.path().join("n")).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(news.recv(&mut buffer).unwrap(), 5);
    }
    folder.remove("c").unwrap();
    folder.remove("c").unwrap();
    assert!(!folder.path().join("c").exists());
}

#[test]
fn a_lock_and_a_folder_are_held_once() {
    let place = place();
    let folder = PrivateFolder::create(&place.path().join("a")).unwrap();
    let lock = folder.lock("lock").unwrap();
    assert!(lock.is_some() && folder.lock("lock").unwrap().is_none());
    drop(lock);
    assert!(folder.lock("lock").unwrap().is_some());
    let held = folder.hold().unwrap();
    assert!(held.is_some() && folder.hold().unwrap().is_none());
}

#[test]
fn no_link_is_followed_and_what_it_points_to_is_as_it_was() {
    let place = place();
    let precious = place.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let folder = PrivateFolder::create(&place.path().join("a")).unwrap();
    for name in ["log", "lock", "whole"] {
        symlink(&precious, folder.path().join(name)).unwrap();
    }
    for refused in [folder.append("log").map(drop), folder.lock("lock").map(drop), folder.read("log").map(drop)] {
        assert!(matches!(why(&refused.unwrap_err()), NotPrivate::Kind { found: "a symbolic link", .. }));
    }
    // A file that is written whole takes the link's place.
    folder.write("whole", b"new").unwrap();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert!(!folder.path().join("whole").is_symlink());
    let link = place.path().join("link");
    symlink(folder.path(), &link).unwrap();
    for refused in [PrivateFolder::open(&link), PrivateFolder::create(&link)] {
        assert!(matches!(why(&refused.unwrap_err()), NotPrivate::Kind { found: "a symbolic link", .. }));
    }
    assert!(matches!(why(&PrivateFolder::open(&precious).unwrap_err()), NotPrivate::Kind { found: "no folder", .. }));
}

#[test]
fn what_others_may_read_is_closed_to_them_and_what_they_may_write_is_refused() {
    let place = place();
    let path = place.path().join("a");
    let folder = PrivateFolder::create(&path).unwrap();
    folder.append("log").unwrap();
    let log = path.join("log");
    allow(&path, 0o755);
    allow(&log, 0o644);
    let folder = PrivateFolder::open(&path).unwrap();
    folder.append("log").unwrap();
    assert_eq!((mode(&path), mode(&log)), (0o700, 0o600));
    for bits in [0o720, 0o702, 0o777] {
        allow(&path, bits);
        let refused = PrivateFolder::open(&path).unwrap_err();
        assert_eq!(why(&refused), &NotPrivate::Open { path: path.clone(), mode: bits });
        assert_eq!(mode(&path), bits);
        assert!(PrivateFolder::create_readable(&path).is_err());
    }
    allow(&path, 0o755);
    PrivateFolder::create_readable(&path).unwrap();
    assert_eq!(mode(&path), 0o755, "what is to be read by others stays so");
    allow(&log, 0o662);
    assert!(matches!(why(&folder.append("log").unwrap_err()), NotPrivate::Open { mode: 0o662, .. }));
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    let place = place();
    let path = place.path().join("a");
    let folder = PrivateFolder::create(&path).unwrap();
    folder.append("log").unwrap();
    let nobody = Some(rustix::fs::Uid::from_raw(65534));
    // Only the superuser can give a file away; the others see that nothing is theirs in the root of the file system.
    if rustix::fs::chown(path.join("log"), nobody, None).is_err() {
        assert!(matches!(why(&PrivateFolder::open(Path::new("/")).unwrap_err()), NotPrivate::Owner { owner: 0, .. }));
        return;
    }
    assert!(matches!(why(&folder.append("log").unwrap_err()), NotPrivate::Owner { owner: 65534, .. }));
    rustix::fs::chown(&path, nobody, None).unwrap();
    for refused in [PrivateFolder::open(&path), PrivateFolder::create(&path), PrivateFolder::create_readable(&path)] {
        assert!(matches!(why(&refused.unwrap_err()), NotPrivate::Owner { owner: 65534, .. }));
    }
}

#[test]
fn a_folder_that_others_may_move_away_is_refused() {
    let place = place();
    let above = place.path().join("above");
    std::fs::create_dir(&above).unwrap();
    for (mode, is_refused) in [(0o777, true), (0o702, true), (0o1777, false), (0o775, false), (0o700, false)] {
        allow(&above, mode);
        let made = PrivateFolder::create(&above.join(format!("{mode:o}")));
        assert_eq!(made.is_err(), is_refused, "{mode:o}");
        if let Err(error) = made {
            assert!(matches!(why(&error), NotPrivate::Open { path, .. } if *path == above), "{error}");
        }
    }
}
