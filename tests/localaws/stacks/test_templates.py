"""What templates can contain: functions, parameters, transforms; and what is refused by name."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.stacks.deploying import ROLE, Stacks, function, outputs
from workbook.target import Aws

QUEUE = {"Type": "AWS::SQS::Queue"}
EXPORTED = {"Value": "x", "Export": {"Name": "same"}}


def output(value: Any) -> dict[str, Any]:
    """Return a template with an output."""
    return {"Resources": {"A": QUEUE}, "Outputs": {"O": {"Value": value}}}


def parameter(name: str, **declared: Any) -> dict[str, Any]:
    """Return a template with a parameter."""
    return {"Resources": {"A": QUEUE}, "Parameters": {name: declared}}


def condition(value: Any) -> dict[str, Any]:
    """Return a template with a condition that nothing uses."""
    return {"Resources": {"A": QUEUE}, "Conditions": {"C": value}}


@pytest.fixture
def stacks(unlimited: Aws) -> Stacks:
    return Stacks(unlimited)


@pytest.mark.parametrize(
    ("resources", "named"),
    [
        ({"X": {"Type": "AWS::MSK::Cluster"}}, "AWS::MSK::Cluster"),
        ({"X": {**QUEUE, "Properties": {"Speed": 1}}}, "the property Speed of AWS::SQS::Queue"),
        (
            {"X": {"Type": "AWS::Lambda::Function", "Properties": {"VpcConfig": {"Zone": 1}}}},
            "the property VpcConfig.Zone of AWS::Lambda::Function",
        ),
        ({"X": {**QUEUE, "CreationPolicy": {}}}, "CreationPolicy"),
        (
            {"X": {**QUEUE, "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {}}}},
            "CodeDeployLambdaAliasUpdate",
        ),
        ({"X": {**QUEUE, "DeletionPolicy": "Snapshot"}}, "DeletionPolicy Snapshot"),
        ({"X": {**QUEUE, "Properties": {"Fn::Transform": {"Name": "M"}}}}, "the macro M"),
        ({"X": {**QUEUE, "Properties": {"QueueName": "{{resolve:vault:/x}}"}}}, "resolve:vault"),
    ],
)
def test_unsupported_features_are_refused_by_name(
    stacks: Stacks, resources: Any, named: str
) -> None:
    """Nothing is created, and the message says that the local AWS refused it."""
    name = stacks.name()
    with pytest.raises(ClientError) as refused:
        stacks.create({"Queue": QUEUE, **resources}, name)
    message = refused.value.response["Error"]["Message"]
    assert message.startswith("The local AWS does not support ")
    assert named in message
    with pytest.raises(ClientError, match="does not exist"):
        stacks.get(name)


def test_a_public_application_is_refused_by_name(stacks: Stacks) -> None:
    location = {"ApplicationId": "arn:aws:serverlessrepo:us-east-1:1:a/x", "SemanticVersion": "1"}
    nested = {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
    with pytest.raises(ClientError, match="the Serverless Application Repository"):
        stacks.create({"Nested": nested}, template={"Transform": "AWS::Serverless-2016-10-31"})


def test_an_unknown_transform_is_refused_by_name(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="does not support the transform AWS::Include"):
        stacks.create({"Queue": QUEUE}, template={"Transform": "AWS::Include"})


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({}, "At least one Resources member must be defined"),
        ({"Resources": {"A": {}}}, "Every Resources object must contain a Type member"),
        ({"Resources": {"a-b": QUEUE}}, "Resource name a-b is non alphanumeric"),
        (
            {"Resources": {"A": {**QUEUE, "Properties": {"QueueName": {"Ref": "B"}}}}},
            r"Unresolved resource dependencies \[B\] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": QUEUE}, "Outputs": {"O": {"Value": {"Ref": "B"}}}},
            r"Unresolved resource dependencies \[B\] in the Outputs block of the template",
        ),
        (
            {"Resources": {"A": {**QUEUE, "DependsOn": "B"}, "B": {**QUEUE, "DependsOn": "A"}}},
            r"Circular dependency between resources: \[A, B\]",
        ),
        (
            {"Resources": {"A": QUEUE}, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "No"]}}}},
            "resource A does not support attribute type No in Fn::GetAtt",
        ),
        (
            {"Resources": {"A": {**QUEUE, "DeletionPolicy": "Keep"}}},
            "Unrecognized DeletionPolicy Keep for resource A",
        ),
        (
            {"Resources": {"A": QUEUE}, "AWSTemplateFormatVersion": "2010-09-10"},
            "unsupported value for AWSTemplateFormatVersion",
        ),
        (
            {
                "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
                "Resources": {
                    "A": {**QUEUE, "Condition": "Never"},
                    "B": {**QUEUE, "Properties": {"QueueName": {"Ref": "A"}}},
                },
            },
            r"Unresolved resource dependencies \[A\] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": QUEUE}, "Outputs": {"X": EXPORTED, "Y": EXPORTED}},
            r"contains duplicate Export names: \[same\]",
        ),
        (
            {
                "Resources": {"A": QUEUE},
                "Outputs": {"X": {"Value": "x", "Export": {"Name": {"Ref": "A"}}}},
            },
            "Output X is malformed. The Name field of Export must not depend on any resources",
        ),
        (output({"a": 1}), "of every Outputs member must evaluate to a String."),
        (output(["a"]), "of every Outputs member must evaluate to a String and not a List."),
        ({"Resources": {"A": QUEUE}, "Outputs": {"O": {}}}, "must contain a Value object"),
        ({"Resources": {"A": QUEUE}, "Outputs": {"O-x": {}}}, "O-x is non alphanumeric"),
        ({"Resources": {"A": QUEUE}, "Description": ["d"]}, "The Description must be a string."),
        (parameter("P-x", Type="String", Default="x"), "Parameter name P-x is non alphanumeric."),
        (parameter("P", Default="x"), "Every Parameters object must contain a Type member."),
        (
            parameter("P", Type="String", Default="x", Size=1),
            "Invalid template parameter property 'Size'",
        ),
        (parameter("A", Type="String", Default="x"), "A is both a parameter and a resource."),
        (
            {"Resources": {"A": QUEUE}, "Mappings": {"M": {"a": {"b": {"Ref": "AWS::Region"}}}}},
            "Every Mappings attribute must be a String or a List.",
        ),
        (condition({"Fn::Equals": ["a"]}), "every Fn::Equals object requires a list of two"),
        (condition({"Fn::And": [True]}), "every Fn::And object requires a list of at least 2"),
        (condition({"Condition": "C"}), "Found circular condition dependency between C"),
        (output({"Fn::Select": [5, ["a"]]}), "cannot select nonexistent value at index 5"),
        (output({"Fn::GetAtt": ["A"]}), "every Fn::GetAtt object requires two non-empty"),
        (output({"Fn::Join": [",", "x"]}), "every Fn::Join object requires two parameters"),
        (output({"Fn::Split": [",", ["x"]]}), "every Fn::Split object requires two parameters"),
        (output({"Fn::Sub": 5}), "One or more Fn::Sub intrinsic functions don't specify"),
        (output({"Fn::Sub": "${}"}), "must contain only alphanumeric characters, underscores"),
        (output({"Fn::Cidr": ["10.0.0.0/30", 9, 1]}), "Fn::Cidr cannot be worked out of"),
        (output({"Fn::Foo": 1}), "Encountered unsupported function: Fn::Foo Supported functions"),
    ],
)
def test_invalid_templates_are_refused(stacks: Stacks, template: Any, message: str) -> None:
    """In AWS's words [SEEN; some ?]."""
    with pytest.raises(ClientError, match=message):
        stacks.api.create_stack(StackName=stacks.name(), TemplateBody=json.dumps(template))


