#include "solver/sweep/episode_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "solver/error.hpp"
#include "solver/sweep/point_rows.hpp"

namespace needflow {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// One lane of N × L numbers.
template <int L>
void copy_lane(LaneSpan<const double, L> from, std::size_t lane, std::vector<double>& to) {
  to.resize(from.rows());
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i][lane];
}

}  // namespace

std::optional<TrustGround> trust_ground(const Sweep& sweep, const Recognition& recognition) {
  if (!sweep.has_trust()) return {};
  TrustGround ground{trust_network(recognition), {}};
  if (sweep.instance->source == Source::ratings) {
    ground.ratings = ratings_on(ground.network, sweep.instance->ratings);
  }
  return ground;
}

std::string trust_problem(const Settings& settings) {
  if (const std::string problem = strategies_problem(settings.strategies); !problem.empty()) {
    return problem;
  }
  const TrustSettings& trust = settings.trust;
  const bool known = std::find(std::begin(kTrustExponents), std::end(kTrustExponents),
                               trust.gamma) != std::end(kTrustExponents);
  if (!known) {
    return fmt::format("trust.gamma = {} is none of 0, 0.5, 1, 2, 3, 4", trust.gamma);
  }
  return {};
}

EpisodePoint::EpisodePoint(const Sweep& sweep, const Point& point, std::size_t index,
                           const Recognition& recognition, const TrustGround* ground)
    : sweep_(sweep),
      point_(point),
      recognition_(recognition),
      network_(ground != nullptr ? &ground->network : nullptr),
      types_(sweep.types()),
      places_(sweep.episodes()),
      recipients_(recognition.recipients()) {
  if (const std::string problem = trust_problem(point_.settings); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  strategies_ = draw_strategies(point_.settings.strategies, recipients_, point_.settings.seed,
                                point_.network, point_.replicate);
  was_short_.assign(types_, std::vector<std::uint8_t>(recipients_, 0));
  claims_.assign(types_, std::vector<double>(recipients_, 1.0));
  received_.assign(types_, std::vector<std::uint8_t>(recipients_, 0));
  factors_.assign(types_, 1.0);
  if (point_.settings.trusts() && point_.settings.trust.detection) {
    detection_.emplace(point_.settings.trust, recipients_);
  }
  batch_.points = {index};
  batch_.seconds = {0.0};
  batch_.outcomes.resize(types_ * places_);
  if (sweep_.traces) batch_.traces.resize(types_ * places_);
  if (sweep_.has_trust()) batch_.trust.resize(types_ * places_);
  if (sweep_.agents) size_agents();
}

TrustRun EpisodePoint::trust_run() const {
  return {
      point_.settings.trust, strategies_, {point_.settings.seed, point_.network, point_.replicate}};
}

// --- an episode ---------------------------------------------------------------------------------

bool EpisodePoint::redraws() const {
  return point_.settings.population.redraw && !sweep_.instance->has_amounts();
}

void EpisodePoint::draw_amounts(DrawCache& draws) {
  if (episode_ > 0 && !redraws()) return;
  draw_ = draws.draw_of(point_, static_cast<std::uint32_t>(episode_));
  for (std::size_t type = 0; type < types_; ++type) {
    factors_[type] = capacity_factor(*draw_, point_, type);
  }
}

/// Who is short of one type exaggerates in that type, for types never mix. A closed column W_·r is
/// a claim that nobody hears.
template <int L>
void EpisodePoint::make_claims(const Trust<L>* trust, std::size_t lane) {
  if (claims(0).empty()) return;
  const double bias = point_.settings.strategies.bias;
  const bool by_reputation = trust != nullptr && point_.settings.trust.global_share == 1.0;
  for (std::size_t type = 0; type < types_; ++type) {
    for (std::size_t r = 0; r < recipients_; ++r) {
      const double more = exaggeration_of(strategies_[r], bias, was_short_[type][r] != 0);
      const bool unheard =
          quarantined(r) ||
          (by_reputation && trust->has_no_weight(network_->node_of_recipient(r), lane));
      claims_[type][r] = unheard ? 0.0 : 1.0 + more;
    }
  }
}

template <int L>
void EpisodePoint::begin(std::size_t episode, DrawCache& draws, const Trust<L>* trust,
                         std::size_t lane) {
  episode_ = episode;
  draw_amounts(draws);
  make_claims(trust, lane);
}

std::span<const double> EpisodePoint::claims(std::size_t type) const {
  const bool some = lies() || detection_ || point_.settings.trust.global_share == 1.0;
  return some ? std::span<const double>(claims_[type]) : std::span<const double>();
}

template <int L>
void EpisodePoint::take_in(std::size_t type, const LaneRounds<L>& rounds, std::size_t lane) {
  const RunReport& report = rounds.report(lane);
  Outcome& ended = batch_.outcomes[place(type)];
  ended = outcome_from(report, recognition_);
  if (report.status == Status::failed) {
    batch_.messages = {places_ > 1 ? fmt::format("{}, episode {}", trouble_of(ended), episode_ + 1)
                                   : trouble_of(ended)};
  }
  copy_lane(rounds.satisfied(), lane, column_);
  if (!batch_.trust.empty()) {
    measure_strategies(strategies_, need(type), column_, batch_.trust[place(type)]);
  }
  if (sweep_.agents) {
    AgentRows rows;
    size_agent_rows(rows, recognition_, 1);
    keep_agent_rows(rows, rounds, lane);
    interleave(rows, place(type), types_ * places_, batch_.agents[0]);
    keep_exaggeration(type);
  }
  // What the next episode's claims and this one's audits go by.
  const double enough = 1.0 - point_.settings.round.tolerance;
  const bool claimed = !claims(type).empty();
  for (std::size_t r = 0; r < recipients_; ++r) {
    was_short_[type][r] = column_[r] < enough * need(type)[r] ? 1 : 0;
    received_[type][r] = claimed ? rounds.has_received()[r][lane] : 0;
  }
}

void EpisodePoint::measured(std::size_t type, const Satisfaction& figures, OptimumTable& optima) {
  Outcome& outcome = batch_.outcomes[place(type)];
  outcome.satisfaction = figures;
  const Optimum optimum =
      optima.of(point_, type, need(type), capacity(type), factors_[type], redraws() ? episode_ : 0);
  put_optimum(optimum, point_.settings.round.settlement, outcome);
}

void EpisodePoint::fail_rest() {
  for (std::size_t type = 0; type < types_; ++type) {
    for (std::size_t episode = episode_ + 1; episode < episodes(); ++episode) {
      batch_.outcomes[type * places_ + episode].status = Status::failed;
    }
  }
}

// --- the trust round ----------------------------------------------------------------------------

/// δ_j = b/(1 + b) of the exaggeration b, which is constant over an episode: (ρ̂ − ρ)/ρ̂ of every
/// round; 0 where nothing was received.
template <int L>
void EpisodePoint::put_evidence(EpisodeEvidence<L>& evidence, std::size_t lane) const {
  const std::size_t nodes = network_->nodes();
  evidence.types = types_;
  evidence.exaggeration.resize(types_ * nodes * L);
  evidence.capacity.resize(types_ * nodes * L);
  for (std::size_t type = 0; type < types_; ++type) {
    double* const exaggeration = evidence.exaggeration.data() + type * nodes * L + lane;
    std::uint8_t* const has_some = evidence.capacity.data() + type * nodes * L + lane;
    for (std::size_t node = 0; node < nodes; ++node) {
      exaggeration[node * L] = kNothing;
      has_some[node * L] = 0;
    }
    for (std::size_t r = 0; r < recipients_; ++r) {
      const double claim = claims_[type][r];
      if (!(need(type)[r] > 0.0) || claim == 0.0) continue;
      exaggeration[network_->node_of_recipient(r) * L] =
          received_[type][r] != 0 ? (claim - 1.0) / claim : 0.0;
    }
    for (std::size_t p = 0; p < capacity(type).size(); ++p) {
      has_some[p * L] = capacity(type)[p] * factors_[type] > 0.0 ? 1 : 0;
    }
  }
}

template <int L>
void EpisodePoint::end_episode(const Trust<L>& trust, std::size_t lane) {
  const std::size_t first = network_->node_of_recipient(0);
  TrustFigures figures;
  figures.trust_mean = trust.mean(lane);
  figures.eigentrust_sweeps = trust.eigentrust_sweeps(lane);
  copy_lane(trust.received(), lane, column_);
  measure_received_trust(strategies_, column_, first, figures);
  if (sweep_.agents) keep_trust(trust, lane);
  if (detection_) {
    figures.quarantined_count = 0;
    for (std::size_t r = 0; r < recipients_; ++r) {
      figures.quarantined_count += quarantined(r) ? 1 : 0;
    }
    copy_lane(trust.observed(), lane, column_);
    detection_->take_in(std::span(column_).subspan(first, recipients_));
    measure_flags(strategies_, detection_->flagged(), detection_->ever_flagged(),
                  static_cast<std::int64_t>(episode_) + 1, first_flag_, figures);
    first_flag_ = figures.first_flag_episode;
  }
  for (std::size_t type = 0; type < types_; ++type) {
    TrustFigures& of_type = batch_.trust[place(type)];
    TrustFigures whole = figures;
    whole.satisfied_cooperative = of_type.satisfied_cooperative;
    whole.satisfied_aggressive = of_type.satisfied_aggressive;
    whole.satisfied_strategic = of_type.satisfied_strategic;
    whole.satisfied_deceptive = of_type.satisfied_deceptive;
    whole.deception_gain = of_type.deception_gain;
    of_type = whole;
  }
  if (!sweep_.agents || !detection_) return;
  AgentRows& rows = batch_.agents[0];
  for (std::size_t r = 0; r < recipients_; ++r) {
    rows.flagged[r * places_ + episode_] = detection_->flagged()[r];
  }
}

// --- rows of agents -----------------------------------------------------------------------------

void EpisodePoint::size_agents() {
  AgentRows& rows = batch_.agents.emplace_back();
  size_agent_rows(rows, recognition_, types_ * places_);
  for (auto* column : {&rows.need, &rows.satisfied, &rows.damping, &rows.residual, &rows.capacity,
                       &rows.capacity_left}) {
    std::fill(column->begin(), column->end(), kNothing);
  }
  if (!sweep_.has_trust()) return;
  const std::size_t providers = recognition_.agent_network ? 0 : recognition_.providers();
  rows.exaggeration.assign(recipients_ * types_ * places_, kNothing);
  rows.recipient_trust.assign(recipients_ * places_, kNothing);
  rows.recipient_reputation.assign(recipients_ * places_, kNothing);
  rows.provider_trust.assign(providers * places_, kNothing);
  rows.provider_reputation.assign(providers * places_, kNothing);
  rows.flagged.assign(recipients_ * places_, 0);
  rows.quarantined.assign(recipients_ * places_, 0);
  for (const Strategy strategy : strategies_) {
    rows.strategy.push_back(static_cast<std::uint8_t>(strategy));
  }
  rows.recipient_pretrusted.assign(recipients_, 0);
  rows.provider_pretrusted.assign(providers, 0);
}

void EpisodePoint::keep_pretrusted(std::span<const std::uint8_t> pretrusted) {
  if (!sweep_.agents || pretrusted.empty()) return;
  AgentRows& rows = batch_.agents[0];
  for (std::size_t r = 0; r < recipients_; ++r) {
    rows.recipient_pretrusted[r] = pretrusted[network_->node_of_recipient(r)];
  }
  for (std::size_t p = 0; p < rows.provider_pretrusted.size(); ++p) {
    rows.provider_pretrusted[p] = pretrusted[p];
  }
}

void EpisodePoint::keep_exaggeration(std::size_t type) {
  AgentRows& rows = batch_.agents[0];
  const std::size_t runs = types_ * places_;
  const double bias = point_.settings.strategies.bias;
  for (std::size_t r = 0; r < rows.exaggeration.size() / runs; ++r) {
    rows.exaggeration[r * runs + place(type)] =
        exaggeration_of(strategies_[r], bias, was_short_[type][r] != 0);
  }
}

/// Before detection has taken the episode in.
template <int L>
void EpisodePoint::keep_trust(const Trust<L>& trust, std::size_t lane) {
  AgentRows& rows = batch_.agents[0];
  for (std::size_t r = 0; r < recipients_; ++r) {
    const std::size_t node = network_->node_of_recipient(r);
    const std::size_t at = r * places_ + episode_;
    rows.recipient_trust[at] = trust.received()[node][lane];
    rows.recipient_reputation[at] = trust.reputation()[node][lane];
    rows.quarantined[at] = quarantined(r) ? 1 : 0;
  }
  for (std::size_t p = 0; p < rows.provider_trust.size() / places_; ++p) {
    rows.provider_trust[p * places_ + episode_] = trust.received()[p][lane];
    rows.provider_reputation[p * places_ + episode_] = trust.reputation()[p][lane];
  }
}

template void EpisodePoint::begin<1>(std::size_t, DrawCache&, const Trust<1>*, std::size_t);
template void EpisodePoint::begin<8>(std::size_t, DrawCache&, const Trust<8>*, std::size_t);
template void EpisodePoint::begin<16>(std::size_t, DrawCache&, const Trust<16>*, std::size_t);
template void EpisodePoint::take_in<1>(std::size_t, const LaneRounds<1>&, std::size_t);
template void EpisodePoint::take_in<8>(std::size_t, const LaneRounds<8>&, std::size_t);
template void EpisodePoint::take_in<16>(std::size_t, const LaneRounds<16>&, std::size_t);
template void EpisodePoint::put_evidence<1>(EpisodeEvidence<1>&, std::size_t) const;
template void EpisodePoint::put_evidence<8>(EpisodeEvidence<8>&, std::size_t) const;
template void EpisodePoint::put_evidence<16>(EpisodeEvidence<16>&, std::size_t) const;
template void EpisodePoint::end_episode<1>(const Trust<1>&, std::size_t);
template void EpisodePoint::end_episode<8>(const Trust<8>&, std::size_t);
template void EpisodePoint::end_episode<16>(const Trust<16>&, std::size_t);

}  // namespace needflow
