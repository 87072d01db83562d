"""Philox4x32-10 (Salmon et al., SC11) and the program's streams (M12), from their papers and headers.

    audits(seed, episode, network, replicate, i, j) -> (standard normal, uniform on (0, 1])
"""

from statistics import NormalDist

M0, M1 = 0xD2511F53, 0xCD9E8D57
W0, W1 = 0x9E3779B9, 0xBB67AE85
MASK = 0xFFFFFFFF


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + W0) & MASK, (k1 + W1) & MASK
    return c0, c1, c2, c3


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def halves(word):
    return word & MASK, word >> 32


def stream_key(seed, name, index=0):
    return philox(halves(fnv1a(name)) + halves(index), halves(seed))[:2]


def audits(seed, episode, network, replicate, i, j):
    words = philox((int(i), int(j), network, replicate), stream_key(seed, "trust audit", episode))
    first, second = words[0] | words[1] << 32, words[2] | words[3] << 32
    z = NormalDist().inv_cdf(((first >> 12) + 0.5) * 2.0**-52)
    return z, ((second >> 11) + 1) * 2.0**-53


assert philox((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