def test_a_part_of_what_a_resource_tells_is_known_once_it_is_there(stacks: Stacks) -> None:
    """Functions of attributes, such as of an ARN's parts, in a property and an output."""
    arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    part = {"Fn::Select": [5, {"Fn::Split": [":", arn]}]}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": part}}
    stack = stacks.create(
        {"Queue": QUEUE, "Topic": topic}, template={"Outputs": {"Part": {"Value": part}}}
    )
    ids = stacks.resources(stack["StackName"])
    name = ids["Queue"].rpartition("/")[2]
    assert outputs(stack)["Part"] == name
    told = stacks.aws.client("sns").get_topic_attributes(TopicArn=ids["Topic"])
    assert told["Attributes"]["DisplayName"] == name
    beyond = {"Fn::Select": [9, {"Fn::Split": [":", arn]}]}
    wrong = {**topic, "Properties": {"DisplayName": beyond}}
    failed = stacks.create({"Queue": QUEUE, "Topic": wrong})
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_required_property_that_is_missing_fails_the_resource(stacks: Stacks) -> None:
    """[SEEN]"""
    name = stacks.create({"Role": {"Type": "AWS::IAM::Role"}})["StackName"]
    reasons = [reason for _, state, reason in stacks.events(name) if state == "CREATE_FAILED"]
    assert reasons == [
        "Properties validation failed for resource Role with message:\n"
        "#: required key [AssumeRolePolicyDocument] not found"
    ]


