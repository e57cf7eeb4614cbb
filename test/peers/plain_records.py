"""Records and metadata of the official package as plain dicts: DBN's field names, integers, text; read in two ways."""

import numpy as np
import databento_dbn as dbn

# What the getters of trading status give, back to the character that is stored.
TRI_STATE = {None: "~", True: "Y", False: "N"}


def fields(record_class):
    """Name and numpy type of each field, reserved bytes left out."""
    return [(name, dtype) for name, dtype in record_class._dtypes if not name.startswith("_")]


def by_attributes(record):
    """The record through the package's getters."""
    values = {name: attribute(record, name, dtype) for name, dtype in fields(type(record))}
    values["length"] = record.record_size() // 4
    if record.ts_out != dbn.UNDEF_TIMESTAMP:
        values["ts_out"] = record.ts_out
    return values


def by_bytes(record):
    """The record through its bytes and the package's own numpy layout of them."""
    raw, dtype = bytes(record), np.dtype(type(record)._dtypes)
    row = np.frombuffer(raw[: dtype.itemsize], dtype=dtype)[0]
    values = {name: plain(row[name]) for name, _ in fields(type(record))}
    if len(raw) == dtype.itemsize + 8:
        values["ts_out"] = int.from_bytes(raw[-8:], "little")
    return values


def attribute(record, name, dtype):
    if name == "length":
        return None
    value = getattr(record, name)
    if name.startswith("is_") and dtype == "S1":
        return TRI_STATE[value]
    # The getters of fields with a list of values give a member of that list where they know one.
    if isinstance(value, dbn.SType):
        return list(dbn.SType.variants()).index(value)
    value = getattr(value, "value", value)
    return "" if value == "\0" else value


def plain(value):
    return value.decode("utf-8") if isinstance(value, bytes) else int(value)


def by_metadata(metadata):
    """Metadata as a dict with the names and units of the expected files."""
    return {
        "version": metadata.version,
        "dataset": metadata.dataset,
        "schema": text(metadata.schema),
        "start": metadata.start,
        "end": metadata.end,
        "limit": metadata.limit,
        "stype_in": text(metadata.stype_in),
        "stype_out": text(metadata.stype_out),
        "ts_out": metadata.ts_out,
        "symbol_cstr_len": metadata.symbol_cstr_len,
        "symbols": metadata.symbols,
        "partial": metadata.partial,
        "not_found": metadata.not_found,
        "mappings": {
            symbol: [(day(of["start_date"]), day(of["end_date"]), of["symbol"]) for of in intervals]
            for symbol, intervals in metadata.mappings.items()
        },
    }


def text(value):
    return None if value is None else str(value)


def day(date):
    return date.year * 10_000 + date.month * 100 + date.day
