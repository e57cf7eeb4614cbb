"""The historical endpoint against the official client: it gets what the files hold, in its own forms."""

import asyncio
import datetime
import subprocess
import unittest
import warnings

import databento
from databento.common.error import BentoClientError, BentoDeprecationWarning, BentoError, BentoServerError, BentoWarning

import node_scripts
from gateway import replaying
from market import DATASET, END_NS, KEY, START_NS, market_files, records_of

DAY, NEXT_DAY = "2026-01-05", "2026-01-06"
FUTURES = {"ESH6": 42_001, "ESM6": 42_002, "NQH6": 42_003, "ESH6-ESM6": 42_900}


def setUpModule():
    global client, faulty
    gateway = replaying()
    unittest.addModuleCleanup(gateway.stop)
    client = client_of(gateway.historical_url)
    faulty = client_of(serve_with_faults())


def serve_with_faults():
    """The address of a server of the same files of which some answers go wrong, as no flag of the gateway asks for."""
    command = [node_scripts.NODE, node_scripts.HERE / "serve-historical.ts", KEY, END_NS, *market_files()]
    server = subprocess.Popen(
        list(map(str, command)), cwd=node_scripts.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    unittest.addModuleCleanup(stop, server)
    return server.stdout.readline().strip()


def stop(server):
    server.stdin.close()
    server.wait(timeout=10)
    server.stdout.close()


def client_of(url, key=KEY):
    """An official client; it insists on HTTPS, so the address of each of its parts is replaced."""
    made = databento.Historical(key)
    for name in ("metadata", "symbology", "timeseries"):
        getattr(made, name)._base_url = f"{url}/v0/{name}"
    return made


class Timeseries(unittest.TestCase):
    def test_get_range_gives_the_records_of_the_file_for_every_schema(self):
        for schema in ("ohlcv-1m", "ohlcv-1s", "trades", "mbp-1", "definition"):
            with self.subTest(schema):
                store = client.timeseries.get_range(
                    DATASET, start=DAY, end=END_NS, schema=schema, symbols="ALL_SYMBOLS"
                )
                self.check_records(store, records_of(schema))

    def test_get_range_takes_every_kind_of_symbol(self):
        asked = {
            "raw_symbol": (["ESH6", "NQH6"], {42_001, 42_003}),
            "parent": (["ES.FUT"], {42_001, 42_002, 42_900}),
            "continuous": (["ES.c.1", "NQ.v.0"], {42_002, 42_003}),
            "instrument_id": ([42_900], {42_900}),
        }
        for stype, (symbols, ids) in asked.items():
            with self.subTest(stype):
                store = client.timeseries.get_range(
                    DATASET, start=START_NS, end=END_NS, schema="ohlcv-1m", symbols=symbols, stype_in=stype
                )
                self.check_records(store, [of for of in records_of("ohlcv-1m") if of.instrument_id in ids])
                self.assertEqual(str(store.stype_in), stype)
                self.assertEqual(store.symbols, list(map(str, symbols)))

    def test_get_range_keeps_to_its_start_end_and_limit(self):
        start, end = START_NS + 60_000_000_000, START_NS + 120_000_000_000
        expected = [of for of in records_of("trades") if start <= of.ts_recv < end]
        self.assertGreater(len(expected), 50)
        ask = {"start": start, "end": end, "schema": "trades", "symbols": "ALL_SYMBOLS"}
        store = client.timeseries.get_range(DATASET, **ask)
        self.check_records(store, expected)
        self.assertEqual((store.start.value, store.end.value, store.limit), (start, end, None))
        limited = client.timeseries.get_range(DATASET, **ask, limit=7)
        self.check_records(limited, expected[:7])
        self.assertEqual(limited.limit, 7)

    def test_get_range_without_an_end_gives_the_span_that_its_start_names(self):
        store = client.timeseries.get_range(DATASET, start="2026-01-05T14:30", schema="ohlcv-1s", symbols="ESH6")
        self.check_records(store, records_of("ohlcv-1s")[:60])

    def test_a_data_frame_of_the_answer_has_prices_times_and_symbols(self):
        store = client.timeseries.get_range(
            DATASET, start=START_NS, end=END_NS, schema="ohlcv-1m", symbols=list(FUTURES)
        )
        frame = store.to_df()
        expected = [of for of in records_of("ohlcv-1m") if of.instrument_id in FUTURES.values()]
        self.assertEqual(len(frame), len(expected))
        self.assertEqual([FUTURES[of] for of in frame["symbol"]], [of.instrument_id for of in expected])
        self.assertEqual(list(frame["close"]), [of.close / 1e9 for of in expected])
        self.assertEqual([of.value for of in frame.index], [of.ts_event for of in expected])

    def test_get_range_into_a_file_gives_the_same(self):
        path = node_scripts.FOLDER / "get-range.dbn.zst"
        path.unlink(missing_ok=True)
        ask = {"start": DAY, "end": END_NS, "schema": "mbp-1", "symbols": "ESH6"}
        store = client.timeseries.get_range(DATASET, **ask, path=path)
        self.check_records(store, records_of("mbp-1"))
        self.check_records(databento.DBNStore.from_file(path), records_of("mbp-1"))

    def test_the_asynchronous_client_gets_the_same(self):
        ask = {"start": DAY, "end": END_NS, "schema": "trades", "symbols": "ES.FUT", "stype_in": "parent"}
        store = asyncio.run(client.timeseries.get_range_async(DATASET, **ask))
        self.check_records(store, [of for of in records_of("trades") if of.instrument_id == 42_001])

    def test_a_range_without_records_is_an_empty_answer(self):
        store = client.timeseries.get_range(DATASET, start=DAY, end=START_NS, schema="trades", symbols="ESH6")
        self.check_records(store, [])

    def test_an_answer_that_breaks_off_is_an_error(self):
        with self.assertRaisesRegex(BentoError, "Error streaming response"):
            faulty.timeseries.get_range(DATASET, **Metadata.ask, limit=800)

    def check_records(self, store, expected):
        self.assertEqual([bytes(of) for of in store], [bytes(of) for of in expected])


class Symbology(unittest.TestCase):
    def test_resolve_gives_ids_and_says_what_it_did_not_find(self):
        answer = client.symbology.resolve(
            DATASET, ["ESH6", "NQH6", "ZZZ9"], "raw_symbol", "instrument_id", start_date=DAY, end_date=NEXT_DAY
        )
        expected = {of: [{"d0": DAY, "d1": NEXT_DAY, "s": str(FUTURES[of])}] for of in ("ESH6", "NQH6")}
        self.assertEqual((answer["result"], answer["not_found"], answer["partial"]), (expected, ["ZZZ9"], []))

    def test_resolve_gives_raw_symbols_of_ids_and_ids_of_continuous_symbols(self):
        day = datetime.date(2026, 1, 5)
        answer = client.symbology.resolve(DATASET, [42_900], "instrument_id", "raw_symbol", start_date=day)
        self.assertEqual(answer["result"], {"42900": [{"d0": DAY, "d1": NEXT_DAY, "s": "ESH6-ESM6"}]})
        answer = client.symbology.resolve(DATASET, "ES.c.0", "continuous", "instrument_id", start_date=day)
        self.assertEqual(answer["result"], {"ES.c.0": [{"d0": DAY, "d1": NEXT_DAY, "s": "42001"}]})

    def test_resolve_takes_2000_symbols(self):
        symbols = [f"OTHER{1000 + index}" for index in range(2000)]
        answer = client.symbology.resolve(DATASET, symbols, "raw_symbol", "instrument_id", start_date=DAY)
        self.assertEqual((len(answer["result"]), len(answer["not_found"])), (600, 1400))

    def test_an_answer_can_be_loaded_into_the_official_instrument_map(self):
        answer = client.symbology.resolve(DATASET, "ESH6", "raw_symbol", "instrument_id", start_date=DAY)
        instruments = databento.common.symbology.InstrumentMap()
        instruments.insert_json(answer)
        self.assertEqual(instruments.resolve(42_001, datetime.date(2026, 1, 5)), "ESH6")


class Metadata(unittest.TestCase):
    ask = {"start": DAY, "end": END_NS, "schema": "trades", "symbols": "ALL_SYMBOLS"}

    def test_counts_sizes_and_costs_are_those_of_the_range(self):
        count = len(records_of("trades"))
        self.assertEqual(client.metadata.get_record_count(DATASET, **self.ask), count)
        self.assertEqual(client.metadata.get_billable_size(DATASET, **self.ask), 48 * count)
        cost = client.metadata.get_cost(DATASET, **self.ask)
        self.assertIsInstance(cost, float)
        self.assertAlmostEqual(cost, 48 * count / 2**30)
        self.assertEqual(client.metadata.get_record_count(DATASET, **self.ask, limit=5), 5)

    def test_the_dataset_range_bounds_every_schema(self):
        answer = client.metadata.get_dataset_range(DATASET)
        self.assertEqual(sorted(answer["schema"]), sorted(("definition", "mbp-1", "ohlcv-1m", "ohlcv-1s", "trades")))
        for span in (answer, *answer["schema"].values()):
            self.assertEqual(databento.common.parsing.datetime_to_unix_nanoseconds(span["end"]), END_NS)

    def test_conditions_say_which_days_have_data(self):
        answer = client.metadata.get_dataset_condition(DATASET, start_date="2026-01-04", end_date=DAY)
        self.assertEqual(
            [(of["date"], of["condition"]) for of in answer], [("2026-01-04", "missing"), (DAY, "pending")]
        )

    def test_lists_are_given(self):
        self.assertEqual(client.metadata.list_datasets(), [DATASET])
        self.assertIn("trades", client.metadata.list_schemas(DATASET))
        self.assertIn(DATASET, [of["dataset"] for of in client.metadata.list_publishers()])
        self.assertIn("unit_prices", client.metadata.list_unit_prices(DATASET)[0])
        fields = client.metadata.list_fields("trades", "dbn")
        names = [name for name, _ in databento.TradeMsg._dtypes]
        self.assertEqual([of["name"] for of in fields], names)


class Refusals(unittest.TestCase):
    def refused(self, error_class=BentoClientError, by=None, **changes):
        """The error of asking for trades with some parameters changed."""
        ask = {"dataset": DATASET, **Metadata.ask, **changes}
        with self.assertRaises(error_class) as caught:
            (by or client).timeseries.get_range(**ask)
        self.assertTrue(caught.exception.request_id)
        return caught.exception

    def test_a_wrong_key_is_refused_with_our_detail(self):
        url = client.timeseries._base_url.partition("/v0/")[0]
        error = self.refused(by=client_of(url, key="db-" + "x" * 29))
        self.assertEqual(error.http_status, 401)
        self.assertIn("auth_authentication_failed", error.message)
        self.assertNotIn("x" * 29, str(error))

    def test_an_end_after_the_available_range_is_refused_with_our_detail(self):
        error = self.refused(end="2026-01-09")
        self.assertEqual(error.http_status, 422)
        self.assertIn("data_end_after_available_end", error.message)
        self.assertIn("available up to", error.message)

    def test_symbols_and_datasets_that_are_not_there_are_refused_with_our_detail(self):
        self.assertIn("None of the symbols could be resolved", self.refused(symbols="ZZZ9").message)
        self.assertIn("GLBX.MDP3", self.refused(dataset="XNAS.ITCH").message)

    def test_too_many_requests_are_a_client_error_and_failures_a_server_error(self):
        self.assertEqual(self.refused(by=faulty, limit=429).http_status, 429)
        self.assertEqual(self.refused(BentoServerError, faulty, limit=500).http_status, 500)
        self.assertEqual(self.refused(BentoServerError, faulty, limit=503).http_status, 503)

    def test_warnings_of_the_server_are_warnings_of_the_client(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            faulty.metadata.get_record_count(DATASET, **Metadata.ask, limit=700)
        told = [
            (of.category, str(of.message))
            for of in caught
            if issubclass(of.category, (BentoWarning, BentoDeprecationWarning))
        ]
        self.assertEqual(told[0], (BentoDeprecationWarning, "this is old"))
        self.assertEqual(told[1][0], BentoWarning)
