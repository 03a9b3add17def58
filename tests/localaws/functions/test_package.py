"""Deployment packages: what passes the check can be unpacked completely."""

import io
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import entry
from workbook.localaws.functions.package import BadPackageError, check, extract

SOURCE = b"def handler(event, context):\n    return 1\n" * 20
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def zipped(*names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of app.py and of empty files with these names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(entry("app.py"), SOURCE, method)
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"")
    return buffer.getvalue()


def patched(code: bytes, local: int, central: int, value: int) -> bytes:
    """A zip with another number in both headers of its first file."""
    data = bytearray(code)
    for mark, place in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = data.find(mark) + place
        data[at : at + 2] = struct.pack("<H", value)
    return bytes(data)


def unpacked(code: bytes) -> dict[str, bytes]:
    """Every file of a zip, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        extract(code, Path(folder))
        files = (path for path in Path(folder).rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("method", METHODS)
def test_unpacking_restores_what_was_packed(method: int) -> None:
    code = zipped("lib/b.py", method=method)
    assert check(code) == len(SOURCE)
    assert unpacked(code) == {"app.py": SOURCE, str(Path("lib/b.py")): b""}


@given(data=st.data(), method=st.sampled_from(METHODS))
def test_a_flipped_bit_is_detected_or_harmless(data: st.DataObject, method: int) -> None:
    """Checksums are verified before a zip is stored, not when it first runs."""
    code = bytearray(zipped(method=method))
    bit = data.draw(st.integers(0, len(code) * 8 - 1))
    code[bit // 8] ^= 1 << bit % 8
    try:
        check(bytes(code))
    except BadPackageError:
        return
    assert list(unpacked(bytes(code)).values()) == [SOURCE]


@given(code=st.binary(max_size=200), start=st.integers(0, 100))
def test_a_file_that_is_not_a_zip_is_refused(code: bytes, start: int) -> None:
    """Even a part of a zip followed by other bytes."""
    with pytest.raises(BadPackageError):
        check(zipped()[:start] + code)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(patched(zipped(), 6, 8, 1), id="encrypted"),
        pytest.param(patched(zipped(), 8, 10, 9), id="Deflate64"),
        pytest.param(zipped("a", "a/b"), id="a file that is a folder too"),
        pytest.param(zipped("a/b", "a"), id="a folder that is a file too"),
        pytest.param(zipped("n" * 256), id="a name that is too long"),
        pytest.param(zipped("ä" * 128), id="a name that is too long in UTF-8"),
        pytest.param(zipped("n/" * 2000 + "n"), id="a path that is too long"),
        pytest.param(zipped("."), id="the root itself"),
        pytest.param(zipped(""), id="no name"),
    ],
)
def test_a_zip_that_cannot_be_unpacked_is_refused(code: bytes) -> None:
    with pytest.raises(BadPackageError, match="Could not unzip uploaded file"):
        check(code)


@pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/abs.py", "C:\\abs.py"])
def test_a_path_outside_the_root_is_refused(name: str) -> None:
    with pytest.raises(BadPackageError, match="outside its root"):
        check(zipped(name))
