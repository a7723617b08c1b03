"""The `console` blocks of the README and of the pages on evaluation, tuning and families, on the running demo, and of the page on operations: each `$` line is run, what follows it
must be what it prints."""
import os, re, shutil, subprocess

import pytest

from conftest import PROGRAM, ROOT


def commands(text):
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            while command.endswith("\\"):
                more, _, expected = expected.partition("\n")
                command = command[:-1] + more.lstrip("> ")
            yield command, expected


def matches(expected, found):
    """Whether the texts agree; `...` in the README stands for anything."""
    parts = [re.escape(part) for part in expected.strip().split("...")]
    return re.fullmatch(r"[\s\S]*".join(parts), found.strip()) is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    yield folder
    # What the README has started and a failed check has not stopped.
    subprocess.run([PROGRAM, "stop", "--all", "--state", folder / "s"], capture_output=True, timeout=60)


def test_every_command_prints_what_the_readme_says(demo, folder):
    seen = 0
    environment = {**os.environ, "FORETASTE_STATE": str(folder / "s")}
    pages = [ROOT / "README.md", ROOT / "docs" / "evaluation.md", ROOT / "docs" / "families.md", ROOT / "docs" / "tuning.md"]
    for command, expected in (pair for page in pages for pair in commands(page.read_text())):
        shell = command.replace("http://127.0.0.1:8080", demo.url).replace("localhost:8080", demo.url[7:])
        shell = re.sub(r"^(target/release/)?foretaste ", f"{PROGRAM} ", shell)
        result = subprocess.run(shell, shell=True, capture_output=True, text=True, timeout=120, cwd=folder, env=environment)
        assert result.returncode == 0, f"{command}\n{result.stderr}"
        assert matches(expected, result.stdout), f"{command}\nexpected:\n{expected}\nfound:\n{result.stdout}"
        seen += 1
    assert seen >= 10


def test_every_command_prints_what_the_page_on_events_says(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "foretaste").symlink_to(PROGRAM)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    seen = 0
    for command, expected in commands((ROOT / "docs" / "events.md").read_text()):
        result = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
        assert result.returncode == 0, f"{command}\n{result.stderr}"
        assert matches(expected, result.stdout), f"{command}\nexpected:\n{expected}\nfound:\n{result.stdout}"
        seen += 1
    assert seen == 9


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_every_command_prints_what_the_page_on_operations_says(tmp_path):
    text = (ROOT / "docs" / "operations.md").read_text()
    (tmp_path / "nginx.conf").write_text(re.search(r"```nginx\n(.*?)```", text, re.S)[1])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "foretaste").symlink_to(PROGRAM)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}:/usr/sbin"
    environment = {**os.environ, "FORETASTE_STATE": str(tmp_path / "s"), "PATH": path}
    seen = 0
    try:
        for command, expected in commands(text):
            result = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
            assert result.returncode == 0, f"{command}\n{result.stderr}"
            assert matches(expected, result.stdout), f"{command}\nexpected:\n{expected}\nfound:\n{result.stdout}"
            seen += 1
    finally:
        subprocess.run([PROGRAM, "stop", "--all"], capture_output=True, timeout=60, env=environment)
        if (tmp_path / "nginx.pid").exists():
            subprocess.run(["nginx", "-p", ".", "-c", "nginx.conf", "-s", "stop"], cwd=tmp_path, env=environment)
    assert seen >= 30
