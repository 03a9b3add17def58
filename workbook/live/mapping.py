"""The event source mapping as the knobs see it: looked at, and changed while it runs."""

from typing import Any

from workbook.deployment import wait_until
from workbook.target import Aws

SETTLED = ("Enabled", "Disabled")


class WatchedMapping:
    """A mapping that exists.

    Args:
        aws: where it is.
        uuid: which one.
    """

    def __init__(self, aws: Aws, uuid: str) -> None:
        self.uuid = uuid
        self._lambda = aws.client("lambda")

    def look(self) -> dict[str, Any]:
        """Its settings and its State, under the names that the API has for them.

        Raises:
            ClientError: ResourceNotFoundException when it is gone.
        """
        settings: dict[str, Any] = self._lambda.get_event_source_mapping(UUID=self.uuid)
        return settings

    def change(self, **settings: Any) -> None:
        """Change settings, and wait until the change holds; an earlier one is waited for first.

        Raises:
            ClientError: AWS refused them; its message says why.
            NotReadyError: the mapping did not settle within five minutes.
        """

        def accepted() -> bool:
            try:
                self._lambda.update_event_source_mapping(UUID=self.uuid, **settings)
            except self._lambda.exceptions.ResourceInUseException:
                return False  # it is still being changed
            return True

        wait_until(f"mapping {self.uuid} to take {settings}", accepted)
        wait_until(f"mapping {self.uuid}", lambda: self.look()["State"] in SETTLED)
