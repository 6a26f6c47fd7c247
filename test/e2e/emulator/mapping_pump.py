"""Event source mappings from Kinesis to Lambda: one thread for each shard of each mapping.

A pump delivers the records of its shard in order, one batch at a time, and moves on only past what the
function is done with: a batch that fails is delivered again, from the record that the function names, as
often as it takes.
"""

import base64
import json
import os
import random
import threading
import time
from bisect import bisect_right

from ministack.services import kinesis, lambda_svc
from ministack.services.cloudformation import provisioners

from shard_history import parents_of

PAYLOAD_BYTES_MAX = 6_000_000
# What the fields around a record take of the payload, about.
RECORD_OVERHEAD_BYTES = 420
POLL_SECONDS = 0.01
BACKOFF_SECONDS = 0.2
BACKOFF_SECONDS_MAX = 5.0
# Share of the batches that are delivered more often than needed.
REPEATS = float(os.environ.get("MAPPING_REPEATS", "0"))
REPEAT_SECONDS = (0.5, 3.0)

_pumps = {}
# By mapping and shard: the last sequence number that is done with.
_positions = {}


class Pump(threading.Thread):
    def __init__(self, place, mapping_id, shard_id):
        super().__init__(daemon=True, name=f"pump-{shard_id}")
        self.account, self.region = place
        self.key = (mapping_id, shard_id)
        self.failures = 0

    def run(self):
        # The stores of MiniStack look at these to find the account.
        lambda_svc._request_account_id.set(self.account)
        lambda_svc._request_region.set(self.region)
        try:
            while self.turn():
                time.sleep(POLL_SECONDS)
        finally:
            # The next poll begins anew what ended by an error.
            _pumps.pop(self.key, None)

    def turn(self):
        """One batch, if there is one; False when mapping or stream are gone."""
        mapping_id, shard_id = self.key
        mapping = lambda_svc._esms.get(mapping_id)
        stream = mapping and stream_of(mapping)
        if not stream or shard_id not in stream["shards"]:
            return False
        if not is_enabled(mapping):
            return True
        if self.key not in _positions:
            _positions[self.key] = first_position(mapping, stream["shards"][shard_id])
        if not self.parents_are_done(stream):
            return True
        batch = self.gather(mapping, stream["shards"][shard_id])
        if batch:
            try:
                self.deliver(mapping, batch)
            except Exception:
                lambda_svc.logger.exception("pump of %s", shard_id)
                time.sleep(1)
        return True

    def parents_are_done(self, stream):
        """Whether all shards that this one descends from are read to their ends; one of them can be empty."""
        mapping_id, shard_id = self.key
        unseen = parents_of(stream["shards"][shard_id])
        while unseen:
            ancestor = unseen.pop()
            shard = stream["shards"].get(ancestor)
            if not shard:
                continue
            records = shard["records"]
            if records and _positions.get((mapping_id, ancestor), "") < sequence_of(records[-1]):
                return False
            unseen += parents_of(shard)
        return True

    def pending(self, shard, limit):
        """At most `limit` of the records that are not done with."""
        records = shard["records"]
        first = bisect_right(records, _positions[self.key], key=sequence_of)
        return records[first:first + limit]

    def gather(self, mapping, shard):
        """Waits for a full batch, or as long as the window of the mapping allows."""
        limit = int(mapping.get("BatchSize") or 100)
        until = time.time() + int(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        while is_enabled(mapping):
            pending = self.pending(shard, limit)
            batch = within_payload(pending)
            waits = batch and len(batch) == len(pending) < limit
            if not waits or self.failures or time.time() >= until:
                return batch
            time.sleep(POLL_SECONDS)
        return []

    def deliver(self, mapping, batch):
        _, shard_id = self.key
        func, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        if func is None:
            return
        event = self.event_of(mapping, batch)
        self.repeat(func, event)
        result = lambda_svc._execute_function(func, event)
        done = self.done_with(mapping, batch, result)
        if done:
            self.move_past(done)
        if len(done) == len(batch):
            self.failures = 0
            mapping["LastProcessingResult"] = f"OK - {len(batch)} records"
            return
        self.failures = 1 if done else self.failures + 1
        mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
        lambda_svc.logger.warning(
            "%s %s: %d of %d records are not done with (%s)",
            mapping["FunctionName"],
            shard_id,
            len(batch) - len(done),
            len(batch),
            str(result.get("body"))[:300],
        )
        time.sleep(min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS * 2 ** min(self.failures, 10)))


    def event_of(self, mapping, batch):
        _, shard_id = self.key
        return {"Records": [as_event(record, shard_id, mapping["EventSourceArn"]) for record in batch]}

    def move_past(self, batch):
        _positions[self.key] = self.sequence_of(batch[-1])

    def sequence_of(self, record):
        return sequence_of(record)

    def is_valid(self, mapping, body):
        return True

    def done_with(self, mapping, batch, result):
        """The records at the beginning of the batch that are not delivered again."""
        if result.get("error") or result.get("throttle"):
            return []
        body = result.get("body")
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                body = None
        if not self.is_valid(mapping, body):
            return []
        reports = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
        if not reports or not isinstance(body, dict):
            return batch
        failed = {failure.get("itemIdentifier") for failure in body.get("batchItemFailures") or []}
        if not failed:
            return batch
        first = next((i for i, record in enumerate(batch) if self.sequence_of(record) in failed), 0)
        return batch[:first]

    def repeat(self, func, event):
        """Delivers a batch at the same time and again later, as the service may; nobody hears the answer."""
        for seconds in (0, random.uniform(*REPEAT_SECONDS)):
            if random.random() < REPEATS:
                threading.Thread(target=self.deliver_again, args=(func, event, seconds), daemon=True).start()

    def deliver_again(self, func, event, seconds):
        time.sleep(seconds)
        lambda_svc._request_account_id.set(self.account)
        lambda_svc._request_region.set(self.region)
        lambda_svc._execute_function(func, event)
        lambda_svc.logger.info("repeated a batch after %.1f s", seconds)


