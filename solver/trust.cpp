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

template <int L>
LaneSpan<double, L> lanes_of(LaneVector<double>& values) {
  return LaneSpan<double, L>(values);
}

}  // namespace

template <int L>
Trust<L>::Trust(const TrustNetwork& network, const Recognition& recognition,
                std::span<const TrustRun> runs, const LinkRatings* ratings, Threads threads)
    : network_(network),
      threads_(threads),
      entries_(static_cast<std::size_t>(recognition.provider_rows.entries())),
      reputation_(network.nodes() * L, 1.0),
      received_(network.nodes() * L, kNothing),
      observed_(network.nodes() * L, kNothing),
      auditors_(network.nodes() * L, 0.0) {
  if constexpr (L == 1) weights_ = two_sided(recognition);
  for (std::size_t l = 0; l < runs.size(); ++l) {
    settings_[l] = runs[l].settings;
    draws_[l] = runs[l].draws;
    updates_[l] = 1;
    draw_pretrusted(l, runs[l].strategies);
  }
  start_copy(by_source_, ratings);
  start_copy(by_target_, ratings);
  take_in_trust();
  weigh();
}

template <int L>
void Trust<L>::start_copy(Copy& copy, const LinkRatings* ratings) {
  for (auto* values : {&copy.good, &copy.bad, &copy.values}) {
    values->resize(network_.links.columns.size() * L);
  }
  copy.sums.assign(network_.nodes() * L, 1.0);  // a lane without a run: nobody without trust
  const bool by_source = &copy == &by_source_;
  for (std::size_t l = 0; l < L && ratings != nullptr; ++l) {
    if (updates_[l] == 0 || settings_[l].initial != InitialTrust::ratings) continue;
    start_counts<L>(l, by_source ? ratings->by_source : ratings->by_target, ratings->lowest,
                    ratings->highest, settings_[l].prior_strength, counts(copy));
  }
  trust_of_counts<L>(network_.links.view(), updates_, counts(copy), rows(copy), threads_);
}

/// Kamvar et al. trust some peers beforehand because they know them to be good: the max(1,
/// ⌊f·n + ½⌋) nodes with the smallest draws among those that do not deceive, providers included.
template <int L>
void Trust<L>::draw_pretrusted(std::size_t lane, std::span<const Strategy> strategies) {
  if (settings_[lane].pretrusted == 0.0) return;
  const TrustDraws& draws = draws_[lane];
  const RandomStream stream(draws.seed, "pretrusted");
  std::vector<std::pair<double, std::size_t>> honest;
  for (std::size_t node = 0; node < network_.nodes(); ++node) {
    const std::size_t first = network_.node_of_recipient(0);
    if (node >= first && strategies[node - first] != Strategy::cooperative) continue;
    const DrawKey key{draws.network, draws.replicate, static_cast<std::uint32_t>(node), 0};
    honest.emplace_back(uniform01(stream, key), node);
  }
  const double wanted =
      std::floor(settings_[lane].pretrusted * static_cast<double>(network_.nodes()) + 0.5);
  const std::size_t count =
      std::min(honest.size(), std::max<std::size_t>(1, static_cast<std::size_t>(wanted)));
  if (count == 0) return;  // everybody deceives: nobody is known to be good
  std::sort(honest.begin(), honest.end());
  pretrusted_[lane].assign(network_.nodes(), 0);
  start_[lane].assign(network_.nodes(), 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    pretrusted_[lane][honest[i].second] = 1;
    start_[lane][honest[i].second] = 1.0 / static_cast<double>(count);
  }
}

template <int L>
EvidenceCounts<L> Trust<L>::counts(Copy& copy) const {
  return {lanes_of<L>(copy.good), lanes_of<L>(copy.bad)};
}

template <int L>
TrustRows<L> Trust<L>::rows(Copy& copy) const {
  return {lanes_of<L>(copy.values), lanes_of<L>(copy.sums)};
}

template <int L>
bool Trust<L>::has_no_weight(std::size_t node, std::size_t lane) const {
  const TrustSettings& settings = settings_[lane];
  return settings.tiers == 0 && settings.global_share == 1.0 && settings.gamma > 0.0 &&
         !(reputation_[node * L + lane] > 0.0);
}

template <int L>
void Trust<L>::update(std::size_t episode, const EpisodeEvidence<L>& evidence) {
  take_in_evidence(episode, evidence);
  take_in_trust();
  find_reputation();
  weigh();
}

