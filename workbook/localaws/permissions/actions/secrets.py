"""Actions of Systems Manager's Parameter Store, Secrets Manager and KMS [SAR]."""

from collections.abc import Iterator
from typing import Any

from workbook.localaws.permissions.actions.call import Access, Call, Service

_PARAMETER = "ssm:{region}:{account}:parameter/{name}"
_SECRET = "secretsmanager:{region}:{account}:secret:{name}"
_KEY = "kms:{region}:{account}:key/{name}"
_ALIAS = "kms:{region}:{account}:{name}"


def _parameter(call: Call) -> Iterator[Access]:
    """Yield access to parameters by name, without leading slash, version or label."""
    names = call.values("Name") or call.values("Names") or call.values("Path")
    for name in names:
        bare = name if name.startswith("arn:") else name.lstrip("/").partition(":")[0]
        yield Access(SSM.action(call), call.arn(_PARAMETER, bare))


def _all_parameters(call: Call) -> Iterator[Access]:
    yield Access(SSM.action(call), "*")


SSM = Service(
    keys={"ssm:Overwrite": "Overwrite", "ssm:Recursive": "Recursive"},
    special={
        **dict.fromkeys(
            (
                "DeleteParameter",
                "DeleteParameters",
                "GetParameter",
                "GetParameterHistory",
                "GetParameters",
                "GetParametersByPath",
                "LabelParameterVersion",
                "PutParameter",
                "UnlabelParameterVersion",
            ),
            _parameter,
        ),
        "DescribeParameters": _all_parameters,
    },
    otherwise=None,  # resources of Systems Manager other than parameters
)


def _secret(call: Call) -> Iterator[Access]:
    """Yield access to a secret by name or ARN; messages repeat the call's form [SEEN]."""
    for name in call.values("SecretId"):
        # The ARN ends in six letters chosen by the service, which a policy matches with -?????? or
        # -*.
        arn = call.find("secret", name) or call.arn(_SECRET, name)
        context = {"secretsmanager:secretid": (arn,)}
        yield Access(SECRETS_MANAGER.action(call), arn, context, shown=name)


def _secrets(call: Call) -> Iterator[Access]:
    """Yield access for BatchGetSecretValue, which also needs permission for each secret."""
    yield Access(SECRETS_MANAGER.action(call), "*")
    for name in call.values("SecretIdList"):
        arn = call.find("secret", name) or call.arn(_SECRET, name)
        yield Access("secretsmanager:GetSecretValue", arn, shown=name)


SECRETS_MANAGER = Service(
    resources={"Name": _SECRET},
    keys={
        "secretsmanager:Name": "Name",
        "secretsmanager:VersionId": "VersionId",
        "secretsmanager:VersionStage": "VersionStage",
    },
    special={
        **dict.fromkeys(
            (
                "CancelRotateSecret",
                "DeleteResourcePolicy",
                "DeleteSecret",
                "DescribeSecret",
                "GetResourcePolicy",
                "GetSecretValue",
                "ListSecretVersionIds",
                "PutResourcePolicy",
                "PutSecretValue",
                "RemoveRegionsFromReplication",
                "ReplicateSecretToRegions",
                "RestoreSecret",
                "RotateSecret",
                "StopReplicationToReplica",
                "TagResource",
                "UntagResource",
                "UpdateSecret",
                "UpdateSecretVersionStage",
                "ValidateResourcePolicy",
            ),
            _secret,
        ),
        "BatchGetSecretValue": _secrets,
    },
)


def _key_arn(call: Call, name: str) -> str:
    return call.find("key", name) or call.arn(_KEY, name)


def _encryption_context(call: Call, parameter: str = "EncryptionContext") -> dict[str, Any]:
    pairs = call.parameters.get(parameter) or {}
    context = {f"kms:encryptioncontext:{key.lower()}": (str(pairs[key]),) for key in pairs}
    return context | ({"kms:encryptioncontextkeys": tuple(pairs)} if pairs else {})


def _key(call: Call) -> Iterator[Access]:
    """Yield access to a key, by its id, its ARN or an alias: permissions apply to the key."""
    context = _encryption_context(call)
    for name in call.values("KeyId"):
        alias = {"kms:requestalias": (name,)} if name.startswith("alias/") else {}
        yield Access(f"kms:{call.operation}", _key_arn(call, name), {**context, **alias})


def _decrypt(call: Call) -> Iterator[Access]:
    """Yield access to a key; encrypted data names its key if the call does not."""
    if call.values("KeyId"):
        yield from _key(call)
    else:
        blob = call.parameters.get("CiphertextBlob")
        arn = call.find("ciphertext", blob.decode("latin-1")) if isinstance(blob, bytes) else None
        yield Access("kms:Decrypt", arn, _encryption_context(call))


def _alias(call: Call) -> Iterator[Access]:
    """Yield access to an alias and its key, both of which must be allowed."""
    for name in call.values("AliasName"):
        yield Access(f"kms:{call.operation}", call.arn(_ALIAS, name))
        keys = call.values("TargetKeyId")
        key = _key_arn(call, keys[0]) if keys else call.find("key", name)
        if key is not None:
            yield Access(f"kms:{call.operation}", key)


def _re_encrypt(call: Call) -> Iterator[Access]:
    sources = call.values("SourceKeyId")
    source = _key_arn(call, sources[0]) if sources else None
    yield Access("kms:ReEncryptFrom", source, _encryption_context(call, "SourceEncryptionContext"))
    for name in call.values("DestinationKeyId"):
        context = _encryption_context(call, "DestinationEncryptionContext")
        yield Access("kms:ReEncryptTo", _key_arn(call, name), context)


_NO_KEY = (  # operations without a key as resource, even if they name one
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "CreateKey",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "GenerateRandom",
    "ListAliases",
    "ListKeys",
    "ListRetirableGrants",
    "UpdateCustomKeyStore",
)


class _Kms(Service):
    """KMS, nearly all of whose operations have a key as resource."""

    def accesses(self, call: Call) -> Iterator[Access]:
        special = {
            "CreateAlias": _alias,
            "Decrypt": _decrypt,
            "DeleteAlias": _alias,
            "ReEncrypt": _re_encrypt,
            "UpdateAlias": _alias,
        }
        if call.operation in _NO_KEY:
            yield Access(f"kms:{call.operation}", "*", self.context(call))
            return
        for access in special.get(call.operation, _key)(call):
            context = {**self.context(call), **access.context}
            yield Access(access.action, access.resource, context)


KMS = _Kms()
