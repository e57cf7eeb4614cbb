"""The gateway simulator against the official live client: sessions that have the market replayed."""

import io

import databento
import pandas as pd
from databento import BentoError, ErrorMsg, InstrumentDefMsg, OHLCVMsg, SymbolMappingMsg, SystemCode
from databento_dbn import ErrorCode

from gateway import Client, replaying
from live_checks import CLASSES, ES, ESM, MINUTE_NS, NQ, RAW_SYMBOLS, SPREAD, LiveTest
from market import DATASET, END_NS, START_NS

OTHERS = [f"OTHER{1000 + index}" for index in range(600)]


class Replays(LiveTest):
    """Sessions that have the whole market replayed; the gateway is the same for all of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = replaying()
        cls.addClassCleanup(cls.gateway.stop)

    def client(self, **options):
        return Client(self.gateway, **options)

    def test_authenticates_and_is_told_a_session_id(self):
        client = self.client()
        client.subscribe("trades", start=0)
        self.assertRegex(client.live.session_id, r"^\d+$")
        client.run()

    def test_a_wrong_key_is_refused_and_never_said(self):
        client = self.client(key="db-wrong-key-for-the-peer-tests0")
        with self.assertRaisesRegex(BentoError, "authentication failed"):
            client.subscribe("trades")
        self.assertNotIn("db-", "".join(self.gateway.said))

    def test_another_dataset_is_refused(self):
        client = self.client()
        with self.assertRaisesRegex(BentoError, "XNAS.ITCH"):
            client.live.subscribe("XNAS.ITCH", "trades")

    def test_replays_every_schema_of_all_symbols(self):
        client = self.client()
        for schema in CLASSES:
            client.subscribe(schema, start=0)
        client.run()
        for schema in CLASSES:
            self.check_records(client, schema)

    def test_acknowledges_each_request_and_completes_each_replay(self):
        client = self.client()
        ids = [client.subscribe(schema, start=0) for schema in ("trades", "ohlcv-1m")]
        client.run()
        acks = [of.msg for of in client.system(SystemCode.SUBSCRIPTION_ACK)]
        schemas = ("trades", "ohlcv-1m")
        self.assertEqual(acks, [f"Subscription request {id} for {of} data succeeded" for id, of in zip(ids, schemas)])
        completed = [of.msg for of in client.system(SystemCode.REPLAY_COMPLETED)]
        self.assertEqual(completed, [f"Finished {of} replay" for of in schemas])

    def test_marks_the_end_of_every_minute_after_its_bars(self):
        client = self.client()
        client.subscribe("ohlcv-1m", start=START_NS)
        client.run()
        marked, ended = set(), []
        for record in client.records:
            if isinstance(record, OHLCVMsg):
                self.assertNotIn(record.ts_event + MINUTE_NS, marked)
            elif getattr(record, "code", None) == SystemCode.END_OF_INTERVAL:
                self.assertEqual(record.msg, "End of interval for ohlcv-1m")
                marked.add(record.ts_event)
                ended.append(record.ts_event)
        expected = list(range(START_NS + MINUTE_NS, END_NS + 1, MINUTE_NS))
        self.assertEqual(ended[-len(expected) :], expected)

    def test_takes_parents(self):
        client = self.client()
        client.subscribe("ohlcv-1m", ["ES.FUT"], "parent", start=0)
        client.run()
        self.check_records(client, "ohlcv-1m", {ES, ESM, SPREAD})
        self.check_mappings(client, {(id, "ES.FUT", RAW_SYMBOLS[id]) for id in (ES, ESM, SPREAD)})

    def test_takes_raw_symbols_in_any_case(self):
        client = self.client()
        client.subscribe("trades", ["esh6", "NQH6"], start=0)
        client.run()
        self.check_records(client, "trades", {ES, NQ})
        self.check_mappings(client, {(id, RAW_SYMBOLS[id], RAW_SYMBOLS[id]) for id in (ES, NQ)})

    def test_takes_continuous_symbols(self):
        client = self.client()
        client.subscribe("ohlcv-1m", ["ES.c.0", "ES.c.1", "NQ.v.0"], "continuous", start=0)
        client.run()
        self.check_records(client, "ohlcv-1m", {ES, ESM, NQ})
        asked = {ES: "ES.c.0", ESM: "ES.c.1", NQ: "NQ.v.0"}
        self.check_mappings(client, {(id, asked[id], RAW_SYMBOLS[id]) for id in asked})

    def test_takes_instrument_ids(self):
        client = self.client()
        client.subscribe("ohlcv-1s", [ES], "instrument_id", start=0)
        client.run()
        self.check_records(client, "ohlcv-1s", {ES})
        self.check_mappings(client, {(ES, str(ES), "ESH6")})

    def test_takes_different_schemas_by_different_symbols_at_once(self):
        client = self.client()
        client.subscribe("ohlcv-1m", "NQ.FUT", "parent", start=0)
        client.subscribe("trades", "ESH6", start=0)
        client.subscribe("mbp-1", "ES.c.0", "continuous", start=0)
        client.run()
        self.check_records(client, "ohlcv-1m", {NQ})
        self.check_records(client, "trades", {ES})
        self.check_records(client, "mbp-1", {ES})

    def test_takes_more_symbols_than_fit_a_line(self):
        client = self.client()
        client.subscribe("ohlcv-1m", OTHERS, start=0)
        self.assertEqual(len(client.live.subscription_requests[0]), 2)
        client.run()
        self.check_records(client, "ohlcv-1m", set(range(50_000, 50_600)))
        self.assertEqual(len(client.system(SystemCode.SUBSCRIPTION_ACK)), 1)
        self.assertEqual(len(client.of(SymbolMappingMsg)), 600)

    def test_replays_from_a_start_on(self):
        client = self.client()
        starts = {"ohlcv-1m": START_NS + 30 * MINUTE_NS, "trades": START_NS + 10 * MINUTE_NS + 1}
        for schema, start in starts.items():
            client.subscribe(schema, start=pd.Timestamp(start, tz="UTC"))
        client.run()
        for schema, start in starts.items():
            self.check_records(client, schema, from_ns=start)

    def test_stamps_every_record_with_ts_out(self):
        client = self.client(ts_out=True)
        for schema in ("trades", "ohlcv-1m", "definition"):
            client.subscribe(schema, start=0)
        client.run()
        for schema in ("trades", "ohlcv-1m", "definition"):
            self.check_records(client, schema)
        for record in client.records:
            self.assertGreaterEqual(record.ts_out, START_NS)
            self.assertLess(record.ts_out, END_NS + 60 * MINUTE_NS)

    def test_compresses(self):
        client = self.client(compression=databento.Compression.ZSTD)
        for schema in CLASSES:
            client.subscribe(schema, start=0)
        client.run()
        for schema in CLASSES:
            self.check_records(client, schema)

    def test_takes_every_option_at_once(self):
        client = self.client(
            compression=databento.Compression.ZSTD,
            ts_out=True,
            heartbeat_interval_s=5,
            slow_reader_behavior="warn",
            reconnect_policy="reconnect",
        )
        client.subscribe("trades", start=0)
        client.run()
        self.check_records(client, "trades")

    def test_takes_a_subscription_with_a_snapshot(self):
        client = self.client()
        client.subscribe("mbo", "ESH6", snapshot=True)
        client.run()
        self.assertEqual(len(client.system(SystemCode.SUBSCRIPTION_ACK)), 1)

    def test_gives_metadata_of_a_live_session(self):
        client = self.client(ts_out=True)
        found = []
        client.live.add_callback(lambda _: found or found.append(client.live.metadata))
        client.subscribe("ohlcv-1m", start=START_NS)
        client.run()
        (metadata,) = found
        told = (metadata.version, metadata.dataset, metadata.start, metadata.ts_out, metadata.schema, metadata.stype_in)
        self.assertEqual(told, (3, DATASET, START_NS, True, None, None))
        self.assertEqual((metadata.symbols, metadata.mappings, metadata.end), ([], {}, None))

    def test_a_recorded_session_is_a_file_that_the_official_reader_maps(self):
        client = self.client()
        recorded = io.BytesIO()
        client.live.add_stream(recorded)
        client.subscribe("ohlcv-1m", "ES.FUT", "parent", start=0)
        client.subscribe("trades", "ESH6", start=0)
        client.run()
        store = databento.DBNStore.from_bytes(recorded.getvalue())
        self.assertEqual(list(map(bytes, store)), list(map(bytes, client.records)))
        frame = store.to_df(schema="ohlcv-1m")
        bars = client.of(OHLCVMsg)
        self.assertEqual(list(frame["symbol"]), [RAW_SYMBOLS[of.instrument_id] for of in bars])
        self.assertEqual(list(frame["close"]), [of.close / 1e9 for of in bars])

    def test_iteration_gives_every_record(self):
        client = self.client()
        client.subscribe("mbp-1", start=0)
        iterated = list(client.live)
        self.assertEqual(list(map(bytes, iterated)), list(map(bytes, client.records)))
        self.check_records(client, "mbp-1")

    def test_a_symbol_that_does_not_resolve_is_an_error_beside_the_data(self):
        client = self.client()
        client.subscribe("trades", ["ESH6", "ZZZ9", "YYY9"], start=0)
        # The client raises the errors of a session when the session ends.
        with self.assertRaisesRegex(BentoError, "Failed to resolve symbol: ZZZ9.*Failed to resolve symbol: YYY9"):
            client.run()
        self.check_records(client, "trades", {ES})
        errors = [(of.code, of.err, of.is_last) for of in client.of(ErrorMsg)]
        code = ErrorCode.SYMBOL_RESOLUTION_FAILED
        self.assertEqual([of[0] for of in errors], [code, code])

    def test_too_old_a_replay_is_an_error_and_the_end(self):
        client = self.client()
        client.subscribe("trades", start=START_NS - 48 * 60 * MINUTE_NS)
        with self.assertRaisesRegex(BentoError, "no longer available"):
            client.run()
        self.assertEqual([of.code for of in client.of(ErrorMsg)], [ErrorCode.REPLAY_DATA_AGED_OUT])

    def test_a_clean_end_ends_quietly(self):
        client = self.client(reconnect_policy="reconnect")
        client.subscribe("trades", start=0)
        reconnects = []
        client.live.add_reconnect_callback(lambda *gap: reconnects.append(gap))
        client.run()
        self.assertEqual(reconnects, [])
        self.assertFalse(client.live.is_connected())


class Versions(LiveTest):
    def test_every_version_and_chunking_reaches_the_client_upgraded(self):
        for flags in (
            ("--dbn-version", "1"),
            ("--dbn-version", "2"),
            ("--dbn-version", "3", "--chunk", "7"),
            ("--dbn-version", "1", "--chunk", "1000", "--zstd-frames", "3"),
        ):
            for options in ({}, {"ts_out": True, "compression": databento.Compression.ZSTD}):
                with self.subTest(" ".join(flags), **options), replaying(*flags) as gateway:
                    client = Client(gateway, **options)
                    schemas = ("ohlcv-1m", "ohlcv-1s", "trades", "mbp-1")
                    for schema in schemas:
                        client.subscribe(schema, "ES.FUT", "parent", start=START_NS)
                    client.subscribe("definition", "ES.FUT", "parent", start=0)
                    client.run()
                    for schema in schemas:
                        self.check_records(client, schema, {ES, ESM, SPREAD})
                    # Older versions do not have all of a definition.
                    defined = [of.raw_symbol for of in client.of(InstrumentDefMsg)]
                    self.assertEqual(defined, ["ESH6", "ESM6", "ESH6-ESM6"])
                    self.check_mappings(client, {(id, "ES.FUT", RAW_SYMBOLS[id]) for id in (ES, ESM, SPREAD)})
                    self.assertEqual(len(client.system(SystemCode.SUBSCRIPTION_ACK)), 5)
                    self.assertEqual(len(client.system(SystemCode.REPLAY_COMPLETED)), 5)
