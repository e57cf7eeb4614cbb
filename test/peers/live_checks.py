"""What every test of the gateway simulator with the official live client needs."""

import logging
import unittest

from databento import InstrumentDefMsg, MBP1Msg, OHLCVMsg, SymbolMappingMsg, TradeMsg

from market import records_of

MINUTE_NS = 60_000_000_000
ES, ESM, NQ, SPREAD = 42_001, 42_002, 42_003, 42_900
RAW_SYMBOLS = {ES: "ESH6", ESM: "ESM6", NQ: "NQH6", SPREAD: "ESH6-ESM6"}
CLASSES = {
    "definition": (InstrumentDefMsg, "instrument-def"),
    "ohlcv-1m": (OHLCVMsg, "ohlcv-1m"),
    "ohlcv-1s": (OHLCVMsg, "ohlcv-1s"),
    "trades": (TradeMsg, "mbp-0"),
    "mbp-1": (MBP1Msg, "mbp-1"),
}


class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What the client says to a log is expected here, down to errors.
        logging.disable(logging.CRITICAL)
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    def check_records(self, client, schema, ids=None, from_ns=0):
        """The client has received every record of a schema, for some instruments from some time on, byte for byte."""
        expected = [
            of for of in records_of(schema) if (ids is None or of.instrument_id in ids) and of.ts_event >= from_ns
        ]
        received = client.of(*CLASSES[schema])
        self.assertEqual([plain_bytes(of) for of in received], [bytes(of) for of in expected], schema)
        self.assertGreater(len(received), 0)

    def check_mappings(self, client, expected):
        """The client was told of each pair of requested and raw symbol, and of each id before its first record."""
        mappings = client.of(SymbolMappingMsg)
        told = {(of.instrument_id, of.stype_in_symbol, of.stype_out_symbol) for of in mappings}
        self.assertEqual(told, expected)
        known = {0}
        for record in client.records:
            if isinstance(record, SymbolMappingMsg):
                known.add(record.instrument_id)
            self.assertIn(record.instrument_id, known)
        self.assertEqual(client.live.symbology_map, {id: raw for id, _, raw in expected})


def plain_bytes(record):
    """The bytes of a record without its send time."""
    raw = bytes(record)
    size = type(record).size_hint
    return raw if len(raw) == size else bytes([size // 4]) + raw[1:size]
