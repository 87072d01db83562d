// Cost model, a rank: kernels/pairing_parts.cpp's, 4 B an entry out to buckets and back, and as
// much in (all but the share of own buckets), and reach.cpp's. Messages: three exchanges of
// everybody with everybody, a few sums, two for each batch of bad pairs.
#include "solver/ranks/rank_mesh.hpp"

#include <initializer_list>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/pairing_parts.hpp"
#include "solver/networks/mesh_swaps.hpp"
#include "solver/ranks/reach.hpp"
#include "solver/ranks/swap_copies.hpp"

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

/// One pairing, of which this rank has its rows' stubs and some of the buckets.
class RankPairing {
 public:
  RankPairing(Communicator& ranks, const PairingPart& part, const PairingNumber& number)
      : ranks_(ranks),
        part_(part),
        number_(number),
        counts_(stubs_by_bucket(part, number)),
        mine_(buckets_of(ranks.rank())) {}

  /// Whether no bucket overflows. Called by all, first.
  [[nodiscard]] bool fits() {
    totals_.assign(counts_.begin(), counts_.end());
    ranks_.add(totals_);
    std::int64_t stubs = 0;
    for (const std::int64_t total : totals_) stubs += total;
    return buckets_fit(totals_, static_cast<std::size_t>(stubs), number_.shape);
  }

  /// The rows' entries. Called by all.
  [[nodiscard]] std::vector<Index> columns(std::vector<Index>& not_simple, Threads threads) {
    std::vector<Index> dealt(part_.stubs());
    deal_stubs(part_, number_, counts_, dealt);
    pair(dealt, threads);
    std::vector<Index> columns(part_.stubs());
    collect_partners(part_, number_, counts_, dealt, columns, not_simple, threads);
    return columns;
  }

 private:
  [[nodiscard]] BucketRange buckets_of(int rank) const {
    return bucket_range(number_.shape, at(rank), at(ranks_.size()));
  }

  /// Counts of some buckets, of one's own stubs.
  [[nodiscard]] std::span<const std::size_t> counts_in(BucketRange range) const {
    return std::span(counts_).subspan(range.begin, range.end - range.begin);
  }

  /// In the place of each stub's agent its partner's.
  void pair(std::vector<Index>& dealt, Threads threads) {
    std::vector<std::vector<std::size_t>> counts(at(ranks_.size()));
    swap_with_others([&](int other) { return std::as_bytes(counts_in(buckets_of(other))); },
                     [&](int other) {
                       counts[at(other)].resize(mine_.end - mine_.begin);
                       return std::as_writable_bytes(std::span(counts[at(other)]));
                     });
    std::vector<std::span<Index>> sent = split(dealt);
    std::vector<std::vector<Index>> received(at(ranks_.size()));
    swap_with_others([&](int other) { return std::as_bytes(sent[at(other)]); },
                     [&](int other) {
                       received[at(other)].resize(sum_of(counts[at(other)]));
                       return std::as_writable_bytes(std::span(received[at(other)]));
                     });
    std::vector<DealtPiece> pieces;
    for (int r = 0; r < ranks_.size(); ++r) {
      const bool own = r == ranks_.rank();
      pieces.push_back({own ? sent[at(r)] : std::span(received[at(r)]),
                        own ? counts_in(mine_) : std::span<const std::size_t>(counts[at(r)])});
    }
    join_loose(match_pieces(mine_, pieces, somebody_waits(), number_, threads));
    swap_with_others([&](int other) { return std::as_bytes(std::span(received[at(other)])); },
                     [&](int other) { return std::as_writable_bytes(sent[at(other)]); });
  }

  /// The stubs dealt into each rank's buckets.
  [[nodiscard]] std::vector<std::span<Index>> split(std::span<Index> dealt) const {
    std::vector<std::span<Index>> pieces;
    for (int r = 0; r < ranks_.size(); ++r) {
      const std::size_t count = sum_of(counts_in(buckets_of(r)));
      pieces.push_back(dealt.first(count));
      dealt = dealt.subspan(count);
    }
    return pieces;
  }

  [[nodiscard]] static std::size_t sum_of(std::span<const std::size_t> counts) {
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    return sum;
  }

  [[nodiscard]] bool somebody_waits() const {
    std::int64_t before = 0;
    for (std::size_t bucket = 0; bucket < mine_.begin; ++bucket) before += totals_[bucket];
    return before % 2 != 0;
  }

