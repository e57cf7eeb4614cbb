"""Runs the TypeScript of this folder under the Node that started the tests."""

import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
NODE = os.environ["PEERS_NODE"]
FOLDER = pathlib.Path(os.environ["PEERS_FOLDER"])


def run(script, *args, given=""):
    """What a script prints when it gets `given` on its standard input; fails with what it complained about."""
    command = [NODE, str(HERE / script), *map(str, args)]
    ended = subprocess.run(command, input=given, capture_output=True, text=True, cwd=ROOT, timeout=600)
    if ended.returncode != 0:
        raise AssertionError(f"{script} failed:\n{ended.stderr}")
    return ended.stdout


def decode_files(jobs):
    """What our decoder makes of files; a job is a path, whether to upgrade, and the version of a fragment or None."""
    given = [{"path": str(path), "upgrade": upgrade, "fragment": fragment} for path, upgrade, fragment in jobs]
    lines = run("decode-files.ts", given=json.dumps(given)).splitlines()
    assert len(lines) == len(given), f"{len(lines)} answers for {len(given)} files"
    return [json.loads(line) for line in lines]
