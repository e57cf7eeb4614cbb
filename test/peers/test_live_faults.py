"""The gateway simulator against the official live client: what goes wrong, and what the client makes of it."""

import re

from databento import BentoError, ErrorMsg, MBP1Msg, OHLCVMsg, SystemCode
from databento_dbn import ErrorCode

from gateway import Client, stepped
from live_checks import ES, MINUTE_NS, LiveTest
from market import KEY, START_NS, records_of


class Faults(LiveTest):
    """What goes wrong with a gateway, and what the client is documented to make of it."""

    def begin(self, gateway, schema="ohlcv-1m", symbols="ESH6", **options):
        """A client that has received the first ten minutes."""
        client = Client(gateway, **options)
        client.subscribe(schema, symbols)
        client.reconnects = []
        client.live.add_reconnect_callback(lambda start, end: client.reconnects.append((start, end)))
        client.live.start()
        client.wait(client.has_started)
        gateway.control("advance 2026-01-05T14:40")
        return client

    def test_a_reset_without_a_policy_is_an_error(self):
        with stepped() as gateway:
            client = self.begin(gateway)
            gateway.control("reset")
            with self.assertRaisesRegex(BentoError, "reset|connection lost|Connection"):
                client.close()

    def test_after_a_reset_the_client_reconnects_subscribes_again_and_reports_the_gap(self):
        with stepped() as gateway:
            client = self.begin(gateway, reconnect_policy="reconnect")
            # The mark of the tenth minute is the last that comes; a reset may take away what has not been read.
            client.wait(lambda: client.records[-1].ts_event == START_NS + 10 * MINUTE_NS)
            first_session = client.live.session_id
            gateway.control("reset")
            client.wait(lambda: len(client.reconnects) == 1)
            client.wait(lambda: len(client.system(SystemCode.SUBSCRIPTION_ACK)) == 2)
            self.assertNotEqual(client.live.session_id, first_session)
            gap_start, gap_end = client.reconnects[0]
            # From the last event that it has seen until the gateway's time at the new session.
            self.assertEqual((gap_start.value, gap_end.value), (START_NS + 10 * MINUTE_NS, START_NS + 10 * MINUTE_NS))
            gateway.control("advance 2026-01-05T15:31")
            client.wait(lambda: len(client.of(OHLCVMsg)) == 60)
            gateway.control("eof")
            client.close()
            self.check_records(client, "ohlcv-1m", {ES})

    def test_an_error_record_and_the_end_raise_its_text(self):
        texts = {3: "open connection limit", 6: "Internal error", 2: "deactivated"}
        with stepped() as gateway:
            for code, text in texts.items():
                with self.subTest(code=code):
                    client = Client(gateway)
                    client.subscribe("ohlcv-1m", "ESH6")
                    client.live.start()
                    client.wait(client.has_started)
                    gateway.control(f"error {code}")
                    with self.assertRaisesRegex(BentoError, text):
                        client.close()
                    self.assertEqual([of.code.value for of in client.of(ErrorMsg)], [code])

    def test_a_clean_end_in_the_middle_ends_quietly(self):
        with stepped() as gateway:
            client = self.begin(gateway, reconnect_policy="reconnect")
            gateway.control("eof")
            client.close()
            self.assertEqual((len(client.of(OHLCVMsg)), client.reconnects), (10, []))

    def test_a_slow_reader_is_warned_and_loses_nothing(self):
        with stepped() as gateway:
            client = self.begin(gateway, slow_reader_behavior="warn")
            gateway.control("slow")
            client.wait(lambda: len(client.system(SystemCode.SLOW_READER_WARNING)) == 1)
            gateway.control("advance 2026-01-05T15:31")
            client.wait(lambda: len(client.of(OHLCVMsg)) == 60)
            gateway.control("eof")
            client.close()
            self.check_records(client, "ohlcv-1m", {ES})

    def test_a_slow_reader_who_skips_is_told_what_was_skipped(self):
        with stepped() as gateway:
            client = self.begin(gateway, "mbp-1", slow_reader_behavior="skip")
            gateway.control("slow")
            gateway.control("advance 2026-01-05T15:31")
            client.wait(lambda: len(client.of(ErrorMsg)) == 1)
            code, text = client.of(ErrorMsg)[0].code, client.of(ErrorMsg)[0].err
            self.assertEqual(code, ErrorCode.SKIPPED_RECORDS_AFTER_SLOW_READING)
            gateway.control("eof")
            with self.assertRaisesRegex(BentoError, "Slow client detected for mbp-1"):
                client.close()
            skipped = len(records_of("mbp-1")) - len(client.of(MBP1Msg))
            self.assertGreater(skipped, 0)
            self.assertEqual(int(re.search(r"(\d+) records", text).group(1)), skipped)

    def test_a_changed_id_is_mapped_before_its_records(self):
        with stepped() as gateway:
            client = self.begin(gateway)
            gateway.control("remap ESH6")
            gateway.control("advance 2026-01-05T15:31")
            client.wait(lambda: len(client.of(OHLCVMsg)) == 60)
            gateway.control("eof")
            client.close()
            (new_id,) = {of.instrument_id for of in client.of(OHLCVMsg)} - {ES}
            self.check_mappings(client, {(ES, "ESH6", "ESH6"), (new_id, "ESH6", "ESH6")})

    def test_heartbeats_keep_a_silent_session_alive_and_their_end_is_noticed(self):
        with stepped() as gateway:
            client = self.begin(gateway, heartbeat_interval_s=5)
            client.wait(lambda: len(client.system(SystemCode.HEARTBEAT)) == 1, timeout=8)
            self.assertTrue(client.system(SystemCode.HEARTBEAT)[0].is_heartbeat())
            gateway.control("hang")
            with self.assertRaisesRegex(BentoError, r"Gateway timeout: (1[5-9]|2\d) second"):
                client.close(timeout=40)

    def test_the_key_is_never_said(self):
        with stepped() as gateway:
            client = self.begin(gateway)
            gateway.control("status")
            gateway.control("eof")
            client.close()
            self.assertNotIn(KEY, "".join(gateway.said))
