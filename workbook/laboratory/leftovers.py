"""Delete what experiments have left, as when their kernel was stopped while they ran."""

import re
from collections.abc import Iterator

from workbook.laboratory.pipeline import Pipeline
from workbook.laboratory.runner import PREFIX
from workbook.target import Aws

NAME = re.compile(
    rf"(?:/aws/lambda/)?({PREFIX}[0-9a-f]{{8}})(?:-(?:in|out|failures|role|downstream))?"
)


def clean_up(aws: Aws) -> None:
    """Delete all pipelines of experiments, and check that nothing is left.

    ``run`` deletes its own pipeline, even if it fails. This is for runs that could not. Do not call
    it while an experiment runs in the same account and region, because it deletes that one, too.

    Raises:
        deployment.LeftOverError: something still exists; the message names it.
    """
    found = {match[1] for name in _names(aws) if (match := NAME.fullmatch(name))}
    for name in sorted(found):
        Pipeline(name, aws).clean_up(has_table=True)


def _names(aws: Aws) -> Iterator[str]:
    """Yield the names of everything that may be part of an experiment's pipeline."""
    for service, operation, query in (
        ("kinesis", "list_streams", "StreamNames[]"),
        ("lambda", "list_functions", "Functions[].FunctionName"),
        ("iam", "list_roles", "Roles[].RoleName"),
        ("logs", "describe_log_groups", "logGroups[].logGroupName"),
        ("sqs", "list_queues", "QueueUrls[]"),
        ("dynamodb", "list_tables", "TableNames[]"),
    ):
        pages = aws.client(service).get_paginator(operation).paginate()
        for name in pages.search(query):
            if name is not None:  # of a page without any
                yield name.rpartition("/")[2] if service == "sqs" else name
