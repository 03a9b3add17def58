# The AWS CLI as it comes. Usage: command_line.sh AWS STREAM, with AWS_ENDPOINT_URL set.
set -eu
aws=$1 stream=$2
"$aws" kinesis create-stream --stream-name "$stream" --shard-count 1
"$aws" kinesis wait stream-exists --stream-name "$stream"
"$aws" kinesis put-record --stream-name "$stream" --partition-key k --data hello >&2
iterator=$("$aws" kinesis get-shard-iterator --stream-name "$stream" \
  --shard-id shardId-000000000000 --shard-iterator-type TRIM_HORIZON \
  --query ShardIterator --output text)
"$aws" kinesis get-records --shard-iterator "$iterator" --output json
"$aws" kinesis delete-stream --stream-name "$stream"
"$aws" kinesis wait stream-not-exists --stream-name "$stream"
