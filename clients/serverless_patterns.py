"""Try the folders of aws-samples/serverless-patterns that have a stream and a function in Python.

Usage: serverless_patterns.py CHECKOUT [FOLDER ...]

CHECKOUT is a clone, bare or not, which is not changed. Each folder's template is packaged and
deployed to a fresh local AWS, and records are sent through its stream: those that the folder brings
for PutRecords, otherwise one of our own. A function that reads no stream is invoked once. The
script prints a Markdown table with the outcome of each; a refusal is in the words of the local AWS.
"""

import base64
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from botocore.exceptions import ClientError

from workbook import target
from workbook.localaws.stacks import template as templates

SECONDS = 20
FAILURE_SECONDS = 120  # for the retries of a batch that fails
NAMES = ("template.yaml", "template.yml", "template.json")


class Checkout:
    """Files of the newest commit of a clone."""

    def __init__(self, folder: Path) -> None:
        self._git = ["git", "-C", str(folder)]
        listed = subprocess.run(
            [*self._git, "ls-tree", "-r", "--name-only", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.paths = listed.stdout.splitlines()

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return subprocess.run(
            [*self._git, "show", f"HEAD:{path}"], capture_output=True, check=True
        ).stdout

    def folders(self) -> Iterator[tuple[str, str]]:
        """Yield the selected folders, and each one's template."""
        by_folder: dict[str, list[str]] = {}
        for path in self.paths:
            by_folder.setdefault(path.split("/")[0], []).append(path)
        for folder, paths in sorted(by_folder.items()):
            for path in paths:
                if path.count("/") == 1 and PurePosixPath(path).name in NAMES:
                    text = self.read(path).decode("utf-8", "replace")
                    if re.search(r"AWS::Kinesis::Stream\b", text) and "python" in text:
                        yield folder, path

    def records(self, folder: str) -> dict[str, list[dict[str, Any]]]:
        """Return a folder's files of records for PutRecords, valid ones first; or one of ours."""
        found = {}
        for path in sorted(self.paths, reverse=True):
            name = PurePosixPath(path).name
            if path.startswith(f"{folder}/") and "records" in name and name.endswith(".json"):
                found[name] = [
                    {**one, "Data": base64.b64decode(one["Data"])}
                    for one in json.loads(self.read(path))
                ]
        return found or {"our record": [{"PartitionKey": "k", "Data": b'{"message": "hello"}'}]}

    def zipped(self, folder: str) -> bytes:
        """Return a folder as a package."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in self.paths:
                if path.startswith(folder.rstrip("/") + "/"):
                    file = zipfile.ZipInfo(path[len(folder.rstrip("/")) + 1 :])
                    file.external_attr = 0o644 << 16  # all may read it, as Lambda requires
                    archive.writestr(file, self.read(path))
        return buffer.getvalue()


def packaged(checkout: Checkout, aws: target.Aws, folder: str, body: dict[str, Any]) -> None:
    """Upload local code to a bucket, as `sam package` does, and refer to it in the template."""
    s3, keys = aws.client("s3"), 0
    s3.create_bucket(Bucket="packages")
    for resource in body["Resources"].values():
        properties = resource.get("Properties") or {}
        for name in ("CodeUri", "ContentUri", "Code"):
            if isinstance(properties.get(name), str) and "://" not in properties[name]:
                place = str(PurePosixPath(folder) / properties[name])
                keys += 1
                s3.put_object(Bucket="packages", Key=str(keys), Body=checkout.zipped(place))
                properties[name] = f"s3://packages/{keys}"
    if "CodeUri" in (body.get("Globals", {}).get("Function") or {}):
        place = str(PurePosixPath(folder) / body["Globals"]["Function"]["CodeUri"])
        s3.put_object(Bucket="packages", Key="global", Body=checkout.zipped(place))
        body["Globals"]["Function"]["CodeUri"] = "s3://packages/global"


def parameters(body: dict[str, Any]) -> list[dict[str, str]]:
    """Return values for parameters without a default."""
    return [
        {"ParameterKey": name, "ParameterValue": "example"}
        for name, one in (body.get("Parameters") or {}).items()
        if "Default" not in one
    ]


def outcome(checkout: Checkout, folder: str, path: str) -> str:
    """Deploy a folder and send a record; return the outcome in a sentence."""
    body = templates.parse(checkout.read(path).decode())
    with target.connect("local") as aws:
        packaged(checkout, aws, folder, body)
        stacks = aws.client("cloudformation")
        try:
            stacks.create_stack(
                StackName="pattern",
                TemplateBody=json.dumps(body),
                Parameters=parameters(body),
                Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        except ClientError as refused:
            return "refused: " + refused.response["Error"]["Message"].split(". Nothing")[0]
        (stack,) = stacks.describe_stacks(StackName="pattern")["Stacks"]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            events = stacks.describe_stack_events(StackName="pattern")["StackEvents"]
            failed = [one for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
            return f"{stack['StackStatus']}: " + _short(failed[-1]["ResourceStatusReason"])
        return "deployed; " + _run(aws, stacks, checkout.records(folder))


def _run(aws: target.Aws, stacks: Any, samples: dict[str, list[dict[str, Any]]]) -> str:
    """Send records to each stream, invoke the other functions, and return what happened."""
    resources = stacks.describe_stack_resources(StackName="pattern")["StackResources"]

    def ids(kind: str) -> dict[str, str]:
        return {
            one["PhysicalResourceId"]: one["LogicalResourceId"]
            for one in resources
            if one["ResourceType"] == kind
        }

    functions, parts = ids("AWS::Lambda::Function"), []
    mappings = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    reading = {one["FunctionArn"].split(":")[6] for one in mappings}
    for name in functions.keys() - reading:
        answer = aws.client("lambda").invoke(FunctionName=name)
        parts.append(f"{functions[name]} {answer.get('FunctionError', 'ran')}")
    for sample, records in samples.items():
        begun = int(aws.now() * 1000)
        for stream in ids("AWS::Kinesis::Stream"):
            aws.client("kinesis").put_records(StreamName=stream, Records=records)
        parts += [
            f"{functions[name]} {_told(aws, name, begun)} ({sample})"
            for name in sorted(functions.keys() & reading)
        ]
    for url, queue in ids("AWS::SQS::Queue").items():
        if any(" failed" in one for one in parts):
            got = _received(aws, url)
            parts.append(f"{queue} {'received the failure' if got else 'is empty'}")
    return "; ".join(parts) or "it has no function of its own"


def _told(aws: target.Aws, name: str, begun: int) -> str:
    """Return how a function's first invocation since a time ended."""
    logs, deadline = aws.client("logs"), time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", startTime=begun)
        except logs.exceptions.ResourceNotFoundException:
            continue
        lines = [one["message"] for one in found["events"]]
        if any(line.startswith("REPORT") for line in lines):
            errors = [line for line in lines if line.startswith("[ERROR]")]
            return f"failed: {_short(errors[0].splitlines()[0])}" if errors else "ran"
    return "was not invoked"


def _received(aws: target.Aws, url: str) -> bool:
    """Return whether a queue receives a message."""
    deadline = time.monotonic() + FAILURE_SECONDS
    while time.monotonic() < deadline:
        if aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages"):
            return True
    return False


def _short(text: str) -> str:
    found = re.search(r'message: "(.*?) \(Service', text)
    return " ".join((found[1] if found else text).split())[:200]


def main() -> None:
    """Print the table."""
    os.environ.pop("AWS_PROFILE", None)
    checkout = Checkout(Path(sys.argv[1]))
    chosen = set(sys.argv[2:])
    print("| Folder | Outcome |\n|---|---|")
    for folder, path in checkout.folders():
        if chosen and folder not in chosen:
            continue
        try:
            told = outcome(checkout, folder, path)
        except (subprocess.CalledProcessError, yaml.YAMLError, UnicodeDecodeError) as error:
            told = f"its files cannot be read: {error}"
        print(f"| {folder} | {told.replace('|', '/')} |", flush=True)


if __name__ == "__main__":
    main()
