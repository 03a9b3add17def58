"""Run a command line of AWS CLI 2 with the installed AWS CLI.

The notebooks show lines for version 2, which PyPI does not have. If version 2 is installed, it runs
them unchanged. For version 1 they are translated, because it differs in what they use:

- it takes binary values as they are, so there is no ``--cli-binary-format raw-in-base64-out``, and
  a value without that option is base64 and has to be decoded;
- it has no ``logs tail``.

Usage: aws_cli.py AWS ARGUMENTS..., with AWS_ENDPOINT_URL set.
"""

import base64
import os
import subprocess
import sys

BINARY = ("--data", "--payload")  # options with binary values
FORMAT = ["--cli-binary-format", "raw-in-base64-out"]


def for_version_1(arguments: list[str]) -> list[str]:
    """Return the arguments with which version 1 does the same as version 2 with these.

    Raises:
        ValueError: there is no translation of these.
    """
    if arguments[:2] == ["logs", "tail"]:
        group, since, _ = arguments[2:]
        if since != "--since":
            raise ValueError("logs tail is translated with a group and --since only")
        shown = ["--query", "events[].message", "--output", "text"]
        return ["logs", "filter-log-events", "--log-group-name", group, *shown]
    if FORMAT[0] in arguments:
        place = arguments.index(FORMAT[0])
        if arguments[place : place + 2] != FORMAT:
            raise ValueError(f"{FORMAT[0]} is translated with {FORMAT[1]} only")
        return [*arguments[:place], *arguments[place + 2 :]]
    if "put-records" in arguments:
        raise ValueError(f"put-records is translated with {' '.join(FORMAT)} only")
    translated = list(arguments)
    for place, option in enumerate(arguments[:-1]):
        value = arguments[place + 1]
        if option in BINARY and not value.startswith(("file://", "fileb://")):
            translated[place + 1] = base64.b64decode(value, validate=True).decode()
    return translated


def version(aws: str) -> int:
    """Return the major version of an AWS CLI."""
    told = subprocess.run([aws, "--version"], capture_output=True, text=True, check=True)
    return int((told.stdout + told.stderr).partition("aws-cli/")[2].partition(".")[0])


def main() -> int:
    """Run the command line; return its exit status."""
    aws, *arguments = sys.argv[1:]
    if version(aws) == 1:
        arguments = for_version_1(arguments)
    # Version 2 uses AWS_ENDPOINT_URL only since 2.13.
    endpoint = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"]]
    return subprocess.run([aws, *arguments, *endpoint], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
