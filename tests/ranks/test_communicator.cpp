// Every call of the communicator, on as many ranks as the program was started on.
#include <doctest/doctest.h>

#include <set>
#include <span>

#include "tests/ranks/ranks.hpp"

namespace needflow {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// Rank r has r + 1 values; they stand in order of the ranks.
std::vector<RankPart> growing_parts(int size) {
  std::vector<RankPart> parts;
  std::size_t first = 0;
  for (int r = 0; r < size; ++r) {
    parts.push_back({first, at(r) + 1});
    first += at(r) + 1;
  }
  return parts;
}

double value_of(int rank, std::size_t i) { return 100.0 * rank + static_cast<double>(i); }

std::vector<std::byte> bytes_of(const std::string& text) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST_CASE("share gives everybody all parts, each rank with places of its own") {
  Communicator& all = ranks();
  std::vector<RankPart> parts = growing_parts(all.size());
  const std::size_t count = parts.back().first + parts.back().count;
  // This rank's part first, the others after it in order.
  const RankPart own = parts[at(all.rank())];
  for (int r = 0; r < all.rank(); ++r) parts[at(r)].first += own.count;
  parts[at(all.rank())].first = 0;
  std::vector<double> values(count, -1.0);
  for (std::size_t i = 0; i < own.count; ++i) values[i] = value_of(all.rank(), i);
  all.share(values, parts);
  for (int r = 0; r < all.size(); ++r) {
    for (std::size_t i = 0; i < parts[at(r)].count; ++i) {
      CHECK(values[parts[at(r)].first + i] == value_of(r, i));
    }
  }
}

TEST_CASE("collect brings all parts to the first rank") {
  Communicator& all = ranks();
  const std::vector<RankPart> parts = growing_parts(all.size());
  std::vector<double> own;
  for (std::size_t i = 0; i <= at(all.rank()); ++i) own.push_back(value_of(all.rank(), i));
  std::vector<double> values(all.first() ? parts.back().first + parts.back().count : 0);
  all.collect(own, values, parts);
  for (int r = 0; r < all.size() && all.first(); ++r) {
    for (std::size_t i = 0; i <= at(r); ++i) {
      CHECK(values[parts[at(r)].first + i] == value_of(r, i));
    }
  }
}

TEST_CASE("collect_bytes keeps the order of the ranks and takes empty texts") {
  Communicator& all = ranks();
  const auto text = [](int rank) {
    return std::string(rank == 1 ? 0 : at(rank) * 3 + 4, static_cast<char>('a' + rank));
  };
  const auto texts = all.collect_bytes(bytes_of(text(all.rank())));
  REQUIRE(texts.size() == (all.first() ? at(all.size()) : 0));
  for (std::size_t r = 0; r < texts.size(); ++r) {
    CHECK(texts[r] == bytes_of(text(static_cast<int>(r))));
  }
}

TEST_CASE("broadcast, add and largest") {
  Communicator& all = ranks();
  std::vector<std::byte> bytes = bytes_of(all.first() ? "from the first" : "from elsewhere");
  all.broadcast(bytes);
  CHECK(bytes == bytes_of("from the first"));
  std::vector<std::int64_t> counts{1, all.rank()};
  all.add(counts);
  CHECK(counts[0] == all.size());
  CHECK(counts[1] == std::int64_t{all.size()} * (all.size() - 1) / 2);
  CHECK(all.largest(-5.0 + all.rank()) == -5.0 + (all.size() - 1));
}

void check_exchange() {
  Communicator& all = ranks();
  const auto text = [](int from, int to) {
    return bytes_of("from " + std::to_string(from) + " to " + std::to_string(to));
  };
  std::vector<std::vector<std::byte>> sent(at(all.size()));
  std::vector<std::vector<std::byte>> received(at(all.size()));
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for (int other = 0; other < all.size(); ++other) {
    if (other == all.rank()) continue;
    sent[at(other)] = text(all.rank(), other);
    received[at(other)].resize(text(other, all.rank()).size());
    sends.push_back({other, sent[at(other)]});
    receives.push_back({other, received[at(other)]});
  }
  all.exchange(sends, receives);
  for (int other = 0; other < all.size(); ++other) {
    if (other != all.rank()) CHECK(received[at(other)] == text(other, all.rank()));
  }
}

TEST_CASE("exchange brings every message to whom it is for") { check_exchange(); }

TEST_CASE("messages longer than MPI counts go in pieces") {
  Communicator& all = ranks();
  constexpr std::size_t kUsual = std::size_t{1} << 30;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{5}, std::size_t{13}}) {
    all.set_piece_bytes(bytes);
    check_exchange();
    std::vector<std::byte> told = bytes_of(all.first() ? "thirteen long" : "another text ");
    all.broadcast(told);
    CHECK(told == bytes_of("thirteen long"));
  }
  all.set_piece_bytes(kUsual);
}

TEST_CASE("a counter hands out every number once") {
  Communicator& all = ranks();
  constexpr std::int64_t kTasks = 200;
  const std::unique_ptr<SharedCounter> counter = all.counter();
  std::vector<std::int64_t> takers(kTasks, 0);
  for (std::int64_t task = counter->take(); task < kTasks; task = counter->take()) {
    ++takers[static_cast<std::size_t>(task)];
    if (all.first()) all.progress();
  }
  all.add(takers);
  for (const std::int64_t count : takers) CHECK(count == 1);
}

TEST_CASE("ranks say who and how many they are") {
  Communicator& all = ranks();
  CHECK(all.size() == launch_found().size);
  CHECK(all.ranks_on_node() == all.size());  // the tests run on one machine
  std::vector<std::int64_t> present(at(all.size()), 0);
  present[at(all.rank())] = 1;
  all.add(present);
  for (const std::int64_t count : present) CHECK(count == 1);
}

}  // namespace
}  // namespace needflow
