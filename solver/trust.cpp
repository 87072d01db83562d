#include "solver/trust.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
/// Equal trust differs by its rounding; less than this is a tie.
constexpr double kTie = 1e-12;

/// γ, which is one of kTrustExponents.
TrustPower power_of(double gamma) {
  const auto place = std::find(std::begin(kTrustExponents), std::end(kTrustExponents), gamma);
  return static_cast<TrustPower>(place - std::begin(kTrustExponents));
}

/// The recognition's rows for weights that differ from one direction to the other.
Recognition two_sided(const Recognition& recognition) {
  const auto copy = [](const CsrView& rows, std::size_t columns) {
    CsrMatrix matrix;
    matrix.offsets.assign(rows.offsets.begin(), rows.offsets.end());
    matrix.columns.assign(rows.columns.begin(), rows.columns.end());
    matrix.desire.assign(rows.desire.begin(), rows.desire.end());
    matrix.weights.resize(matrix.columns.size());
    matrix.column_count = columns;
    return matrix;
  };
  Recognition result;
  result.provider_rows = copy(recognition.by_provider(), recognition.recipients());
  result.recipient_rows_if_bipartite = copy(recognition.by_recipient(), recognition.providers());
  result.provider_degree = recognition.provider_degree;
  result.recipient_degree =
      recognition.agent_network ? recognition.provider_degree : recognition.recipient_degree;
  result.network_edges = recognition.network_edges;
  result.recognised_pairs = recognition.recognised_pairs;
  return result;
}

LaneSpan<double, 1> lane(LaneVector<double>& values) { return LaneSpan<double, 1>(values); }

/// What belongs to nodes, one need type after the other.
template <class T>
std::vector<T> joined(const std::vector<std::vector<T>>& types) {
  std::vector<T> all;
  all.reserve(types.size() * types.front().size());
  for (const std::vector<T>& values : types) all.insert(all.end(), values.begin(), values.end());
  return all;
}

}  // namespace

Trust::Trust(const TrustNetwork& network, const Recognition& recognition,
             const TrustSettings& settings, const LinkRatings* ratings,
             std::span<const Strategy> strategies, const TrustDraws& draws, Threads threads)
    : network_(network),
      settings_(settings),
      draws_(draws),
      threads_(threads),
      weights_(two_sided(recognition)),
      reputation_(network.nodes(), 1.0),
      received_(network.nodes(), kNothing),
      observed_(network.nodes(), kNothing),
      auditors_(network.nodes(), 0.0) {
  for (Copy* copy : {&by_source_, &by_target_}) {
    for (auto* values : {&copy->good, &copy->bad, &copy->values}) {
      values->resize(network.links.columns.size());
    }
    copy->sums.resize(network.nodes());
    const bool by_source = copy == &by_source_;
    if (ratings != nullptr) {
      start_counts<1>(0, by_source ? ratings->by_source : ratings->by_target, ratings->lowest,
                      ratings->highest, settings_.prior_strength, counts(*copy));
    }
    trust_of_counts<1>(network_.links.view(), {1}, counts(*copy), rows(*copy), threads_);
  }
  draw_pretrusted(strategies, draws);
  take_in_trust();
  weigh();
}

