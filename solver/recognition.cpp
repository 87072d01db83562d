#include "solver/recognition.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

/// The weights that agents give their neighbours before normalising.
class WeightDraw {
 public:
  WeightDraw(const RecognitionSettings& settings, std::uint64_t seed, std::uint32_t network)
      : kind_(settings.weights),
        stream_(seed, "recognition"),
        gamma_(settings.shape),
        network_(network) {}

  /// The weights that agent i gives `neighbours`.
  void operator()(std::size_t i, std::span<const Index> neighbours,
                  std::span<double> weights) const {
    const DrawKey first{network_, 0, static_cast<std::uint32_t>(i), 0};
    switch (kind_) {
      case WeightKind::equal:
        std::fill(weights.begin(), weights.end(), 1.0);
        break;
      case WeightKind::uniform:
        fill_uniform01(weights, stream_, first, neighbours);
        break;
      case WeightKind::gamma:
        fill_gamma(weights, stream_, first, neighbours, gamma_);
        break;
    }
  }

 private:
  WeightKind kind_;
  RandomStream stream_;
  GammaParameters gamma_;
  std::uint32_t network_;
};

std::vector<double> shares_of_rows(const Network& network, std::size_t first_agent,
                                   const WeightDraw& draw, Threads threads) {
  std::vector<double> shares(network.columns.size());
  for_row_blocks(network.agents(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto first = static_cast<std::size_t>(network.offsets[i]);
      const auto last = static_cast<std::size_t>(network.offsets[i + 1]);
      draw(first_agent + i, std::span(network.columns).subspan(first, last - first),
           std::span(shares).subspan(first, last - first));
      const double total = interleaved_sum(first, last, [&](std::size_t e) { return shares[e]; });
      for (std::size_t e = first; e < last && total > 0.0; ++e) shares[e] /= total;
    }
  });
  return shares;
}

/// MR_ij = min(S_ij, S_ji) in place of S; says whether any is 0. Rows ascend, so while i ascends
/// the entries (j, i) of every row j come up in order: a cursor a row finds the reverse edge
/// without a search or an index, and when i's turn comes its own cursor stands at its first
/// neighbour above i.
/// Cost: 12 B an entry streamed, and for each link one random cursor and one random share; at
/// N = 1e6, k = 30 three quarters of the time are those 15e6 random shares. Tried: prefetching
/// both, at any distance, changes nothing.
bool mutual_minimum(const Network& network, std::vector<double>& shares) {
  std::vector<Offset> cursor(network.offsets.begin(), network.offsets.end() - 1);
  bool zero = false;
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (Offset e = cursor[i]; e < network.offsets[i + 1]; ++e) {
      double& here = shares[static_cast<std::size_t>(e)];
      const auto j = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
      double& back = shares[static_cast<std::size_t>(cursor[j]++)];
      here = back = std::min(here, back);
      zero = zero || !(back > 0.0);
    }
  }
  return zero;
}

/// The same rows without the entries of weight 0.
CsrMatrix without_zeros(const CsrMatrix& rows) {
  CsrMatrix kept;
  kept.column_count = rows.column_count;
  kept.offsets.reserve(rows.offsets.size());
  kept.columns.reserve(rows.columns.size());
  kept.weights.reserve(rows.weights.size());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (auto e = static_cast<std::size_t>(rows.offsets[i]);
         e < static_cast<std::size_t>(rows.offsets[i + 1]); ++e) {
      if (!(rows.weights[e] > 0.0)) continue;
      kept.columns.push_back(rows.columns[e]);
      kept.weights.push_back(rows.weights[e]);
      if (!rows.desire.empty()) kept.desire.push_back(rows.desire[e]);
    }
    kept.offsets.push_back(static_cast<Offset>(kept.columns.size()));
  }
  return kept;
}

/// Where the entries of weight 0 are.
std::vector<std::pair<Index, Index>> zeros_of(const CsrMatrix& rows) {
  std::vector<std::pair<Index, Index>> zeros;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (auto e = static_cast<std::size_t>(rows.offsets[i]);
         e < static_cast<std::size_t>(rows.offsets[i + 1]); ++e) {
      if (!(rows.weights[e] > 0.0)) zeros.emplace_back(static_cast<Index>(i), rows.columns[e]);
    }
  }
  return zeros;
}

bool any_zero(const CsrMatrix& rows) {
  return std::any_of(rows.weights.begin(), rows.weights.end(),
                     [](double weight) { return !(weight > 0.0); });
}

