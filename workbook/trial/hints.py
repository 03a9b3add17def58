"""Known mistakes of functions that read Kinesis, where they show."""

import ast
from collections.abc import Iterator, Sequence

KPL_MAGIC = b"\xf3\x89\x9a\xc2"  # begins a record in which the Kinesis Producer Library packed many
GZIP_MAGIC = b"\x1f\x8b"
DECODERS = ("b64decode", "a2b_base64", "aws_lambda_powertools", "aws_kinesis_agg")


def find(
    source: str,
    data: Sequence[bytes],
    *,
    reports: bool,
    ever_reported: bool,
    errors: int,
    duplicates: int,
    innocents: int,
) -> list[str]:
    """Return a sentence for each mistake that shows.

    Args:
        source: of the handler's module.
        data: of the records that were sent.
        reports: whether the mapping respects partial batch responses.
        ever_reported: whether the function ever gave one.
        errors: invocations that failed.
        duplicates: outputs that were there already.
        innocents: records that were given up with a bad one.
    """
    return [
        *_about_data(source, data),
        *_about_failures(reports, ever_reported, errors, duplicates, innocents),
        *_about_code(source),
    ]


def _about_data(source: str, data: Sequence[bytes]) -> Iterator[str]:
    if "kinesis" in source and not any(name in source for name in DECODERS):
        yield (
            "The code never decodes base64. A record's data comes in base64: use "
            "base64.b64decode(record['kinesis']['data'])."
        )
    if any(one.startswith(KPL_MAGIC) for one in data) and "aws_kinesis_agg" not in source:
        yield (
            "Records are aggregated by the Kinesis Producer Library, and the code does not take "
            "them apart: use aws_kinesis_agg.deaggregator."
        )
    zipped = any(one.startswith(GZIP_MAGIC) for one in data)
    if zipped and "gzip" not in source and "zlib" not in source:
        yield "Records are compressed with gzip, and the code does not unpack them: use gzip."


def _about_failures(
    reports: bool, ever_reported: bool, errors: int, duplicates: int, innocents: int
) -> Iterator[str]:
    if reports and errors and not ever_reported:
        yield (
            "The mapping asks for partial batch responses (ReportBatchItemFailures), and the "
            "function gives none: it raises, so good records are retried with the bad one. Return "
            '{"batchItemFailures": [{"itemIdentifier": sequence number}]}.'
        )
    if duplicates and errors:
        yield (
            f"{duplicates} outputs were written more than once: a batch that fails is retried as a "
            "whole, after part of it was written. Report the first bad record, or write in a way "
            "that can be repeated."
        )
    if innocents:
        yield (
            f"About {innocents} good records were given up with a bad one: when retries run out, "
            "all that a failing batch holds goes. If the first record of a batch is the bad one, "
            "raise instead of reporting it; the mapping then halves the batch "
            "(BisectBatchOnFunctionError)."
        )


def _about_code(source: str) -> Iterator[str]:
    tree = _parsed(source)
    if any(_makes_client(function) for function in _handlers(tree)):
        yield (
            "A boto3 client is made inside the handler, in each invocation. Make it once, at the "
            "top of the module."
        )
    if any(_is_constant_key(node) for node in ast.walk(tree)):
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
