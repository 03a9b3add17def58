"""Hints about common mistakes in functions that read Kinesis, where the trial shows them."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbook.laboratory.logbook import Invocation

KPL_MAGIC = b"\xf3\x89\x9a\xc2"  # starts a record of many, packed by the Kinesis Producer Library
GZIP_MAGIC = b"\x1f\x8b"
DECODERS = ("b64", "base64.", "'base64'", '"base64"', "aws_lambda_powertools", "aggregat")
UNZIPPERS = ("gzip", "zlib", "extract_cloudwatch_logs", "aws_lambda_powertools")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The findings of a trial.

    Args:
        error: the text of the first error.
        reports: whether the mapping respects partial batch responses.
        halves: whether the mapping halves a batch that fails.
        invocations: the number of invocations that called the function.
        raised: how many of them ended in an exception.
        given_up_together: the number of records given up in batches of several.
        unreported: how many of those the function did not report, while it reported others.
        dragged: the number of records processed, but not at the first attempt.
        retries: how often records were passed to the function again.
        distinct: whether all records differ.
        duplicates: the number of outputs equal to an earlier one.
        written: the number of outputs.
    """

    error: str = ""
    reports: bool = False
    halves: bool = True
    invocations: Sequence[Invocation] = ()
    raised: int = 0
    given_up_together: int = 0
    unreported: int = 0
    dragged: int = 0
    retries: int = 0
    distinct: bool = True
    duplicates: int = 0
    written: int = 0

    @property
    def handed(self) -> int:
        """Return how many records were passed to the function, repeats included."""
        return sum(len(one.sequence_numbers) for one in self.invocations)


def find(sources: Sequence[str], function: str, data: Sequence[bytes], seen: Seen) -> list[str]:
    """Return a hint for each mistake that the trial shows.

    Args:
        sources: the contents of your Python files.
        function: the name of the function.
        data: the data of each record sent.
        seen: the findings of the trial.
    """
    return [
        *_about_data("\n".join(sources), data),
        *_about_failures(seen),
        *_about_outputs(seen),
        *_about_error(seen.error),
        *_about_code([_parsed(source) for source in sources], function),
    ]


def _about_data(source: str, data: Sequence[bytes]) -> Iterator[str]:
    takes_data = re.search(r"""["']kinesis["']""", source) and re.search(
        r"""["']data["']""", source
    )
    if takes_data and not any(name in source for name in DECODERS):
        yield (
            "The code never decodes base64. A record's data is base64: use "
            "base64.b64decode(record['kinesis']['data'])."
        )
    if any(one.startswith(KPL_MAGIC) for one in data) and "aggregat" not in source.lower():
        yield (
            "Records are aggregated by the Kinesis Producer Library, and the code does not take "
            "them apart: use aws_kinesis_agg.deaggregator."
        )
    zipped = any(one.startswith(GZIP_MAGIC) for one in data)
    if zipped and not any(name in source for name in UNZIPPERS):
        yield "Records are compressed with gzip, and the code does not decompress them: use gzip."


def _about_error(error: str) -> Iterator[str]:
    if found := re.search(r"No module named '([^']+)'", error):
        yield (
            f"{found[1]} is not in the package. If it is one of yours, pass the folder that "
            "contains it. If it is on the package index, name it in a file for --requirements."
        )
    if "(AccessDenied" in error:
        yield (
            "The function's role does not allow this. Without a template, it allows the function "
            "to write to what --stream, --queue, --table and --bucket name, and nothing else."
        )


def _about_failures(seen: Seen) -> Iterator[str]:
    replies = [one for one in seen.invocations if one.answered]
    if seen.reports and any(one.unreadable is not None for one in replies):
        yield (
            "The mapping asks for partial batch responses (ReportBatchItemFailures), and the "
            "function returned something else, which fails the whole batch. Return "
            '{"batchItemFailures": [{"itemIdentifier": ...}]} with sequence numbers of the batch, '
            "or nothing if all went well. To turn it off: --mapping FunctionResponseTypes=[]. (AWS "
            "documents this for bad identifiers. For other replies, the local AWS does the same.)"
        )
    if seen.reports and seen.raised and seen.dragged and not any(one.reported for one in replies):
        yield (
            "The mapping asks for partial batch responses (ReportBatchItemFailures), and the "
            f"function gives none: it raises. Processed in the end, but retried with a batch that "
            f"failed: {_records(seen.dragged)}. Return "
            '{"batchItemFailures": [{"itemIdentifier": sequence number}]}.'
        )
    if seen.unreported:
        yield (
            f"Given up with a record that the function had reported: {_records(seen.unreported)} "
            "that it had not. When retries run out, AWS gives up the first reported record and all "
            "behind it in the batch. If the first record of a batch is the bad one, raise instead "
            "of reporting it; with BisectBatchOnFunctionError, the mapping then halves the batch."
        )
    if seen.given_up_together and seen.raised and not seen.halves:
        yield (
            f"Given up in whole batches: {_records(seen.given_up_together)}. With "
            "BisectBatchOnFunctionError, the mapping halves a batch that fails until the bad "
            "record is alone."
        )


def _records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"


def _about_outputs(seen: Seen) -> Iterator[str]:
    if 0 < seen.duplicates <= seen.retries:
        yield (
            f"Outputs that equal an earlier one: {seen.duplicates:,}. Records that the function "
            f"received again: {seen.retries:,}. A batch that fails is retried as a whole, and "
            "what it had written is written again. Report the first bad record, or write in a "
            "way that can be repeated."
        )
    if seen.duplicates and not seen.retries and seen.distinct and seen.written > seen.handed:
        yield (
            f"Outputs that equal an earlier one: {seen.duplicates:,}, although no record was "
            "passed to the function twice and no two records are equal. The function itself "
            "writes them again, for instance when it retries a call that had succeeded."
        )


def _about_code(trees: Sequence[ast.Module], function: str) -> Iterator[str]:
    tops = [node for tree in trees for node in tree.body]
    if any(isinstance(node, ast.AsyncFunctionDef) and node.name == function for node in tops):
        yield (
            f"{function} is an async function. Lambda's Python runtime does not await it: call "
            "asyncio.run in an ordinary function."
        )
    if any(_makes_client(handler) for tree in trees for handler in _handlers(tree)):
        yield (
            "A boto3 client is created inside the handler, in each invocation. Create it once, "
            "at the top of the module."
        )
    if any(_is_constant_key(node) for tree in trees for node in ast.walk(tree)):
        yield (
            "PartitionKey is a constant, so that all outputs go to one shard. Take it from the "
            "record."
        )


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])


def _handlers(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and [one.arg for one in node.args.args][:1] == [
            "event"
        ]:
            yield node


def _makes_client(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("client", "resource")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "boto3"
        for node in ast.walk(function)
    )


def _is_constant_key(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg == "PartitionKey" and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Dict):
        return any(
            isinstance(key, ast.Constant)
            and key.value == "PartitionKey"
            and isinstance(value, ast.Constant)
            for key, value in zip(node.keys, node.values, strict=True)
        )
    return False