  /// Who waits after a rank's last bucket is paired with the next rank's who joins.
  void join_loose(const LooseEnds& loose) {
    std::vector<double> ends(2 * at(ranks_.size()), -1.0);
    const std::size_t own = 2 * at(ranks_.rank());
    if (loose.joins != nullptr) ends[own] = *loose.joins;
    if (loose.waits != nullptr) ends[own + 1] = *loose.waits;
    std::vector<RankPart> places;
    for (std::size_t r = 0; r < at(ranks_.size()); ++r) places.push_back({2 * r, 2});
    ranks_.share(ends, places);
    std::size_t waits = ends.size();
    for (std::size_t place = 0; place < ends.size(); ++place) {
      if (ends[place] < 0.0) continue;
      if (place % 2 != 0) {
        waits = place;
        continue;
      }
      if (place == own) *loose.joins = static_cast<Index>(ends[waits]);
      if (waits == own + 1) *loose.waits = static_cast<Index>(ends[place]);
      waits = ends.size();
    }
  }

  /// One message from everybody to everybody: out(rank) is what it gets, in(rank) room for its own.
  template <class Out, class In>
  void swap_with_others(const Out& out, const In& in) {
    std::vector<Outgoing> sends;
    std::vector<Incoming> receives;
    for (int other = 0; other < ranks_.size(); ++other) {
      if (other == ranks_.rank()) continue;
      sends.push_back({other, out(other)});
      receives.push_back({other, in(other)});
    }
    ranks_.exchange(sends, receives);
  }

  Communicator& ranks_;
  const PairingPart& part_;
  const PairingNumber& number_;
  std::vector<std::size_t> counts_;  ///< own stubs, of every bucket
  BucketRange mine_;
  std::vector<std::int64_t> totals_;  ///< all ranks' stubs, of every bucket
};

/// Swaps the bad pairs of all ranks' rows away. False, on all, if one resists.
bool make_simple(SwapCopies& copies, const MeshDegrees& degrees,
                 const std::vector<Index>& not_simple, const RandomStream& stream,
                 const DrawKey& key) {
  const auto own_row = [&copies](Index a) { return copies.own_row(a); };
  std::vector<Edge> bad =
      copies.of_all_ranks(Swaps<decltype(own_row)>(degrees, own_row).bad_pairs(not_simple));
  shuffle_pairs(bad, stream, key);

  const auto copied_row = [&copies](Index a) { return copies.row(a); };
  Swaps<decltype(copied_row)> swaps(degrees, copied_row);
  // What the next pairs will look at if their first draws do: all that is known beforehand.
  const auto wishes = [&](std::size_t left, std::size_t pairs, std::vector<Index>& wanted) {
    for (; left > 0 && pairs > 0; --left, --pairs) {
      const DrawKey first{key.network, key.replicate, static_cast<std::uint32_t>(left), 1};
      const std::uint32_t entry = swaps.drawn_entry(stream, first);
      const Index x = degrees.row_of(entry);
      wanted.insert(wanted.end(), {bad[left - 1].first, bad[left - 1].second, x});
      if (copies.has(x)) wanted.push_back(swaps.ends(entry).second);
    }
  };
  const auto need = [&](std::size_t left, std::initializer_list<Index> agents) {
    copies.need(agents, [&](std::size_t pairs, std::vector<Index>& wanted) {
      wishes(left, pairs, wanted);
    });
  };
  const bool simple = swaps.make_simple(bad, stream, key, need);
  copies.give_back();
  return simple;
}

}  // namespace

bool is_mesh_for_ranks(Index agents, Index k) {
  return k > 2 && Offset{k} * k <= Offset{agents} && !is_dense_mesh(agents, k) &&
         Offset{agents} * k > Offset{2 * kMixedLinks};
}

std::optional<Network> mesh_rows(Communicator& ranks, std::span<const RankPart> parts, Index k,
                                 std::uint64_t seed, std::uint32_t index, Threads threads,
                                 std::size_t copies) {
  const std::size_t agents = parts.back().first + parts.back().count;
  const RankPart own = parts[at(ranks.rank())];
  const MeshDegrees degrees = mesh_degrees(static_cast<Index>(agents), k, seed, index);
  const std::vector<Offset> offsets = degrees.offsets(own.first, own.count);
  const PairingPart part{offsets, static_cast<Index>(own.first)};
  const RandomStream swap_stream(seed, kMeshSwapStream);
  const PairingShape shape = pairing_shape(agents, degrees.entries());
  for (std::uint32_t draw = 0; draw < kMaxMeshDraws; ++draw) {
    const PairingNumber number{PairingStreams(seed), {index, draw, 0, 0}, shape};
    RankPairing pairing(ranks, part, number);
    if (!pairing.fits()) continue;
    std::vector<Index> not_simple;
    std::vector<Index> columns = pairing.columns(not_simple, threads);
    SwapCopies rows(ranks, parts, degrees, columns, copies);
    if (!make_simple(rows, degrees, not_simple, swap_stream, number.key)) continue;
    Network network{degrees.offsets(own.first, own.count), std::move(columns)};
    const Offset before = network.offsets.front();
    for (Offset& offset : network.offsets) offset -= before;
    if (!is_connected(ranks, parts, network)) return {};
    return network;
  }
  throw std::logic_error(kNoMesh);
}

}  // namespace needflow