ENTRY = {"Key": "k", "Value": "v"}


@pytest.mark.parametrize(
    ("kind", "properties", "violation"),
    [
        (
            "AWS::SQS::Queue",
            {"Tags": {"k": "v"}},
            "#/Tags: expected type: JSONArray, found: JSONObject",
        ),
        (
            "AWS::SNS::Topic",
            {"Tags": ["k=v"]},
            "#/Tags/0: expected type: JSONObject, found: String",
        ),
        (
            "AWS::Kinesis::Stream",
            {"Tags": [ENTRY, {"Key": "k"}]},
            "#/Tags/1: required key [Value] not found",
        ),
        (
            "AWS::Logs::LogGroup",
            {"Tags": [{**ENTRY, "Name": "k"}]},
            "#/Tags/0: extraneous key [Name] is not permitted",
        ),
        (
            "AWS::SSM::Parameter",
            {"Type": "String", "Value": "v", "Tags": [ENTRY]},
            "#/Tags: expected type: JSONObject, found: JSONArray",
        ),
        (
            "AWS::Kinesis::Stream",
            {"StreamModeDetails": ["ON_DEMAND"]},
            "#/StreamModeDetails: expected type: JSONObject, found: JSONArray",
        ),
        (
            "AWS::DynamoDB::Table",
            {"KeySchema": {"AttributeName": "k", "KeyType": "HASH"}},
            "#/KeySchema: expected type: JSONArray, found: JSONObject",
        ),
    ],
)
def test_a_property_of_another_type_fails_the_resource(
    stacks: Stacks, kind: str, properties: Any, violation: str
) -> None:
    """[SEEN] In the words of AWS's validation, when the resource is created."""
    name = stacks.create({"X": {"Type": kind, "Properties": properties}})["StackName"]
    reasons = [reason for _, state, reason in stacks.events(name) if state == "CREATE_FAILED"]
    assert reasons == [f"Properties validation failed for resource X with message:\n{violation}"]


def test_tags_of_each_form_are_set(stacks: Stacks) -> None:
    """[CFNL] A list or an object; a value may be left out where the schema allows it."""
    name = stacks.name()
    properties = {"Name": f"/{name}", "Type": "String", "Value": "v", "Tags": {"k": "v"}}
    stack = stacks.create(
        {
            "Role": ROLE,
            "Fn": function(Tags=[{"Key": "k"}]),
            "P": {"Type": "AWS::SSM::Parameter", "Properties": properties},
        },
        name,
    )
    found = stacks.aws.client("ssm").list_tags_for_resource(
        ResourceType="Parameter", ResourceId=f"/{name}"
    )
    assert ENTRY in found["TagList"]
    physical = stacks.resources(stack["StackName"])["Fn"]
    tags = stacks.aws.client("lambda").get_function(FunctionName=physical)["Tags"]
    assert tags["k"] == ""


