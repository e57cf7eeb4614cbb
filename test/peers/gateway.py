"""`rooney gateway` as a process, and official live clients that keep what they receive from it."""

import atexit
import json
import queue
import subprocess
import threading
import time

import databento
from databento_dbn import SystemCode, SystemMsg

import node_scripts
from market import DATASET, END_NS, KEY, market_files

STEP_S = 0.01


class Gateway:
    """A gateway over the market's files, or over what the flags say; ends with the block that it is used in."""

    def __init__(self, *flags):
        files = () if "--generate" in flags else market_files()
        rooney = node_scripts.ROOT / "cli/rooney.mjs"
        ports = ("--port", "0", "--historical-port", "0", "--connections-per-second", "any")
        command = [node_scripts.NODE, rooney, "gateway", *files, "--json", "--key", KEY, *ports, *flags]
        self.process = subprocess.Popen(
            list(map(str, command)),
            cwd=node_scripts.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # A run that is broken off does not come to the end of its blocks.
        atexit.register(self.process.terminate)
        self.lines = queue.Queue()
        self.said = []
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=self.listen, args=(stream,), daemon=True).start()
        address = json.loads(self.line(lambda line: line.startswith("{")))
        self.port, self.historical_url = address["port"], address["historicalUrl"]

    def listen(self, stream):
        for line in stream:
            self.said.append(line)
            self.lines.put(line)

    def line(self, is_wanted, timeout=20):
        """The next line that is wanted, of what it says."""
        until = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the gateway said only {''.join(self.said)!r}") from None
            if is_wanted(line):
                return line

    def control(self, line):
        """Does what a control line says."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer = self.line(lambda said: said.startswith(("ack ", "nack ")))
        if answer.startswith("nack"):
            raise AssertionError(f"{line}: {answer}")

    def stop(self):
        atexit.unregister(self.process.terminate)
        self.process.terminate()
        self.process.wait(timeout=10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def replaying(*flags):
    """A gateway at the end of its market: every session can have all of it replayed, and is ended after that."""
    return Gateway("--pace", "max", "--start-at", str(END_NS), "--end-with-source", *flags)


def streaming(*flags):
    """A gateway at the beginning of its market, which goes on as fast as its clients read, and ends them at its end."""
    return Gateway("--pace", "max", "--end-with-source", *flags)


def stepped(*flags):
    """A gateway whose market moves on when it is told to."""
    return Gateway("--pace", "stepped", "--start-at", "2026-01-05T14:29", *flags)


class Client:
    """An official client and what it has received."""

    def __init__(self, gateway, key=KEY, **options):
        self.live = databento.Live(key=key, gateway="127.0.0.1", port=gateway.port, **options)
        self.records = []
        self.live.add_callback(self.records.append)

    def subscribe(self, schema, symbols="ALL_SYMBOLS", stype_in="raw_symbol", **options):
        return self.live.subscribe(DATASET, schema=schema, symbols=symbols, stype_in=stype_in, **options)

    def run(self, timeout=20):
        """Streams until the gateway ends the connection; raises what the client raises then."""
        self.live.start()
        self.close(timeout)

    def close(self, timeout=20):
        started = time.monotonic()
        self.live.block_for_close(timeout=timeout)
        if time.monotonic() - started >= timeout:
            raise AssertionError(f"not ended after {timeout} s and {len(self.records)} records")

    def wait(self, is_reached, timeout=20):
        """Waits until what was received is enough."""
        until = time.monotonic() + timeout
        while not is_reached():
            if time.monotonic() > until:
                raise AssertionError(f"waited {timeout} s; received {self.records[-5:]}")
            time.sleep(STEP_S)

    def system(self, code):
        return [of for of in self.records if isinstance(of, SystemMsg) and of.code == code]

    def of(self, record_class, *rtypes):
        """The records of a class, and of some types if it has several."""
        return [of for of in self.records if isinstance(of, record_class) and (not rtypes or str(of.rtype) in rtypes)]

    def has_started(self):
        return len(self.system(SystemCode.SUBSCRIPTION_ACK)) > 0
