# %% blank
answer = ...  # what put_record answers

# %% solution
answer = kinesis.put_record(
    StreamName=STREAM, Data=b"chosen", PartitionKey="1", ExplicitHashKey=str(starts[0])
)

# %% right: the end of the range
last = int(ranges["EndingHashKey"].min())
answer = kinesis.put_record(
    StreamName=STREAM, Data=b"chosen", PartitionKey="1", ExplicitHashKey=f"{last}"
)

# %% right: the hash key of a plane that belongs there
plane = next(plane for plane in planes if shard_for(plane) == ranges.index[0])
place = str(hash_key(plane))
answer = kinesis.put_record(
    StreamName=STREAM, Data=b"chosen", PartitionKey="1", ExplicitHashKey=place
)

# %% right: put_records, with one record
record = {"Data": b"chosen", "PartitionKey": "1", "ExplicitHashKey": "0"}
answer = kinesis.put_records(StreamName=STREAM, Records=[record])

# %% wrong: no hash key
answer = kinesis.put_record(StreamName=STREAM, Data=b"chosen", PartitionKey="1")

# %% wrong: another partition key
first = next(plane for plane in planes if shard_for(plane) == ranges.index[0])
answer = kinesis.put_record(StreamName=STREAM, Data=b"chosen", PartitionKey=first)

# %% wrong: the second shard
answer = kinesis.put_record(
    StreamName=STREAM, Data=b"chosen", PartitionKey="1", ExplicitHashKey=str(starts[1])
)

# %% wrong: says where, and puts nothing
answer = ranges.index[0]
