"""PutRecord and PutRecords."""

from binascii import a2b_base64
from typing import Any

from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.hashkeys import hash_key


def put_record(call: Call) -> dict[str, Any]:
    """Write one record."""
    stream = call.region.data_stream(call.parameters, call.now)
    key = call.parameters["PartitionKey"]
    shard = stream.shard_for(hash_key(key))
    number = shard.append(key, a2b_base64(call.parameters["Data"]), call.now)
    return {"ShardId": shard.id, "SequenceNumber": str(number)}


def put_records(call: Call) -> dict[str, Any]:
    """Write up to 500 records."""
    stream = call.region.data_stream(call.parameters, call.now)
    results = []
    for entry in call.parameters["Records"]:
        key = entry["PartitionKey"]
        shard = stream.shard_for(hash_key(key))
        number = shard.append(key, a2b_base64(entry["Data"]), call.now)
        results.append({"SequenceNumber": str(number), "ShardId": shard.id})
    return {"FailedRecordCount": 0, "Records": results}
