"""Files that pandas, pyarrow and Polars write, against the CSV of the same data: the same hash."""
import json, os, subprocess, threading

import numpy as np
import pyarrow as pa
import pyarrow.feather, pyarrow.ipc, pyarrow.parquet
import pytest

from conftest import PROGRAM, run


def table():
    rows = np.arange(5000)
    return pa.table({
        "note": [f"line {row}" if row % 3 else None for row in rows],
        "userId": pa.array(rows // 20 * 1_000_003),
        "movieId": pa.array(rows * 37 % 811, pa.int32()),
        "rating": pa.array((rows % 10 + 1) / 2),
        "when": pa.array(rows * 1_000_000, pa.timestamp("us")),
    })


def hash_of(*arguments, **kwargs):
    summary = json.loads(run("inspect", *arguments, "--json", **kwargs))["data"]
    return summary["hash"], summary["report"]["ratings"]["accepted"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


@pytest.fixture(scope="module")
def expected(folder):
    path = folder / "plain.csv"
    table().select(["userId", "movieId", "rating"]).to_pandas().to_csv(path, index=False)
    return hash_of(path)


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "lz4", "zstd"])
def test_parquet_of_every_usual_codec(folder, expected, codec):
    path = folder / f"{codec}.bin"
    pa.parquet.write_table(table().drop_columns(["when"]), path, compression=codec, row_group_size=1000)
    assert hash_of(path) == expected


@pytest.mark.parametrize("codec", ["uncompressed", "lz4", "zstd"])
def test_feather_of_every_codec(folder, expected, codec):
    path = folder / f"feather-{codec}.bin"
    pa.feather.write_feather(table().drop_columns(["when"]), path, compression=codec)
    assert hash_of(path) == expected


def test_an_arrow_stream_through_a_pipe(expected):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table().drop_columns(["when"]).schema) as writer:
        writer.write_table(table().drop_columns(["when"]))
    found = subprocess.run([PROGRAM, "inspect", "-", "--json"], input=sink.getvalue().to_pybytes(), check=True,
                           capture_output=True)
    assert json.loads(found.stdout)["data"]["hash"] == expected[0]


def test_json_lines_and_a_named_pipe(folder, expected):
    frame = table().drop_columns(["when"]).to_pandas()
    path = folder / "lines.txt"
    frame.to_json(path, orient="records", lines=True)
    assert hash_of(path) == expected
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    assert hash_of(pipe) == expected
    writer.join()


def test_a_folder_of_parts_as_spark_writes_it(folder, expected):
    parts = folder / "spark"
    parts.mkdir()
    (parts / "_SUCCESS").touch()
    whole = table().drop_columns(["when"])
    for part in range(5):
        name = f"part-0000{part}-0f1e2d3c-aaaa-bbbb-cccc-0123456789ab-c000.snappy.parquet"
        pa.parquet.write_table(whole.slice(part * 1000, 1000), parts / name)
    assert hash_of(parts) == expected


def test_what_is_not_read_is_refused_by_name(folder):
    frame = table().to_pandas()
    frame.to_pickle(folder / "frame.csv")
    frame.drop(columns="when").to_json(folder / "array.csv", orient="records")
    pa.parquet.write_table(table(), folder / "brotli.csv", compression="brotli")
    for name, found in [("frame.csv", "Python pickle"), ("array.csv", "JSON array"), ("brotli.csv", "compressed by brotli")]:
        refused = subprocess.run([PROGRAM, "inspect", folder / name], capture_output=True, text=True)
        assert refused.returncode == 3 and found in refused.stderr, refused.stderr
