"""What the contenders are given: positives of MovieLens 1M, generated ones, and vectors to search."""

import gzip
from pathlib import Path

import numpy as np
import scipy.sparse as sp

POSITIVE = 4
# Of generated positives: groups of users, and the share of what a user takes that its group likes.
GROUPS, OF_GROUP = 50, 0.6
# How the share of an item falls with its place, and how unlike users are in how much they take.
FALL, SPREAD = 0.9, 1.0


def movielens(folder: Path, cache: Path):
    """Ratings of 4 and 5 as a table for foretaste and as a matrix for its rivals, users and items in the order of their numbers."""
    table, matrix = cache / "ml-1m.csv", cache / "ml-1m.npz"
    with gzip.open(folder / "ml-1m" / "ratings.csv.gz", "rt") as file:
        rows = np.loadtxt(file, delimiter=";", skiprows=1, usecols=(0, 1, 2))
    rows = rows[rows[:, 2] >= POSITIVE][:, :2].astype(np.int64)
    np.savetxt(table, rows, fmt="%d", delimiter=",", header="user,item", comments="")
    users, items = (np.unique(column, return_inverse=True) for column in rows.T)
    found = sp.csr_matrix((np.ones(len(rows), np.float32), (users[1], items[1])), shape=(len(users[0]), len(items[0])))
    sp.save_npz(matrix, found)
    return table, matrix, found


def hundred_thousand(folder: Path, cache: Path):
    """What fold u1 of MovieLens 100K trains on, users and items numbered from 0; and how many of both there are."""
    table = cache / "ml-100k-u1.csv"
    rows = [{tuple(map(int, line.split()[:3])) for line in open(folder / "ml-100k" / name) if line.strip()} for name in ("u.data", "u1.test")]
    train = np.array(sorted(rows[0] - rows[1]))
    users, items = (np.unique(column, return_inverse=True) for column in (train[:, 0], train[:, 1]))
    np.savetxt(table, np.column_stack([users[1], items[1], train[:, 2]]), fmt="%d", delimiter=",", header="user,item,rating", comments="")
    return table, len(users[0]), len(items[0])


def generated(cache: Path, entries: int, users: int, items: int):
    """Positives with few popular items and many others, of users in groups that like different items; every user and item has one at
    least. As a table for foretaste and as a matrix for its rivals."""
    table, matrix = (cache / f"generated-{entries}-{users}-{items}.{end}" for end in ("csv", "npz"))
    if not matrix.exists():
        random = np.random.default_rng(11)
        falling = np.cumsum((np.arange(items) + 10.0) ** -FALL)
        orders = np.concatenate([[random.permutation(items)] for _ in range(GROUPS + 1)]).astype(np.int32)
        activity = np.cumsum(random.lognormal(sigma=SPREAD, size=users))
        group = random.integers(GROUPS, size=users)
        keys = np.concatenate([np.arange(users) * items + random.integers(items, size=users), random.integers(users, size=items) * items + np.arange(items)])
        while len(keys) < entries:
            count = min(entries - len(keys), 1 << 23)
            user = np.searchsorted(activity, random.random(count) * activity[-1])
            place = np.searchsorted(falling, random.random(count) * falling[-1])
            order = np.where(random.random(count) < OF_GROUP, group[user], GROUPS)
            keys = np.unique(np.concatenate([keys, user * items + orders[order, place]]))
        found = keys // items, keys % items
        text = np.empty((len(keys), 16), np.uint8)
        for at, column in ((0, found[0]), (8, found[1])):
            for digit in range(7):
                text[:, at + digit] = column // 10 ** (6 - digit) % 10 + ord("0")
        text[:, 7], text[:, 15] = ord(","), ord("\n")
        with open(table, "wb") as file:
            file.write(b"user,item\n")
            text.tofile(file)
        sp.save_npz(matrix, sp.csr_matrix((np.ones(len(keys), np.float32), found), shape=(users, items)), compressed=False)
    return table, matrix


def gaussian(cache: Path, rows: int, columns: int):
    """Normal vectors, all of the same length; and 64 queries."""
    random = np.random.default_rng(7)
    vectors = random.standard_normal((rows, columns), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = random.standard_normal((64, columns), dtype=np.float32)
    files = cache / f"gaussian-{rows}.f32", cache / "gaussian-queries.f32"
    vectors.tofile(files[0])
    queries.tofile(files[1])
    return files
