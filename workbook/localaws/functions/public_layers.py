"""Layers of other accounts, if their content is installed here.

AWS's public layers cannot be downloaded without an account. Some contain a Python package and its
dependencies. If that package is installed beside the workbook, functions get it as the layer.
"""

import functools
import io
import zipfile
from dataclasses import dataclass
from importlib import metadata
from typing import NamedTuple

from packaging.requirements import Requirement

from workbook.localaws.api.errors import ApiError
from workbook.localaws.functions.checks import invalid


class Known(NamedTuple):
    """A public layer: its publisher, the start of its name, and the package in it."""

    account: str
    name: str
    distribution: str
    major: int
    extra: str = ""


KNOWN = (
    # https://docs.aws.amazon.com/powertools/python/latest/getting-started/install/
    Known("017000801446", "AWSLambdaPowertoolsPythonV3", "aws-lambda-powertools", 3, "all"),
    # https://aws-sdk-pandas.readthedocs.io/en/stable/layers.html
    Known("336392948345", "AWSSDKPandas", "awswrangler", 3),
)


@dataclass(frozen=True)
class PublicLayer:
    """A layer version of another account, in the form in which functions keep it.

    ``code_bytes`` is its zip.
    """

    arn: str
    code_bytes: bytes

    @property
    def code_size(self) -> int:
        """Return the size of its zip, in bytes."""
        return len(self.code_bytes)


def public_layer(arn: str) -> PublicLayer:
    """Return a layer version of another account.

    Its package has the installed version, which may differ from that of the layer on AWS.

    Args:
        arn: the ARN of the layer version.

    Raises:
        ApiError: its content is unknown or not installed; the message says what to do.
    """
    _, _, _, _, account, _, name, _ = arn.split(":")
    for known in KNOWN:
        if account == known.account and name.startswith(known.name):
            return PublicLayer(arn, _installed(arn, known))
    raise _refusal(arn, "Put its content into the function's package")


def _installed(arn: str, known: Known) -> bytes:
    wanted = f"{known.distribution}>={known.major},<{known.major + 1}"
    remedy = f"Install its package beside the workbook (pip install '{wanted}')"
    try:
        version = metadata.version(known.distribution)
    except metadata.PackageNotFoundError:
        raise _refusal(arn, remedy) from None
    if int(version.split(".")[0]) != known.major:
        raise _refusal(arn, f"{remedy}, where version {version} is now")
    return _zipped(known)


def _refusal(arn: str, remedy: str) -> ApiError:
    return invalid(
        f"The local AWS cannot download layer {arn} of another account. {remedy}, or publish the "
        "layer here with PublishLayerVersion and use its new ARN."
    )


@functools.cache
def _zipped(known: Known) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _with_needs(known):
            for file in metadata.files(name) or ():
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    archive.writestr(_entry(f"python/{file.as_posix()}"), file.read_binary())
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # with the earliest time, so that the zip is reproducible
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _with_needs(known: Known) -> list[str]:
    """Return the names of a layer's package and its dependencies, if they are installed."""
    found: dict[str, None] = {}  # a set that keeps the order
    ahead = [(known.distribution, known.extra)]
    while ahead:
        name, extra = ahead.pop()
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # needed by an extra that is not installed
            continue
        if name in found:
            continue
        found[name] = None
        for need in map(Requirement, needs):
            if not need.marker or need.marker.evaluate({"extra": extra}):
                ahead += [(need.name, "")]
    return list(found)
