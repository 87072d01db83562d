// How: points are sorted into square cells no smaller than the radius; all within the radius of a
// point lie in its cell and the eight around it, which are three runs of points. Rows are counted
// first and filled then: distances twice, but no list of links.
//
// Cost model: a pass reads three runs of about 3 k / π points each, 16 B a point, in the order of
// the cells, so they are in the cache; writes 8 B an entry. Rows are sorted where they are.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/random.hpp"
#include "solver/error.hpp"
#include "solver/networks/kinds.hpp"
#include "solver/networks/links.hpp"

namespace needflow {

namespace {

constexpr double kPi = 3.141592653589793;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Probability that two random points of the unit square are within r ≤ 1 of each other.
double share_within(double r) { return r * r * (kPi + r * (r / 2.0 - 8.0 / 3.0)); }

struct Point {
  double x;
  double y;
};

double squared_distance(Point a, Point b) {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

/// The points, by agent and by cell.
class Places {
 public:
  Places(Index agents, double radius, NetworkDraw draw, Threads threads)
      : squared_radius_(radius * radius), points_(at(agents)) {
    const RandomStream stream(draw.seed, "network place");
    for_row_blocks(points_.size(), threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const auto bits = stream.words({draw.index, 0, static_cast<std::uint32_t>(i), 0});
        points_[i] = {uniform_open(bits[0]), uniform_open(bits[1])};
      }
    });
    // No more cells than points: a row of empty cells costs time too.
    const double side = std::min(1.0 / radius, std::sqrt(static_cast<double>(agents)));
    side_ = std::max<std::size_t>(1, static_cast<std::size_t>(side));
    sort_into_cells();
  }

  [[nodiscard]] std::size_t agents() const { return points_.size(); }

  [[nodiscard]] float distance(Index a, Index b) const {
    return static_cast<float>(std::sqrt(squared_distance(points_[at(a)], points_[at(b)])));
  }

  /// The agent at a place in the order of the cells.
  [[nodiscard]] Index by_cell(std::size_t place) const { return sorted_[place].agent; }

  /// Calls link(agent, squared distance) for all within the radius of the agent at that place.
  template <class Link>
  void for_neighbors(std::size_t place, const Link& link) const {
    const Placed self = sorted_[place];
    const std::size_t column = cell_of(self.point.x);
    const std::size_t row = cell_of(self.point.y);
    const std::size_t right = std::min(column + 1, side_ - 1);
    for (std::size_t r = row - std::min<std::size_t>(row, 1); r <= std::min(row + 1, side_ - 1);
         ++r) {
      const std::size_t left = column - std::min<std::size_t>(column, 1);
      for (std::size_t p = begins_[r * side_ + left]; p < begins_[r * side_ + right + 1]; ++p) {
        const double squared = squared_distance(self.point, sorted_[p].point);
        if (squared <= squared_radius_ && p != place) link(sorted_[p].agent, squared);
      }
    }
  }

 private:
  struct Placed {
    Point point;
    Index agent;
  };

  [[nodiscard]] std::size_t cell_of(double coordinate) const {
    return static_cast<std::size_t>(coordinate * static_cast<double>(side_));  // below 1: in range
  }
  [[nodiscard]] std::size_t cell_of(Point p) const { return cell_of(p.y) * side_ + cell_of(p.x); }

  void sort_into_cells() {
    begins_.assign(side_ * side_ + 1, 0);
    for (const Point& point : points_) ++begins_[cell_of(point) + 1];
    for (std::size_t c = 0; c < side_ * side_; ++c) begins_[c + 1] += begins_[c];
    sorted_.resize(points_.size());
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    for (std::size_t i = 0; i < points_.size(); ++i) {
      sorted_[next[cell_of(points_[i])]++] = {points_[i], static_cast<Index>(i)};
    }
  }

  double squared_radius_;
  std::vector<Point> points_;
  std::size_t side_ = 1;             ///< cells along a side
  std::vector<std::size_t> begins_;  ///< of the cells, row by row, in sorted_
  std::vector<Placed> sorted_;
};

void count_links(const Places& places, Network& network, Threads threads) {
  network.offsets.assign(places.agents() + 1, 0);
  for_row_blocks(places.agents(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      Offset degree = 0;
      places.for_neighbors(p, [&degree](Index, double) { ++degree; });
      network.offsets[at(places.by_cell(p)) + 1] = degree;
    }
  });
  for (std::size_t i = 0; i < places.agents(); ++i) network.offsets[i + 1] += network.offsets[i];
}

void fill_links(const Places& places, Network& network, Threads threads) {
  network.columns.resize(static_cast<std::size_t>(network.offsets.back()));
  network.latency.resize(network.columns.size());
  for_row_blocks(places.agents(), threads, [&](std::size_t begin, std::size_t end) {
    // Neighbour (high half) and distance: a whole number sorts in half the time of a pair.
    std::vector<std::uint64_t> row;
    for (std::size_t p = begin; p < end; ++p) {
      row.clear();
      places.for_neighbors(p, [&row](Index agent, double squared) {
        const auto distance = static_cast<float>(std::sqrt(squared));
        row.push_back(std::uint64_t{static_cast<std::uint32_t>(agent)} << 32U |
                      std::bit_cast<std::uint32_t>(distance));
      });
      std::sort(row.begin(), row.end());
      auto entry = static_cast<std::size_t>(network.offsets[at(places.by_cell(p))]);
      for (const std::uint64_t word : row) {
        network.columns[entry] = static_cast<Index>(word >> 32U);
        network.latency[entry++] = std::bit_cast<float>(static_cast<std::uint32_t>(word));
      }
    }
  });
}

}  // namespace

double geometric_radius(double share) {
  if (share >= 1.0) return std::sqrt(2.0);
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2.0;
    (share_within(middle) < share ? low : high) = middle;
  }
  return high;
}

Network geometric(Index agents, Index k, NetworkDraw draw, Threads threads) {
  const double share = static_cast<double>(k) / static_cast<double>(std::max<Index>(1, agents - 1));
  const Places places(agents, geometric_radius(share), draw, threads);
  Network network;
  count_links(places, network, threads);
  if (network.offsets.back() > kMaxEntries) {
    throw InvalidPoint(fmt::format("this geometric network has {} directed edges; at most {} fit",
                                   network.offsets.back(), kMaxEntries));
  }
  fill_links(places, network, threads);
  return connected(std::move(network),
                   [&places](Index a, Index b) { return places.distance(a, b); });
}

}  // namespace needflow