/// Kamvar et al. trust some peers beforehand because they know them to be good: the max(1,
/// ⌊f·n + ½⌋) nodes with the smallest draws among those that do not deceive, providers included.
void Trust::draw_pretrusted(std::span<const Strategy> strategies, const TrustDraws& draws) {
  if (settings_.pretrusted == 0.0) return;
  const RandomStream stream(draws.seed, "pretrusted");
  std::vector<std::pair<double, std::size_t>> honest;
  for (std::size_t node = 0; node < network_.nodes(); ++node) {
    const std::size_t first = network_.node_of_recipient(0);
    if (node >= first && strategies[node - first] != Strategy::cooperative) continue;
    const DrawKey key{draws.network, draws.replicate, static_cast<std::uint32_t>(node), 0};
    honest.emplace_back(uniform01(stream, key), node);
  }
  const double wanted =
      std::floor(settings_.pretrusted * static_cast<double>(network_.nodes()) + 0.5);
  const std::size_t count =
      std::min(honest.size(), std::max<std::size_t>(1, static_cast<std::size_t>(wanted)));
  if (count == 0) return;  // everybody deceives: nobody is known to be good
  std::sort(honest.begin(), honest.end());
  pretrusted_.assign(network_.nodes(), 0);
  start_.assign(network_.nodes(), 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    pretrusted_[honest[i].second] = 1;
    start_[honest[i].second] = 1.0 / static_cast<double>(count);
  }
}

EvidenceCounts<1> Trust::counts(Copy& copy) const { return {lane(copy.good), lane(copy.bad)}; }

TrustRows<1> Trust::rows(Copy& copy) const { return {lane(copy.values), lane(copy.sums)}; }

bool Trust::has_no_weight(std::size_t node) const {
  return settings_.tiers == 0 && settings_.global_share == 1.0 && settings_.gamma > 0.0 &&
         !(reputation_[node] > 0.0);
}

void Trust::update(std::size_t episode, const EpisodeEvidence& evidence) {
  take_in_evidence(episode, evidence);
  take_in_trust();
  find_reputation();
  weigh();
}

void Trust::take_in_evidence(std::size_t episode, const EpisodeEvidence& evidence) {
  const std::vector<double> exaggeration = joined(evidence.exaggeration);
  const std::vector<std::uint8_t> auditors = joined(evidence.capacity);
  Audits<1> audits;
  audits.network = draws_.network;
  audits.rules[0] = {settings_.decay, settings_.audit_noise, settings_.audit,
                     audit_stream(draws_.seed, episode).key(), draws_.replicate};
  audits.updates = {1};
  audits.types = evidence.exaggeration.size();
  audits.exaggeration = LaneSpan<const double, 1>(exaggeration);
  audits.auditors = LaneSpan<const std::uint8_t, 1>(auditors);
  const CsrView links = network_.links.view();
  update_trust<1>(links, TrustRow::source, audits, counts(by_source_), rows(by_source_), {},
                  threads_);
  update_trust<1>(links, TrustRow::target, audits, counts(by_target_), rows(by_target_),
                  {lane(observed_), lane(auditors_)}, threads_);
}

/// What T says of each node, before it becomes W.
void Trust::take_in_trust() {
  const std::vector<Offset>& offsets = network_.links.offsets;
  for (std::size_t node = 0; node < network_.nodes(); ++node) {
    const Offset degree = offsets[node + 1] - offsets[node];
    received_[node] = degree > 0 ? by_target_.sums[node] / static_cast<double>(degree) : kNothing;
  }
}

void Trust::find_reputation() {
  PerLane<EigenTrustRule, 1> rules;
  rules[0].restart = settings_.restart;
  const LaneSpan<double, 1> global = lane(reputation_);
  const auto ends = eigentrust<1>(
      network_.links.view(), LaneSpan<const double, 1>(by_target_.values),
      LaneSpan<const double, 1>(by_source_.sums), start_, rules, {1}, global, workspace_, threads_);
  scale_to_largest<1>(ends, {1}, global, threads_);
  end_ = ends[0];
}

