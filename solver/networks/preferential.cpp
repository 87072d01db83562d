// How: an agent is as often among the ends of all links as its degree says, so the far end of a
// uniformly drawn end of an earlier link is an agent drawn in proportion to degree (V. Batagelj and
// U. Brandes, Phys. Rev. E 71 (2005) 036113). Ends 2e and 2e + 1 belong to link e: its owner, who
// is known from e, and its target. An end that makes a link double is drawn again.
//
// Draws are addressed by (newcomer, which of its links), so the network is a pure function, and
// could be had without the links before (P. Sanders and C. Schulz, "Scalable generation of
// scale-free graphs", 2016) but for double links, whose redraws ask for the newcomer's other
// targets; in order it is one read a link. Cost model: a Philox block and 4 B at a random place for
// each link, fetched ahead for kBlock newcomers.
#include <algorithm>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/random.hpp"
#include "solver/networks/kinds.hpp"
#include "solver/networks/links.hpp"

namespace needflow {

namespace {

constexpr std::size_t kBlock = 32;
// Up to here a newcomer's targets are searched for a double one, above they are marked.
constexpr std::size_t kShort = 64;

class Growth {
 public:
  Growth(std::size_t agents, std::size_t links, NetworkDraw draw)
      : agents_(agents),
        links_(links),
        first_links_(links * (links + 1) / 2),
        index_(draw.index),
        stream_(draw.seed, "network preferential"),
        targets_(begin(agents)) {
    for (std::size_t i = 0; i <= links; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        targets_[begin(i) + j] = static_cast<Index>(j);
        first_owners_.push_back(static_cast<Index>(i));
      }
    }
    if (links > kShort) marked_by_.assign(agents, 0);
  }

  void run() {
    std::vector<std::size_t> ends(kBlock * links_);
    for (std::size_t first = links_ + 1; first < agents_; first += kBlock) {
      const std::size_t last = std::min(first + kBlock, agents_);
      std::size_t* end = ends.data();
      for (std::size_t i = first; i < last; ++i) {
        for (std::size_t l = 0; l < links_; ++l) {
          *end = drawn_end(i, l, 0);
          __builtin_prefetch(targets_.data() + *end++ / 2);
        }
      }
      end = ends.data();
      for (std::size_t i = first; i < last; ++i, end += links_) attach(i, {end, links_});
    }
  }

  [[nodiscard]] Network network(Threads threads) const {
    std::vector<Offset> begins(agents_ + 1);
    for (std::size_t i = 0; i <= agents_; ++i) begins[i] = static_cast<Offset>(begin(i));
    return network_from_owners(begins, targets_, threads);
  }

 private:
  /// The first link that agent i brought.
  [[nodiscard]] std::size_t begin(std::size_t i) const {
    return i <= links_ ? i * (i - std::min<std::size_t>(i, 1)) / 2
                       : first_links_ + links_ * (i - links_ - 1);
  }

  [[nodiscard]] std::size_t drawn_end(std::size_t i, std::size_t link,
                                      std::uint32_t attempt) const {
    return below(stream_,
                 {index_, attempt, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(link)},
                 static_cast<std::uint32_t>(2 * begin(i)));
  }

  [[nodiscard]] Index agent_at(std::size_t end) const {
    const std::size_t link = end / 2;
    if (end % 2 != 0) return targets_[link];
    if (link < first_links_) return first_owners_[link];
    return static_cast<Index>(links_ + 1 + (link - first_links_) / links_);
  }

  void attach(std::size_t i, std::span<const std::size_t> ends) {
    const std::size_t from = begin(i);
    for (std::size_t l = 0; l < links_; ++l) {
      Index target = agent_at(ends[l]);
      for (std::uint32_t attempt = 1; taken(i, {targets_.data() + from, l}, target); ++attempt) {
        if (attempt == kReplicateLimit) throw std::logic_error("preferential: only double links");
        target = agent_at(drawn_end(i, l, attempt));
      }
      targets_[from + l] = target;
      if (!marked_by_.empty()) marked_by_[static_cast<std::size_t>(target)] = static_cast<Index>(i);
    }
  }

  [[nodiscard]] bool taken(std::size_t i, std::span<const Index> before, Index target) const {
    if (!marked_by_.empty()) {
      return marked_by_[static_cast<std::size_t>(target)] == static_cast<Index>(i);
    }
    return std::find(before.begin(), before.end(), target) != before.end();
  }

  std::size_t agents_;
  std::size_t links_;        ///< a newcomer brings
  std::size_t first_links_;  ///< among the first agents
  std::uint32_t index_;
  RandomStream stream_;
  std::vector<Index> targets_;
  std::vector<Index> first_owners_;
  std::vector<Index> marked_by_;  ///< the last newcomer that linked to an agent
};

}  // namespace

Network preferential(Index agents, Index k, NetworkDraw draw, Threads threads) {
  Growth growth(static_cast<std::size_t>(agents), static_cast<std::size_t>(k) / 2, draw);
  growth.run();
  return growth.network(threads);
}

}  // namespace needflow
