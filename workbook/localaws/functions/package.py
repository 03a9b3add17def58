"""Deployment packages: zips of code and of layers."""

import io
import stat
import zipfile
from pathlib import Path, PurePosixPath

MAX_ZIPPED_BYTES = 52_428_800
MAX_UNZIPPED_BYTES = 262_144_000


class BadPackageError(ValueError):
    """The zip cannot be a function's code; the message is what the API answers."""


def check(code: bytes) -> int:
    """Look a zip through before it is stored; gives its unzipped size in bytes.

    Raises:
        BadPackageError: it is no zip, is too large [OBS], or has a path outside its root.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise BadPackageError(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
            raise BadPackageError(
                f"The uploaded zip holds the path '{entry.filename}', which is outside its root."
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BadPackageError(
                f"The uploaded zip holds the symbolic link '{entry.filename}'; links are not "
                "supported by the local AWS."
            )
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNZIPPED_BYTES:
        raise BadPackageError(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")
    return size


def extract(code: bytes, directory: Path) -> None:
    """Unpack a zip that ``check`` found good, with the permissions that it records."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, directory))
            mode = entry.external_attr >> 16
            if mode and not entry.is_dir():
                path.chmod((mode & 0o777) | 0o444)
