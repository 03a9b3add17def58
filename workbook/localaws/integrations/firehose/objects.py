"""Objects in a bucket: name, content and compression [FH:basic-deliver]."""

import gzip
import io
import uuid
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime

UNCOMPRESSED, GZIP, ZIP = "UNCOMPRESSED", "GZIP", "ZIP"
EXTENSIONS = {UNCOMPRESSED: "", GZIP: ".gz", ZIP: ".zip"}
PARQUET = ".parquet"  # the extension of converted objects [SEEN]
ENCODINGS = {GZIP: "gzip", ZIP: "zip"}  # Content-Encoding of the object [SEEN]
DELIMITER = b"\n"


def name(stream: str, version: str, seconds: float, extension: str) -> str:
    """Return the last part of an object's key, which follows the prefix.

    Args:
        stream: the delivery stream's name.
        version: the version of its configuration, such as ``1``.
        seconds: the arrival of the oldest record, in seconds since the epoch.
        extension: such as ``.gz``.
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{stream}-{version}-{moment:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{extension}"


def content(records: Sequence[bytes], compression: str, *, is_delimited: bool) -> bytes:
    """Return the content of an object: the concatenated records, compressed.

    AppendDelimiterToRecord puts a line feed between records, but none after the last [SEEN].
    """
    whole = (DELIMITER if is_delimited else b"").join(records)
    if compression == GZIP:
        return gzip.compress(whole, mtime=0)
    if compression == ZIP:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("data"), whole, zipfile.ZIP_DEFLATED)
        return made.getvalue()
    return whole
