"""Admit requests of programs on this machine, and refuse those of web pages.

The port is on loopback, so other machines cannot reach it.  A web page in this machine's browser
can, and the local AWS runs code for any client.  Browsers give their pages away: the ``Host`` is
the name that the page's address has (a name that an attacker has made lead here, too), cross-site
requests have an ``Origin`` or a ``Sec-Fetch-Site``, and no page can leave these out.
"""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from workbook.localaws.api.http import Request, Response

FORBIDDEN = 403
MOTO_PAGES = "/moto-api"  # by which moto is reset, without a signature


def refusal(request: Request) -> Response | None:
    """Return the answer to a request that may not come in; None for one that may."""
    host = request.headers.get("host", "")
    if not is_here(host):
        return _refused(f"The Host {host!r} is not this machine: use 127.0.0.1 or localhost.")
    origin = request.headers.get("origin")
    if origin is not None:
        return _refused(f"Web pages may not use the local AWS; this one comes from {origin!r}.")
    if request.headers.get("sec-fetch-site", "none") != "none":  # none: typed by the user
        return _refused("Web pages may not use the local AWS.")
    if unquote(request.path).lower().startswith(MOTO_PAGES):
        return _refused("The local AWS serves AWS's APIs only: moto's own pages are closed.")
    return None


def is_here(host: str) -> bool:
    """Return whether a ``Host`` header names this machine.

    It is an address of loopback, ``localhost``, or a name in ``localhost``, as S3's clients make
    them of a bucket's name.
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
