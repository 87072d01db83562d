// A random pairing of stubs: the multigraph from which a random mesh is made (M4; B. Bollobás, "A
// probabilistic proof of an asymptotic formula for the number of labelled regular graphs", Eur. J.
// Comb. 1 (1980)). Agent i brings offsets[i + 1] - offsets[i] stubs, all stubs are paired, and
// every pairing is equally likely.
//
// The pairing is that of neighbours in a random order of all stubs, and the order that of C. R. Rao
// and M. Sandelius (Sankhyā 23 and 24, 1961/62): each stub draws a bucket, then every bucket is
// dealt with alone, so no step but the first and last leaves the cache, and those only stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/random.hpp"

namespace needflow {

/// What is drawn: a bucket for each stub, and partners within a bucket.
struct PairingStreams {
  explicit PairingStreams(std::uint64_t seed)
      : bucket(seed, "network bucket"), partner(seed, "network partner") {}
  RandomStream bucket;   ///< 16 bits of stub s: number s mod 8 of the block (s / 8, 0)
  RandomStream partner;  ///< 32 bits of draw d in bucket b: number d mod 4 of the block (d / 4, b)
};

/// How the work is cut. Another bucket_bits gives another pairing (as random as the first);
/// row_bits only decides how fast it comes.
struct PairingShape {
  unsigned bucket_bits = 0;  ///< 2^bucket_bits buckets, at most 16
  unsigned row_bits = 16;    ///< rows are filled in blocks of 2^row_bits agents, at most 16
};

/// Buckets and blocks of rows that fit into the second cache, as far as 2048 of each do.
[[nodiscard]] PairingShape pairing_shape(std::size_t agents, Offset stubs);

/// Entries of `columns` that random_pairing() needs: the stubs and, in large pairings, up to a
/// tenth more.
[[nodiscard]] std::size_t pairing_columns(Offset stubs, const PairingShape& shape);

/// Writes the pairing number (key.network, key.replicate) into the first offsets.back() of
/// `columns`: each pair in both rows, an agent paired with itself twice in its own; rows ascend,
/// but not strictly. Appends to `not_simple`, ascending, the rows that hold their own agent or
/// another one twice. The rest of the key is not used. False if a bucket overflowed (probability
/// below 1e-25): ask for another replicate then. Shapes: offsets agents + 1, offsets.back() even
/// and below 2^32; columns and messages as pairing_room() says, their content before and the rest
/// after is nothing. Twin: kernels/reference/pairing.hpp.
[[nodiscard]] bool random_pairing(std::span<const Offset> offsets, const PairingStreams& streams,
                                  const DrawKey& key, const PairingShape& shape,
                                  std::span<Index> columns, std::span<std::uint32_t> messages,
                                  std::vector<Index>& not_simple);

}  // namespace needflow
