"""Runs the tests against the official package: one line each, the decode rates, a summary. Words select by name."""

import os
import signal
import sys
import time
import unittest
import warnings

MODULES = ("test_codec", "test_live_replay", "test_live_stream", "test_live_faults", "test_historical")

DETAILS_MAX = 3


class OneLineEach(unittest.TestResult):
    """Says each test in one line when it ends, and what failed below it."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.started = 0.0
        self.details = 0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        self.details = 0

    def addSuccess(self, test):
        self.passed += 1
        self.say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("FAIL", test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.say("FAIL", test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            # Of many ways in which one test fails, a few tell enough.
            self.details += 1
            if self.details > DETAILS_MAX:
                return
            kept = self.failures if issubclass(err[0], test.failureException) else self.errors
            self.say("FAIL", subtest, f"{subtest._subDescription()}\n{kept[-1][1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("skip", test, reason)

    def say(self, word, test, detail=""):
        seconds = time.monotonic() - self.started
        print(f"{word:4}  {goal(test):108} {seconds:6.1f} s", flush=True)
        for line in detail.rstrip().splitlines():
            print(f"      {line}", flush=True)


def goal(test):
    """`test_live_replay.Replays.test_takes_parents` as `live replay: takes parents`."""
    module, *_, name = test.id().partition(" ")[0].split(".")
    name = name.removeprefix("test_").replace("_", " ")
    return f"{module.removeprefix('test_').replace('_', ' ')}: {name}"


def selected(suite, words):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from selected(test, words)
        elif all(word in test.id() for word in words):
            yield test


def main(words):
    # Ended from outside, it ends as by Ctrl-C: what was started is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    tests = unittest.TestSuite(selected(unittest.defaultTestLoader.loadTestsFromNames(MODULES), words))
    # What the packages say of each other is not ours to mend.
    warnings.simplefilter("ignore")
    result = OneLineEach()
    if tests.countTestCases() == 0:
        print(f"there is no test with {' and '.join(words)} in its name")
        return 1
    tests.run(result)
    if not words:
        import decode_rate

        print(f"\n{decode_rate.table()}")
    failed = len(result.failures) + len(result.errors)
    seconds = time.monotonic() - started
    print(f"\n{result.passed} passed, {failed} failed, {len(result.skipped)} skipped in {seconds:.0f} s")
    return 1 if failed > 0 else 0


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
