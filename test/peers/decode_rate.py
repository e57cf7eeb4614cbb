"""How fast the same files are decoded by the official package and by ours."""

import json
import pathlib
import time

import databento
from databento_dbn import DBNDecoder, OHLCVMsg, TradeMsg

import node_scripts

CHUNK_BYTES = 64 * 1024
RUNS = 2


def table():
    """Million records per second, from memory, on one core: a line for each way of reading."""
    columns = [measured(schema) for schema in ("ohlcv-1m", "trades")]
    title = f"Decoding {columns[0]['records']:,} records, million records/s"
    lines = [f"{title:64} {'ohlcv-1m':>10} {'trades':>10}"]
    for way in columns[0]["rates"]:
        lines.append(f"{way:64} " + " ".join(f"{of['rates'][way] / 1e6:10.2f}" for of in columns))
    return "\n".join(lines)


def measured(schema):
    # Each schema in a process of its own, so that the second is not slowed by what was compiled for the first.
    ours = json.loads(node_scripts.run("measure-decode.ts", node_scripts.FOLDER, schema))[0]
    data = pathlib.Path(ours["path"]).read_bytes()
    store = databento.DBNStore.from_bytes(data)
    ways = {
        "official Python: objects by DBNDecoder, nothing read": lambda: sum(1 for _ in by_decoder(data)),
        "official Python: objects by DBNDecoder, the same numbers read": lambda: sum(
            map(READERS[schema], by_decoder(data))
        ),
        "official Python: objects by DBNStore, nothing read": lambda: sum(1 for _ in store),
        "official Python: one numpy array, its ceiling": lambda: len(store.to_ndarray()),
    }
    rates = {way: ours["records"] / fastest(decode, ours["records"]) for way, decode in ways.items()}
    rates["ours: plain objects, every field copied"] = ours["objects"]
    rates["ours: views, five or six numbers read of each"] = ours["views"]
    return {"records": ours["records"], "rates": rates}


def by_decoder(data):
    decoder = DBNDecoder()
    for at in range(0, len(data), CHUNK_BYTES):
        yield from decoder.write_and_decode(data[at : at + CHUNK_BYTES])


def read_bar(record):
    if isinstance(record, OHLCVMsg):
        _ = (
            record.ts_event,
            record.pretty_open,
            record.pretty_high,
            record.pretty_low,
            record.pretty_close,
            record.volume,
        )
    return 1


def read_trade(record):
    if isinstance(record, TradeMsg):
        _ = record.ts_event, record.ts_recv, record.pretty_price, record.size, record.sequence
    return 1


READERS = {"ohlcv-1m": read_bar, "trades": read_trade}


def fastest(decode, expected):
    """Seconds of the best of several runs."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        count = decode()
        seconds.append(time.perf_counter() - started)
        # The decoder gives the metadata too.
        assert count - expected in (0, 1), f"{count} of {expected} records"
    return min(seconds)
