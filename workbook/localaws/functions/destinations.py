"""Sends the records of asynchronous invocations to SQS, SNS, another function or EventBridge.

Through a client of the local AWS itself, in a thread: what these services then do is theirs.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from workbook.localaws.api.http import ACCOUNT_ID


class Destinations:
    """See above.

    Args:
        endpoint_url: where the local AWS is.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="destinations")
        self._clients: dict[tuple[str, str], Any] = {}

    async def send(self, arn: str, record: dict[str, Any]) -> None:
        """Deliver one record; the destination's errors are raised as boto3 has them."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._send, arn, record)

    def _send(self, arn: str, record: dict[str, Any]) -> None:
        _, _, service, region, _, name = arn.split(":", 5)
        client, body = self._client(service, region), json.dumps(record)
        match service:
            case "sqs":
                url = f"{self._endpoint_url}/{ACCOUNT_ID}/{name}"
                client.send_message(QueueUrl=url, MessageBody=body)
            case "sns":
                client.publish(TopicArn=arn, Message=body)
            case "lambda":
                client.invoke(FunctionName=arn, InvocationType="Event", Payload=body)
            case "events":
                succeeded = record["requestContext"]["condition"] == "Success"
                kind = "Success" if succeeded else "Failure"
                client.put_events(
                    Entries=[
                        {
                            "Source": "lambda",
                            "DetailType": f"Lambda Function Invocation Result - {kind}",
                            "Detail": body,
                            "Resources": [record["requestContext"]["functionArn"]],
                            "EventBusName": arn,
                        }
                    ]
                )
            case _:
                raise ValueError(f"{arn} is no destination: it is none of SQS, SNS, Lambda, events")

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            session = boto3.Session("test", "test", region_name=region)
            self._clients[service, region] = session.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self._endpoint_url,
                config=Config(retries={"total_max_attempts": 2}),
            )
        return self._clients[service, region]

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
