#include "solver/sweep/episode_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "solver/detection.hpp"
#include "solver/error.hpp"
#include "solver/statistics.hpp"
#include "solver/strategies.hpp"
#include "solver/sweep/point_rows.hpp"
#include "solver/trust.hpp"

namespace needflow {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

Amounts amounts_of(const Sweep& sweep, const Point& point, std::size_t agents,
                   std::size_t episode) {
  const PopulationSettings& population = point.settings.population;
  Amounts amounts = sweep.instance->has_amounts()
                        ? sweep.instance->amounts
                        : draw_population(population, agents, point.settings.seed, point.network,
                                          point.replicate, static_cast<std::uint32_t>(episode));
  if (population.supply_ratio) apply_supply_ratio(amounts, *population.supply_ratio);
  return amounts;
}

/// One point, from its first episode to its last.
class EpisodeRuns {
 public:
  EpisodeRuns(const Sweep& sweep, std::size_t index, const Recognition& recognition,
              const TrustGround* ground, OptimumTable& optima, Threads threads,
              const PointObserver& observer)
      : sweep_(sweep),
        point_(sweep.point(index)),
        recognition_(recognition),
        optima_(optima),
        threads_(threads),
        observer_(observer),
        types_(sweep.types()),
        places_(sweep.episodes()),
        recipients_(recognition.recipients()),
        strategies_(draw_strategies(point_.settings.strategies, recipients_, point_.settings.seed,
                                    point_.network, point_.replicate)),
        was_short_(types_, std::vector<std::uint8_t>(recipients_, 0)),
        claims_(types_, std::vector<double>(recipients_, 1.0)),
        received_(types_, std::vector<std::uint8_t>(recipients_, 0)) {
    if (point_.settings.trusts()) start_trust(*ground);
    batch_.points = {index};
    batch_.seconds = {0.0};
    batch_.outcomes.resize(types_ * places_);
    if (sweep_.traces) batch_.traces.resize(types_ * places_);
    if (sweep_.has_trust()) batch_.trust.resize(types_ * places_);
    if (sweep_.agents) size_agents();
  }

  OutcomeBatch run(const GiveUp& give_up) {
    const auto episodes = static_cast<std::size_t>(point_.settings.population.episodes);
    bool failed = false;
    for (episode_ = 0; episode_ < episodes; ++episode_) {
      if (episode_ > 0 && give_up && give_up()) throw Interrupted{};
      if (failed) {
        for (std::size_t type = 0; type < types_; ++type) outcome(type).status = Status::failed;
        continue;
      }
      draw_amounts();
      make_claims();
      const Recognition& weights = trust_ ? trust_->weights() : recognition_;
      RoundSolver solver(weights, point_.settings.round, threads_);
      for (std::size_t type = 0; type < types_; ++type) run_type(type, solver);
      failed = !batch_.messages.empty();
      if (!failed) end_episode();
    }
    return std::move(batch_);
  }

 private:
  [[nodiscard]] std::size_t place(std::size_t type) const { return type * places_ + episode_; }
  [[nodiscard]] Outcome& outcome(std::size_t type) { return batch_.outcomes[place(type)]; }
  [[nodiscard]] bool lies() const { return !point_.settings.strategies.all_cooperate(); }

  void start_trust(const TrustGround& ground) {
    const TrustSettings& settings = point_.settings.trust;
    const bool rated = settings.initial == InitialTrust::ratings;
    ground_ = &ground.network;
    trust_ = std::make_unique<Trust>(
        ground.network, recognition_, settings, rated ? &*ground.ratings : nullptr, strategies_,
        TrustDraws{point_.settings.seed, point_.network, point_.replicate}, threads_);
    if (settings.detection) detection_.emplace(settings, recipients_);
  }

  [[nodiscard]] bool redraws() const {
    return point_.settings.population.redraw && !sweep_.instance->has_amounts();
  }

  void draw_amounts() {
    if (episode_ == 0 || redraws()) {
      amounts_ = amounts_of(sweep_, point_, recipients_, episode_);
    }
  }

  [[nodiscard]] bool shut_out(std::size_t r) const {
    return (detection_ && detection_->shut_out(r)) ||
           (trust_ && trust_->has_no_weight(ground_->node_of_recipient(r)));
  }

