// Cost model, bytes a stub: count none; deal 4 written; match 4 read and written, twice more within
// the cache to take a bucket's pieces together and apart; collect 4 read and 4 written, then rows
// sorted in the cache. Buckets are drawn three times rather than kept, an eighth of a Philox block
// a stub each. Memory: 4 B a stub for what is dealt and 4 for the columns, and 8 a stub of one
// bucket a thread.
//
// Rows are sorted here, which random_pairing() does without: its trick, each stub in order telling
// its partner, would be a second exchange.
#include "kernels/pairing_parts.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "kernels/pairing_steps.hpp"

namespace needflow {

namespace {

/// Calls work(agent's place in the part, bucket) for each stub of the part, in order.
template <class Work>
void for_stubs(const PairingPart& part, const PairingNumber& number, const Work& work) {
  BucketDraws bucket_of(number.streams.bucket, number.key, number.shape.bucket_bits,
                        part.first_stub());
  for (std::size_t i = 0; i < part.agents(); ++i) {
    const auto end = static_cast<std::size_t>(part.offsets[i + 1]);
    for (auto stub = static_cast<std::size_t>(part.offsets[i]); stub < end; ++stub) {
      work(i, bucket_of(stub));
    }
  }
}

/// Where each bucket begins.
std::vector<std::size_t> begins_of(std::span<const std::size_t> counts) {
  std::vector<std::size_t> begins(counts.size());
  std::exclusive_scan(counts.begin(), counts.end(), begins.begin(), std::size_t{0});
  return begins;
}

/// Ascending. Short rows by counting who is smaller, which has no branch to mispredict.
void sort_row(std::span<Index> row) {
  constexpr std::size_t kShort = 64;
  if (row.size() > kShort) {
    std::sort(row.begin(), row.end());
    return;
  }
  std::array<Index, kShort> from;
  std::copy(row.begin(), row.end(), from.begin());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Index value = from[i];
    Index place = 0;
    for (std::size_t j = 0; j < i; ++j) place += from[j] <= value ? 1 : 0;
    for (std::size_t j = i + 1; j < row.size(); ++j) place += from[j] < value ? 1 : 0;
    row[static_cast<std::size_t>(place)] = value;
  }
}

/// The buckets of one part, each taken together from its pieces, paired and put back.
class PieceMatcher {
 public:
  PieceMatcher(BucketRange buckets, std::span<const DealtPiece> pieces, const PairingNumber& number)
      : buckets_(buckets), pieces_(pieces), number_(number), ends_(buckets.end - buckets.begin) {
    for (const DealtPiece& piece : pieces) begins_.push_back(begins_of(piece.counts));
  }

  void match(bool somebody_waits, Threads threads) {
    std::vector<char> waits(ends_.size());
    for (std::size_t b = 0; b < ends_.size(); ++b) {
      waits[b] = somebody_waits ? 1 : 0;
      somebody_waits = (stubs_in(b) % 2 != 0) != somebody_waits;
    }
    const auto one = [&](std::size_t b) { ends_[b] = match_one(b, waits[b] != 0); };
    if (threads == Threads::all) {
      parallel_indices(ends_.size(), one, oneapi::tbb::auto_partitioner());
    } else {
      for (std::size_t b = 0; b < ends_.size(); ++b) one(b);
    }
  }

  /// Exchanges the agents of pairs that are in two buckets; what is left belongs to other parts.
  [[nodiscard]] LooseEnds join() {
    LooseEnds loose;
    for (std::size_t b = 0; b < ends_.size(); ++b) {
      if (ends_[b].joins != kNoPlace) {
        Index* const joins = place(b, ends_[b].joins);
        if (loose.waits != nullptr) {
          std::swap(*std::exchange(loose.waits, nullptr), *joins);
        } else {
          loose.joins = joins;
        }
      }
      if (ends_[b].waits != kNoPlace) loose.waits = place(b, ends_[b].waits);
    }
    return loose;
  }

 private:
  [[nodiscard]] std::size_t stubs_in(std::size_t b) const {
    std::size_t stubs = 0;
    for (const DealtPiece& piece : pieces_) stubs += piece.counts[b];
    return stubs;
  }

  [[nodiscard]] std::span<Index> piece_of(std::size_t p, std::size_t b) const {
    return pieces_[p].agents.subspan(begins_[p][b], pieces_[p].counts[b]);
  }