/// Agents by the trust they receive, least first, in tiers of equal size; those of equal trust stay
/// together in the tier of the middle one of them: what rounding puts first must not matter.
/// O(N log N), once an episode.
void Trust::find_tiers() {
  tier_trust_.assign(network_.nodes(), 1.0);  // where nobody has a link to trust over
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t node = 0; node < network_.nodes(); ++node) {
    if (!std::isnan(received_[node])) order.emplace_back(received_[node], node);
  }
  std::sort(order.begin(), order.end());
  const auto tiers = std::min(static_cast<std::size_t>(settings_.tiers), order.size());
  const auto end_of_ties = [&order](std::size_t begin) {
    std::size_t end = begin + 1;
    while (end < order.size() && order[end].first - order[end - 1].first <= kTie) ++end;
    return end;
  };
  const auto tier_of = [&](std::size_t begin, std::size_t end) {
    return (begin + end - 1) / 2 * tiers / order.size();
  };
  std::size_t begin = 0;
  while (begin < order.size()) {
    std::size_t end = end_of_ties(begin);
    const std::size_t tier = tier_of(begin, end);
    while (end < order.size() && tier_of(end, end_of_ties(end)) == tier) end = end_of_ties(end);
    const double sum =
        block_sum(end - begin, Threads::one, [&](std::size_t i) { return order[begin + i].first; });
    for (std::size_t i = begin; i < end; ++i) {
      tier_trust_[order[i].second] = sum / static_cast<double>(end - begin);
    }
    begin = end;
  }
}

/// Turns both copies of T into W and puts it where the rounds read it. The entries of MR are a
/// stretch of the links unless some links have MR = 0.
void Trust::weigh() {
  Weighting<1> weighting;
  // A tier's mean takes the place of a reputation that nobody's own trust is mixed with.
  const bool tiered = settings_.tiers > 0;
  if (tiered) find_tiers();
  weighting.rules[0] = {tiered ? 1.0 : settings_.global_share, power_of(settings_.gamma)};
  weighting.updates = {1};
  weighting.reputation = LaneSpan<const double, 1>(tiered ? tier_trust_ : reputation_);
  const CsrView links = network_.links.view();
  weigh_trust<1>(links, TrustRow::source, weighting, lane(by_source_.values), threads_);
  weigh_trust<1>(links, TrustRow::target, weighting, lane(by_target_.values), threads_);
  const auto take = [](const LaneVector<double>& values, std::size_t first,
                       const std::vector<Offset>& places, std::vector<double>& weights) {
    if (places.empty()) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(first), weights.size(),
                  weights.begin());
      return;
    }
    for (std::size_t e = 0; e < weights.size(); ++e) {
      weights[e] = values[static_cast<std::size_t>(places[e])];
    }
  };
  take(by_source_.values, 0, network_.provider_links, weights_.provider_rows.weights);
  take(by_target_.values, network_.first_of_recipients, network_.recipient_links,
       weights_.recipient_rows_if_bipartite.weights);
}

double Trust::mean() const {
  const auto links = static_cast<double>(network_.links.columns.size());
  return links > 0.0 ? block_sum(std::span<const double>(by_target_.sums), threads_) / links
                     : kNothing;
}

std::size_t Trust::bytes() const {
  std::size_t doubles = start_.size() + reputation_.size() + tier_trust_.size() + received_.size() +
                        observed_.size() + auditors_.size() + workspace_.shares.size() +
                        workspace_.next_shares.size() + workspace_.inverse_sum.size() +
                        workspace_.block_changes.size();
  for (const Copy* copy : {&by_source_, &by_target_}) {
    doubles += copy->good.size() + copy->bad.size() + copy->values.size() + copy->sums.size();
  }
  return doubles * sizeof(double) + pretrusted_.size() + weights_.bytes();
}

std::int64_t trust_bytes(std::int64_t providers, std::int64_t recipients, std::int64_t entries,
                         bool agent_network) {
  constexpr std::int64_t kWord = 8;
  constexpr std::int64_t kEntry = 12;  // a column and a weight
  const std::int64_t nodes = agent_network ? recipients : providers + recipients;
  const std::int64_t links = agent_network ? entries : 2 * entries;
  const std::int64_t network = links * kEntry + nodes * kWord;
  const std::int64_t weights = 2 * entries * kEntry + 2 * (providers + recipients) * kWord;
  return network + weights + 6 * links * kWord + 13 * nodes * kWord;
}

}  // namespace needflow
