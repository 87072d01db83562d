// How ranks that hold some rows each make mutual recognition of what both ends of a link give.
#include <doctest/doctest.h>

#include <cmath>

#include "solver/ranks/halo.hpp"
#include "solver/ranks/rank_rows.hpp"
#include "tests/ranks/ranks.hpp"

namespace needflow {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// What i gives j: any number that tells who gave it to whom.
double share_of(std::size_t i, std::size_t j) {
  return std::fmod(static_cast<double>(i) * 0.618034 + static_cast<double>(j) * 0.414214, 1.0);
}

/// Near ones and far ones: in steps of a prime over the circle.
bool linked(std::size_t i, std::size_t j, std::size_t agents) {
  const std::size_t apart = i < j ? j - i : i - j;
  return apart != 0 && (apart <= 2 || apart % 97 == 0 || apart % 311 == 5 || apart == agents - 1);
}

Network own_rows(std::size_t agents, RankPart own) {
  Network rows;
  for (std::size_t i = own.first; i < own.first + own.count; ++i) {
    for (std::size_t j = 0; j < agents; ++j) {
      if (linked(i, j, agents)) rows.columns.push_back(static_cast<Index>(j));
    }
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
  return rows;
}

void check_mutual(std::size_t agents, std::size_t a_message) {
  Communicator& all = ranks();
  const std::vector<RankPart> parts = split_rows(agents, all.size());
  const RankPart own = parts[at(all.rank())];
  const Network rows = own_rows(agents, own);
  const auto agent_of = [&](std::size_t entry) {
    return static_cast<std::size_t>(rows.columns[entry]);
  };
  std::vector<double> shares(rows.columns.size());
  const auto each_entry = [&](const auto& work) {
    for (std::size_t i = 0; i < own.count; ++i) {
      const auto end = static_cast<std::size_t>(rows.offsets[i + 1]);
      for (auto e = static_cast<std::size_t>(rows.offsets[i]); e < end; ++e) {
        work(own.first + i, agent_of(e), shares[e]);
      }
    }
  };
  each_entry([](std::size_t i, std::size_t j, double& share) { share = share_of(i, j); });
  make_mutual(all, parts, rows, shares, a_message);
  std::size_t wrong = 0;
  each_entry([&](std::size_t i, std::size_t j, double share) {
    if (share != std::min(share_of(i, j), share_of(j, i))) ++wrong;
  });
  CHECK(wrong == 0);
}

TEST_CASE("a share becomes the lesser of both, wherever the other end is") {
  check_mutual(1700, kSharesAMessage);
  check_mutual(600, kSharesAMessage);  // with three ranks one has no rows
}

TEST_CASE("shares that fill many messages, the last of them whole, torn or empty") {
  for (const std::size_t a_message : {1, 2, 7, 64, 1000}) check_mutual(1100, a_message);
}

}  // namespace
}  // namespace needflow
