"""Event source mappings from the stream of a DynamoDB table to Lambda: one thread for each mapping.

The stream of a table of MiniStack has one shard for ever.
"""

from ministack.services import dynamodb, lambda_svc
from ministack.services.dynamodb_streams import _DEFAULT_SHARD_ID

import mapping_pump
from mapping_pump import Pump, is_enabled

# By mapping: how many records of the stream are done with.
_positions = {}


class TablePump(Pump):
    """As the pump of a shard; a mapping with a tumbling window says of which shard its batches are."""

    def turn(self):
        mapping_id, _ = self.key
        mapping = lambda_svc._esms.get(mapping_id)
        table = mapping and table_of(mapping)
        if not table:
            return False
        if not is_enabled(mapping):
            return True
        since = _positions.setdefault(self.key, dynamodb.stream_start_position(table))
        batch = dynamodb.stream_records_since(table, since, int(mapping.get("BatchSize") or 100))
        if batch:
            self.deliver(mapping, batch)
        return True

    def event_of(self, mapping, batch):
        event = {"Records": batch}
        if int(mapping.get("TumblingWindowInSeconds") or 0) > 0:
            event.update(shardId=_DEFAULT_SHARD_ID, state={}, isFinalInvokeForWindow=False)
        return event

    def is_valid(self, mapping, body):
        """A mapping with a tumbling window takes an answer without a state for a failure."""
        return int(mapping.get("TumblingWindowInSeconds") or 0) == 0 or "state" in (body or {})

    def move_past(self, batch):
        _positions[self.key] += len(batch)

    def sequence_of(self, record):
        return record["dynamodb"]["SequenceNumber"]


def table_of(mapping):
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(lambda_svc.parse_arn(mapping["EventSourceArn"]))
    return found and found[0]


def start_pumps():
    """Takes the place of MiniStack's own poll."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        if ":dynamodb:" in mapping.get("EventSourceArn", ""):
            mapping_pump.start(TablePump, (account, region), (mapping["UUID"], _DEFAULT_SHARD_ID))
    return False


def install():
    lambda_svc._poll_dynamodb_streams = start_pumps
