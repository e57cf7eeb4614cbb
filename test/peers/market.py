"""The hour of a market that the gateway and the historical endpoint serve, as the official package reads its files."""

import functools

import databento

import node_scripts

KEY = "db-peers-0123456789abcdefghijklm"
DATASET = "GLBX.MDP3"
SCHEMAS = ("definition", "ohlcv-1m", "ohlcv-1s", "trades", "mbp-1")
START_NS = 1_767_623_400_000_000_000
"""2026-01-05 14:30 UTC; the first bar begins then."""
END_NS = START_NS + 3_600_000_000_000


@functools.cache
def market_files():
    folder = node_scripts.FOLDER / "market"
    node_scripts.run("make-source.ts", folder)
    return [folder / f"{schema}.dbn" for schema in SCHEMAS]


@functools.cache
def records_of(schema):
    path = market_files()[SCHEMAS.index(schema)]
    return list(databento.DBNStore.from_file(path))