def within_payload(records):
    """The records at the beginning that one invocation can take."""
    size = 0
    for i, record in enumerate(records):
        size += len(record["Data"]) + len(record["PartitionKey"]) + RECORD_OVERHEAD_BYTES
        if i > 0 and size > PAYLOAD_BYTES_MAX:
            return records[:i]
    return records


def first_position(mapping, shard):
    records = shard["records"]
    start = mapping.get("StartingPosition", "TRIM_HORIZON")
    if start == "AT_TIMESTAMP":
        since = float(mapping.get("StartingPositionTimestamp") or 0)
        before = [record for record in records if record["ApproximateArrivalTimestamp"] < since]
        return sequence_of(before[-1]) if before else ""
    return sequence_of(records[-1]) if start == "LATEST" and records and not parents_of(shard) else ""


def as_event(record, shard_id, arn):
    data = record["Data"]
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(data).decode() if isinstance(data, bytes) else data,
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"],
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "awsRegion": lambda_svc.get_region(),
        "eventSourceARN": arn,
    }


def sequence_of(record):
    return record["SequenceNumber"]


def stream_of(mapping):
    spec = lambda_svc.parse_arn(mapping["EventSourceArn"])
    name = lambda_svc._kinesis_stream_name_from_arn_spec(spec)
    return name and kinesis._streams.get_scoped(spec.account_id, spec.region, name)


def is_enabled(mapping):
    return mapping.get("Enabled", True) not in (False, "false")


def start_pumps():
    """Takes the place of MiniStack's own poll: begins to pump what nobody pumps yet."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        if ":kinesis:" not in mapping.get("EventSourceArn", ""):
            continue
        stream = stream_of(mapping)
        for shard_id in list(stream["shards"]) if stream else []:
            start(Pump, (account, region), (mapping["UUID"], shard_id))
    return False


def start(pump, place, key):
    if key not in _pumps:
        _pumps[key] = pump(place, *key)
        _pumps[key].start()


def keep(mapping, settings):
    for name in ("StartingPositionTimestamp", "TumblingWindowInSeconds"):
        if settings.get(name) is not None:
            mapping[name] = settings[name]


def install():
    lambda_svc._poll_kinesis = start_pumps
    create = provisioners._lambda_esm_create
    create_by_api = lambda_svc._create_esm

    def create_as_asked(logical_id, props, stack_name):
        """MiniStack drops some settings of a template, and says that a disabled mapping is enabled."""
        created = create(logical_id, props, stack_name)
        mapping = lambda_svc._esms[created[0]]
        keep(mapping, props)
        if not is_enabled(mapping):
            mapping["State"] = "Disabled"
        lambda_svc._esm_wake.set()
        return created

    def create_with_settings(data):
        answer = create_by_api(data)
        if answer[0] == 202:
            keep(lambda_svc._esms[json.loads(answer[2])["UUID"]], data)
        lambda_svc._esm_wake.set()
        return answer

    lambda_svc._create_esm = create_with_settings
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    handlers["create"] = create_as_asked
