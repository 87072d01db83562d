#include "solver/ranks/rank_pattern.hpp"

#include <optional>

#include "solver/ranks/rank_mesh.hpp"
#include "solver/ranks/together.hpp"

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

template <class T>
void keep_front(std::vector<T>& values, std::size_t count) {
  values.resize(count);
  values.shrink_to_fit();
}

/// The pattern's rows of each rank, from the first rank, which keeps its own.
Network scattered(Communicator& ranks, Network whole, std::span<const RankPart> parts) {
  std::vector<std::uint64_t> entries(parts.size());
  std::vector<Index> lengths;
  if (ranks.first()) {
    lengths.resize(whole.agents());
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      lengths[i] = static_cast<Index>(whole.degree(i));
    }
    for (std::size_t r = 0; r < parts.size(); ++r) {
      entries[r] = static_cast<std::uint64_t>(whole.offsets[parts[r].first + parts[r].count] -
                                              whole.offsets[parts[r].first]);
    }
  }
  ranks.broadcast(std::as_writable_bytes(std::span(entries)));
  const RankPart own = parts[at(ranks.rank())];
  if (!ranks.first()) {
    lengths.resize(own.count);
    whole.columns.resize(entries[at(ranks.rank())]);
    const Incoming rows{0, std::as_writable_bytes(std::span(lengths))};
    const Incoming columns{0, std::as_writable_bytes(std::span(whole.columns))};
    ranks.exchange({}, std::span(&rows, 1));
    ranks.exchange({}, std::span(&columns, 1));
  } else {
    std::vector<Outgoing> rows, columns;
    for (int r = 1; r < ranks.size(); ++r) {
      const RankPart part = parts[at(r)];
      const auto begin = static_cast<std::size_t>(whole.offsets[part.first]);
      rows.push_back({r, std::as_bytes(std::span(lengths).subspan(part.first, part.count))});
      columns.push_back(
          {r, std::as_bytes(std::span(whole.columns).subspan(begin, entries[at(r)]))});
    }
    ranks.exchange(rows, {});
    ranks.exchange(columns, {});
    keep_front(whole.columns, entries[0]);
  }
  whole.offsets.assign(own.count + 1, 0);
  whole.offsets.shrink_to_fit();
  for (std::size_t i = 0; i < own.count; ++i) {
    whole.offsets[i + 1] = whole.offsets[i] + lengths[i];
  }
  whole.latency = {};
  return whole;
}

/// What each rank can build without holding the rows of others; nothing where that is not so.
std::optional<Network> built_apart(Communicator& ranks, std::span<const RankPart> parts,
                                   const Settings& settings, std::uint32_t index, Threads threads) {
  const RankPart own = parts[at(ranks.rank())];
  const NetworkSettings& network = settings.network;
  if (std::optional<Network> rows =
          network_rows(network, settings.seed, index, own.first, own.count, threads)) {
    return rows;
  }
  if (network.kind != NetworkKind::partial_mesh) return {};
  const auto k = static_cast<Index>(resolved_neighbors(network));
  if (!is_mesh_for_ranks(static_cast<Index>(network.agents), k)) return {};
  return mesh_rows(ranks, parts, k, settings.seed, index, threads);
}

}  // namespace

Network pattern_of_rank(Communicator& ranks, std::span<const RankPart> parts, const Sweep& sweep,
                        const Point& point, Threads threads, const NetworkObserver& observer) {
  if (!observer) {
    std::optional<Network> rows = built_apart(ranks, parts, point.settings, point.network, threads);
    if (rows) return std::move(*rows);
  }
  Network network;
  on_first_rank(ranks, [&] {
    network = network_of(sweep, point, threads);
    if (observer) observer(network);
  });
  return scattered(ranks, std::move(network), parts);
}

}  // namespace needflow
