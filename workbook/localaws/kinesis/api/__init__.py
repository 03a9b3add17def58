"""The operations of the API: parameters in, answer out."""

from workbook.localaws.kinesis.api import reading, shards, streams, writing
from workbook.localaws.kinesis.call import Operation

OPERATIONS: dict[str, Operation] = {
    "CreateStream": streams.create_stream,
    "DeleteStream": streams.delete_stream,
    "DescribeStream": streams.describe_stream,
    "DescribeStreamSummary": streams.describe_stream_summary,
    "GetRecords": reading.get_records,
    "GetShardIterator": reading.get_shard_iterator,
    "ListShards": shards.list_shards,
    "ListStreams": streams.list_streams,
    "PutRecord": writing.put_record,
    "PutRecords": writing.put_records,
}
