"""Actions of SQS, SNS and EventBridge [SAR]."""

from collections.abc import Iterator

from workbook.localaws.permissions.actions.call import Access, Call, Service

_QUEUE = "sqs:{region}:{account}:{name}"
_RULE = "events:{region}:{account}:rule/{name}"
_BUS = "events:{region}:{account}:event-bus/{name}"
_DEFAULT_BUS = "default"


def _queue(call: Call) -> Iterator[Access]:
    """Yield access to a queue by its URL, which ends in account and name."""
    for url in call.values("QueueUrl"):
        account, name = url.rstrip("/").split("/")[-2:] if "/" in url else (call.account, url)
        arn = f"arn:{call.partition}:sqs:{call.region}:{account}:{name}"
        yield Access(SQS.action(call), arn)


def _queue_by_name(call: Call) -> Iterator[Access]:
    account = next(iter(call.values("QueueOwnerAWSAccountId")), call.account)
    for name in call.values("QueueName"):
        yield Access(SQS.action(call), f"arn:{call.partition}:sqs:{call.region}:{account}:{name}")


def _publish(call: Call) -> Iterator[Access]:
    """Yield access for a message to a topic, an endpoint or a phone number."""
    targets = call.values("TopicArn") or call.values("TargetArn") or ("*",)
    yield from (Access(SNS.action(call), target) for target in targets)


def _put_events(call: Call) -> Iterator[Access]:
    """Yield access to each bus that events are sent to."""
    buses = call.values("Entries[].EventBusName") or (_DEFAULT_BUS,)
    for bus in dict.fromkeys(buses):
        yield Access(EVENTS.action(call), call.arn(_BUS, bus))


def _rule(call: Call) -> Iterator[Access]:
    """Yield access to a rule, whose ARN contains its bus unless that is the default bus."""
    bus = next(iter(call.values("EventBusName")), _DEFAULT_BUS).rpartition("/")[2]
    before = "" if bus == _DEFAULT_BUS else f"{bus}/"
    for name in call.values("Name") or call.values("Rule"):
        yield Access(EVENTS.action(call), call.arn(_RULE, before + name))


def _bus(call: Call) -> Iterator[Access]:
    names = call.values("EventBusName") or call.values("Name") or (_DEFAULT_BUS,)
    yield from (Access(EVENTS.action(call), call.arn(_BUS, name)) for name in names)


def _named(kind: str, parameter: str) -> Service:
    """Return the table for a kind of EventBridge resource, found by its name."""
    return Service(resources={parameter: f"events:{{region}}:{{account}}:{kind}/{{name}}"})


_WITH_URL = (
    "AddPermission",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "DeleteMessage",
    "DeleteMessageBatch",
    "DeleteQueue",
    "GetQueueAttributes",
    "ListDeadLetterSourceQueues",
    "ListQueueTags",
    "PurgeQueue",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SendMessageBatch",
    "SetQueueAttributes",
    "TagQueue",
    "UntagQueue",
)
SQS = Service(
    resources={"SourceArn": _QUEUE},
    actions={
        "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
        "DeleteMessageBatch": "DeleteMessage",
        "SendMessageBatch": "SendMessage",
    },
    special={
        **dict.fromkeys(_WITH_URL, _queue),
        **dict.fromkeys(("CreateQueue", "GetQueueUrl"), _queue_by_name),
    },
    unknown=frozenset({"CancelMessageMoveTask"}),
)
SNS = Service(
    resources={
        "TopicArn": "",
        "ResourceArn": "",
        "Name": "sns:{region}:{account}:{name}",
    },
    actions={"PublishBatch": "Publish"},
    keys={"sns:Protocol": "Protocol", "sns:Endpoint": "Endpoint"},
    special={"Publish": _publish},
    no_resource=frozenset({"CreatePlatformApplication"}),
)
EVENTS = Service(
    resources={"ResourceARN": "", "RuleName": _RULE},
    keys={
        "events:source": "Entries[].Source",
        "events:detail-type": "Entries[].DetailType",
        "events:TargetArn": "Targets[].Arn",
    },
    special={
        "PutEvents": _put_events,
        **dict.fromkeys(
            (
                "DeleteRule",
                "DescribeRule",
                "DisableRule",
                "EnableRule",
                "ListTargetsByRule",
                "PutRule",
                "PutTargets",
                "RemoveTargets",
            ),
            _rule,
        ),
        **dict.fromkeys(
            (
                "CreateEventBus",
                "DeleteEventBus",
                "DescribeEventBus",
                "UpdateEventBus",
            ),
            _bus,
        ),
        **{
            f"{verb}{kind}": _named(path, parameter).accesses
            for kind, path, parameter in (
                ("Archive", "archive", "ArchiveName"),
                ("ApiDestination", "api-destination", "Name"),
                ("Connection", "connection", "Name"),
                ("Endpoint", "endpoint", "Name"),
            )
            for verb in ("Create", "Delete", "Describe", "Update")
        },
        "DeauthorizeConnection": _named("connection", "Name").accesses,
        **{
            f"{verb}Replay": _named("replay", "ReplayName").accesses
            for verb in ("Cancel", "Describe", "Start")
        },
        **dict.fromkeys(
            (
                "ActivateEventSource",
                "CreatePartnerEventSource",
                "DeactivateEventSource",
                "DeletePartnerEventSource",
                "DescribeEventSource",
                "DescribePartnerEventSource",
                "ListPartnerEventSourceAccounts",
            ),
            Service(
                resources={
                    "Name": "events:{region}::event-source/{name}",
                    "EventSourceName": "events:{region}::event-source/{name}",
                }
            ).accesses,
        ),
    },
    no_resource=frozenset({"PutPartnerEvents", "PutPermission", "RemovePermission"}),
)
