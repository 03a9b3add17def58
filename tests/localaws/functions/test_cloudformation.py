"""Functions and layers in stacks."""

import json
import uuid
from typing import Any

import pytest

from tests.localaws.functions.lambda_functions import (
    TRUST,
    create_role,
    invoke,
    known,
    refused,
    zipped,
)
from workbook.target import Aws

NO_LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:missing:1"


def template(**properties: str) -> str:
    lines = "\n".join(f"      {name}: {value}" for name, value in properties.items())
    return f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {TRUST}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.11
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: "def handler(event, context): return context.memory_limit_in_mb"
{lines}
Outputs:
  Name: {{Value: !Ref Fn}}
"""


def test_cloudformation_creates_updates_and_deletes(local: Aws) -> None:
    client, stacks = local.client("lambda"), local.client("cloudformation")
    stack = f"stack-{uuid.uuid4().hex[:8]}"

    def template(reply: int, timeout: int) -> str:
        return f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {TRUST}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.11
      Role: !GetAtt Role.Arn
      Timeout: {timeout}
      EphemeralStorage: {{Size: 600}}
      Tags: [{{Key: a, Value: b}}]
      Code:
        ZipFile: "def handler(event, context): return {reply}"
Outputs:
  Name: {{Value: !Ref Fn}}
"""

    stacks.create_stack(
        StackName=stack, TemplateBody=template(1, 5), Capabilities=["CAPABILITY_IAM"]
    )
    outputs = stacks.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    name = outputs[0]["OutputValue"]
    assert invoke(local, name)[1] == 1
    found = client.get_function(FunctionName=name)
    assert found["Configuration"]["EphemeralStorage"] == {"Size": 600}
    assert found["Tags"]["a"] == "b"
    stacks.update_stack(
        StackName=stack, TemplateBody=template(2, 6), Capabilities=["CAPABILITY_IAM"]
    )
    assert invoke(local, name)[1] == 2
    assert client.get_function_configuration(FunctionName=name)["Timeout"] == 6
    stacks.delete_stack(StackName=stack)
    error = refused(client.get_function, FunctionName=name)
    assert error["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "properties",
    [
        {"Timeout": "901"},
        {"Timeout": "soon"},
        {"ReservedConcurrentExecutions": "901"},
        {"ReservedConcurrentExecutions": "-1"},
        {"Layers": f"[{NO_LAYER}]"},
        {"Runtime": "python2.7"},
    ],
    ids=str,
)
def test_a_refused_template_is_rolled_back(local: Aws, properties: dict[str, str]) -> None:
    """Values in a template are checked like those in calls."""
    stacks = local.client("cloudformation")
    stack = f"stack-{uuid.uuid4().hex[:8]}"
    capabilities = ["CAPABILITY_IAM"]
    stacks.create_stack(
        StackName=stack, TemplateBody=template(MemorySize="256"), Capabilities=capabilities
    )
    outputs = stacks.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    name = outputs[0]["OutputValue"]
    before = known(local, name)
    changed = template(**{"MemorySize": "512", **properties})
    stacks.update_stack(StackName=stack, TemplateBody=changed, Capabilities=capabilities)
    (shown,) = stacks.describe_stacks(StackName=stack)["Stacks"]
    assert shown["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    after = known(local, name)
    changing = ("LastModified", "RevisionId")
    assert {key: after[key] for key in after if key not in changing} == {
        key: before[key] for key in before if key not in changing
    }
    assert invoke(local, name)[1] == "256"


def test_a_templates_values_are_converted_to_the_properties_types(local: Aws) -> None:
    """[CFNL] Each value gets the type of its property."""
    stacks = local.client("cloudformation")
    stack = f"stack-{uuid.uuid4().hex[:8]}"
    body = template(
        Timeout='"7"',
        ReservedConcurrentExecutions='"3"',
        Description="2026",
        Environment="{Variables: {AA: 1, BB: true, CC: 1.5}}",
    )
    stacks.create_stack(StackName=stack, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    outputs = stacks.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    found = local.client("lambda").get_function(FunctionName=outputs[0]["OutputValue"])
    configuration = found["Configuration"]
    assert (configuration["Timeout"], configuration["Description"]) == (7, "2026")
    assert configuration["Environment"]["Variables"] == {"AA": "1", "BB": "true", "CC": "1.5"}
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 3}


def with_layer(role: str, bucket: str, key: str) -> str:
    """A template of a function with a layer of the same stack."""
    resources: dict[str, Any] = {
        "Layer": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {
                "LayerName": bucket,
                "Content": {"S3Bucket": bucket, "S3Key": key},
                "CompatibleRuntimes": ["python3.11"],
            },
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": bucket,
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "Role": role,
                "Layers": [{"Ref": "Layer"}],
                "Code": {"ZipFile": "import extra\ndef handler(event, context): return extra.x"},
            },
        },
    }
    outputs = {"Layer": {"Value": {"Fn::GetAtt": ["Layer", "LayerVersionArn"]}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def test_a_layer_of_the_same_stack(local: Aws) -> None:
    """[CFNL] Ref is the version's ARN."""
    s3, stacks, client = (local.client(name) for name in ("s3", "cloudformation", "lambda"))
    name = f"b-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="layer", Body=zipped(**{"python/extra.py": "x = 1"}))
    s3.put_object(Bucket=name, Key="no zip", Body=b"no zip")
    role = create_role(local)
    stacks.create_stack(StackName=name, TemplateBody=with_layer(role, name, "layer"))
    (output,) = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    (layer,) = client.get_function_configuration(FunctionName=name)["Layers"]
    assert output["OutputValue"] == layer["Arn"]
    assert invoke(local, name)[1] == 1
    stacks.update_stack(StackName=name, TemplateBody=with_layer(role, name, "no zip"))
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    (reason,) = [
        one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == "UPDATE_FAILED"
    ]
    assert "Could not unzip uploaded file." in reason
    assert invoke(local, name)[1] == 1
    (version,) = client.list_layer_versions(LayerName=name)["LayerVersions"]
    assert version["LayerVersionArn"] == layer["Arn"]
    stacks.delete_stack(StackName=name)
    assert client.list_layer_versions(LayerName=name)["LayerVersions"] == []
