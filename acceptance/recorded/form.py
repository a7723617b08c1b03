"""The form in which answers are kept, and when two of them agree."""
import hashlib, pathlib, re

# Characters from which on a text is kept as its hash and length.
LONG = 30_000
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


# A short fit may have ended when the answer that accepts it is written. How it ended is asked of the job.
ENDED = (r'"state":"(?:failed|succeeded)"(.*?),"progress":[\d.]+(,"queued_at":"<time>"),"(?:started|finished)_at".*}',
         r'"state":"<queued or running>"\1,"progress":<progress>\2}', "whether a fit has ended when it is accepted")


def masked(answer, masks):
    """The answer as it is kept: masked, its texts as lists of lines, long ones as a hash."""
    if answer.get("status") == 202:
        masks = [*masks, ENDED]
    return {part: kept(value, masks) for part, value in answer.items()}


def kept(value, masks):
    if isinstance(value, dict):
        return {name: hide(text, masks) for name, text in value.items()}
    if not isinstance(value, str):
        return value
    text = hide(value, masks)
    if len(text) < LONG:
        return text.split("\n")
    return [f"sha256 {hashlib.sha256(text.encode()).hexdigest()} of {len(text)} characters"]


def hide(text, masks):
    for pattern, instead, _ in masks:
        text = re.sub(pattern, instead, text)
    return text


def agree(expected, found, exact):
    """Whether two kept answers are the same; unless `exact`, numbers with a point agree but for their last digits."""
    if expected == found or exact:
        return expected == found
    if expected.keys() != found.keys():
        return False
    return all(alike(expected[part], found[part]) for part in expected)


def alike(expected, found):
    if not isinstance(expected, list) or not isinstance(found, list):
        return expected == found
    expected, found = "\n".join(expected), "\n".join(found)
    if NUMBER.split(expected) != NUMBER.split(found):
        return False
    return all(near(*pair) for pair in zip(NUMBER.findall(expected), NUMBER.findall(found)))


def near(expected, found):
    """Equal to 1e-5 of the larger, or to one unit of the last digit that is printed of a rounded number."""
    unit = 10.0 ** -min(len(text.split("e")[0].split(".")[1]) for text in (expected, found))
    expected, found = float(expected), float(found)
    difference = abs(expected - found)
    if unit <= 1e-3 and difference <= 1.01 * unit:
        return True
    return difference <= 1e-5 * max(abs(expected), abs(found))


def vectors():
    """The widest vector instructions that the numbers are computed with here."""
    cpu = pathlib.Path("/proc/cpuinfo")
    flags = set(re.search(r"^flags\s*:(.*)$", cpu.read_text(), re.M).group(1).split()) if cpu.exists() else set()
    if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
        return "AVX-512"
    return "AVX2" if {"avx2", "fma"} <= flags else "other"


def same_vectors(machine):
    """Whether this machine computes with the instructions of the recording's."""
    return machine.get("vectors") == vectors() != "other"
