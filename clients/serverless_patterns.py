"""Try the folders of aws-samples/serverless-patterns that have a stream and a function in Python.

Usage: serverless_patterns.py CHECKOUT [FOLDER ...]

CHECKOUT is a clone, bare or not, which is not changed. Each folder's template is packaged and
deployed to a fresh local AWS, and a record is sent through its stream. The script prints a Markdown
table with the outcome of each; a refusal is in the words of the local AWS.
"""

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
        return "deployed; " + _sent(aws, stacks)


def _sent(aws: target.Aws, stacks: Any) -> str:
    """Send a record to each stream and wait for a function's first line."""
    resources = stacks.describe_stack_resources(StackName="pattern")["StackResources"]
    streams = [one for one in resources if one["ResourceType"] == "AWS::Kinesis::Stream"]
    functions = [one for one in resources if one["ResourceType"] == "AWS::Lambda::Function"]
    for one in streams:
        aws.client("kinesis").put_record(
            StreamName=one["PhysicalResourceId"], PartitionKey="k", Data=b'{"message": "hello"}'
        )
    names = {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in functions}
    logs, deadline = aws.client("logs"), time.monotonic() + SECONDS
    told: dict[str, str] = {}
    while time.monotonic() < deadline and len(told) < len(names):
        for name in names.keys() - told.keys():
            try:
                found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
            except logs.exceptions.ResourceNotFoundException:
                continue
            lines = [one["message"] for one in found]
            if any(line.startswith("REPORT") for line in lines):
                errors = [line for line in lines if line.startswith("[ERROR]")]
                told[name] = f"failed ({_short(errors[0])})" if errors else "ran"
    parts = [f"{names[name]} {what}" for name, what in sorted(told.items())]
    idle = sorted(names[name] for name in names.keys() - told.keys())
    if idle:
        parts.append(f"not invoked by a record: {', '.join(idle)}")
    return "; ".join(parts) or "it has no function of its own"


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
