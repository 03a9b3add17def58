"""Notifications of SNS topics to their subscribers, signed as AWS does it.

AWS signs with version 1 (SHA1) unless the topic's SignatureVersion is 2 [OBS]; moto always says 2.
"""

import base64
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from moto.sns import models

from workbook.localaws.api.partitions import dns_suffix

SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


class Subscription(models.Subscription):
    """A subscription whose notifications name the topic's signature version and itself."""

    def get_post_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the notification as queues and endpoints get it; arguments as moto's."""
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
    """Make every new subscription one of these; on moto's thread."""
    models.Subscription = Subscription  # type: ignore[misc]