template <int L>
void Trust<L>::take_in_evidence(std::size_t episode, const EpisodeEvidence<L>& evidence) {
  Audits<L> audits;
  audits.network = draws_[0].network;
  for (std::size_t l = 0; l < L; ++l) {
    const TrustSettings& settings = settings_[l];
    audits.rules[l] = {settings.decay, settings.audit_noise, settings.audit,
                       audit_stream(draws_[l].seed, episode).key(), draws_[l].replicate};
  }
  audits.updates = updates_;
  audits.types = evidence.types;
  audits.exaggeration = LaneSpan<const double, L>(evidence.exaggeration);
  audits.auditors = LaneSpan<const std::uint8_t, L>(evidence.capacity);
  const CsrView links = network_.links.view();
  update_trust<L>(links, TrustRow::source, audits, counts(by_source_), rows(by_source_), {},
                  threads_);
  update_trust<L>(links, TrustRow::target, audits, counts(by_target_), rows(by_target_),
                  {lanes_of<L>(observed_), lanes_of<L>(auditors_)}, threads_);
}

/// What T says of each node, before it becomes W.
template <int L>
void Trust<L>::take_in_trust() {
  const std::vector<Offset>& offsets = network_.links.offsets;
  for (std::size_t node = 0; node < network_.nodes(); ++node) {
    const auto degree = static_cast<double>(offsets[node + 1] - offsets[node]);
    const double* const sums = by_target_.sums.data() + node * L;
    double* const received = received_.data() + node * L;
    for (std::size_t l = 0; l < L; ++l) received[l] = degree > 0.0 ? sums[l] / degree : kNothing;
  }
}

/// Lanes that restart from everybody go together, others one by one: the iteration has one u for
/// all.
template <int L>
void Trust<L>::find_reputation() {
  PerLane<EigenTrustRule, L> rules;
  PerLane<std::uint8_t, L> together = updates_;
  for (std::size_t l = 0; l < L; ++l) {
    rules[l].restart = settings_[l].restart;
    if (L > 1 && !start_[l].empty()) together[l] = 0;
  }
  const LaneSpan<double, L> global = lanes_of<L>(reputation_);
  ends_ = eigentrust<L>(network_.links.view(), read(by_target_.values), read(by_source_.sums),
                        L == 1 ? std::span<const double>(start_[0]) : std::span<const double>(),
                        rules, together, global, workspace_, threads_);
  for (std::size_t l = 0; l < L; ++l) {
    if (updates_[l] != together[l]) ends_[l] = reputation_alone(l);
  }
  scale_to_largest<L>(ends_, updates_, global, threads_);
}

template <int L>
EigenTrustEnd Trust<L>::reputation_alone(std::size_t lane) {
  const auto take = [lane](const LaneVector<double>& values) {
    LaneVector<double> own(values.size() / L);
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = values[i * L + lane];
    return own;
  };
  const LaneVector<double> trust = take(by_target_.values);
  const LaneVector<double> sums = take(by_source_.sums);
  LaneVector<double> global(network_.nodes());
  EigenTrustWorkspace<1> workspace;
  PerLane<EigenTrustRule, 1> rules;
  rules[0].restart = settings_[lane].restart;
  const auto ends = eigentrust<1>(network_.links.view(), LaneSpan<const double, 1>(trust),
                                  LaneSpan<const double, 1>(sums), start_[lane], rules, {1},
                                  lanes_of<1>(global), workspace, threads_);
  for (std::size_t i = 0; i < global.size(); ++i) reputation_[i * L + lane] = global[i];
  return ends[0];
}

/// Agents by the trust they receive, least first, in tiers of equal size; those of equal trust stay
/// together in the tier of the middle one of them: what rounding puts first must not matter.
/// O(N log N), once an episode.
template <int L>
void Trust<L>::find_tiers(std::size_t lane) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t node = 0; node < network_.nodes(); ++node) {
    const double received = received_[node * L + lane];
    if (!std::isnan(received)) order.emplace_back(received, node);
    tier_trust_[node * L + lane] = 1.0;  // where nobody has a link to trust over
  }
  std::sort(order.begin(), order.end());
  const auto tiers = std::min(static_cast<std::size_t>(settings_[lane].tiers), order.size());
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
      tier_trust_[order[i].second * L + lane] = sum / static_cast<double>(end - begin);
    }
    begin = end;
  }
}

