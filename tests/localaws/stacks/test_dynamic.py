"""Values of the parameter store and of secrets in templates; all rules were seen on AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.stacks.deploying import Stacks, outputs
from workbook.target import Aws

QUEUE = {"Type": "AWS::SQS::Queue"}


class Store(Stacks):
    """Stacks, and a parameter of the parameter store."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.ssm = aws.client("ssm")
        self.key = f"/{self.name()}"

    def put(self, value: str, kind: Any = "String", key: str = "") -> None:
        """Set the parameter's value."""
        self.ssm.put_parameter(Name=key or self.key, Value=value, Type=kind, Overwrite=True)

    def topic(self, text: str) -> Any:
        """Return a topic with this display name."""
        return {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": text}}

    def shown(self, stack: str, logical_id: str = "Topic") -> str:
        """Return the display name of a stack's topic."""
        arn = self.resources(stack)[logical_id]
        found = self.aws.client("sns").get_topic_attributes(TopicArn=arn)
        return str(found["Attributes"]["DisplayName"])


@pytest.fixture
def store(unlimited: Aws) -> Store:
    return Store(unlimited)


def declared(inner: str, **more: Any) -> Any:
    parameter = {"Type": f"AWS::SSM::Parameter::Value<{inner}>", **more}
    value: Any = {"Ref": "P"}
    if "List" in inner:
        value = {"Fn::Join": ["|", value]}
    return {"Parameters": {"P": parameter}, "Outputs": {"P": {"Value": value}}}


def test_constraints_are_on_the_name_in_the_store(store: Store) -> None:
    store.put("hello")
    for constraint, message in (
        ({"AllowedPattern": "hello"}, "Parameter 'P' must match pattern hello"),
        ({"AllowedValues": ["hello"]}, "Parameter 'P' must be one of AllowedValues"),
        ({"MaxLength": 5}, "Parameter 'P' must contain at most 5 characters"),
    ):
        with pytest.raises(ClientError, match=message):
            store.create({"Q": QUEUE}, template=declared("String", Default=store.key, **constraint))
    fits = declared("String", Default=store.key, AllowedPattern="/st-.*")
    stack = store.create({"Q": QUEUE}, template=fits)
    assert outputs(stack) == {"P": "hello"}
    (shown,) = stack["Parameters"]
    assert (shown["ParameterValue"], shown["ResolvedValue"]) == (store.key, "hello")


def test_a_version_of_a_parameter(store: Store) -> None:
    store.put("one")
    store.put("two")
    stack = store.create({"Q": QUEUE}, template=declared("String", Default=f"{store.key}:1"))
    assert outputs(stack) == {"P": "one"}
    with pytest.raises(ClientError, match=rf"Unable to fetch parameters \[{store.key}:99\] from"):
        store.create({"Q": QUEUE}, template=declared("String", Default=f"{store.key}:99"))


@pytest.mark.parametrize(
    ("stored", "inner", "message"),
    [
        ("String", "CommaDelimitedList", "defined in CFN template and SSM are incompatible"),
        ("String", "List<String>", "defined in CFN template and SSM are incompatible"),
        ("StringList", "String", "defined in CFN template and SSM are incompatible"),
        ("SecureString", "String", "have types not supported by CloudFormation."),
    ],
)
def test_the_types_in_template_and_store_must_agree(
    store: Store, stored: str, inner: str, message: str
) -> None:
    store.put("a,b", stored)
    with pytest.raises(ClientError, match=rf"\[{store.key}\] .*{message}"):
        store.create({"Q": QUEUE}, template=declared(inner, Default=store.key))


def test_a_list_of_the_store_is_trimmed(store: Store) -> None:
    store.put("a,b, c ,d", "StringList")
    stack = store.create({"Q": QUEUE}, template=declared("List<String>", Default=store.key))
    assert outputs(stack) == {"P": "a|b|c|d"}
    assert stack["Parameters"][0]["ResolvedValue"] == "a,b,c,d"


def test_a_new_value_in_the_store_is_a_change(store: Store) -> None:
    """An update with the same template gets it, whether parameter or dynamic reference."""
    store.put("one")
    template = declared("String", Default=store.key)
    del template["Outputs"]
    name = store.create({"Q": QUEUE}, template=template)["StackName"]
    referring = {"Topic": store.topic(f"a {{{{resolve:ssm:{store.key}}}}} b")}
    second = store.create(referring)["StackName"]
    assert store.shown(second) == "a one b"
    store.put("two")
    stack = store.update(name, {"Q": QUEUE}, template=template)
    assert stack["Parameters"][0]["ResolvedValue"] == "two"
    store.update(second, referring)
    assert store.shown(second) == "a two b"
    with pytest.raises(ClientError, match="No updates are to be performed"):
        store.update(second, referring)


def test_a_new_value_of_a_secret_is_not_a_change(store: Store) -> None:
    secrets, key = store.aws.client("secretsmanager"), store.key.strip("/")
    secrets.create_secret(Name=key, SecretString="one")
    topic = store.topic(f"{{{{resolve:secretsmanager:{key}}}}}")
    name = store.create({"Topic": topic})["StackName"]
    secrets.put_secret_value(SecretId=key, SecretString="two")
    with pytest.raises(ClientError, match="No updates are to be performed"):
        store.update(name, {"Topic": topic})
    store.update(name, {"Topic": topic, "Q": QUEUE})
    assert store.shown(name) == "one"
    before = store.topic(f"{{{{resolve:secretsmanager:{key}:SecretString::AWSPREVIOUS}}}}")
    now = store.topic(f"now {{{{resolve:secretsmanager:{key}}}}}")
    store.update(name, {"Topic": now, "Before": before})
    assert (store.shown(name), store.shown(name, "Before")) == ("now two", "one")


def test_keys_of_a_secret(store: Store) -> None:
    secrets, key = store.aws.client("secretsmanager"), store.key.strip("/")
    secrets.create_secret(Name=key, SecretString='{"user": "u"}')
    secrets.create_secret(Name=f"{key}-plain", SecretString="text")
    for reference, reason in (
        (
            f"{key}:SecretString:no",
            "Could not find a value associated with JSONKey in SecretString",
        ),
        (f"{key}-plain:SecretString:no", "Could not parse SecretString JSON"),
    ):
        stack = store.create({"Topic": store.topic(f"{{{{resolve:secretsmanager:{reference}}}}}")})
        assert ("Topic", "CREATE_FAILED", reason) in store.events(stack["StackName"])
    name = store.create(
        {"Topic": store.topic(f"{{{{resolve:secretsmanager:{key}:SecretString:user}}}}")}
    )["StackName"]
    assert store.shown(name) == "u"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            "ssm:KEY:label",
            r"Incorrect format is used .* reference: \[\{\{resolve:ssm:KEY:label\}\}\]",
        ),
        ("ssm:KEY-none", r"Unable to fetch parameters \[KEY-none\] from parameter store"),
        ("ssm:KEY", "Non-secure ssm prefix was used for secure parameter KEY"),
        (
            "ssm-secure:KEY:1",
            r"SSM Secure reference is not supported in: \[AWS::SNS::Topic/Properties/DisplayName\]",
        ),
    ],
)
def test_wrong_references_are_refused(store: Store, reference: str, message: str) -> None:
    store.put("s3cret", "SecureString")
    wrong = store.topic(f"{{{{resolve:{reference.replace('KEY', store.key)}}}}}")
    with pytest.raises(ClientError, match=message.replace("KEY", store.key)):
        store.create({"Topic": wrong})


def test_a_default_may_refer_to_a_version(store: Store) -> None:
    store.put("one")
    for reference, message in ((store.key, "should not contain ssm versionless resolver"),):
        parameter = {"Type": "String", "Default": f"{{{{resolve:ssm:{reference}}}}}"}
        with pytest.raises(ClientError, match=f"Template error: parameter P {message}"):
            store.create({"Q": QUEUE}, template={"Parameters": {"P": parameter}})
    parameter = {"Type": "String", "Default": f"{{{{resolve:ssm:{store.key}:1}}}}"}
    template = {"Parameters": {"P": parameter}, "Outputs": {"P": {"Value": {"Ref": "P"}}}}
    assert outputs(store.create({"Q": QUEUE}, template=template)) == {"P": "one"}


def test_a_reference_in_an_output_is_left_as_it_is(store: Store) -> None:
    store.put("one")
    text = f"{{{{resolve:ssm:{store.key}:1}}}}"
    stack = store.create({"Q": QUEUE}, template={"Outputs": {"O": {"Value": text}}})
    assert outputs(stack) == {"O": text}
