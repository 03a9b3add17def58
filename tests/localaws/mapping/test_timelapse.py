"""A lesson of minutes in a second: mappings with a fast clock."""

from tests.localaws.mapping.aws import FAILING, World


def test_a_long_window_ends_on_the_local_clock(hurried: World) -> None:
    """Two minutes of the mapping's time: the record is that old when it is delivered."""
    stream, function = hurried.stream(), hurried.function()
    with hurried.mapping(stream, function, MaximumBatchingWindowInSeconds=120):
        hurried.put(stream, 1)
        hurried.events(function, 1)
        by_function = {"Name": "FunctionName", "Value": function}
        age = hurried.metric("IteratorAge", by_function, "Maximum")
    assert age >= 120_000


def test_a_records_age_follows_the_local_clock(hurried: World) -> None:
    """MaximumRecordAgeInSeconds and the pauses between retries."""
    stream, function = hurried.stream(), hurried.function(FAILING)
    url, queue = hurried.queue()
    hurried.functions.invoke(FunctionName=function, Payload=b'{"Records": []}')
    with hurried.mapping(  # whose function is warm: a cold start takes real time, not the clock's
        stream,
        function,
        MaximumRecordAgeInSeconds=300,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    ):
        hurried.put(stream, 1)
        document = hurried.message(url)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] > 1
