// One agent after the other rewires its links; what it may draw depends on the network as it
// stands, so this is serial, as in Watts and Strogatz's paper (who go round the circle k / 2 times,
// once for each distance; by agent, an owner's links are read once). Draws are addressed by the
// link, (owner, which of its links), whatever came before.
//
// Cost model: for each link 4 B and half a Philox block to decide; for each rewired one another
// block and the 4 · k / 2 B of a random agent's own links, fetched ahead for kBlock agents. A link
// between u and w is found in u's own list or in w's, so no table of links is needed.
#include <algorithm>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/random.hpp"
#include "solver/networks/kinds.hpp"
#include "solver/networks/links.hpp"

namespace needflow {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Agents whose first draws are made, and what they point to fetched, at once.
constexpr Index kBlock = 64;
// Draws for one link; above half of the agents linked to the owner each succeeds with ~1/N.
constexpr std::uint32_t kTries = kReplicateLimit;

/// The links by owner, while they are rewired.
class Rewiring {
 public:
  Rewiring(Index agents, Index k, double beta, NetworkDraw draw)
      : agents_(agents),
        own_(k / 2),
        beta_(beta),
        index_(draw.index),
        whether_(draw.seed, "network rewired"),
        where_(draw.seed, "network rewired to"),
        targets_(at(agents) * at(own_)),
        degree_(at(agents), k) {
    for (Index u = 0; u < agents; ++u) {
      for (Index j = 0; j < own_; ++j) {
        links(u)[at(j)] = u < agents - 1 - j ? u + 1 + j : u + 1 + j - agents;
      }
    }
  }

  void run() {
    std::vector<Move> moves;
    for (Index first = 0; first < agents_; first += kBlock) {
      moves.clear();
      const Index last = first + std::min(kBlock, agents_ - first);
      for (Index u = first; u < last; ++u) draw_moves(u, moves);
      for (const Move& move : moves) make(move);
    }
  }

  [[nodiscard]] Network network(Threads threads) const {
    std::vector<Offset> begins(at(agents_) + 1);
    for (std::size_t i = 0; i < begins.size(); ++i) begins[i] = static_cast<Offset>(i) * own_;
    return network_from_owners(begins, targets_, threads);
  }

 private:
  /// A link that is to be rewired, and the first agent drawn for it.
  struct Move {
    Index owner;
    Index link;
    Index to;
  };

  [[nodiscard]] std::span<Index> links(Index u) {
    return {targets_.data() + at(u) * at(own_), at(own_)};
  }

  [[nodiscard]] Index drawn(Index u, Index link, std::uint32_t attempt) const {
    const auto other = static_cast<Index>(below(
        where_, {index_, attempt, static_cast<std::uint32_t>(u), static_cast<std::uint32_t>(link)},
        static_cast<std::uint32_t>(agents_ - 1)));
    return other < u ? other : other + 1;
  }

  void draw_moves(Index u, std::vector<Move>& moves) {
    for (Index j = 0; j < own_; ++j) {
      const DrawKey key{index_, 0, static_cast<std::uint32_t>(u), static_cast<std::uint32_t>(j)};
      if (uniform01(whether_, key) > beta_) continue;
      moves.push_back({u, j, drawn(u, j, 0)});
      __builtin_prefetch(links(moves.back().to).data());
      __builtin_prefetch(&degree_[at(moves.back().to)]);
    }
  }

  [[nodiscard]] bool linked(Index u, Index w) {
    const auto has = [this](Index owner, Index other) {
      const std::span<const Index> list = links(owner);
      return std::find(list.begin(), list.end(), other) != list.end();
    };
    return has(u, w) || has(w, u);
  }

  void make(const Move& move) {
    if (degree_[at(move.owner)] == agents_ - 1) return;
    Index to = move.to;
    for (std::uint32_t attempt = 1; linked(move.owner, to); ++attempt) {
      if (attempt == kTries) throw std::logic_error("small_world: no agent to rewire to was drawn");
      to = drawn(move.owner, move.link, attempt);
    }
    Index& target = links(move.owner)[at(move.link)];
    --degree_[at(target)];
    ++degree_[at(to)];
    target = to;
  }

  Index agents_;
  Index own_;  ///< links an agent owns
  double beta_;
  std::uint32_t index_;
  RandomStream whether_;
  RandomStream where_;
  std::vector<Index> targets_;
  std::vector<Index> degree_;
};

}  // namespace

Network small_world(Index agents, Index k, double beta, NetworkDraw draw, Threads threads) {
  Rewiring rewiring(agents, k, beta, draw);
  rewiring.run();
  return connected(rewiring.network(threads));
}

}  // namespace needflow
