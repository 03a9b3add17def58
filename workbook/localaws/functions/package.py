"""Deployment packages: zips of code and of layers."""

import io
import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

MAX_ZIPPED_BYTES = 52_428_800
MAX_UNZIPPED_BYTES = 262_144_000
MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 3_840  # limits of Linux file systems, minus our folder
EXTENSIONS = PurePosixPath("extensions")
CHUNK_BYTES = 1_048_576
DEFAULT_MODE = 0o644  # if the zip records none
NOT_UNZIPPED = "Could not unzip uploaded file. Please check your file, then try to upload again."
# Errors that zipfile raises for damaged or encrypted archives, or unsupported compression.
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
    """A zip that cannot be used as a function's code; the message is the API's."""


def check(code: bytes) -> int:
    """Read a zip completely before it is stored; return its unzipped size in bytes.

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
                    while file.read(CHUNK_BYTES):  # reading verifies the checksum
                        pass
    except BadPackageError:
        raise
    except UNREADABLE:
        raise BadPackageError(NOT_UNZIPPED) from None
    return size


def extensions(code: bytes) -> list[str]:
    """Return the external extensions in a layer's zip that ``check`` found good.

    Lambda starts each file of ``/opt/extensions`` [DG:runtimes-extensions-api].
    """
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        files = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    paths = [PurePosixPath(name.replace("\\", "/")) for name in files]
    return [path.name for path in paths if path.parent == EXTENSIONS]


def _check_paths(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Check that all entries can be unpacked into one folder.

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
    """Unpack a zip that passed ``check``, with its links and permissions.

    On AWS, the files belong to another user, so the permissions for others apply to the function.
    Here the function is their owner: it may read and run what others may. The rest of a file's mode
    is kept, so that the function may change a copy of it. Files of earlier layers are replaced.
    """
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            path = directory / entry.filename.replace("\\", "/")
            _make_way(path, directory, is_folder=entry.is_dir())
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if stat.S_ISLNK(mode):
                path.symlink_to(archive.read(entry).decode(errors="surrogateescape"))
                continue
            with archive.open(entry) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK_BYTES)
            mode = mode or DEFAULT_MODE
            path.chmod(mode & 0o277 | (mode & 0o5) << 6)


def _make_way(path: Path, directory: Path, *, is_folder: bool) -> None:
    """Remove links and files that are where a file, or one of its parent folders, must be.

    Nothing is ever written through a link, which may lead out of the folder.
    """
    for parent in reversed(path.relative_to(directory).parents[:-1]):
        place = directory / parent
        if place.is_symlink() or place.is_file():
            place.unlink()
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    elif path.is_dir() and not is_folder:
        shutil.rmtree(path)