  [[nodiscard]] Index* place(std::size_t b, std::size_t number) const {
    std::size_t p = 0;
    while (number >= pieces_[p].counts[b]) number -= pieces_[p++].counts[b];
    return piece_of(p, b).data() + number;
  }

  BucketEnds match_one(std::size_t b, bool somebody_waits) const {
    std::vector<Index> agents;
    std::vector<std::uint32_t> open_places;
    agents.reserve(stubs_in(b));
    for (std::size_t p = 0; p < pieces_.size(); ++p) {
      const std::span<const Index> piece = piece_of(p, b);
      agents.insert(agents.end(), piece.begin(), piece.end());
    }
    PartnerDraws draws(number_.streams.partner, number_.key, buckets_.begin + b);
    const BucketEnds ends =
        match_bucket(agents.data(), agents.size(), somebody_waits, draws, open_places);
    const Index* next = agents.data();
    for (std::size_t p = 0; p < pieces_.size(); ++p) {
      const std::span<Index> piece = piece_of(p, b);
      std::copy(next, next + piece.size(), piece.begin());
      next += piece.size();
    }
    return ends;
  }

  BucketRange buckets_;
  std::span<const DealtPiece> pieces_;
  const PairingNumber& number_;
  std::vector<std::vector<std::size_t>> begins_;  ///< of each piece, of its buckets
  std::vector<BucketEnds> ends_;
};

}  // namespace

std::vector<std::size_t> stubs_by_bucket(const PairingPart& part, const PairingNumber& number) {
  std::vector<std::size_t> counts(std::size_t{1} << number.shape.bucket_bits);
  for_stubs(part, number, [&counts](std::size_t, std::size_t bucket) { ++counts[bucket]; });
  return counts;
}

bool buckets_fit(std::span<const std::int64_t> totals, std::size_t stubs,
                 const PairingShape& shape) {
  const auto room = static_cast<std::int64_t>(bucket_room(stubs, shape.bucket_bits));
  return std::all_of(totals.begin(), totals.end(), [room](std::int64_t n) { return n <= room; });
}

void deal_stubs(const PairingPart& part, const PairingNumber& number,
                std::span<const std::size_t> counts, std::span<Index> dealt) {
  std::vector<std::size_t> next = begins_of(counts);
  for_stubs(part, number, [&](std::size_t i, std::size_t bucket) {
    dealt[next[bucket]++] = part.first_agent + static_cast<Index>(i);
  });
}

BucketRange bucket_range(const PairingShape& shape, std::size_t part, std::size_t parts) {
  const std::size_t buckets = std::size_t{1} << shape.bucket_bits;
  return {buckets * part / parts, buckets * (part + 1) / parts};
}

LooseEnds match_pieces(BucketRange buckets, std::span<const DealtPiece> pieces, bool somebody_waits,
                       const PairingNumber& number, Threads threads) {
  PieceMatcher matcher(buckets, pieces, number);
  matcher.match(somebody_waits, threads);
  return matcher.join();
}

void collect_partners(const PairingPart& part, const PairingNumber& number,
                      std::span<const std::size_t> counts, std::span<const Index> partners,
                      std::span<Index> columns, std::vector<Index>& not_simple, Threads threads) {
  std::vector<std::size_t> next = begins_of(counts);
  Index* column = columns.data();
  for_stubs(part, number, [&](std::size_t, std::size_t bucket) {
    const std::size_t place = next[bucket]++;
    __builtin_prefetch(partners.data() + place + kAgentsALine);
    *column++ = partners[place];
  });
  std::vector<char> simple(part.agents());
  for_row_blocks(part.agents(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto from = static_cast<std::size_t>(part.offsets[i] - part.offsets[0]);
      const auto length = static_cast<std::size_t>(part.offsets[i + 1] - part.offsets[i]);
      const std::span<Index> row = columns.subspan(from, length);
      sort_row(row);
      const Index agent = part.first_agent + static_cast<Index>(i);
      simple[i] = is_simple_row(row.data(), length, agent) ? 1 : 0;
    }
  });
  for (std::size_t i = 0; i < simple.size(); ++i) {
    if (simple[i] == 0) not_simple.push_back(part.first_agent + static_cast<Index>(i));
  }
}

}  // namespace needflow
