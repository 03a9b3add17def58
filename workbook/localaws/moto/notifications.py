"""Notifications of SNS topics to subscribers, signed as AWS signs them.

AWS signs with version 1 (SHA1) unless the topic's SignatureVersion is 2 [OBS]; moto always says 2.
"""

import base64
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from moto.sns import models
from moto.sns.exceptions import SNSInvalidParameter

from workbook.localaws.api.partitions import dns_suffix

SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


class Subscription(models.Subscription):
    """A subscription whose notifications contain the topic's signature version and its own ARN."""

    def __init__(self, account_id: str, topic: models.Topic, endpoint: str, protocol: str) -> None:
        if protocol == "firehose":
            raise SNSInvalidParameter(
                "The local AWS does not deliver notifications to Firehose; a queue or a function "
                "can pass them on."
            )
        super().__init__(account_id, topic, endpoint, protocol)

    def get_post_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the notification for queues and endpoints; the arguments are moto's."""
        data = super().get_post_data(*args, **kwargs)
        region = self.topic.sns_backend.region_name
        data["UnsubscribeURL"] = (
            f"https://sns.{region}.{dns_suffix(region)}/?Action=Unsubscribe&SubscriptionArn={self.arn}"
        )
        if getattr(self.topic, "signature_version", "1") == "1":
            text = "".join(f"{name}\n{data[name]}\n" for name in SIGNED if name in data)
            signature = self.private_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA1())
            data["SignatureVersion"] = "1"
            data["Signature"] = base64.b64encode(signature).decode()
        return data


def install() -> None:
    """Make moto use this class for new subscriptions; on its thread."""
    models.Subscription = Subscription  # type: ignore[misc]
