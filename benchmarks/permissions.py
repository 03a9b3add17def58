"""What permissions cost: the server's processor time for a function's PutRecords.

Usage: python -m benchmarks.permissions [CALLS]

The same calls are signed with the user's key, which may do everything, and with a role's temporary
key, whose policy is evaluated.  They take turns, so that both have the same weather.
"""

import json
import statistics
import sys
from typing import Any

import boto3
import psutil

from workbook import deployment, target

ROUNDS = 20
RECORDS: Any = [{"Data": b"x" * 300, "PartitionKey": str(n)} for n in range(100)]
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}


def main(calls: int) -> None:
    """Print the medians of both, in microseconds of the server's processor time for a call."""
    with target.connect("local", limits=False) as aws:
        (server,) = psutil.Process().children()
        kinesis, iam = aws.client("kinesis"), aws.client("iam")
        arn = deployment.create_stream(kinesis, "measured", shards=4)
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        document = json.dumps(deployment.policy(arn, arn))
        iam.put_role_policy(RoleName="writer", PolicyName="writes", PolicyDocument=document)
        session = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="function")
        limited = boto3.client(
            "kinesis",
            region_name=aws.region,
            endpoint_url=aws.endpoint_url,
            aws_access_key_id=session["Credentials"]["AccessKeyId"],
            aws_secret_access_key=session["Credentials"]["SecretAccessKey"],
            aws_session_token=session["Credentials"]["SessionToken"],
        )
        clients = {"the user's key": kinesis, "a role's key": limited}
        spent: dict[str, list[float]] = {name: [] for name in clients}
        for _ in range(ROUNDS):
            for name, client in clients.items():
                before = sum(server.cpu_times()[:2])
                for _ in range(calls):
                    client.put_records(StreamName="measured", Records=RECORDS)
                spent[name].append((sum(server.cpu_times()[:2]) - before) / calls * 1e6)
        for name, figures in spent.items():
            print(f"{name}: {statistics.median(figures):,.0f} microseconds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