def test_a_topic_has_its_first_policy_again_without_the_stacks(stacks: Stacks) -> None:
    """[D23] When a TopicPolicy is deleted, or no longer names the topic."""
    sns = stacks.aws.client("sns")
    arns = [sns.create_topic(Name=stacks.name())["TopicArn"] for _ in range(2)]

    def policies() -> list[Any]:
        found = [sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"] for arn in arns]
        return [json.loads(one) for one in found]

    first = policies()
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:*", "Resource": "*"}],
    }

    def policy(topics: list[str]) -> Any:
        properties = {"Topics": topics, "PolicyDocument": document}
        return {"Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}}

    name = stacks.create(policy(arns))["StackName"]
    assert policies() == [document, document]
    stacks.update(name, policy(arns[:1]))
    assert policies() == [document, first[1]]
    stacks.api.delete_stack(StackName=name)
    assert policies() == first


def test_a_queues_url_is_one_that_clients_reach(stacks: Stacks) -> None:
    """Some clients send their requests to it [SEEN: the JavaScript SDK]."""
    stack = stacks.create(
        {"Queue": QUEUE}, template={"Outputs": {"Url": {"Value": {"Ref": "Queue"}}}}
    )
    assert outputs(stack)["Url"].startswith(f"{stacks.aws.endpoint_url}/123456789012/")


def test_functions_conditions_and_pseudo_parameters(stacks: Stacks) -> None:
    template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Mappings": {"Sizes": {"dev": {"Shards": "1"}, "prod": {"Shards": "8"}}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "NotProd": {"Fn::Not": [{"Condition": "IsProd"}]},
        },
        "Outputs": {
            "Sub": {"Value": {"Fn::Sub": "${AWS::Region}/${Stage}/${!Literal}/${Queue.QueueName}"}},
            "Join": {"Value": {"Fn::Join": ["-", ["a", {"Ref": "AWS::AccountId"}]]}},
            "Select": {"Value": {"Fn::Select": [1, {"Fn::Split": [",", "x,y,z"]}]}},
            "Map": {"Value": {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Shards"]}},
            "If": {"Value": {"Fn::If": ["IsProd", "yes", "no"]}},
            "Base64": {"Value": {"Fn::Base64": "hi"}},
            "Cidr": {"Value": {"Fn::Select": [2, {"Fn::Cidr": ["10.0.0.0/16", 3, 8]}]}},
            "Never": {"Condition": "IsProd", "Value": "x"},
        },
    }
    resources = {
        "Queue": {
            **QUEUE,
            "Properties": {
                "QueueName": {"Fn::Sub": "${AWS::StackName}-${Stage}"},
                "DelaySeconds": {"Fn::If": ["IsProd", 9, {"Ref": "AWS::NoValue"}]},
            },
        },
        "Extra": {**QUEUE, "Condition": "IsProd"},
        "Spare": {**QUEUE, "Condition": "NotProd"},
    }
    stack = stacks.create(resources, template=template)
    name = stack["StackName"]
    assert outputs(stack) == {
        "Sub": f"us-east-1/dev/${{Literal}}/{name}-dev",
        "Join": "a-123456789012",
        "Select": "y",
        "Map": "1",
        "If": "no",
        "Base64": "aGk=",
        "Cidr": "10.0.2.0/24",
    }
    assert stacks.resources(name).keys() == {"Queue", "Spare"}


def test_yaml_short_forms_and_dates(stacks: Stacks) -> None:
    body = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}
Outputs:
  Arn: {Value: !GetAtt Role.Arn}
  Sub: {Value: !Sub ["${A}-b", {A: !Ref AWS::Region}]}
