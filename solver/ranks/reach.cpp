// Cost model: an own row is read until an agent is found in it that has been reached, 4 B and a bit
// at a random place an entry; of random rows half are read whole once and the others hardly.
// Messages: a bit an agent of all, each time through.
//
// Tried: a search that follows links as it finds them and tells other ranks what it has seen of
// theirs reads rows at random places: it took 30 % of the samples of making the mesh.
#include "solver/ranks/reach.hpp"

#include <bit>
#include <cstdint>
#include <vector>

namespace needflow {

namespace {

class Reach {
 public:
  Reach(Communicator& ranks, std::span<const RankPart> parts, const Network& rows)
      : ranks_(ranks),
        rows_(rows),
        own_(parts[static_cast<std::size_t>(ranks.rank())]),
        agents_(parts.back().first + parts.back().count),
        known_(agents_ / 64 + 1),
        mine_(known_.size()) {}

  bool is_everybody() {
    if (own_.first == 0 && own_.count > 0) mine_[0] = 1;
    std::size_t before = 0;
    for (bool up = true;; up = !up) {
      known_ = mine_;  // bits of different ranks are different bits
      ranks_.add(known_);
      std::size_t reached = 0;
      for (const std::int64_t word : known_) {
        reached += static_cast<std::size_t>(std::popcount(static_cast<std::uint64_t>(word)));
      }
      if (reached == agents_) return true;
      if (reached == before) return false;
      before = reached;
      go_through(up);
    }
  }

 private:
  [[nodiscard]] static std::int64_t bit_of(std::size_t agent) {
    return static_cast<std::int64_t>(std::uint64_t{1} << (agent % 64));
  }

  /// Who has a neighbour that has been reached, has been: up or down, so that whoever comes later
  /// is reached through those before.
  void go_through(bool up) {
    for (std::size_t i = 0; i < own_.count; ++i) {
      const std::size_t row = up ? i : own_.count - 1 - i;
      const std::size_t agent = own_.first + row;
      if ((known_[agent / 64] & bit_of(agent)) != 0 || !is_reached(row)) continue;
      known_[agent / 64] |= bit_of(agent);
      mine_[agent / 64] |= bit_of(agent);
    }
  }

  [[nodiscard]] bool is_reached(std::size_t row) const {
    for (Offset e = rows_.offsets[row]; e < rows_.offsets[row + 1]; ++e) {
      const auto other = static_cast<std::size_t>(rows_.columns[static_cast<std::size_t>(e)]);
      if ((known_[other / 64] & bit_of(other)) != 0) return true;
    }
    return false;
  }

  Communicator& ranks_;
  const Network& rows_;
  RankPart own_;
  std::size_t agents_;
  std::vector<std::int64_t> known_;  ///< a bit an agent of all: reached, as far as is known here
  std::vector<std::int64_t> mine_;   ///< those of own agents alone
};

}  // namespace

bool is_connected(Communicator& ranks, std::span<const RankPart> parts, const Network& rows) {
  return Reach(ranks, parts, rows).is_everybody();
}

}  // namespace needflow
