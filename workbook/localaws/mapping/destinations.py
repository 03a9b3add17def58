"""Sends failure documents to where the mapping wants them: SQS, SNS or S3."""

import asyncio
from functools import cache
from typing import Any

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from workbook.localaws.mapping.failures import object_key


class Destinations:
    """The destinations of the local AWS, reached as any client reaches them.

    Args:
        endpoint_url: of the local AWS.
    """

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._client = cache(self._new_client)

    async def prepare(self, arn: str, region: str) -> None:
        """Make ready for ``send``: the first client takes a while, which holds up a shard.

        Args:
            arn: of a queue, topic or bucket.
            region: of the mapping.
        """
        await asyncio.to_thread(self._client_for, arn, region)

    async def send(
        self,
        arn: str,
        document: dict[str, Any],
        *,
        payload: bytes,
        mapping: str,
        region: str,
        now: float,
    ) -> bool:
        """Deliver one document; false when the destination does not take it.

        Args:
            arn: of a queue, topic or bucket.
            document: see ``failures.document``.
            payload: the event that failed: S3 gets it too, as a JSON string.
            mapping: UUID of the mapping.
            region: of the mapping; a bucket's ARN has none.
            now: in seconds since the epoch.
        """
        try:
            await asyncio.to_thread(self._send, arn, document, payload, mapping, region, now)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _send(
        self,
        arn: str,
        document: dict[str, Any],
        payload: bytes,
        mapping: str,
        region: str,
        now: float,
    ) -> None:
        client = self._client_for(arn, region)
        _, _, service, _, account, name = arn.split(":", 5)
        if service == "sqs":
            queue = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            client.send_message(QueueUrl=queue["QueueUrl"], MessageBody=_text(document))
        elif service == "sns":
            client.publish(TopicArn=arn, Message=_text(document))
        else:
            key = object_key(mapping, document["KinesisBatchInfo"]["shardId"], now)
            body = _text({**document, "payload": payload.decode()})
            client.put_object(Bucket=name, Key=key, Body=body.encode())

    def _client_for(self, arn: str, region: str) -> Any:
        _, _, service, place, _ = arn.split(":", 4)
        return self._client(service, place or region)

    def _new_client(self, service: str, region: str) -> Any:
        return boto3.Session("test", "test", region_name=region).client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._endpoint_url,
            config=Config(s3={"addressing_style": "path"}),
        )


def _text(document: dict[str, Any]) -> str:
    return orjson.dumps(document).decode()
