"""Admit requests of programs on this machine, and refuse those of web pages.

The port is on loopback, so other machines cannot reach it. A web page in this machine's browser
can, and the local AWS runs code for any client. But browsers reveal that a page makes a request:
the ``Host`` is the name in the page's address (even if an attacker makes that name resolve to this
machine), cross-site requests have an ``Origin`` or a ``Sec-Fetch-Site``, and no page can omit
these.
"""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from workbook.localaws.api.http import Request, Response

FORBIDDEN = 403
MOTO_PAGES = "/moto-api"  # resets moto without a signature


def refusal(request: Request) -> Response | None:
    """Return the refusal of a request; None if it is admitted."""
    host = request.headers.get("host", "")
    if not is_here(host):
        return _refused(f"The Host {host!r} is not this machine: use 127.0.0.1 or localhost.")
    origin = request.headers.get("origin")
    if origin is not None:
        return _refused(f"Web pages may not use the local AWS; this one comes from {origin!r}.")
    if request.headers.get("sec-fetch-site", "none") != "none":  # none: entered by the user
        return _refused("Web pages may not use the local AWS.")
    if unquote(request.path).lower().startswith(MOTO_PAGES):
        return _refused("The local AWS serves only AWS's APIs: moto's own pages are disabled.")
    return None


def is_here(host: str) -> bool:
    """Return whether a ``Host`` header means this machine.

    It is a loopback address, ``localhost``, or a name within ``localhost``, which S3's clients form
    from a bucket's name.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _refused(sentence: str) -> Response:
    return Response(FORBIDDEN, {"content-type": "text/plain; charset=utf-8"}, sentence.encode())
