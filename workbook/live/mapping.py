"""The event source mapping that the controls of the panel show and change."""

from typing import Any

from workbook.target import Aws
from workbook.waiting import wait_until

SETTLED = ("Enabled", "Disabled")


class WatchedMapping:
    """An existing event source mapping.

    Args:
        aws: where it is.
        uuid: its UUID.
    """

    def __init__(self, aws: Aws, uuid: str) -> None:
        self.uuid = uuid
        self._lambda = aws.client("lambda")

    def settings(self) -> dict[str, Any]:
        """Return its settings and its State, under the API's names.

        Raises:
            ClientError: ResourceNotFoundException if the mapping does not exist any more.
        """
        found: dict[str, Any] = self._lambda.get_event_source_mapping(UUID=self.uuid)
        return found

    def change(self, **settings: Any) -> None:
        """Change settings, and wait until the change is in effect.

        A change that is still under way is waited for first.

        Raises:
            ClientError: AWS refused the settings.
            NotReadyError: a change was still under way after five minutes.
        """

        def accepted() -> bool:
            try:
                self._lambda.update_event_source_mapping(UUID=self.uuid, **settings)
            except self._lambda.exceptions.ResourceInUseException:
                return False  # an earlier change is under way
            return True

        wait_until(f"mapping {self.uuid} to take {settings}", accepted)
        wait_until(f"mapping {self.uuid}", lambda: self.settings()["State"] in SETTLED)
