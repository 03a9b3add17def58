"""The event source mapping that the panel's controls show and change."""

from typing import Any

from workbook.target import Aws
from workbook.waiting import wait_until

SETTLED = ("Enabled", "Disabled")


class WatchedMapping:
    """An existing event source mapping.

    Args:
        aws: the AWS that it is in.
        uuid: its UUID.
    """

    def __init__(self, aws: Aws, uuid: str) -> None:
        self.uuid = uuid
        self._lambda = aws.client("lambda")

    def settings(self) -> dict[str, Any]:
        """Return its settings and its State, under the API's names.

        Raises:
            ClientError: ResourceNotFoundException, if the mapping no longer exists.
        """
        found: dict[str, Any] = self._lambda.get_event_source_mapping(UUID=self.uuid)
        return found

    def change(self, **settings: Any) -> None:
        """Change settings, and wait until the change is in effect.

        If an earlier change is in progress, wait for that first.

        Raises:
            ClientError: AWS refused the settings.
            NotReadyError: a change was still in progress after five minutes.
        """

        def accepted() -> bool:
            try:
                self._lambda.update_event_source_mapping(UUID=self.uuid, **settings)
            except self._lambda.exceptions.ResourceInUseException:
                return False  # an earlier change is in progress
            return True

        wait_until(f"mapping {self.uuid} to take {settings}", accepted)
        wait_until(f"mapping {self.uuid}", lambda: self.settings()["State"] in SETTLED)
