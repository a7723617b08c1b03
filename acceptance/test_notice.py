"""NOTICE names every package whose licence asks to be told where its source or its text is."""
import json, pathlib, subprocess

from conftest import ROOT

# Licences under which naming a package is asked for beyond the texts that come with this repository.
ASK = {"MPL-2.0", "CDLA-Permissive-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unicode-3.0", "Zlib", "bzip2-1.0.6", "MIT-0",
       "CC0-1.0"}
FREE = {"MIT", "Apache-2.0", "Unlicense"}


def asking():
    """Packages that the program holds, by the licence that asks for a notice; those that may be had as MIT or Apache ask for none."""
    command = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    used = {node["id"] for node in packages["resolve"]["nodes"]}
    found = {}
    for package in packages["packages"]:
        if package["id"] not in used or package["source"] is None:
            continue
        for part in (package["license"] or "").replace("/", " OR ").replace("(", " ").replace(")", " ").split(" AND "):
            choices = {choice.strip() for choice in part.split(" OR ")}
            if not choices & FREE and choices & ASK:
                found.setdefault(sorted(choices & ASK)[0], set()).add(package["name"])
    return found


def test_the_notice_names_every_package_that_asks_for_it():
    lines = (ROOT / "NOTICE").read_text().splitlines()
    named = {}
    for line in lines:
        if line and not line.startswith(" ") and line.endswith(":"):
            licence = line.split(" ")[0].rstrip(":")
        elif line.startswith("  "):
            named.setdefault(licence, set()).add(line.split()[0])
    assert asking(), "no package was looked at"
    assert named == asking()
