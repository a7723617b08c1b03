"""What is left of a store when the power goes: the writes and syncs of a run are noted, and of those that were not synced at
some instant any are kept, dropped or torn at 512 bytes. A loss of power cannot be made with a kill: the system has the writes then."""
import json, os, pathlib, random, shutil, sqlite3, subprocess, threading, time

from conftest import PROGRAM, ROOT
from stores import Stored, Writer

IMAGES = int(os.environ.get("FORETASTE_IMAGES_OF_POWER_LOSS", 200))
SECTOR = 512


def compiled(folder):
    library = folder / "journal.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, ROOT / "acceptance" / "journal.c", "-ldl", "-lpthread"], check=True)
    return library


def steps_of(journal):
    """Time, call, name of the file, offset and bytes, as they came."""
    steps, text = [], journal.read_bytes()
    at = 0
    while at < len(text):
        end = text.index(b"\n", at)
        moment, call, path, offset, length = text[at:end].split(b" ")
        at = end + 1
        bytes_of = b""
        if call == b"write":
            bytes_of = text[at:at + int(length)]
            at += int(length)
        steps.append((int(moment), call.decode(), path.rsplit(b"/", 1)[1].decode(), int(offset), bytes_of))
    return steps


def put(content, offset, bytes_of):
    if len(content) < offset + len(bytes_of):
        content.extend(bytes(offset + len(bytes_of) - len(content)))
    content[offset:offset + len(bytes_of)] = bytes_of


class Disk:
    """Files as they are durable, and what was asked for since the last sync of each."""

    def __init__(self, folder):
        self.durable = {path.name: bytearray(path.read_bytes()) for path in folder.iterdir() if "sqlite" in path.name and "shm" not in path.name}
        self.pending = {}

    def take(self, call, name, offset, bytes_of):
        if call == "sync":
            for step in self.pending.pop(name, []):
                apply(self.durable, name, *step)
        else:
            self.pending.setdefault(name, []).append((call, offset, bytes_of))

    def image(self, chance):
        """What may be found: of each file what is durable, and of the rest anything."""
        files = {name: bytearray(content) for name, content in self.durable.items()}
        for name, steps in self.pending.items():
            for call, offset, bytes_of in steps:
                fate = chance.choice(["kept", "dropped", "torn"])
                if fate == "torn" and call == "write":
                    for at in range(0, len(bytes_of), SECTOR):
                        if chance.random() < 0.5:
                            apply(files, name, call, offset + at, bytes_of[at:at + SECTOR])
                elif fate == "kept":
                    apply(files, name, call, offset, bytes_of)
        return files


def apply(files, name, call, offset, bytes_of):
    if call == "gone":
        files.pop(name, None)
        return
    content = files.setdefault(name, bytearray())
    if call == "write":
        put(content, offset, bytes_of)
    elif offset < len(content):
        del content[offset:]
    else:
        content.extend(bytes(offset - len(content)))


class Timed(Writer):
    """Notes when each event was acknowledged."""

    def __init__(self, url, name):
        super().__init__(url, name)
        self.moments = self.acknowledged = Moments()


class Moments(list):
    """Names with the instants at which they were added."""

    def append(self, name):
        super().append((time.monotonic_ns(), name))


def test_what_was_acknowledged_before_the_power_went_is_there(tmp_path):
    folder, journal = tmp_path / "data", tmp_path / "journal"
    Stored(folder).stop()
    shutil.copytree(folder, tmp_path / "before")
    service = Stored(folder, LD_PRELOAD=str(compiled(tmp_path)), JOURNAL_IN="store.sqlite", JOURNAL_TO=str(journal))
    writers = [Timed(service.url, f"p{n}") for n in range(6)]
    [writer.start() for writer in writers]
    time.sleep(1.5)
    service.kill()
    [writer.join() for writer in writers]
    acknowledged = [event for writer in writers for event in writer.moments]
    sent = {name for _, name in acknowledged} | {writer.flying for writer in writers}
    steps = steps_of(journal)
    assert sum(call == "sync" for _, call, *_ in steps) > 50 and len(acknowledged) > 200
    chance = random.Random(22)
    disk, at, lost_work = Disk(tmp_path / "before"), 0, 0
    for number, cut in enumerate(sorted(chance.randrange(len(steps)) for _ in range(IMAGES))):
        while at < cut:
            disk.take(*steps[at][1:])
            at += 1
        place = tmp_path / "image"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        for name, content in disk.image(chance).items():
            (place / name).write_bytes(content)
        checked = subprocess.run([PROGRAM, "fsck", place], capture_output=True, text=True)
        assert checked.returncode == 0, f"image {number}, {cut} of {len(steps)} steps: {checked.stdout}{checked.stderr}"
        with sqlite3.connect(place / "store.sqlite") as store:
            found = {name for name, in store.execute("SELECT id FROM events WHERE id IS NOT NULL")}
        owed = {name for moment, name in acknowledged if moment < steps[cut][0]}
        assert owed <= found, f"image {number}: lost {sorted(owed - found)[:5]}"
        assert found <= sent, f"image {number}: nobody sent {sorted(found - sent)[:5]}"
        lost_work += bool(sent - found)
    assert lost_work > IMAGES // 2, "most images are of an instant before the end"
