"""Records the answers of a foretaste binary.

    python acceptance/record.py BINARY                 what was never recorded; what was is left as it is
    python acceptance/record.py BINARY --differences   the answers that recorded/differences.yaml names
"""
import json, sys

import recording
from conftest import DATA
from recorded.form import masked, vectors
from test_recorded import MASKS


def write(name, answers):
    text = json.dumps(answers, indent=0, ensure_ascii=False)
    (recording.FOLDER / name).write_text(text + "\n")
    print(f"{name}: {len(answers)} answers")


def main(binary, differences=None):
    found = {name: masked(answer, MASKS) for name, answer in recording.answers(binary, DATA).items()}
    if differences:
        named = [name for entry in recording.questions("differences") or [] for name in entry["ids"]]
        return write("differences.json", {name: found[name] for name in sorted(named)})
    missing = [name for name in recording.ids() if name not in found]
    if missing:
        sys.exit(f"without the real data at {DATA} there is no answer to {', '.join(missing)}")
    lines = {entry[0] for entry in recording.questions("cli")}
    for file, are_lines in [("answers-cli.json", True), ("answers-http.json", False)]:
        path = recording.FOLDER / file
        before = json.loads(path.read_text()) if path.exists() else {}
        write(file, {**{name: answer for name, answer in found.items() if (name in lines) == are_lines}, **before})
    machine = recording.FOLDER / "machine.json"
    if not machine.exists():
        machine.write_text(json.dumps({"vectors": vectors()}) + "\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--differences"]):
        sys.exit(__doc__)
    main(sys.argv[1], differences=sys.argv[2:])
