"""Writes the files that the recorded command lines read: the same bytes on every machine."""
import gzip, io, pathlib, struct, zipfile, zlib

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "crates/engine/tests/golden/version-1.foretaste"

SMALL = ("user,item,rating\na b,1,5\na b,2,4\na b,\"x,y\",1\nc,1,4\nc,3,5\nd,2,2\nd,3,3\n"
         "日本,1,5\n日本,2,4\n")
TITLES = ("movieId,title,genres\n1,First (1999),Drama|Comedy\n2,\"Second, The (2001)\",Comedy\n"
          "3,Üçüncü (2010),Drama\n\"x,y\",Comma & Co,(no genres listed)\n9,Never rated (1980),Horror\n")
REJECTED = [
    b"user,item,rating", b"u1,i1,3", b"u1", b"u1,i2,3,4", b"user,item,rating", b",i1,3", b"u\xff,i1,3", b"u\x01,i1,3",
    b"u" * 2000 + b",i1,3", b"u1,i3,many", b"u1,i3,NaN", b"u1,i3,inf", b"u1,i3,-1", b"u1,i3,1e300", b"u1,i3,1e-60", b"",
    b"u2,i1,4", b"u2,i1,5", b"u2,i2," + b"0" * (2 << 20), b"u3,i2,2", b"u3,\"i4,2",
]
SPECIFICATIONS = {
    "good": "foretaste: v1\nname: films\ndata: demo\nrank: 10\ncpu: 1\nmemory: 256MB\nport: 8123\nreplicas: 2\n"
            "env: {A: 1, B: x y}\n",
    "no-version": "name: films\ndata: demo\n",
    "unknown-key": "foretaste: v1\ndata: demo\ncolour: red\n",
    "twice": "foretaste: v1\ndata: demo\ncpu: 1\nmachine: {cpu: 2}\n",
    "bad-model": "foretaste: v1\ndata: demo\nmodel: oracle\n",
    "bad-memory": "foretaste: v1\ndata: demo\nmemory: 1024\n",
    "bad-name": "foretaste: v1\ndata: demo\nname: Films!\n",
    "no-data": "foretaste: v1\nrank: 10\n",
    "other-image": "foretaste: v1\nimage: scipy\ndata: demo\n",
    "no-yaml": "foretaste: [v1\n",
}


def packed(text, names):
    """A zip archive that stores `text` under each name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), text)
    return stream.getvalue()


def other_dialects():
    """Files by name, each in a form of its own."""
    rows = [line.split(",") for line in "u1,i1,5;u1,i2,3;u2,i1,4;u2,i3,2.5;u3,i2,1;u3,i3,4".split(";")]
    lines = lambda between, *head: "".join(between.join(row) + "\n" for row in [*head, *rows])
    stamped = lambda between: "".join(between.join([*row, str(978300000 + at)]) + "\n" for at, row in enumerate(rows))
    yield "tab.tsv", lines("\t", ["userId", "itemId", "rating"])
    yield "colons.dat", stamped("::")
    yield "semicolons.csv", "\ufeff" + lines(";", ["userId", "movieId", "rating"])
    yield "carriage.csv", lines(",", ["user_id", "item_id", "rating"]).replace("\n", "\r\n")
    yield "odd.txt", "5|m1|u1|x\n3|m2|u1|x\n4|m1|u2|x\n"
    yield "quoted.csv", '"user","item","rating"\n"a ""b""","i,1","4"\n"c\nd","i,1","3"\n"c\nd","i2","5"\n'
    yield "latin.csv", "user,item,rating\nJosé,1,4\nZoë,2,3\n".encode("latin-1")
    # A byte that is no UTF-8 comes too late to change what the file is taken for.
    unrated = "".join(f"n{n},Nobody rated me,Drama\n" for n in range(20_000))
    begin = ("movieId,title,genres\ni1,Ône (1990),Drama\ni1,One again (1991),Drama\n"
             "i2,Two (1992),Comedy,extra\ni2,Two (or,three) of them\n")
    yield "items.csv", (begin + unrated + "i3,Thr").encode() + b"\xffe (1993),Drama\n"
    yield "folder/ratings.csv", SMALL
    yield "folder/movies.csv", TITLES
    yield "ml100k/u.data", stamped("\t").replace("u", "").replace("i", "")
    flags = "|".join("1" if at in (5, 8) else "0" for at in range(19))
    yield "ml100k/u.item", "".join(f"{n}|Film {n} (199{n})|01-Jan-199{n}||http://x/{n}|{flags}\n" for n in (1, 2, 3))


def unreachable(model):
    """The golden model, said to be fitted to a tolerance of 1e-300: it serves, and no refit of it can succeed."""
    stated = b'1e-9,"seed":0},"residual":5.37347526160022e-16'
    instead = b'1e-300,"seed":0},"residual":5.373475261600e-16'
    assert model.count(stated) == 1 and len(stated) == len(instead)
    file = bytearray(model.replace(stated, instead))
    sections, = struct.unpack_from("<I", file, 12)
    for entry in range(32, 32 + 24 * sections, 24):
        begin, length = struct.unpack_from("<QQ", file, entry + 8)
        struct.pack_into("<I", file, entry + 4, zlib.crc32(file[begin:begin + -(-length // 64) * 64]))
    struct.pack_into("<I", file, 24, zlib.crc32(file[:24] + file[28:32 + 24 * sections]))
    return bytes(file)


def write(folder):
    """Fills `folder`."""
    files = dict(other_dialects())
    files |= {f"{name}.yaml": text for name, text in SPECIFICATIONS.items()}
    files |= {
        "small.csv": SMALL, "titles.csv": TITLES, "rejected.csv": b"\n".join(REJECTED),
        "small.csv.gz": gzip.compress(SMALL.encode(), 0, mtime=0),
        "cut.csv.gz": gzip.compress(SMALL.encode() * 50, 0, mtime=0)[:2000],
        "one.zip": packed(SMALL, ["data/ratings.csv"]), "two.zip": packed(SMALL, ["a.csv", "b.csv"]),
        "cut.zip": packed(SMALL, ["a.csv"])[:-30], "utf16.csv": SMALL.encode("utf-16"), "empty.csv": "",
        "header.csv": "user,item,rating\n", "words.csv": "to be or not to be\n", "nothing/readme.txt": "no ratings\n",
        "pairs.csv": "user,item\r\na b,\"x,y\"\r\n\r\n日本,3\r\n", "pairs-unknown.csv": "c,1\nc,nothing\n",
        "pairs-short.csv": "c\n", "broken.ipynb": "{",
    }
    model = GOLDEN.read_bytes()
    files |= {"golden.model": model, "cut.model": model[:700], "newer.model": model[:8] + b"\x63" + model[9:],
              "damaged.model": model[:-70] + b"?" + model[-69:], "unreachable.model": unreachable(model)}
    for name, content in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
