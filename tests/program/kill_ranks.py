"""Ends a sweep over ranks at random moments, one rank or all, hard or by signal, damages a journal now and then, and
goes on with 1, 2 or 3 ranks until it is done: the file is that of one undisturbed process, byte for byte.

    kill_ranks.py BINARY SOURCE_DIR LAUNCHER [its options] --- [--count 200] [--seed 1] [--deed WHAT] [--ranks N]

After every end the journals are read: no point that was in one may have gone missing, none may be in
two, and the next start must find exactly these done. `--deed "kill one" --ranks 2` ends each start by kill -9 of
one of two ranks, and damages nothing.
"""

import argparse
import collections
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import journals
import program
from kill_resume import take_result
from test_ranks import LAUNCHER
from test_same_bits import contents

SCENARIO = program.toml(
    seed=12, network={"agents": [20, 60], "neighbors": [4, "table"], "count": 3},
    population={"replicates": 150, "supply_ratio": [0.7, 1.3]},
    round={"settlement": ["stock", "reallocate"]})


def sound(path):
    """The bytes of a journal up to the first record that is not as it was written."""
    data = path.read_bytes()
    at = 0
    while at + 9 <= len(data):
        length, checksum = (int.from_bytes(data[i:i + 4], "little") for i in (at, at + 4))
        end = at + 9 + length
        if end > len(data) or journals.crc32c(data[at + 8:end]) != checksum:
            break
        at = end
    return data[:at]


def points_of(folder):
    """The points of all journals, as often as they are there."""
    found = []
    for path in sorted(folder.glob("r.h5.journal*")):
        copy = folder / "copy"
        copy.write_bytes(sound(path))
        found += journals.points(copy)
        copy.unlink()
    return found


