"""Shards that a reshard closes stay: they can be read to their ends, and their children name them."""

import json

from ministack.services import kinesis

CLOSED = "ending_sequence_number"


def is_closed(shard):
    return bool(shard.get(CLOSED))


def parents_of(shard):
    named = shard.get("all_parents") or [shard.get("parent_shard_id"), shard.get("adjacent_parent_shard_id")]
    return [parent for parent in named if parent]


def _open_shards(stream):
    return {name: shard for name, shard in stream["shards"].items() if not is_closed(shard)}


def _route(hash_key, stream):
    shards = _open_shards(stream)
    for name, shard in shards.items():
        if int(shard["starting_hash_key"]) <= hash_key <= int(shard["ending_hash_key"]):
            return name
    return next(iter(shards))


def _keeping_parents(reshard, parents_in):
    """`reshard` of MiniStack, which replaces shards, as one that closes them."""

    def run(data):
        _, stream = kinesis._resolve_stream(data)
        before = dict(stream["shards"]) if stream else {}
        if any(is_closed(before.get(name, {})) for name in parents_in(data)):
            return kinesis.error_response_json("InvalidArgumentException", "The shard is closed.", 400)
        end = kinesis._next_sequence_number()
        answer = reshard(data)
        if stream and answer[0] == 200:
            after = stream["shards"]
            for name, shard in before.items():
                if name not in after:
                    shard[CLOSED] = end
            children = {name: shard for name, shard in after.items() if name not in before}
            stream["shards"] = {**before, **children}
        return answer

    return run


def _update_shard_count(data):
    name, stream = kinesis._resolve_stream(data)
    if not stream:
        return kinesis.error_response_json("ResourceNotFoundException", f"Stream {name} not found", 400)
    shards = _open_shards(stream)
    target = int(data.get("TargetShardCount") or 0)
    if not len(shards) <= 2 * target or target > 2 * len(shards) or target < 1:
        return kinesis.error_response_json("LimitExceededException", "Between half and double.", 400)
    if target != len(shards):
        end = kinesis._next_sequence_number()
        for child, shard in kinesis._build_shards(target, kinesis._max_shard_index(stream) + 1).items():
            parents = [parent for parent, old in shards.items() if _overlap(old, shard)]
            shard["all_parents"] = parents
            shard["parent_shard_id"] = parents[0]
            shard["adjacent_parent_shard_id"] = parents[1] if len(parents) > 1 else None
            stream["shards"][child] = shard
        for old in shards.values():
            old[CLOSED] = end
    counts = {"CurrentShardCount": len(shards), "TargetShardCount": target}
    names = {"StreamName": stream["StreamName"], "StreamARN": stream["StreamARN"]}
    return kinesis.json_response({**names, **counts})


def _overlap(a, b):
    return int(a["starting_hash_key"]) <= int(b["ending_hash_key"]) and int(b["starting_hash_key"]) <= int(
        a["ending_hash_key"]
    )


def _child_out(name, shard):
    keys = {"StartingHashKey": shard["starting_hash_key"], "EndingHashKey": shard["ending_hash_key"]}
    return {"ShardId": name, "ParentShards": parents_of(shard), "HashKeyRange": keys}


def install():
    kinesis._route_to_shard = _route
    kinesis._update_shard_count = _update_shard_count
    kinesis._split_shard = _keeping_parents(kinesis._split_shard, lambda data: [data.get("ShardToSplit")])
    kinesis._merge_shards = _keeping_parents(
        kinesis._merge_shards, lambda data: [data.get("ShardToMerge"), data.get("AdjacentShardToMerge")]
    )
    describe = kinesis._shard_out
    get_records = kinesis._get_records
    summarize = kinesis._describe_stream_summary

    def describe_closed(name, shard):
        described = describe(name, shard)
        if is_closed(shard):
            described["SequenceNumberRange"]["EndingSequenceNumber"] = shard[CLOSED]
        return described

    def count_open(data):
        answer = summarize(data)
        _, stream = kinesis._resolve_stream(data)
        if answer[0] != 200 or not stream:
            return answer
        body = json.loads(answer[2])
        body["StreamDescriptionSummary"]["OpenShardCount"] = len(_open_shards(stream))
        return kinesis.json_response(body)

    def end_closed(data):
        """The last page of a closed shard has no iterator behind it."""
        iterator = kinesis._shard_iterators.get(data.get("ShardIterator"))
        answer = get_records(data)
        if answer[0] != 200 or not iterator:
            return answer
        stream = kinesis._streams.get(iterator["stream"])
        shard = stream["shards"][iterator["shard_id"]]
        body = json.loads(answer[2])
        position = kinesis._shard_iterators[body["NextShardIterator"]]["position"]
        if not is_closed(shard) or position < len(shard["records"]):
            return answer
        del body["NextShardIterator"]
        children = (item for item in stream["shards"].items() if iterator["shard_id"] in parents_of(item[1]))
        body["ChildShards"] = [_child_out(*item) for item in children]
        return kinesis.json_response(body)

    kinesis._shard_out = describe_closed
    kinesis._describe_stream_summary = count_open
    kinesis._get_records = end_closed
