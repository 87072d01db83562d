// The random pairing in parts (kernels/pairing_parts.hpp): whoever has which agents and buckets,
// the rows are those of the twin, which has everything in one place.
#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/pairing_parts.hpp"
#include "kernels/reference/pairing.hpp"
#include "tests/kernels/stub_lists.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::irregular;
using tests::Numbers;
using tests::Paired;

PairingNumber numbered(std::uint64_t seed, std::uint32_t number, PairingShape shape) {
  return {PairingStreams(seed), {number, number / 7, 0, 0}, shape};
}

Paired plain(const std::vector<Offset>& offsets, const PairingNumber& number) {
  Paired result{std::vector<Index>(static_cast<std::size_t>(offsets.back())), {}};
  CHECK(reference::random_pairing(offsets, number.streams, number.key, number.shape, result.columns,
                                  {}, result.not_simple));
  return result;
}

/// What one of the parts holds.
struct Holder {
  PairingPart part;
  std::vector<std::size_t> counts;
  std::vector<Index> dealt;
};

/// Exchanges the agents of whoever waits in one part and joins in a later one.
void join(const std::vector<LooseEnds>& loose) {
  Index* waits = nullptr;
  for (const LooseEnds& ends : loose) {
    if (ends.joins != nullptr) std::swap(*std::exchange(waits, nullptr), *ends.joins);
    if (ends.waits != nullptr) waits = ends.waits;
  }
  CHECK(waits == nullptr);
}

void match(std::vector<Holder>& holders, const PairingNumber& number, Threads threads) {
  std::size_t before = 0;
  std::vector<LooseEnds> loose;
  for (std::size_t h = 0; h < holders.size(); ++h) {
    const BucketRange range = bucket_range(number.shape, h, holders.size());
    std::vector<DealtPiece> pieces;
    std::size_t stubs = 0;
    for (Holder& holder : holders) {
      const std::span<const std::size_t> counts(holder.counts);
      const auto sum = [&](std::size_t begin, std::size_t end) {
        return std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(begin),
                               counts.begin() + static_cast<std::ptrdiff_t>(end), std::size_t{0});
      };
      const std::size_t inside = sum(range.begin, range.end);
      pieces.push_back({std::span(holder.dealt).subspan(sum(0, range.begin), inside),
                        counts.subspan(range.begin, range.end - range.begin)});
      stubs += inside;
    }
    loose.push_back(match_pieces(range, pieces, before % 2 != 0, number, threads));
    before += stubs;
  }
  join(loose);
}

/// `cuts`: the first agent of each part but the first, ascending.
Paired in_parts(const std::vector<Offset>& offsets, const PairingNumber& number,
                const std::vector<std::size_t>& cuts, Threads threads) {
  std::vector<Holder> holders;
  std::size_t first = 0;
  for (std::size_t p = 0; p <= cuts.size(); ++p) {
    const std::size_t end = p == cuts.size() ? offsets.size() - 1 : cuts[p];
    holders.push_back(
        {{std::span(offsets).subspan(first, end - first + 1), static_cast<Index>(first)}, {}, {}});
    first = end;
  }
  for (Holder& holder : holders) {
    holder.counts = stubs_by_bucket(holder.part, number);
    holder.dealt.assign(holder.part.stubs(), -1);
    deal_stubs(holder.part, number, holder.counts, holder.dealt);
  }
  match(holders, number, threads);
  Paired result;
  for (const Holder& holder : holders) {
    std::vector<Index> columns(holder.part.stubs(), -1);
    collect_partners(holder.part, number, holder.counts, holder.dealt, columns, result.not_simple,
                     threads);
    result.columns.insert(result.columns.end(), columns.begin(), columns.end());
  }
  return result;
}

}  // namespace

TEST_CASE("a pairing in parts has the rows of the twin, however agents and buckets are cut") {
  Numbers numbers(21);
  for (const std::size_t agents : {1, 2, 5, 17, 64, 300, 1500}) {
    for (const std::size_t largest : {1, 4, 30, 90}) {
      const std::vector<Offset> offsets = irregular(numbers, agents, largest);
      for (const unsigned bucket_bits : {0U, 1U, 3U, 6U}) {
        for (const std::size_t parts : {1, 2, 3, 7}) {
          std::vector<std::size_t> cuts;
          for (std::size_t p = 1; p < parts; ++p) cuts.push_back(numbers.below(agents + 1));
          std::sort(cuts.begin(), cuts.end());
          const PairingNumber number =
              numbered(3, static_cast<std::uint32_t>(numbers.below(1000)), {bucket_bits, 0});
          CAPTURE(agents);
          CAPTURE(largest);
          CAPTURE(bucket_bits);
          CAPTURE(parts);
          CHECK(in_parts(offsets, number, cuts, Threads::one) == plain(offsets, number));
        }
      }
    }
  }
}

TEST_CASE("one stub in many buckets waits through empty ones and parts without any") {
  for (std::uint32_t n = 0; n < 200; ++n) {
    const std::vector<Offset> offsets{0, 1, 1, 2, 3, 4};
    const PairingNumber number = numbered(5, n, {5, 0});
    CHECK(in_parts(offsets, number, {1, 2, 2, 4}, Threads::one) == plain(offsets, number));
  }
}

TEST_CASE("a pairing in parts is the same with threads, and that of the kernel that has it whole") {
  constexpr std::size_t kAgents = 40'001;
  std::vector<Offset> offsets(kAgents + 1);
  for (std::size_t i = 0; i <= kAgents; ++i) offsets[i] = static_cast<Offset>(10 * i);
  const PairingNumber number = numbered(6, 2, pairing_shape(kAgents, offsets.back()));
  CHECK(number.shape.bucket_bits > 2);
  Paired whole{std::vector<Index>(pairing_columns(offsets.back(), number.shape)), {}};
  std::vector<std::uint32_t> messages(static_cast<std::size_t>(offsets.back()));
  CHECK(random_pairing(offsets, number.streams, number.key, number.shape, whole.columns, messages,
                       whole.not_simple));
  whole.columns.resize(messages.size());
  for (const Threads threads : {Threads::one, Threads::all}) {
    CHECK(in_parts(offsets, number, {512, 20'480}, threads) == whole);
  }
}

TEST_CASE("a bucket too full for the kernel that has it whole is told") {
  // Room of two buckets of 500 stubs each on average: 12 · (22 + 1) + 64 more.
  const std::vector<std::int64_t> fits{840, 160};
  const std::vector<std::int64_t> too_many{841, 159};
  CHECK(buckets_fit(fits, 1000, {1, 0}));
  CHECK_FALSE(buckets_fit(too_many, 1000, {1, 0}));
}
