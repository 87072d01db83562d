// random_pairing() in parts (M4), for rows that no memory holds all of: the agents are cut into
// parts of consecutive ones, the buckets into as many, and each part is somebody's own. What goes
// from one to another between the steps is the caller's (solver/ranks/rank_mesh.hpp):
//   deal     a part of the agents writes its stubs' agents down, bucket by bucket; the pieces go to
//            who has the buckets
//   match    a part of the buckets takes its pieces together, each bucket in the order of stubs,
//            and pairs: in a stub's place then stands its partner's agent; the pieces go back
//   collect  a stub's partner is an entry of its agent's row
// Every step is that of random_pairing(), so the rows are its rows to the bit, however they are
// cut. Twin: kernels/reference/pairing.hpp, which knows no parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/pairing.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// Which pairing it is.
struct PairingNumber {
  PairingStreams streams;
  DrawKey key;  ///< network and replicate; the rest is not used
  PairingShape shape;
};

/// The agents of one part. offsets: agents + 1, those of random_pairing(), so that the first one is
/// how many stubs all agents before have.
struct PairingPart {
  std::span<const Offset> offsets;
  Index first_agent = 0;

  [[nodiscard]] std::size_t agents() const { return offsets.size() - 1; }
  [[nodiscard]] std::size_t first_stub() const { return static_cast<std::size_t>(offsets.front()); }
  [[nodiscard]] std::size_t stubs() const {
    return static_cast<std::size_t>(offsets.back() - offsets.front());
  }
};

/// The part's stubs in each of the 2^bucket_bits buckets.
[[nodiscard]] std::vector<std::size_t> stubs_by_bucket(const PairingPart& part,
                                                       const PairingNumber& number);

/// False if a bucket overflows in random_pairing(): the pairing is then another one. `totals`: of
/// all parts' stubs in each bucket, `stubs` their sum.
[[nodiscard]] bool buckets_fit(std::span<const std::int64_t> totals, std::size_t stubs,
                               const PairingShape& shape);

/// Writes the agents of the part's stubs bucket by bucket, in order. Shapes: counts as
/// stubs_by_bucket() says, dealt part.stubs().
void deal_stubs(const PairingPart& part, const PairingNumber& number,
                std::span<const std::size_t> counts, std::span<Index> dealt);

/// Buckets [begin, end).
struct BucketRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
/// Those of one of so many parts.
[[nodiscard]] BucketRange bucket_range(const PairingShape& shape, std::size_t part,
                                       std::size_t parts);

/// What one part of the agents has dealt into one part of the buckets. counts: a number a bucket.
struct DealtPiece {
  std::span<Index> agents;
  std::span<const std::size_t> counts;
};

/// Stubs of a part of the buckets whose partners are in another: their places, null where there is
/// none. Whoever waits is paired with the next part's that joins; the caller exchanges their
/// agents.
struct LooseEnds {
  Index* joins = nullptr;
  Index* waits = nullptr;
};

/// Pairs the stubs of some buckets, one piece of each part of the agents, in their order.
/// `somebody_waits`: whether the buckets before have an odd number of stubs.
LooseEnds match_pieces(BucketRange buckets, std::span<const DealtPiece> pieces, bool somebody_waits,
                       const PairingNumber& number, Threads threads);

/// The part's rows, ascending, from the partners that stand where deal_stubs() wrote agents; entry
/// e of all rows is columns[e - offsets[0]]. Appends to `not_simple`, ascending, the rows that hold
/// their own agent or another one twice. Shapes: partners and columns part.stubs().
void collect_partners(const PairingPart& part, const PairingNumber& number,
                      std::span<const std::size_t> counts, std::span<const Index> partners,
                      std::span<Index> columns, std::vector<Index>& not_simple, Threads threads);

}  // namespace needflow
