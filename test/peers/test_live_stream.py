"""The gateway simulator against the official live client: sessions that receive the market as it comes."""

from databento import BentoError, ErrorMsg, OHLCVMsg, SymbolMappingMsg, SystemCode

from gateway import Client, stepped, streaming
from live_checks import CLASSES, ES, MINUTE_NS, NQ, LiveTest
from market import START_NS, records_of

BAR_NS = {"ohlcv-1m": MINUTE_NS, "ohlcv-1s": 1_000_000_000}


class Streams(LiveTest):
    """Sessions that receive the market as it comes."""

    def test_streams_everything_from_the_start_of_the_market(self):
        with streaming() as gateway:
            client = Client(gateway)
            for schema in CLASSES:
                client.subscribe(schema)
            client.run()
            for schema in CLASSES:
                self.check_records(client, schema)
            self.assertEqual(client.system(SystemCode.REPLAY_COMPLETED), [])
            order = [available_ns(of) for of in client.records if not isinstance(of, SymbolMappingMsg)]
            self.assertEqual(order, sorted(order))

    def test_streams_generated_bars_with_their_spreads(self):
        flags = ("--generate", "--sessions", "1", "--universe", "ES,NQ", "--spreads")
        with streaming(*flags) as gateway:
            client = Client(gateway)
            client.subscribe("ohlcv-1m", "ES.FUT", "parent")
            client.run()
            bars, mappings = client.of(OHLCVMsg), client.of(SymbolMappingMsg)
            self.assertGreater(len(bars), 1000)
            self.assertEqual({of.stype_in_symbol for of in mappings}, {"ES.FUT"})
            symbols = client.live.symbology_map
            self.assertTrue({of.instrument_id for of in bars} <= symbols.keys())
            self.assertTrue(any("-" in of for of in symbols.values()))
            keys = [(of.ts_event, of.instrument_id) for of in bars]
            self.assertEqual(len(set(keys)), len(keys))
            self.assertEqual([of[0] for of in keys], sorted(of[0] for of in keys))

    def test_two_clients_receive_the_same(self):
        with streaming("--wait-for", "2") as gateway:
            clients = [Client(gateway), Client(gateway, ts_out=True)]
            for client in clients:
                client.subscribe("ohlcv-1m", "NQ.FUT", "parent")
                client.live.start()
            for client in clients:
                client.close()
                self.check_records(client, "ohlcv-1m", {NQ})

    def test_takes_a_subscription_after_the_start(self):
        with stepped() as gateway:
            client = Client(gateway)
            client.subscribe("ohlcv-1m", "ESH6")
            client.live.start()
            client.wait(client.has_started)
            gateway.control("advance 2026-01-05T14:40")
            client.wait(lambda: len(client.of(OHLCVMsg)) == 10)
            client.subscribe("trades", "NQH6")
            client.wait(lambda: len(client.system(SystemCode.SUBSCRIPTION_ACK)) == 2)
            gateway.control("advance 2026-01-05T15:31")
            client.wait(lambda: len(client.of(OHLCVMsg)) == 60)
            gateway.control("eof")
            client.close()
            self.check_records(client, "ohlcv-1m", {ES})
            self.check_records(client, "trades", {NQ}, from_ns=START_NS + 10 * MINUTE_NS)

    def test_a_symbol_that_resolves_later_gets_its_mapping_and_data(self):
        with stepped("--unresolvable", "ESH6") as gateway:
            client = Client(gateway)
            client.subscribe("ohlcv-1m", ["ESH6", "NQH6"])
            client.live.start()
            client.wait(lambda: len(client.of(ErrorMsg)) == 1)
            gateway.control("advance 2026-01-05T14:40")
            gateway.control("resolve ESH6")
            gateway.control("advance 2026-01-05T15:31")
            gateway.control("eof")
            with self.assertRaisesRegex(BentoError, "Failed to resolve symbol: ESH6"):
                client.close()
            received = [of for of in client.of(OHLCVMsg) if of.instrument_id == ES]
            late = [
                of
                for of in records_of("ohlcv-1m")
                if of.instrument_id == ES and of.ts_event >= START_NS + 10 * MINUTE_NS
            ]
            self.assertEqual(list(map(bytes, received)), list(map(bytes, late)))
            self.assertEqual(client.live.symbology_map[ES], "ESH6")


def available_ns(record):
    """When a gateway has a record: a bar at its end, others when they were received."""
    return record.ts_index + BAR_NS.get(str(record.rtype), 0)
