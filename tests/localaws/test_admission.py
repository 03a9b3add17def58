"""What is admitted: programs on this machine, and no web page."""

from urllib.parse import urlsplit

import psutil
import pytest
import urllib3

from workbook.localaws import admission
from workbook.localaws.api.http import authorization, signed_query
from workbook.target import Aws

SQS = "application/x-www-form-urlencoded"
# What a page can send without asking first (fetch in the mode no-cors, forms, images), as if the
# page made up a signature. The browser adds the first of the headers.
ELSEWHERE = "https://example.com"
FROM_A_PAGE = [
    (
        "POST",
        {"origin": ELSEWHERE, "content-type": "text/plain"},
        b'{"StreamName":"x"}',
    ),
    ("POST", {"origin": "null", "content-type": SQS}, b"Action=CreateQueue&QueueName=by-a-page"),
    ("POST", {"origin": "http://localhost:8888", "content-type": "multipart/form-data"}, b"--x--"),
    ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"}, b""),
    ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"}, b""),
    ("HEAD", {"sec-fetch-site": "same-origin"}, b""),
    ("OPTIONS", {"origin": ELSEWHERE, "access-control-request-method": "PUT"}, b""),
]


def ask(aws: Aws, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    """Send a request as it is; return the status and the text of the response."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = urllib3.request(
        method, f"{aws.endpoint_url}{path}", headers=sent, body=body, retries=False
    )
    return answer.status, answer.data.decode()


@pytest.mark.parametrize(("method", "headers", "body"), FROM_A_PAGE)
def test_a_web_page_neither_reads_nor_changes_anything(
    local: Aws, method: str, headers: dict[str, str], body: bytes
) -> None:
    query = f"?Action=CreateQueue&QueueName=by-a-page&{signed_query('us-east-1', 'sqs')}"
    answer = urllib3.request(
        method, f"{local.endpoint_url}/{query}", headers=headers, body=body, retries=False
    )
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert method == "HEAD" or b"may not use the local AWS" in answer.data
    names = local.client("sqs").list_queues(QueueNamePrefix="by-a-page")
    assert names.get("QueueUrls", []) == []


def test_the_local_aws_listens_on_the_loopback_only(local: Aws) -> None:
    assert local._process is not None
    connections = psutil.Process(local._process.pid).net_connections("inet")
    listening = {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_a_foreign_host_name_that_resolves_here_is_refused(local: Aws) -> None:
    """DNS rebinding: the page's own name is made to resolve to 127.0.0.1."""
    signed = authorization("us-east-1", "s3")
    status, text = ask(local, "GET", "/", authorization=signed, host="rebound.example:4566")
    assert status == 403
    named = "'rebound.example:4566'"
    assert text == f"The Host {named} is not this machine: use 127.0.0.1 or localhost."


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "bucket.localhost", "[::1]"])
def test_names_of_this_machine_are_admitted(local: Aws, name: str) -> None:
    port = urlsplit(str(local.endpoint_url)).port
    signed = authorization("us-east-1", "s3")
    status, _ = ask(local, "GET", "/", authorization=signed, host=f"{name}:{port}")
    assert status != 403


@pytest.mark.parametrize(
    "host", ["", "example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "[x"]
)
def test_other_host_names_are_refused(host: str) -> None:
    assert not admission.is_here(host)


@pytest.mark.parametrize("path", ["/moto-api", "/moto-api/reset", "/moto%2Dapi/data.json"])
def test_motos_own_pages_are_disabled(local: Aws, path: str) -> None:
    for signed in ("", signed_query("us-east-1", "s3")):
        status, text = ask(local, "POST", f"{path}?{signed}")
        assert (status, text) == (
            403,
            "The local AWS serves only AWS's APIs: moto's own pages are disabled.",
        )
