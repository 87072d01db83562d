// How rows are split over ranks and how a rank gets the values that its columns name.
#include <doctest/doctest.h>

#include "solver/error.hpp"
#include "solver/ranks/halo.hpp"
#include "solver/ranks/together.hpp"
#include "tests/ranks/ranks.hpp"

namespace needflow {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

TEST_CASE("parts are whole blocks, in order, and leave nobody out") {
  for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, std::size_t{512}, std::size_t{513},
                                 std::size_t{5000}, std::size_t{10'000'000}}) {
    for (const int count : {1, 2, 3, 7, 100}) {
      const std::vector<RankPart> parts = split_rows(rows, count);
      REQUIRE(parts.size() == at(count));
      std::size_t next = 0;
      std::size_t most = 0;
      std::size_t least = rows;
      for (const RankPart& part : parts) {
        CHECK(part.first == next);
        CHECK((part.first % kRowBlock == 0 || part.count == 0));
        next += part.count;
        most = std::max(most, blocks_of(part.count));
        least = std::min(least, blocks_of(part.count));
      }
      CHECK(next == rows);
      CHECK(most - std::min(most, least) <= 1);
    }
  }
}

/// Every rank names agents first, first + step … and its own; after a fetch each place holds the
/// value of the agent that was named: its number.
void check_fetch(std::size_t agents, std::size_t step, bool expects_all) {
  Communicator& all = ranks();
  const std::vector<RankPart> parts = split_rows(agents, all.size());
  const RankPart own = parts[at(all.rank())];
  std::vector<Index> named;
  for (std::size_t i = 0; i < agents; i += step) named.push_back(static_cast<Index>(i));
  for (std::size_t i = 0; i < own.count; i += 7) {
    named.push_back(static_cast<Index>(own.first + i));
  }
  std::vector<Index> columns = named;
  Halo halo(all, parts, columns);
  CHECK(halo.gets_all() == (expects_all && all.size() > 1));
  std::vector<double> values(halo.seen(), -1.0);
  for (std::size_t i = 0; i < own.count; ++i) values[i] = static_cast<double>(own.first + i);
  halo.fetch(values, Threads::one);
  for (std::size_t e = 0; e < named.size(); ++e) {
    CHECK(values[at(columns[e])] == static_cast<double>(named[e]));
  }
}

TEST_CASE("a fetch brings what columns name, by lists where that is little") {
  check_fetch(3000, 10, false);
  check_fetch(700, 100, false);  // more ranks than blocks
}

TEST_CASE("a fetch brings what columns name, everything where that is much") {
  check_fetch(3000, 1, true);
}

TEST_CASE("the first rank's trouble is everybody's, as the same type with the same words") {
  const auto fails = [](const auto& problem) {
    return [problem] { on_first_rank(ranks(), [&] { throw problem; }); };
  };
  CHECK_THROWS_WITH_AS(fails(IoError("no such disk"))(), "no such disk", IoError);
  CHECK_THROWS_WITH_AS(fails(ScenarioError("no such key"))(), "no such key", ScenarioError);
  CHECK_THROWS_WITH_AS(fails(InvalidPoint("no such mesh"))(), "no such mesh", InvalidPoint);
  CHECK_THROWS_WITH_AS(fails(std::runtime_error(""))(), "", std::runtime_error);
  CHECK_THROWS_AS(fails(std::bad_alloc())(), std::bad_alloc);
  CHECK_NOTHROW(on_first_rank(ranks(), [] {}));
}

TEST_CASE("the last rank's trouble ends all, with its own words where it was") {
  Communicator& all = ranks();
  const bool here = all.rank() + 1 == all.size();
  const auto work = [here] {
    if (here) throw IoError("no such disk");
  };
  if (here) {
    CHECK_THROWS_WITH_AS(on_all_ranks(all, work), "no such disk", IoError);
  } else {
    CHECK_THROWS_WITH_AS(on_all_ranks(all, work), "another rank could not go on",
                         std::runtime_error);
  }
  CHECK_NOTHROW(on_all_ranks(all, [] {}));
  CHECK(sum_over_ranks(all, all.rank() + 1) == std::int64_t{all.size()} * (all.size() + 1) / 2);
}

}  // namespace
}  // namespace needflow
