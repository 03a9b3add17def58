"""The transforms of templates that CloudFormation itself applies."""

import copy
from collections.abc import Mapping
from typing import Any

from workbook.localaws.api.partitions import partition
from workbook.localaws.stacks.errors import invalid, unsupported

SERVERLESS = "AWS::Serverless-2016-10-31"
EXTENSIONS = "AWS::LanguageExtensions"
SUPPORTED = {SERVERLESS, EXTENSIONS}


def names(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a template's transforms.

    Raises:
        ApiError: a transform is not supported.
    """
    given = template.get("Transform") or []
    listed = [given] if isinstance(given, str | dict) else list(given)
    found = [one.get("Name", "") if isinstance(one, dict) else str(one) for one in listed]
    for one in found:
        if one not in SUPPORTED:
            raise unsupported(f"the transform {one}")
    _refuse_inner(template)
    return tuple(found)


def _refuse_inner(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _refuse_inner(one)
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "Fn::Transform":
                macro = one.get("Name") if isinstance(one, dict) else one
                raise unsupported(f"the macro {macro} (Fn::Transform)")
            _refuse_inner(one)


def serverless(
    template: Mapping[str, Any],
    parameters: Mapping[str, Any],
    policies: Mapping[str, str],
    region: str,
) -> dict[str, Any]:
    """Return a template of the AWS Serverless Application Model with its resources expanded.

    The first call takes a second; run it in a thread.

    Args:
        template: the template as sent.
        parameters: the values of its parameters.
        policies: the ARNs of AWS's managed policies, by name.
        region: the stack's region.

    Raises:
        ApiError: the template is not valid; the message is that of AWS's translator.
    """
    import boto3
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    session = boto3.Session(region_name=region)
    values = {**parameters, "AWS::Region": region, "AWS::Partition": partition(region)}
    fragment = copy.deepcopy(dict(template))
    for name, resource in (fragment.get("Resources") or {}).items():
        given = resource.get("Properties") if isinstance(resource, dict) else None
        if isinstance(given, dict) and "ApplicationId" in (given.get("Location") or ""):
            raise unsupported(f"the Serverless Application Repository (resource {name})")
    try:
        translator = Translator(dict(policies), Parser(), boto_session=session)
        made: dict[str, Any] = translator.translate(fragment, values)
    except InvalidDocumentException as error:
        causes = " ".join(str(cause.message) for cause in error.causes)
        raise invalid(f"Transform {SERVERLESS} failed with: {error.message} {causes}") from None
    made.pop("Transform", None)
    return made