/// Turns both copies of T into W.
template <int L>
void Trust<L>::weigh() {
  Weighting<L> weighting;
  weighting.updates = updates_;
  const auto is_tiered = [](const TrustSettings& settings) { return settings.tiers > 0; };
  const bool tiered = std::any_of(settings_.begin(), settings_.end(), is_tiered);
  if (tiered) tier_trust_ = reputation_;
  for (std::size_t l = 0; l < L; ++l) {
    // A tier's mean takes the place of a reputation that nobody's own trust is mixed with.
    const bool by_tier = is_tiered(settings_[l]);
    if (by_tier && updates_[l] != 0) find_tiers(l);
    weighting.rules[l] = {by_tier ? 1.0 : settings_[l].global_share, power_of(settings_[l].gamma)};
  }
  weighting.reputation = read(tiered ? tier_trust_ : reputation_);
  const CsrView links = network_.links.view();
  weigh_trust<L>(links, TrustRow::source, weighting, lanes_of<L>(by_source_.values), threads_);
  weigh_trust<L>(links, TrustRow::target, weighting, lanes_of<L>(by_target_.values), threads_);
  take_weights();
}

/// Puts W where the rounds read it. The entries of MR are a stretch of the links unless some links
/// have MR = 0; of lanes the stretch is read in place.
template <int L>
void Trust<L>::take_weights() {
  const auto take = [](const LaneVector<double>& values, std::size_t first,
                       const std::vector<Offset>& places, auto& weights) {
    if (places.empty()) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(first * L), weights.size(),
                  weights.begin());
      return;
    }
    for (std::size_t e = 0; e < places.size(); ++e) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(places[e]) * L, L,
                  weights.begin() + static_cast<std::ptrdiff_t>(e * L));
    }
  };
  if constexpr (L == 1) {
    take(by_source_.values, 0, network_.provider_links, weights_.provider_rows.weights);
    take(by_target_.values, network_.first_of_recipients, network_.recipient_links,
         weights_.recipient_rows_if_bipartite.weights);
  } else if (!network_.provider_links.empty()) {
    provider_weights_.resize(entries_ * L);
    recipient_weights_.resize(entries_ * L);
    take(by_source_.values, 0, network_.provider_links, provider_weights_);
    take(by_target_.values, 0, network_.recipient_links, recipient_weights_);
  }
}

template <int L>
LaneWeights Trust<L>::lane_weights() const requires(L > 1) {
  if (!provider_weights_.empty()) return {provider_weights_, recipient_weights_};
  const std::size_t count = entries_ * L;
  return {std::span(by_source_.values).first(count),
          std::span(by_target_.values).subspan(network_.first_of_recipients * L, count)};
}

template <int L>
double Trust<L>::mean(std::size_t lane) const {
  const auto links = static_cast<double>(network_.links.columns.size());
  if (!(links > 0.0)) return kNothing;
  const double sum = block_sum(network_.nodes(), threads_, [this, lane](std::size_t node) {
    return by_target_.sums[node * L + lane];
  });
  return sum / links;
}

template <int L>
std::size_t Trust<L>::bytes() const {
  std::size_t doubles = reputation_.size() + tier_trust_.size() + received_.size() +
                        observed_.size() + auditors_.size() + provider_weights_.size() +
                        recipient_weights_.size() + workspace_.shares.size() +
                        workspace_.next_shares.size() + workspace_.inverse_sum.size() +
                        workspace_.block_changes.size();
  for (const Copy* copy : {&by_source_, &by_target_}) {
    doubles += copy->good.size() + copy->bad.size() + copy->values.size() + copy->sums.size();
  }
  std::size_t bytes = weights_.bytes();
  for (std::size_t l = 0; l < L; ++l) {
    doubles += start_[l].size();
    bytes += pretrusted_[l].size();
  }
  return doubles * sizeof(double) + bytes;
}

template class Trust<1>;
template class Trust<8>;
template class Trust<16>;

std::int64_t trust_bytes(std::int64_t providers, std::int64_t recipients, std::int64_t entries,
                         bool agent_network, int lanes) {
  constexpr std::int64_t kWord = 8;
  constexpr std::int64_t kEntry = 12;  // a column and a weight
  const std::int64_t nodes = agent_network ? recipients : providers + recipients;
  const std::int64_t links = agent_network ? entries : 2 * entries;
  const std::int64_t network = links * kEntry + nodes * kWord;
  const std::int64_t weights =
      lanes > 1 ? 0 : 2 * entries * kEntry + 2 * (providers + recipients) * kWord;
  return network + weights + lanes * (6 * links * kWord + 13 * nodes * kWord);
}

}  // namespace needflow
