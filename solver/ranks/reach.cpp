// Cost model: each own row is read once, a bit at a random place for each entry; each agent of
// others is told of once, 4 B.
#include "solver/ranks/reach.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "solver/ranks/lists.hpp"

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

class Search {
 public:
  Search(Communicator& ranks, std::span<const RankPart> parts, const Network& rows)
      : ranks_(ranks),
        parts_(parts),
        rows_(rows),
        own_(parts[at(ranks.rank())]),
        agents_(parts.back().first + parts.back().count),
        seen_(agents_ / 64 + 1),
        news_(parts.size()) {}

  bool reaches_all() {
    if (own_.first == 0 && own_.count > 0) visit(0);
    for (;;) {
      go_on();
      std::array<std::int64_t, 2> counts{0, 0};
      for (const auto& list : news_) counts[1] += static_cast<std::int64_t>(list.size());
      tell();
      counts[0] = reached_;
      ranks_.add(counts);
      if (counts[0] == static_cast<std::int64_t>(agents_)) return true;
      if (counts[1] == 0) return false;
    }
  }

 private:
  /// Notes an own agent that had not been reached.
  void visit(Index agent) {
    if (!is_new(agent)) return;
    ++reached_;
    to_visit_.push_back(agent);
  }

  bool is_new(Index agent) {
    const auto i = static_cast<std::size_t>(agent);
    const std::uint64_t bit = std::uint64_t{1} << (i % 64);
    const bool found = (seen_[i / 64] & bit) == 0;
    seen_[i / 64] |= bit;
    return found;
  }

  /// As far as own rows lead; agents of others are noted for them.
  void go_on() {
    while (!to_visit_.empty()) {
      const std::size_t row = static_cast<std::size_t>(to_visit_.back()) - own_.first;
      to_visit_.pop_back();
      std::size_t rank = 0;  // the row ascends, so the ranks that its columns are on do
      for (Offset e = rows_.offsets[row]; e < rows_.offsets[row + 1]; ++e) {
        const Index other = rows_.columns[static_cast<std::size_t>(e)];
        if (static_cast<std::size_t>(other) - own_.first < own_.count) {
          visit(other);
        } else if (is_new(other)) {
          while (static_cast<std::size_t>(other) >= parts_[rank].first + parts_[rank].count) ++rank;
          news_[rank].push_back(other);
        }
      }
    }
  }

  /// Everybody's news to whom they are for.
  void tell() {
    const std::vector<std::span<const Index>> lists(news_.begin(), news_.end());
    const auto heard = exchanged_lists<Index>(ranks_, lists);
    for (auto& list : news_) list.clear();
    for (const auto& list : heard) {
      for (const Index agent : list) visit(agent);
    }
  }

  Communicator& ranks_;
  std::span<const RankPart> parts_;
  const Network& rows_;
  RankPart own_;
  std::size_t agents_;
  std::int64_t reached_ = 0;              ///< own agents
  std::vector<std::uint64_t> seen_;       ///< own agents reached, others told of: a bit each
  std::vector<Index> to_visit_;           ///< own agents reached whose rows have not been read
  std::vector<std::vector<Index>> news_;  ///< of each rank, its agents that own rows lead to
};

}  // namespace

bool is_connected(Communicator& ranks, std::span<const RankPart> parts, const Network& rows) {
  return Search(ranks, parts, rows).reaches_all();
}

}  // namespace needflow
