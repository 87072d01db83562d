"""Journals as a second reader sees them: io/journal_records.hpp written down again in Python, so that a
test can count what was computed without asking the program that is tested."""

import pathlib
import struct

HEADER, OUTCOMES, NETWORK, CRASH, END, SESSION = range(1, 7)


def crc32c(data):
    """RFC 3720, bit by bit over a table of 256."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _entry(value):
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


TABLE = [_entry(value) for value in range(256)]


def records(path):
    """(type, payload) of each whole record, checksums left alone."""
    data = pathlib.Path(path).read_bytes()
    at = 0
    while at + 9 <= len(data):
        length, _ = struct.unpack_from("<II", data, at)
        if at + 9 + length > len(data):
            return
        yield data[at + 8], data[at + 9:at + 9 + length]
        at += 9 + length


def column(payload, at, count):
    """A column of words and where it ends."""
    width = payload[at]
    at += 1
    if width == 0:
        return [struct.unpack_from("<Q", payload, at)[0]] * count, at + (8 if count else 0)
    if width == 1:
        (usual,) = struct.unpack_from("<Q", payload, at)
        mask = int.from_bytes(payload[at + 8:at + 8 + (count + 7) // 8], "little")
        at += 8 + (count + 7) // 8
        others = [i for i in range(count) if mask >> i & 1]
        words = [usual] * count
        for i, word in zip(others, struct.unpack_from(f"<{len(others)}Q", payload, at)):
            words[i] = word
        return words, at + 8 * len(others)
    letter = {2: "H", 4: "I", 8: "Q"}[width]
    return list(struct.unpack_from(f"<{count}{letter}", payload, at)), at + width * count


def points(path):
    """The points that a journal holds, as often as it holds them."""
    found = []
    for kind, payload in records(path):
        if kind == OUTCOMES:
            (count,) = struct.unpack_from("<Q", payload, 0)
            found += column(payload, 9, count)[0]
    return found


def record(kind, payload):
    """A record's bytes."""
    body = bytes([kind]) + payload
    return struct.pack("<II", len(payload), crc32c(body)) + body


def crash_marks(running, building, turn):
    """A record of deaths in a row by point, each {point: times}."""
    def marks(times):
        return (struct.pack(f"<QB{len(times)}Q", len(times), 8, *times) +
                struct.pack(f"<{len(times)}I", *times.values()))
    return record(CRASH, marks(running) + marks(building) + struct.pack("<Q", turn))


def in_flight(plan_hash, points_running=(), points_building=(), told_to_stop=False, words=32):
    """The bytes of an in-flight table (io/inflight.cpp)."""
    table = [point + 1 for point in points_running]
    table += [(point + 1) | 1 << 63 for point in points_building]
    table += [0] * (words - len(table))
    return struct.pack(f"<{4 + words}Q", 0x313054464c46464e, plan_hash, int(told_to_stop), 0,
                       *table)
