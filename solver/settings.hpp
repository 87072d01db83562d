// What one point of a sweep is: every setting of a scenario with all axes resolved.
//
// Plain values with the defaults of the scenario file. io/option_table.cpp is the one table that
// names, describes, parses and checks them; nothing else turns text into settings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "kernels/random.hpp"
#include "kernels/row_sums.hpp"
#include "kernels/settle.hpp"
#include "kernels/stored.hpp"

namespace needflow {

enum class NetworkKind {
  partial_mesh,
  full_mesh,
  ring,
  hub_spoke,
  small_world,
  sharded,
  preferential,
  geometric,
  file
};

/// How k is found: as given, from the seed's table, or round(2 ln N) (M4).
enum class NeighborRule { count, table, two_log };

/// A network that came from a file, as far as settings need to know it.
struct NetworkFileFacts {
  std::size_t number = 0;  ///< among Sweep::network_files
  std::int64_t agents = 0;
  std::int64_t entries = 0;        ///< stored, twice the links
  std::uint64_t content_hash = 0;  ///< of the network and its latencies, not of the file's name
};

/// M4. Which network the agents form.
struct NetworkSettings {
  NetworkKind kind = NetworkKind::partial_mesh;
  std::int64_t agents = 100;
  NeighborRule neighbor_rule = NeighborRule::count;
  std::int64_t neighbors = 20;    ///< k, used by NeighborRule::count
  std::int64_t hub = 0;           ///< the centre of hub_spoke
  double beta = 0.1;              ///< share of a small world's links that are rewired
  std::int64_t shard_size = 250;  ///< most agents a shard of `sharded`
  NetworkFileFacts file = {};     ///< of kind `file`, whose agents count instead of `agents`
};

enum class WeightKind { equal, uniform, gamma };

/// M1. How an agent weighs its neighbours before normalising.
struct RecognitionSettings {
  WeightKind weights = WeightKind::gamma;
  double shape = 1.0;
};

/// M1. Generated needs and capacities.
struct PopulationSettings {
  AmountKind need = AmountKind::lognormal;
  double need_mean = 100.0;
  double need_cv = 0.7;
  AmountKind capacity = AmountKind::lognormal;
  double capacity_cv = 0.7;
  /// Total capacity / total need, exactly. Empty: capacities stay as an instance's files give them.
  std::optional<double> supply_ratio;
  double provider_fraction = 1.0;
  double recipient_fraction = 1.0;
  std::int64_t types = 1;
  std::int64_t episodes = 1;  ///< M6: runs with fresh stock in which trust lives on
  bool redraw = true;         ///< whether amounts are drawn anew for every episode

  bool operator==(const PopulationSettings&) const = default;
};

enum class DampingKind { adaptive, none, constant };

/// Which of M2's stop tests 1 (needs) and 2 (denominators) may end a run.
enum class StopRule { needs, denominators, either };

/// How `reallocate` gets from one allocation to the next (solver/acceleration.hpp).
enum class Acceleration { none, anderson };

/// M2. How a run goes.
struct RoundSettings {
  SettlementKind settlement = SettlementKind::stock;
  DampingKind damping = DampingKind::adaptive;
  double damping_factor = 1.0;  ///< α of DampingKind::constant
  Cap cap = Cap::none;
  double tolerance = 0.01;  ///< ε
  StopRule stop = StopRule::either;
  std::int64_t max_rounds = 200;
  bool return_surplus = true;  ///< stock only
  double relaxation = 1.0;     ///< ω, reallocate only
  Acceleration acceleration = Acceleration::none;
  std::int64_t acceleration_depth = 3;         ///< m, earlier rounds that it looks at
  StatePrecision state = StatePrecision::f64;  ///< of claims, factors and returned shares

  /// Whether the acceleration does anything.
  [[nodiscard]] bool accelerates() const {
    return acceleration != Acceleration::none && settlement == SettlementKind::reallocate;
  }
};

/// M6. What agents publish: their residual, or more.
struct StrategySettings {
  double aggressive_fraction = 0.0;
  double strategic_fraction = 0.0;
  double bias = 0.5;  ///< b

  [[nodiscard]] bool all_cooperate() const {
    return aggressive_fraction == 0.0 && strategic_fraction == 0.0;
  }
};

enum class TrustMode { off, on };

/// What trust starts from: nothing known, or the ratings of the instance's file.
enum class InitialTrust { neutral, ratings };

/// M6. How trust is learnt and what it does to W. Without TrustMode::on nothing of it is read.
struct TrustSettings {
  TrustMode mode = TrustMode::off;
  double decay = 0.95;        ///< λ
  double gamma = 2.0;         ///< γ, one of kTrustExponents
  double global_share = 0.3;  ///< μ
  std::int64_t tiers = 0;     ///< W goes by the mean trust of this many tiers; 0: by pairs
  double restart = 0.15;      ///< a of EigenTrust
  double pretrusted = 0.0;    ///< share of agents that EigenTrust restarts from; 0: all
  InitialTrust initial = InitialTrust::neutral;
  double prior_strength = 2.0;  ///< s
  double audit = 1.0;           ///< probability that a provider audits a recipient, an episode
  double audit_noise = 0.0;     ///< σ
  bool detection = false;
  std::int64_t hits = 2;        ///< m
  std::int64_t quarantine = 3;  ///< q
};
/// By products and square roots alone.
inline constexpr double kTrustExponents[] = {0.0, 0.5, 1.0, 2.0, 3.0, 4.0};

/// How the matrix is stored while rounds run; sums are in doubles either way.
enum class WeightPrecision { f64, f32 };

struct SolverSettings {
  WeightPrecision weights = WeightPrecision::f64;
};

/// Added to the indices of a point: a list of points may say which network and draw each is.
struct FirstIndices {
  std::uint32_t network = 0;
  std::uint32_t replicate = 0;
};

struct Settings {
  std::uint64_t seed = 0;
  FirstIndices first;
  NetworkSettings network;
  RecognitionSettings recognition;
  PopulationSettings population;
  RoundSettings round;
  StrategySettings strategies;
  TrustSettings trust;
  SolverSettings solver;

  [[nodiscard]] bool trusts() const { return trust.mode == TrustMode::on; }
};

}  // namespace needflow
