"""Actions of IAM and STS [SAR]."""

from collections.abc import Iterator

from workbook.localaws.permissions.actions.call import Access, Call, Service

# For each parameter that names an entity: how its ARN has it, and how messages call it [SEEN].
_ENTITIES = {
    "RoleName": ("role", "role {}"),
    "UserName": ("user", "user {}"),
    "GroupName": ("group", "group {}"),
    "InstanceProfileName": ("instance-profile", "instance profile {}"),
    "PolicyArn": ("policy", "policy {}"),
    "PolicyName": ("policy", ""),
}
_LISTED = {"ListGroups": "group", "ListInstanceProfiles": "instance-profile"}
_LISTED |= {"ListPolicies": "policy", "ListRoles": "role", "ListUsers": "user"}


def entity(call: Call) -> Iterator[Access]:
    """Yield the entity that a call of IAM is about."""
    action = f"iam:{call.operation}"
    if call.operation in _LISTED:
        yield Access(action, _arn(call, _LISTED[call.operation], ""))
        return
    for parameter in _order(call.operation):
        kind, shown = _ENTITIES[parameter]
        for name in call.values(parameter):
            is_new = call.operation.startswith("Create") and parameter != "PolicyArn"
            path = next(iter(call.values("Path")), "/") if is_new else "/"
            found = None if is_new else call.find(kind, name)
            arn = found or _arn(call, kind, path.lstrip("/") + name)
            yield Access(action, arn, shown=shown.format(name) if shown and not is_new else None)
            return
    arns = next((arns for path in _ARNS if (arns := call.values(path))), (None,))
    yield from (Access(action, arn) for arn in arns)


_ARNS = ("PolicySourceArn", "Arn", "OpenIDConnectProviderArn", "SAMLProviderArn")


def _order(operation: str) -> tuple[str, ...]:
    """The parameters in which an operation's entity is looked for: the policy's is the last."""
    if operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        return ("GroupName",)
    if operation in ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"):
        return ("InstanceProfileName",)
    return tuple(_ENTITIES)


def _arn(call: Call, kind: str, name: str) -> str:
    return call.arn(f"iam::{{account}}:{kind}/{{name}}", name)


class _Iam(Service):
    """IAM, all of whose operations are about entities."""

    def accesses(self, call: Call) -> Iterator[Access]:
        context = self.context(call)
        for access in entity(call):
            yield Access(access.action, access.resource, context, access.shown)


IAM = _Iam(
    keys={
        "iam:PolicyARN": "PolicyArn",
        "iam:PermissionsBoundary": "PermissionsBoundary",
        "iam:AWSServiceName": "AWSServiceName",
    }
)
STS = Service(
    resources={
        "RoleArn": "",
        "TargetPrincipal": "iam::{name}:root",
        "Name": "sts::{account}:federated-user/{name}",
    },
    keys={"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName"},
)
