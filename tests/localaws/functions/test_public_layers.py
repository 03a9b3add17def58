"""Layers of other accounts: provided if their package is installed, otherwise refused by name."""

from importlib import metadata
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.functions.lambda_functions import create, invoke, zipped
from workbook.localaws.functions import public_layers
from workbook.target import Aws

POWERTOOLS = (
    "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7"
)
EMPTY = "def handler(event, context): pass"


def refusal(local: Aws, arn: str) -> str:
    with pytest.raises(ClientError) as caught:
        create(local, EMPTY, Layers=[arn])
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    return error["Message"]


def test_a_public_layer_whose_package_is_installed_is_importable(local: Aws) -> None:
    """As on AWS, where it is downloaded [SEEN: Powertools' install page]."""
    code = """
import aws_lambda_powertools, jmespath
from aws_lambda_powertools.utilities.batch import BatchProcessor
from aws_lambda_powertools.shared.version import VERSION

def handler(event, context):
    return [VERSION, aws_lambda_powertools.__name__]
"""
    name = create(local, code, Layers=[POWERTOOLS])
    version = metadata.version("aws-lambda-powertools")
    assert invoke(local, name)[1] == [version, "aws_lambda_powertools"]
    (layer,) = local.client("lambda").get_function_configuration(FunctionName=name)["Layers"]
    assert layer["Arn"] == POWERTOOLS
    assert layer["CodeSize"] > 100_000


def test_a_public_layer_includes_installed_dependencies_of_its_extras(local: Aws) -> None:
    """Powertools' parser needs Pydantic, which AWS's layer contains [SEEN: its install page]."""
    code = "import pydantic\ndef handler(event, context): return pydantic.__file__"
    name = create(local, code, Layers=[POWERTOOLS])
    assert "site-packages" not in invoke(local, name)[1]  # so it is the layer's


@pytest.mark.parametrize("runtime", ["python3.12", "python3.13", "python3.14"])
def test_a_public_layer_works_with_every_runtime(local: Aws, runtime: str) -> None:
    """Its compiled code is for the workbook's Python, whatever interpreters there are."""
    code = "import pydantic_core\ndef handler(event, context): return pydantic_core.__name__"
    name = create(local, code, Layers=[POWERTOOLS], Runtime=runtime)
    assert invoke(local, name)[1] == "pydantic_core"


def test_a_public_layer_of_another_major_version_is_refused_by_name(local: Aws) -> None:
    arn = POWERTOOLS.replace("PythonV3", "PythonV2")
    message = refusal(local, arn)
    assert message.startswith(f"The local AWS cannot download layer {arn} of another account. ")
    assert "Put its content into the function's package, or publish the layer here" in message


def test_a_layer_with_an_external_extension_is_refused_by_name(local: Aws) -> None:
    """Lambda would start it each file of /opt/extensions [DG:runtimes-extensions-api]."""
    client = local.client("lambda")

    def layer(**files: str) -> str:
        content: Any = {"ZipFile": zipped(**files)}
        made = client.publish_layer_version(LayerName="extended", Content=content)
        return str(made["LayerVersionArn"])

    arn = layer(**{"extensions/agent.sh": "#!/bin/sh", "python/more.py": ""})
    message = refusal(local, arn)
    assert message.startswith("The local AWS does not run external extensions, such as ")
    assert f"extensions/agent.sh in layer {arn}. Leave the layer out here" in message
    harmless = layer(**{"python/extensions/agent.py": "", "extensions/agent/data.txt": ""})
    name = create(local, zipped(app=EMPTY, **{"extensions/agent.sh": ""}), Layers=[harmless])
    assert invoke(local, name)[1] is None


def test_another_accounts_layer_is_refused_by_name_with_the_fix(local: Aws) -> None:
    arn = "arn:aws:lambda:us-east-1:177933569100:layer:AWS-Parameters-and-Secrets:11"
    message = refusal(local, arn)
    assert arn in message
    assert "PublishLayerVersion" in message


@pytest.mark.parametrize(
    ("distribution", "remedy"),
    [
        ("no-such-package", "(pip install 'no-such-package>=1,<2'), or publish"),
        ("botocore", "(pip install 'botocore>=0,<1'), where version 1."),
    ],
)
def test_the_refusal_names_a_package_that_is_not_installed(
    distribution: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    major = int(distribution == "no-such-package")
    known = public_layers.Known("017000801446", "AWSLambda", distribution, major)
    monkeypatch.setattr(public_layers, "KNOWN", (known,))
    with pytest.raises(Exception, match="cannot download") as caught:
        public_layers.public_layer(POWERTOOLS)
    assert remedy in str(caught.value)


def test_a_missing_layer_of_the_same_account_is_not_found(local: Aws) -> None:
    """[OBS]"""
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:nowhere:1"
    assert refusal(local, arn) == f"Layer version {arn} does not exist."
