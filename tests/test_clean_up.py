"""The clean-up cells of each notebook, run alone in a new kernel, while things are left."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbook import book, deployment, lake, target
from workbook.laboratory import Pipeline
from workbook.laboratory.experiment import Experiment
from workbook.target import Aws


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """A local AWS in time-lapse, where waiting for streams is short."""
    with target.connect(target.LOCAL, speed=50) as aws:
        yield aws


def streams(*names: str) -> Callable[[Aws], None]:
    """Return what leaves streams behind that are still being created."""

    def leave(aws: Aws) -> None:
        for name in names:
            aws.client("kinesis").create_stream(StreamName=name, ShardCount=1)

    return leave


def role_and_queue(role: str, queue: str) -> Callable[[Aws], None]:
    """Return what leaves the pipeline behind, and a role and a queue."""

    def leave(aws: Aws) -> None:
        deployment.deploy(aws)
        arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
        deployment.create_role(aws.client("iam"), deployment.policy(arn, arn), role)
        deployment.create_queue(aws.client("sqs"), queue)

    return leave


def experiment(aws: Aws) -> None:
    """Leave the pipeline of an experiment behind."""
    Pipeline("lab-0123abcd", aws).deploy(Experiment())


def lake_without_files(aws: Aws) -> None:
    """Leave the pipeline and a lake's bucket behind."""
    deployment.deploy(aws)
    lake.create_bucket(aws)


LEFT: dict[str, Callable[[Aws], object]] = {  # by a notebook that was stopped
    "01": streams("flights"),
    "02": streams("processed_stream"),
    "07": experiment,
    "08": streams("lesson-08-keys", "lesson-08-hot"),
    "09": streams("flights", "flight_counts"),
    "10": role_and_queue("tap-role", "process-flights-failures"),
    "12": streams("lesson-12-events"),
    "13": role_and_queue("lesson-13-router-role", "lesson-13-inbox"),
    "14": lake_without_files,
    "15": streams("lesson-15-demand"),
}


def clean_up_cells(path: Path) -> str:
    """Return the code below the heading *Clean up*, up to the next heading."""
    code, within = [], False
    for cell in book.read(path).cells:
        if cell.cell_type == "markdown" and cell.source.startswith(("## ", "---\n## ")):
            within = cell.source.startswith("## Clean up")
        elif cell.cell_type == "code" and within:
            code.append(cell.source)
    return "\n".join(code)


@pytest.mark.parametrize("path", book.stored(), ids=lambda path: path.stem)
def test_the_clean_up_cells_need_no_other_cell_and_leave_nothing(
    path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    LEFT.get(path.stem[:2], deployment.deploy)(aws)
    monkeypatch.setenv(target.VARIABLE, str(aws.endpoint_url))
    exec(compile(clean_up_cells(path), path.name, "exec"), {})
    assert "nothing is left" in capsys.readouterr().out
    kinesis, lambda_, iam, logs, sqs, s3 = map(
        aws.client, ("kinesis", "lambda", "iam", "logs", "sqs", "s3")
    )
    assert kinesis.list_streams()["StreamNames"] == []
    assert lambda_.list_functions()["Functions"] == []
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert iam.list_roles()["Roles"] == []
    assert logs.describe_log_groups()["logGroups"] == []
    assert "QueueUrls" not in sqs.list_queues()
    assert s3.list_buckets()["Buckets"] == []