  /// What recipients multiply their residuals by; who is short of one type exaggerates in that
  /// type, for types never mix. A closed column W_·r is a claim that nobody hears.
  void make_claims() {
    const double bias = point_.settings.strategies.bias;
    for (std::size_t type = 0; type < types_; ++type) {
      for (std::size_t r = 0; r < recipients_; ++r) {
        const double more = exaggeration_of(strategies_[r], bias, was_short_[type][r] != 0);
        claims_[type][r] = shut_out(r) ? 0.0 : 1.0 + more;
      }
    }
  }

  [[nodiscard]] RunReport run_rounds(std::size_t type, RoundSolver& solver) {
    RoundObserver each_round;
    if (sweep_.traces || observer_) {
      each_round = [&](const RoundSolver& now) {
        if (sweep_.traces) batch_.traces[place(type)].push_back(now.trace_row());
        if (observer_) observer_({type, episode_, amounts_.need[type]}, now);
      };
    }
    // Where all publish the truth and everybody is heard there is nothing to multiply.
    const bool claims = lies() || detection_ || point_.settings.trust.global_share == 1.0;
    return solver.run(amounts_.need[type], amounts_.capacity[type], each_round,
                      claims ? std::span<const double>(claims_[type]) : std::span<const double>());
  }

  /// Of this episode's amounts; capacities are scaled already.
  [[nodiscard]] Optimum optimum(std::size_t type) {
    return optima_.of(point_, type, amounts_.need[type], amounts_.capacity[type], 1.0,
                      redraws() ? episode_ : 0);
  }

  void run_type(std::size_t type, RoundSolver& solver) {
    const RunReport report = run_rounds(type, solver);
    Outcome& ended = outcome(type);
    ended = outcome_from(report, recognition_);
    if (report.status == Status::failed) {
      batch_.messages = {places_ > 1
                             ? fmt::format("{}, episode {}", trouble_of(ended), episode_ + 1)
                             : trouble_of(ended)};
    } else {
      ended.satisfaction =
          measure_satisfaction(amounts_.need[type], solver.satisfied(), solver.over(),
                               report.wasted, point_.settings.round.tolerance, threads_);
      put_optimum(optimum(type), point_.settings.round.settlement, ended);
    }
    if (sweep_.has_trust()) {
      measure_strategies(strategies_, amounts_.need[type], solver.satisfied(),
                         batch_.trust[place(type)]);
    }
    if (sweep_.agents) keep_agents(type, solver);
    remember(type, solver);
  }

  /// What the next episode's claims and this one's audits go by.
  void remember(std::size_t type, const RoundSolver& solver) {
    const double enough = 1.0 - point_.settings.round.tolerance;
    const auto has_received = solver.lane().has_received();
    for (std::size_t r = 0; r < recipients_; ++r) {
      was_short_[type][r] = solver.satisfied()[r] < enough * amounts_.need[type][r] ? 1 : 0;
      received_[type][r] = has_received.values().empty() ? 0 : has_received[r][0];
    }
  }

  /// δ_j = b/(1 + b) of the exaggeration b, which is constant over an episode: (ρ̂ − ρ)/ρ̂ of every
  /// round; 0 where nothing was received.
  [[nodiscard]] EpisodeEvidence evidence() const {
    EpisodeEvidence seen;
    const TrustNetwork& network = *ground_;
    for (std::size_t type = 0; type < types_; ++type) {
      auto& exaggeration = seen.exaggeration.emplace_back(network.nodes(), kNothing);
      auto& capacity = seen.capacity.emplace_back(network.nodes(), std::uint8_t{0});
      for (std::size_t r = 0; r < recipients_; ++r) {
        const double claim = claims_[type][r];
        if (!(amounts_.need[type][r] > 0.0) || claim == 0.0) continue;
        exaggeration[network.node_of_recipient(r)] =
            received_[type][r] != 0 ? (claim - 1.0) / claim : 0.0;
      }
      for (std::size_t p = 0; p < amounts_.capacity[type].size(); ++p) {
        capacity[p] = amounts_.capacity[type][p] > 0.0 ? 1 : 0;
      }
    }
    return seen;
  }