std::vector<Index> row_lengths(const std::vector<Offset>& offsets) {
  std::vector<Index> lengths(offsets.size() - 1);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    lengths[i] = static_cast<Index>(offsets[i + 1] - offsets[i]);
  }
  return lengths;
}

void drop_infinite_desire(CsrMatrix& rows) {
  const auto infinite = [](double desire) { return std::isinf(desire); };
  if (std::all_of(rows.desire.begin(), rows.desire.end(), infinite)) rows.desire.clear();
}

}  // namespace

std::vector<double> drawn_shares(const Network& rows, std::size_t first_agent,
                                 const RecognitionSettings& settings, std::uint64_t seed,
                                 std::uint32_t network_index, Threads threads) {
  return shares_of_rows(rows, first_agent, WeightDraw(settings, seed, network_index), threads);
}

CsrMatrix weighted_rows(Network network, std::vector<double> weights) {
  CsrMatrix rows;
  rows.column_count = network.agents();
  rows.offsets = std::move(network.offsets);
  rows.columns = std::move(network.columns);
  rows.weights = std::move(weights);
  return rows;
}

Recognition agent_recognition(CsrMatrix rows, bool zeros) {
  Recognition result;
  result.agent_network = true;
  result.provider_degree = row_lengths(rows.offsets);
  result.network_edges = rows.entries() / 2;
  if (zeros) {
    result.unrecognised = zeros_of(rows);
    rows = without_zeros(rows);
  }
  result.recognised_pairs = rows.entries() / 2;
  result.provider_rows = std::move(rows);
  return result;
}

double Recognition::mean_degree() const {
  const std::size_t agents = agent_network ? providers() : providers() + recipients();
  return agents == 0 ? 0.0 : 2.0 * static_cast<double>(network_edges) / static_cast<double>(agents);
}

std::size_t Recognition::bytes() const {
  return provider_rows.bytes() + recipient_rows_if_bipartite.bytes() +
         (provider_degree.size() + recipient_degree.size() + 2 * unrecognised.size()) *
             sizeof(Index);
}

Recognition recognise(Network network, const RecognitionSettings& settings, std::uint64_t seed,
                      std::uint32_t network_index, Threads threads) {
  std::vector<double> weights = drawn_shares(network, 0, settings, seed, network_index, threads);
  const bool zeros = mutual_minimum(network, weights);
  return agent_recognition(weighted_rows(std::move(network), std::move(weights)), zeros);
}

void narrow_recognition(Recognition& recognition) {
  narrow_weights(recognition.provider_rows);
  narrow_weights(recognition.recipient_rows_if_bipartite);
}

Recognition recognise_ratings(std::size_t agents, const std::vector<Rating>& ratings) {
  std::vector<double> given(agents, 0.0);  // sum of a source's positive ratings
  std::vector<std::pair<Index, Index>> pairs;
  for (const Rating& rating : ratings) {
    if (rating.source == rating.target) continue;
    given[static_cast<std::size_t>(rating.source)] += std::max(0.0, rating.value);
    pairs.emplace_back(std::minmax(rating.source, rating.target));
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  Network network = network_from_edges(agents, pairs);

  std::vector<double> shares(network.columns.size(), 0.0);
  for (const Rating& rating : ratings) {
    if (rating.source == rating.target || rating.value <= 0.0) continue;
    const auto source = static_cast<std::size_t>(rating.source);
    const auto begin = network.columns.begin() + network.offsets[source];
    const auto end = network.columns.begin() + network.offsets[source + 1];
    const auto entry = std::lower_bound(begin, end, rating.target) - network.columns.begin();
    shares[static_cast<std::size_t>(entry)] = rating.value / given[source];
  }
  const bool zeros = mutual_minimum(network, shares);
  return agent_recognition(weighted_rows(std::move(network), std::move(shares)), zeros);
}

Recognition bipartite_recognition(CsrMatrix rows) {
  Recognition result;
  drop_infinite_desire(rows);
  result.provider_degree = row_lengths(rows.offsets);
  result.recipient_degree.assign(rows.column_count, 0);
  for (const Index r : rows.columns) ++result.recipient_degree[static_cast<std::size_t>(r)];
  result.network_edges = rows.entries();
  if (any_zero(rows)) {
    result.unrecognised = zeros_of(rows);
    rows = without_zeros(rows);
  }
  result.recognised_pairs = rows.entries();
  result.recipient_rows_if_bipartite = transposed(rows);
  result.provider_rows = std::move(rows);
  return result;
}

Recognition symmetric_recognition(CsrMatrix rows) {
  drop_infinite_desire(rows);
  const bool zeros = any_zero(rows);
  return agent_recognition(std::move(rows), zeros);
}

}  // namespace needflow