def processes(folder):
    """The program's processes in this folder: {rank: process number}; one alone has rank -1."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/exe") != str(program.binary):
                continue
            if os.readlink(f"/proc/{entry}/cwd") != str(folder):
                continue
            words = pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        env = dict(word.split(b"=", 1) for word in words if b"=" in word)
        found[int(env.get(b"OMPI_COMM_WORLD_RANK", env.get(b"PMI_RANK", b"-1")))] = int(entry)
    return found


def locked(folder):
    """Whether a process that is dying still holds a journal."""
    for path in folder.glob("r.h5.journal*"):
        with open(path, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def send(number, process):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def written(folder):
    """Bytes in all journals."""
    return sum(path.stat().st_size for path in folder.glob("r.h5.journal*"))


class Job:
    """One start of the sweep on some ranks."""

    def __init__(self, folder, ranks):
        launch = [*LAUNCHER, "-n", str(ranks)] if ranks > 1 else []
        self.folder = folder
        self.ranks = ranks
        self.disturbed = None
        self.process = subprocess.Popen(
            [*launch, program.binary, "sweep", "s.toml", "-o", "r.h5", "--resume", "--threads", "1"],
            cwd=folder, env=program.environment(), text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def disturb(self, deed, chance):
        """Does it to ranks or to their launcher, unless they have ended."""
        there = list(processes(self.folder).values())
        self.disturbed = f"{deed}, {len(there)} ranks there"
        if deed == "kill one" and there:
            send(signal.SIGKILL, chance.choice(there))
        elif deed == "kill all":
            for process in there:
                send(signal.SIGKILL, process)
        elif deed == "TERM to one" and there:
            send(signal.SIGTERM, chance.choice(there))
        elif deed in ("kill the launcher", "TERM to the launcher"):
            send(signal.SIGKILL if deed.startswith("kill") else signal.SIGTERM, self.process.pid)

    def end(self):
        """Exit code and stderr, when all ranks are gone."""
        try:
            _, errors = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            left = processes(self.folder)
            os.killpg(self.process.pid, signal.SIGKILL)
            if left:
                sys.exit(f"of {self.ranks} ranks {left} did not end ({self.disturbed})")
            # Open MPI's mpiexec 4.1.4 now and then waits for ever for ranks that have ended and that it need
            # only collect; nothing of the program is left.
            _, errors = self.process.communicate()
        if not program.wait_until(lambda: not processes(self.folder) and not locked(self.folder), 30):
            sys.exit("ranks outlived their launcher")
        return self.process.returncode, errors


def damage(folder, chance):
    """Tears a journal or flips a bit of it, behind the header: one that is damaged there is refused. Or cuts it
    off within the header, as a death while it is made leaves it."""
    found = sorted(folder.glob("r.h5.journal*"))
    if not found:
        return
    path = chance.choice(found)
    data = bytearray(path.read_bytes())
    header = 9 + int.from_bytes(data[:4], "little")
    if len(data) <= header or chance.random() < 0.2:
        path.write_bytes(data[:chance.choice((0, chance.randrange(min(header, len(data))) if data else 0))])
        return
    place = chance.randrange(header, len(data))
    if chance.random() < 0.5:
        path.write_bytes(data[:place])
    else:
        data[place] ^= 1 << chance.randrange(8)
        path.write_bytes(data)


def one_sweep(folder, reference, seconds, chance, left, deeds, options):
    """Disturbs one sweep until it is done; how often it was ended before it was."""
    done = 0
    while True:
        before = points_of(folder)
        if len(before) != len(set(before)):
            sys.exit("a point was computed twice though a journal held it")
        undisturbed = done >= left
        size = written(folder)
        job = Job(folder, options.ranks or chance.choice((1, 2, 2, 3)))
        deed = None
        if not undisturbed:
            deed = options.deed or chance.choice(DEEDS)
            # A launcher that dies sooner may leave ranks that are yet to begin.
            if not program.wait_until(lambda: len(processes(folder)) == job.ranks or job.process.poll() is not None,
                                      60):
                sys.exit(f"of {job.ranks} ranks {processes(folder)} came")
            # While MPI begins, or once there are results of this start: a header and a few points.
            if chance.random() < 0.75:
                program.wait_until(lambda: job.process.poll() is not None or written(folder) > size + 8000, 60)
            time.sleep(chance.uniform(0.0, 0.3 * seconds))
            computing = written(folder) > size + 8000
            job.disturb(deed, chance)
        code, errors = job.end()
        resumed = re.search(r"resuming: (\d+) of", errors)
        if resumed and int(resumed.group(1)) != len(before):
            sys.exit(f"{resumed.group()} though the journals hold {len(before)}")
        if (folder / "r.h5").exists() and not list(folder.glob("r.h5.journal*")):
            break
        # MPICH's mpiexec (4.0.2), sent TERM while its ranks begin, ends with 0 now and then, whatever it
        # started: so with `sleep` too. Who starts ranks by it should look for the file, or ask `needflow status`.
        if code == 0 and deed not in (None, "TERM to the launcher"):
            sys.exit(f"exit code 0 after {job.disturbed}: {errors}")
        if deed is None:
            sys.exit(f"exit code {code} undisturbed: {errors}")
        if re.search(r"needflow: (?!interrupted)", errors):
            sys.exit(f"{job.disturbed}, {job.ranks} started: {errors}")
        deeds[deed] += 1
        deeds["while computing"] += computing
        done += 1
        if not (folder / "r.h5").exists() and not set(before) <= set(points_of(folder)):
            sys.exit(f"{deed}: points of an earlier start are gone")
        if options.deed is None and chance.random() < 0.3:
            damage(folder, chance)
            deeds["damaged"] += 1
    take_result(folder, reference)
    return done


DEEDS = ("kill one", "kill one", "kill one", "kill all", "kill the launcher", "TERM to one",
         "TERM to the launcher")


def main():
    program.find_binary()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deed", choices=sorted({*DEEDS}), help="nothing else, and no damage (default: by chance)")
    parser.add_argument("--ranks", type=int, help="of every start (default: 1, 2 or 3, by chance)")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="needflow-kill-")).resolve()
    deeds = collections.Counter({deed: 0 for deed in DEEDS})
    try:
        (folder / "s.toml").write_text(SCENARIO)
        started = time.monotonic()
        program.run("sweep", "s.toml", "-o", "ref.h5", "-q", "--threads", "1", cwd=folder)
        seconds = time.monotonic() - started
        reference = contents(folder / "ref.h5")
        (folder / "ref.h5").unlink()
        ends, sweeps = 0, 0
        while ends < options.count:
            ends += one_sweep(folder, reference, seconds, chance, options.count - ends, deeds, options)
            sweeps += 1
        told = ", ".join(f"{deed} {times}" for deed, times in deeds.items())
        print(f"{ends} ends of {sweeps} sweeps of {seconds:.2f} s ({told}): every file as undisturbed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
