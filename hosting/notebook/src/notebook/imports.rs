//! What the cells of a notebook in Python import.

/// Modules that Python brings (sys.stdlib_module_names of Python 3.11, and what other versions have).
const OF_PYTHON: &str = "__future__ abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii \
    bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections \
    colorsys compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes \
    curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum \
    errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt \
    getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp \
    importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox \
    mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt \
    ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools \
    pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile \
    pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy \
    sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket \
    socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep \
    struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios \
    textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty \
    turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref \
    webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo \
    compression annotationlib distutils imp asynchat asyncore smtpd";

/// Modules of packages with other names.
const PACKAGES: [(&str, &str); 14] = [
    ("sklearn", "scikit-learn"),
    ("skimage", "scikit-image"),
    ("cv2", "opencv-python-headless"),
    ("PIL", "Pillow"),
    ("yaml", "PyYAML"),
    ("bs4", "beautifulsoup4"),
    ("dateutil", "python-dateutil"),
    ("dotenv", "python-dotenv"),
    ("Crypto", "pycryptodome"),
    ("serial", "pyserial"),
    ("jwt", "PyJWT"),
    ("psycopg2", "psycopg2-binary"),
    ("IPython", "ipython"),
    ("fitz", "PyMuPDF"),
];

/// The modules that a cell imports, but for those of Python itself.
pub(super) fn of(source: &str) -> impl Iterator<Item = String> {
    let modules = source.lines().flat_map(|line| modules(line.trim()));
    let others = modules.filter(|module| is_name(module) && !OF_PYTHON.split_whitespace().any(|own| own == module));
    others.collect::<Vec<_>>().into_iter()
}

/// The name under which the package of a module is installed.
pub(super) fn package_of(module: &str) -> &str {
    PACKAGES.iter().find(|(known, _)| *known == module).map_or(module, |(_, package)| package)
}

fn modules(line: &str) -> Vec<String> {
    let first = |path: &str| path.trim().split(['.', ' ', '\t', ';', '#']).next().unwrap_or_default().to_owned();
    match line.split_once(char::is_whitespace) {
        Some(("import", named)) => named.split(';').next().unwrap_or_default().split(',').map(first).collect(),
        Some(("from", named)) if named.contains(" import") => vec![first(named)],
        _ => Vec::new(),
    }
}

fn is_name(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    begins && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_is_found_wherever_it_stands() {
        let source = "# GET /x\nimport os, numpy as np, scipy.sparse\nfrom sklearn.svm import SVC\nif 1:\n    import pandas; import json\n\
            from . import local\nfrom here\nimport 'x'\nprint('import nothing')\nimport yaml # and more\n%pip install x";
        let found: Vec<String> = of(source).collect();
        assert_eq!(found, ["numpy", "scipy", "sklearn", "pandas", "yaml"]);
        assert_eq!(
            (package_of("sklearn"), package_of("numpy"), package_of("yaml")),
            ("scikit-learn", "numpy", "PyYAML")
        );
    }
}