"""
    name = stacks.name()
    stacks.api.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    found = outputs(stacks.get(name))
    assert found["Sub"] == "us-east-1-b"
    assert found["Arn"].startswith("arn:aws:iam::123456789012:role/")


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ({"Type": "String"}, None, r"Parameters: \[P\] must have values"),
        ({"Type": "Number"}, "many", "Parameter 'P' must be a number"),
        (
            {"Type": "Number", "MaxValue": 3},
            "4",
            "Parameter 'P' must be a number not greater than 3",
        ),
        (
            {"Type": "String", "AllowedValues": ["a"]},
            "b",
            "Parameter 'P' must be one of AllowedValues",
        ),
        (
            {"Type": "String", "AllowedPattern": "[a-z]+"},
            "1",
            "Parameter 'P' must match pattern",
        ),
    ],
)
def test_parameters_are_checked_against_their_declarations(
    stacks: Stacks, declared: Any, given: str | None, message: str
) -> None:
    asked = [] if given is None else [{"ParameterKey": "P", "ParameterValue": given}]
    with pytest.raises(ClientError, match=message):
        stacks.create({"Queue": QUEUE}, template={"Parameters": {"P": declared}}, Parameters=asked)


def test_values_of_the_parameter_store_and_of_secrets(stacks: Stacks) -> None:
    """A parameter of an SSM value type, and dynamic references."""
    name = stacks.name()
    stacks.aws.client("ssm").put_parameter(Name=f"/{name}", Value="from-ssm", Type="String")
    stacks.aws.client("secretsmanager").create_secret(Name=name, SecretString='{"k": "s3cret"}')
    value = f"{{{{resolve:ssm:/{name}}}}}/{{{{resolve:secretsmanager:{name}:SecretString:k}}}}"
    stack = stacks.create(
        {"Role": ROLE, "Fn": function(Environment={"Variables": {"VALUE": value}})},
        template={
            "Parameters": {
                "P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": f"/{name}"}
            },
            "Outputs": {"P": {"Value": {"Ref": "P"}}},
        },
    )
    assert outputs(stack) == {"P": "from-ssm"}, stacks.events(stack["StackName"])
    physical = stacks.resources(stack["StackName"])["Fn"]
    found = stacks.aws.client("lambda").get_function_configuration(FunctionName=physical)
    assert found["Environment"]["Variables"] == {"VALUE": "from-ssm/s3cret"}


def test_the_assertions_of_rules_are_checked(stacks: Stacks) -> None:
    rules = {
        "R": {
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [["a", "b"], {"Ref": "AWS::Region"}]},
                    "AssertDescription": "not in this region",
                }
            ]
        }
    }
    with pytest.raises(ClientError, match="not in this region"):
        stacks.create({"Queue": QUEUE}, template={"Rules": rules})


def test_a_template_in_a_bucket_of_the_local_aws(stacks: Stacks) -> None:
    name, s3 = stacks.name(), stacks.aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/t.json", Body=json.dumps({"Resources": {"Q": QUEUE}}))
    for url in (
        f"{stacks.aws.endpoint_url}/{name}/a/t.json",
        f"https://{name}.s3.us-east-1.amazonaws.com/a/t.json",
        f"https://s3.amazonaws.com/{name}/a/t.json",
    ):
        stack = stacks.name()
        stacks.api.create_stack(StackName=stack, TemplateURL=url)
        assert stacks.get(stack)["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="is not a valid S3 domain"):
        stacks.api.create_stack(StackName=name, TemplateURL="https://example.com/t.json")


SAM = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "In": {"Type": "AWS::Kinesis::Stream"},
        "Fn": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "InlineCode": "def handler(event, context): pass",
                "AutoPublishAlias": "live",
                "Events": {
                    "E": {
                        "Type": "Kinesis",
                        "Properties": {
                            "Stream": {"Fn::GetAtt": ["In", "Arn"]},
                            "StartingPosition": "LATEST",
                        },
                    }
                },
            },
        },
    },
}


def test_the_serverless_transform(stacks: Stacks) -> None:
    """[SAMT] The resources that AWS's translator creates; the mapping is on the alias."""
    name = stacks.name()
    stacks.api.create_stack(
        StackName=name,
        TemplateBody=json.dumps(SAM),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    ids = stacks.resources(name)
    (version,) = [one for one in ids if one.startswith("FnVersion")]
    assert ids.keys() == {"In", "Fn", "FnRole", version, "FnAliaslive", "FnE"}
    mapping = stacks.aws.client("lambda").get_event_source_mapping(UUID=ids["FnE"])
    assert mapping["FunctionArn"] == ids["FnAliaslive"]
    processed = stacks.api.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    assert "FnRole" in json.dumps(processed)
    made = stacks.api.create_change_set(
        StackName=name,
        ChangeSetName="same",
        TemplateBody=json.dumps(SAM),
        Capabilities=["CAPABILITY_IAM"],
    )
    shown = stacks.api.describe_change_set(ChangeSetName=made["Id"])
    assert shown["StatusReason"] == "No updates are to be performed."


EXTENSIONS = "AWS::LanguageExtensions"


def test_a_loop_makes_resources_and_outputs(stacks: Stacks) -> None:
    """[D23, SEEN] Over a list, a parameter and one another; ``&{}`` keeps letters and digits.

    Text outside of ``Fn::Sub`` stays as it is.
    """
    template = {
        "Transform": EXTENSIONS,
        "Parameters": {"Ages": {"Type": "CommaDelimitedList", "Default": "1,2"}},
        "Outputs": {
            "Fn::ForEach::Out": [
                "Kind",
                ["a-b"],
                {
                    "Delay&{Kind}": {"Value": {"Fn::Sub": "${Kind} ${Qab1.QueueName}"}},
                    "Plain&{Kind}": {"Value": "${Kind}"},
                },
            ]
        },
    }
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Age"}}}
    inner = {"Fn::ForEach::Inner": ["Age", {"Ref": "Ages"}, {"Q&{Kind}${Age}": queue}]}
    stack = stacks.create({"Fn::ForEach::Outer": ["Kind", ["a-b"], inner]}, template=template)
    ids = stacks.resources(stack["StackName"])
    assert ids.keys() == {"Qab1", "Qab2"}
    assert outputs(stack)["Plainab"] == "${Kind}"
    assert outputs(stack)["Delayab"] == f"a-b {ids['Qab1'].rpartition('/')[2]}"
    found = stacks.aws.client("sqs").get_queue_attributes(
        QueueUrl=ids["Qab2"], AttributeNames=["DelaySeconds"]
    )
    assert found["Attributes"] == {"DelaySeconds": "2"}


@pytest.mark.parametrize(
    ("loop", "transform", "message"),
    [
        (["N", ["a"]], {"Transform": EXTENSIONS}, "Fn::ForEach layout is incorrect"),
        (["N", ["a", "b"], {"Q": QUEUE}], {"Transform": EXTENSIONS}, "makes Q twice"),
        (["N", ["a"], {"Q": QUEUE}], {}, "Resource name Fn::ForEach::L is non alphanumeric"),
    ],
)
def test_a_malformed_loop_is_refused(
    stacks: Stacks, loop: Any, transform: Any, message: str
) -> None:
    """[SEEN; the second ?] Nor is there a loop without the transform."""
    with pytest.raises(ClientError, match=message):
        stacks.create({"Fn::ForEach::L": loop}, template=transform)


def test_transforms_must_be_acknowledged_without_a_change_set(stacks: Stacks) -> None:
    """[OBS]"""
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_AUTO_EXPAND\]"):
        stacks.api.create_stack(
            StackName=stacks.name(),
            TemplateBody=json.dumps(SAM),
            Capabilities=["CAPABILITY_IAM"],
        )


def test_an_invalid_serverless_template_is_refused_in_the_translators_words(stacks: Stacks) -> None:
    wrong = {"Resources": {"Fn": {"Type": "AWS::Serverless::Function", "Properties": {"Bad": 1}}}}
    with pytest.raises(ClientError, match=r"Transform AWS::Serverless-2016-10-31 failed with: .*"):
        stacks.create(wrong["Resources"], template={"Transform": SAM["Transform"]})


def test_summary_and_validation_of_a_template(stacks: Stacks) -> None:
    body = json.dumps(
        {
            "Description": "d",
            "Parameters": {"P": {"Type": "String", "Default": "x", "NoEcho": True}},
            "Resources": {"Role": ROLE},
        }
    )
    summary = stacks.api.get_template_summary(TemplateBody=body)
    assert (summary["Capabilities"], summary["ResourceTypes"]) == (
        ["CAPABILITY_IAM"],
        ["AWS::IAM::Role"],
    )
    (parameter,) = stacks.api.validate_template(TemplateBody=body)["Parameters"]
    assert (parameter["ParameterKey"], parameter["NoEcho"]) == ("P", True)
