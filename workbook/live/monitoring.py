"""Shard-level monitoring of iterator ages, turned on while it is needed."""

from workbook.target import Aws
from workbook.waiting import wait_until

METRIC = "IteratorAgeMilliseconds"


class Monitoring:
    """The shard-level monitoring of a stream.

    Args:
        aws: the AWS that the stream is in.
        stream: the stream's name.
    """

    def __init__(self, aws: Aws, stream: str) -> None:
        self._kinesis = aws.client("kinesis")
        self._stream = stream
        self._is_on = False
        self._is_ours = False  # whether it was off before

    def turn_on(self) -> None:
        """Turn it on if it is off. If the stream is being changed, do nothing; call again.

        Raises:
            ClientError: ResourceNotFoundException, if the stream no longer exists.
        """
        if self._is_on:
            return
        answer = self._kinesis.describe_stream_summary(StreamName=self._stream)
        levels = answer["StreamDescriptionSummary"]["EnhancedMonitoring"]
        if not any(METRIC in level["ShardLevelMetrics"] for level in levels):
            try:
                self._kinesis.enable_enhanced_monitoring(
                    StreamName=self._stream, ShardLevelMetrics=[METRIC]
                )
            except self._kinesis.exceptions.ResourceInUseException:
                return
            self._is_ours = True
        self._is_on = True

    def restore(self) -> None:
        """Turn it off if it was off before.

        Raises:
            NotReadyError: the stream was still being changed after five minutes.
        """
        errors = self._kinesis.exceptions

        def restored() -> bool:
            try:
                self._kinesis.disable_enhanced_monitoring(
                    StreamName=self._stream, ShardLevelMetrics=[METRIC]
                )
            except errors.ResourceInUseException:
                return False
            except errors.ResourceNotFoundException:
                pass
            return True

        if self._is_ours:
            wait_until(f"stream {self._stream} to have its monitoring restored", restored)
        self._is_on = self._is_ours = False
