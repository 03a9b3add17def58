"""HTTP/2 without TLS, which the JavaScript SDK's Kinesis client uses."""

import base64
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded

from workbook import target
from workbook.localaws.api.http import authorization

SIGNED = authorization(target.REGION, "kinesis")
LARGE = 900_000  # bytes; far above HTTP/2's first window of 65,535


def call(client: httpx.Client, operation: str, **parameters: Any) -> dict[str, Any]:
    """Make a call of the Kinesis API."""
    answer = client.post(
        "/",
        headers={"x-amz-target": f"Kinesis_20131202.{operation}", "authorization": SIGNED},
        content=orjson.dumps(parameters),
    )
    assert answer.http_version == "HTTP/2"
    assert answer.status_code == 200, answer.text
    return dict(orjson.loads(answer.content or b"{}"))


def test_large_requests_and_answers_pass_http2s_flow_control(local: target.Aws) -> None:
    stream = "http2"
    local.client("kinesis").create_stream(StreamName=stream, ShardCount=1)
    local.client("kinesis").get_waiter("stream_exists").wait(
        StreamName=stream, WaiterConfig={"Delay": 1}
    )
    data = base64.b64encode(b"x" * LARGE).decode()
    with httpx.Client(base_url=str(local.endpoint_url), http1=False, http2=True) as client:
        call(client, "PutRecord", StreamName=stream, Data=data, PartitionKey="k")
        iterator = call(
            client,
            "GetShardIterator",
            StreamName=stream,
            ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON",
        )
        records = call(client, "GetRecords", **iterator)["Records"]
    assert [record["Data"] for record in records] == [data]


def test_a_client_that_sends_goaway_still_gets_its_responses(local: target.Aws) -> None:
    where = urlsplit(str(local.endpoint_url))
    h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
    h2.initiate_connection()
    stream_id = h2.get_next_available_stream_id()
    head = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", where.netloc)]
    target_header = ("x-amz-target", "Kinesis_20131202.ListStreams")
    h2.send_headers(stream_id, [*head, target_header, ("authorization", SIGNED)])
    h2.send_data(stream_id, b"{}", end_stream=True)
    goaway = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(8)
    body, ended = b"", False
    with socket.create_connection((str(where.hostname), int(where.port or 0)), 10) as connection:
        connection.sendall(h2.data_to_send() + goaway)
        while not ended:
            received = connection.recv(65_536)
            assert received, "the server hung up before its answer"
            for event in h2.receive_data(received):
                if isinstance(event, DataReceived):
                    body += event.data
                ended = ended or isinstance(event, StreamEnded)
    assert "StreamNames" in orjson.loads(body)


def test_http1_works_on_the_same_port(local: target.Aws) -> None:
    answer = httpx.post(
        str(local.endpoint_url),
        headers={"x-amz-target": "Kinesis_20131202.ListStreams", "authorization": SIGNED},
        content=b"{}",
    )
    assert answer.http_version == "HTTP/1.1"
    assert answer.status_code == 200