  /// The trust round, and what it came to.
  void end_episode() {
    if (!trust_) return;
    std::int64_t quarantined = 0;
    for (std::size_t r = 0; r < recipients_; ++r) {
      quarantined += detection_ && detection_->shut_out(r) ? 1 : 0;
    }
    if (sweep_.agents) keep_quarantine();
    trust_->update(episode_, evidence());
    const std::size_t first = ground_->node_of_recipient(0);
    TrustFigures figures;
    figures.trust_mean = trust_->mean();
    figures.eigentrust_sweeps = trust_->eigentrust_sweeps();
    measure_received_trust(strategies_, trust_->received(), first, figures);
    if (detection_) {
      detection_->take_in(trust_->observed().subspan(first, recipients_));
      measure_flags(strategies_, detection_->flagged(), detection_->ever_flagged(),
                    static_cast<std::int64_t>(episode_) + 1, first_flag_, figures);
      figures.quarantined_count = quarantined;
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
    if (sweep_.agents) keep_trust();
  }

  // --- rows of agents ---------------------------------------------------------------------------

  void size_agents() {
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
    if (!trust_ || trust_->pretrusted().empty()) return;
    for (std::size_t r = 0; r < recipients_; ++r) {
      rows.recipient_pretrusted[r] = trust_->pretrusted()[ground_->node_of_recipient(r)];
    }
    for (std::size_t p = 0; p < providers; ++p) {
      rows.provider_pretrusted[p] = trust_->pretrusted()[p];
    }
  }

  void keep_agents(std::size_t type, const RoundSolver& solver) {
    AgentRows rows;
    size_agent_rows(rows, recognition_, 1);
    keep_agent_rows(rows, solver.lane(), 0);
    AgentRows& all = batch_.agents[0];
    interleave(rows, place(type), types_ * places_, all);
    for (std::size_t r = 0; r < all.exaggeration.size() / (types_ * places_); ++r) {
      const double bias = point_.settings.strategies.bias;
      all.exaggeration[r * types_ * places_ + place(type)] =
          exaggeration_of(strategies_[r], bias, was_short_[type][r] != 0);
    }
  }

  void keep_quarantine() {
    AgentRows& rows = batch_.agents[0];
    for (std::size_t r = 0; r < recipients_; ++r) {
      rows.quarantined[r * places_ + episode_] = detection_ && detection_->shut_out(r) ? 1 : 0;
    }
  }

  void keep_trust() {
    AgentRows& rows = batch_.agents[0];
    for (std::size_t r = 0; r < recipients_; ++r) {
      const std::size_t node = ground_->node_of_recipient(r);
      const std::size_t at = r * places_ + episode_;
      rows.recipient_trust[at] = trust_->received()[node];
      rows.recipient_reputation[at] = trust_->reputation()[node];
      if (detection_) rows.flagged[at] = detection_->flagged()[r];
    }
    for (std::size_t p = 0; p < rows.provider_trust.size() / places_; ++p) {
      rows.provider_trust[p * places_ + episode_] = trust_->received()[p];
      rows.provider_reputation[p * places_ + episode_] = trust_->reputation()[p];
    }
  }

  const Sweep& sweep_;
  Point point_;
  const Recognition& recognition_;
  OptimumTable& optima_;
  Threads threads_;
  const PointObserver& observer_;
  std::size_t types_;
  std::size_t places_;  ///< for episodes, of which the point may have fewer
  std::size_t recipients_;
  std::size_t episode_ = 0;
  std::vector<Strategy> strategies_;
  std::vector<std::vector<std::uint8_t>> was_short_;  ///< [type]: in the episode before
  std::vector<std::vector<double>> claims_;           ///< [type]
  std::vector<std::vector<std::uint8_t>> received_;   ///< [type]: anything in this episode
  Amounts amounts_;
  const TrustNetwork* ground_ = nullptr;
  std::unique_ptr<Trust> trust_;
  std::optional<Detection> detection_;
  std::int64_t first_flag_ = -1;
  OutcomeBatch batch_;
};

}  // namespace

std::optional<TrustGround> trust_ground(const Sweep& sweep, const Recognition& recognition) {
  if (!sweep.has_trust()) return {};
  TrustGround ground{trust_network(recognition), {}};
  if (sweep.instance->source == Source::ratings) {
    ground.ratings = ratings_on(ground.network, sweep.instance->ratings);
  }
  return ground;
}

OutcomeBatch run_episodes(const Sweep& sweep, std::size_t index, const Recognition& recognition,
                          const TrustGround* ground, OptimumTable& optima, Threads threads,
                          const PointObserver& observer, const GiveUp& give_up) {
  if (const std::string problem = trust_problem(sweep.point(index).settings); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  return EpisodeRuns(sweep, index, recognition, ground, optima, threads, observer).run(give_up);
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

}  // namespace needflow
