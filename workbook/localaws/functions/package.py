"""Deployment packages: zips of code and of layers."""

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

MAX_ZIPPED_BYTES = 52_428_800
MAX_UNZIPPED_BYTES = 262_144_000
MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 3_840  # what Linux' file systems take, our folder apart
CHUNK_BYTES = 1_048_576
NOT_UNZIPPED = "Could not unzip uploaded file. Please check your file, then try to upload again."
# What zipfile raises when an archive is damaged, encrypted, or packed in a way that it cannot read.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class BadPackageError(ValueError):
    """A zip that cannot be a function's code; the message is what the API answers."""


def check(code: bytes) -> int:
    """Read a zip to its last byte before it is stored; return its unzipped size in bytes.

    Raises:
        BadPackageError: it cannot be unpacked, is too large [OBS], or has a path outside its root.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            entries = archive.infolist()
            _check_paths(entries)
            size = sum(entry.file_size for entry in entries)
            if size > MAX_UNZIPPED_BYTES:
                raise BadPackageError(
                    f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes"
                )
            for entry in entries:
                with archive.open(entry) as file:
                    while file.read(CHUNK_BYTES):  # compares checksums as it reads
                        pass
    except BadPackageError:
        raise
    except UNREADABLE:
        raise BadPackageError(NOT_UNZIPPED) from None
    return size


def _check_paths(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Check that all entries can be unpacked beside one another.

    Raises:
        BadPackageError: they cannot.
    """
    files: set[PurePosixPath] = set()
    folders: set[PurePosixPath] = set()
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
            raise BadPackageError(
                f"The uploaded zip holds the path '{entry.filename}', which is outside its root."
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BadPackageError(
                f"The uploaded zip holds the symbolic link '{entry.filename}'; links are not "
                "supported by the local AWS."
            )
        if not path.parts or _is_too_long(path):
            raise BadPackageError(NOT_UNZIPPED)
        (folders if entry.is_dir() else files).add(path)
        folders.update(path.parents)
    if files & folders:
        raise BadPackageError(NOT_UNZIPPED)


def _is_too_long(path: PurePosixPath) -> bool:
    longest = max(len(part.encode(errors="surrogateescape")) for part in path.parts)
    return longest > MAX_NAME_BYTES or len(str(path).encode()) > MAX_PATH_BYTES


def extract(code: bytes, directory: Path) -> None:
    """Unpack a zip that ``check`` found good, with the permissions that it records."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, directory))
            mode = entry.external_attr >> 16
            if mode and not entry.is_dir():
                path.chmod((mode & 0o777) | 0o444)
