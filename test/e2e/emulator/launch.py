"""Starts MiniStack with the parts of Kinesis and Lambda that it does not have as AWS does.

Stock MiniStack loses records that a mapping would deliver again, ignores batching windows, deletes the shards
that a reshard closes, and reports a mapping that a template disables as enabled. The modules beside this one
put that right in the process. They reach into MiniStack, so its version is pinned.
"""

from importlib.metadata import version

PINNED = "1.5.33"

if version("ministack") != PINNED:
    raise SystemExit(f"launch.py is written for ministack {PINNED}, found {version('ministack')}")

import function_errors  # noqa: E402
import mapping_pump  # noqa: E402
import shard_history  # noqa: E402
import table_pump  # noqa: E402

function_errors.install()
shard_history.install()
mapping_pump.install()
table_pump.install()

from ministack.app import main  # noqa: E402

if __name__ == "__main__":
    main()
