"""Layers that others publish on AWS, as far as what is in them is installed here.

AWS's public layers cannot be had without an account.  What is in some of them is a Python package,
and where that is installed, functions get it as that layer.
"""

import functools
import io
import zipfile
from importlib import metadata

from packaging.requirements import Requirement

from workbook.localaws.api.errors import ApiError
from workbook.localaws.functions.checks import invalid

# Account and start of the layer's name, and the distribution that is in it.
KNOWN = {
    ("017000801446", "AWSLambdaPowertoolsPython"): "aws-lambda-powertools",
    ("336392948345", "AWSSDKPandas"): "awswrangler",
}


def content(account: str, name: str) -> bytes:
    """Return the zip of another account's layer.

    Args:
        account: whose layer it is.
        name: of the layer.

    Raises:
        ApiError: what is in it is not known, or not installed here; it says what to do.
    """
    for (owner, start), distribution in KNOWN.items():
        if account == owner and name.startswith(start):
            return _zipped(distribution)
    raise _refusal(account, name, "put what is in it into the function's zip")


def _refusal(account: str, name: str, remedy: str) -> ApiError:
    return invalid(
        f"The local AWS cannot reach layer {name} of account {account}, which is on AWS: "
        f"{remedy}, or publish it here with PublishLayerVersion."
    )


@functools.cache
def _zipped(distribution: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _with_needs(distribution):
            for file in metadata.files(name) or ():
                path = file.locate()
                if ".." in file.parts or "__pycache__" in file.parts:
                    continue
                entry = zipfile.ZipInfo(f"python/{file.as_posix()}")
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, io.open(path, "rb").read())
    return buffer.getvalue()


def _with_needs(distribution: str) -> list[str]:
    """Return a distribution and all that it needs here, without extras."""
    found, ahead = [], [distribution]
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            remedy = f"install {name} into the workbook's environment (pip install {name})"
            raise invalid(
                f"The local AWS has no {name}, which is in the layer: {remedy}, or put it into "
                "the function's zip."
            ) from None
        found.append(name)
        wanted = map(Requirement, needs)
        ahead += [one.name for one in wanted if not one.marker or one.marker.evaluate({"extra": ""})]
    return found
