"""What an exercise needs of AWS is there while its cell runs, and nothing is left that was not."""

from collections.abc import Iterator
from typing import Any

import pytest

from workbook import deployment, target
from workbook.exercises import stage
from workbook.waiting import wait_until


@pytest.fixture(scope="module")
def aws() -> Iterator[target.Aws]:
    """A local AWS of its own, since the pipeline's names are always the same."""
    with target.connect(target.LOCAL) as aws:
        yield aws


def streams(aws: target.Aws) -> list[str]:
    names: list[str] = aws.client("kinesis").list_streams()["StreamNames"]
    return names


def test_a_stream_that_is_there_is_used_and_stays(aws: target.Aws) -> None:
    kinesis = aws.client("kinesis")
    arn = deployment.create_stream(kinesis, "stays")
    with stage.stream(kinesis, "stays", 3):
        assert len(kinesis.list_shards(StreamName="stays")["Shards"]) == 1
    summary = kinesis.describe_stream_summary(StreamName="stays")["StreamDescriptionSummary"]
    assert (summary["StreamARN"], summary["StreamStatus"]) == (arn, "ACTIVE")
    kinesis.delete_stream(StreamName="stays")


def test_a_stream_that_is_gone_is_made_again_and_deleted(
    aws: target.Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    kinesis = aws.client("kinesis")
    for _ in range(2):  # again at once, too
        with stage.stream(kinesis, "goes", 3):
            assert len(kinesis.list_shards(StreamName="goes")["Shards"]) == 3
            kinesis.put_record(StreamName="goes", Data=b"x", PartitionKey="x")
        assert "goes" not in streams(aws)
    assert "The stream goes is gone." in capsys.readouterr().out


def test_a_stream_is_deleted_also_when_the_cell_is_interrupted(aws: target.Aws) -> None:
    with pytest.raises(KeyboardInterrupt), stage.stream(aws.client("kinesis"), "cut", 1):
        raise KeyboardInterrupt
    assert "cut" not in streams(aws)


def notebook(aws: target.Aws, mapping: str) -> dict[str, Any]:
    return {"aws": aws, "lambda_": aws.client("lambda"), "mapping": {"UUID": mapping}}


def test_a_pipeline_is_used_if_it_is_there_and_else_made_again_and_deleted(
    aws: target.Aws,
) -> None:
    lambda_ = aws.client("lambda")
    mapping = deployment.deploy(aws)
    with stage.pipeline(notebook(aws, mapping)) as more:
        assert more == {}
    assert lambda_.get_event_source_mapping(UUID=mapping)["State"] == "Enabled"

    lambda_.delete_event_source_mapping(UUID=mapping)  # clean-up begins, and is interrupted
    wait_until(
        "the mapping to go", lambda: not lambda_.list_event_source_mappings()["EventSourceMappings"]
    )
    with stage.pipeline(notebook(aws, mapping)) as more:
        assert more["mapping"]["UUID"] != mapping
        assert more["mapping_now"]()["State"] == "Enabled"
    assert streams(aws) == []
    assert lambda_.list_functions()["Functions"] == []
    assert aws.client("iam").list_roles()["Roles"] == []


def test_an_attempt_finds_a_cold_function_with_its_first_memory_and_a_mapping_that_polls(
    aws: target.Aws,
) -> None:
    lambda_ = aws.client("lambda")
    mapping = deployment.deploy(aws)
    try:
        lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
        stage.enable(lambda_, mapping)
        assert stage.settle(lambda_, mapping) == "Enabled"

        settings = lambda_.get_function_configuration(FunctionName=deployment.FUNCTION)
        for megabytes in (1024, 256):
            stage.renew(lambda_, deployment.FUNCTION, megabytes)
            now = lambda_.get_function_configuration(FunctionName=deployment.FUNCTION)
            assert now["MemorySize"] == megabytes
            variables = dict(now["Environment"]["Variables"])
            assert variables.pop("ATTEMPT")
            assert variables == settings["Environment"]["Variables"]
    finally:
        deployment.clean_up(aws)
