#include "solver/ranks/swap_copies.hpp"

#include <algorithm>

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }
std::size_t at(Offset entry) { return static_cast<std::size_t>(entry); }

}  // namespace

SwapCopies::SwapCopies(Communicator& ranks, std::span<const RankPart> parts,
                       const MeshDegrees& degrees, std::vector<Index>& columns, std::size_t most)
    : ranks_(ranks),
      parts_(parts),
      degrees_(degrees),
      columns_(columns),
      most_(most / sizeof(Index)) {
  // Four rows a pair, so that what is fetched at once stays below half of the most.
  const std::size_t row = at(degrees.entries()) / degrees.agents() + 1;
  pairs_ahead_ = std::max<std::size_t>(1, most_ / (8 * row));
}

std::vector<Edge> SwapCopies::of_all_ranks(const std::vector<Edge>& own) {
  const std::size_t count = at(ranks_.size());
  std::vector<RankPart> parts;
  for (std::size_t r = 0; r < count; ++r) parts.push_back({r, 1});
  std::vector<double> lengths(count);
  lengths[at(ranks_.rank())] = static_cast<double>(own.size());
  ranks_.share(lengths, parts);
  std::size_t first = 0;
  for (std::size_t r = 0; r < count; ++r) {
    parts[r] = {first, 2 * static_cast<std::size_t>(lengths[r])};
    first += parts[r].count;
  }
  std::vector<double> ends(first);  // an agent's number is exact
  double* next = ends.data() + parts[at(ranks_.rank())].first;
  for (const auto& [a, b] : own) {
    *next++ = a;
    *next++ = b;
  }
  ranks_.share(ends, parts);
  std::vector<Edge> all;
  all.reserve(first / 2);
  for (std::size_t i = 0; i < first; i += 2) {
    all.emplace_back(static_cast<Index>(ends[i]), static_cast<Index>(ends[i + 1]));
  }
  return all;
}

bool SwapCopies::is_own(Index agent) const {
  const RankPart own = parts_[at(ranks_.rank())];
  return static_cast<std::size_t>(agent) - own.first < own.count;
}

std::size_t SwapCopies::length(Index agent) const {
  const auto i = static_cast<std::size_t>(agent);
  return at(degrees_.begin(i + 1) - degrees_.begin(i));
}

std::span<Index> SwapCopies::own_row(Index agent) {
  const Offset before = degrees_.begin(parts_[at(ranks_.rank())].first);
  const Offset first = degrees_.begin(static_cast<std::size_t>(agent)) - before;
  return std::span(columns_).subspan(at(first), length(agent));
}

std::span<Index> SwapCopies::row(Index agent) {
  return std::span(copies_).subspan(places_.at(agent), length(agent));
}

void SwapCopies::need(std::initializer_list<Index> agents, const Wishes& wishes) {
  const auto here = [this](Index agent) { return has(agent); };
  if (std::all_of(agents.begin(), agents.end(), here)) return;
  if (copies_.size() > most_) give_back();
  std::vector<Index> wanted(agents);
  wishes(pairs_ahead_, wanted);
  fetch(std::move(wanted));
}

/// Sorted by agent, the wanted rows stand in order of the ranks that have them.
void SwapCopies::fetch(std::vector<Index> wanted) {
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::erase_if(wanted, [this](Index agent) { return has(agent); });
  std::vector<RankPart> arrivals(parts_.size());
  std::size_t entries = 0;
  auto next = wanted.begin();
  for (std::size_t r = 0; r < parts_.size(); ++r) {
    arrivals[r].first = entries;
    const std::size_t end = parts_[r].first + parts_[r].count;
    for (; next != wanted.end() && static_cast<std::size_t>(*next) < end; ++next) {
      places_[*next] = copies_.size() + entries;
      entries += length(*next);
    }
    arrivals[r].count = entries - arrivals[r].first;
  }
  std::vector<double> rows(entries);  // an agent's number is exact
  double* place = rows.data() + arrivals[at(ranks_.rank())].first;
  for (const Index agent : wanted) {
    if (!is_own(agent)) continue;
    const std::span<const Index> row = own_row(agent);
    place = std::copy(row.begin(), row.end(), place);
  }
  ranks_.share(rows, arrivals);
  for (const double column : rows) copies_.push_back(static_cast<Index>(column));
}

void SwapCopies::give_back() {
  for (const auto& [agent, place] : places_) {
    if (!is_own(agent)) continue;
    const std::span<const Index> copy = row(agent);
    std::copy(copy.begin(), copy.end(), own_row(agent).begin());
  }
  places_.clear();
  copies_.clear();
}

}  // namespace needflow
