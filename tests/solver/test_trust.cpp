// M6 by hand: strategies, trust, detection, and the figures of an episode.
// tests/dense/check_trust.py recomputes whole points.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "solver/detection.hpp"
#include "solver/population.hpp"
#include "solver/strategies.hpp"
#include "solver/trust.hpp"
#include "solver/trust_figures.hpp"

using namespace needflow;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// n agents who all recognise each other with MR = 1/2.
Recognition all_to_all(std::size_t n) {
  CsrMatrix rows;
  rows.column_count = n;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      rows.columns.push_back(static_cast<Index>(j));
      rows.weights.push_back(0.5);
    }
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
  return symmetric_recognition(std::move(rows));
}

EpisodeEvidence<1> everybody_sees(const std::vector<double>& exaggeration) {
  EpisodeEvidence<1> seen;
  seen.capacity.assign(exaggeration.size(), std::uint8_t{1});
  seen.exaggeration.assign(exaggeration.begin(), exaggeration.end());
  return seen;
}

/// The trust of a run alone, before its first episode.
Trust<1> trust_of(const TrustNetwork& network, const Recognition& recognition,
                  const std::vector<Strategy>& strategies, const TrustSettings& settings = {},
                  const TrustDraws& draws = {}) {
  const TrustRun run{settings, strategies, draws};
  return {network, recognition, std::span(&run, 1), nullptr, Threads::one};
}

std::size_t count(const std::vector<Strategy>& strategies, Strategy wanted) {
  return static_cast<std::size_t>(std::count(strategies.begin(), strategies.end(), wanted));
}

std::set<std::size_t> deceivers(const std::vector<Strategy>& strategies) {
  std::set<std::size_t> result;
  for (std::size_t r = 0; r < strategies.size(); ++r) {
    if (strategies[r] != Strategy::cooperative) result.insert(r);
  }
  return result;
}

}  // namespace

TEST_CASE("strategies are as many as the fractions say, and nobody has two") {
  StrategySettings settings{0.3, 0.25, 0.5};
  const auto drawn = draw_strategies(settings, 10, 1, 0, 0);
  CHECK(count(drawn, Strategy::aggressive) == 3);
  CHECK(count(drawn, Strategy::strategic) == 3);  // floor(2.5 + 1/2)
  CHECK(count(drawn, Strategy::cooperative) == 4);
  settings = {1e-9, 0.0, 0.5};
  CHECK(count(draw_strategies(settings, 10, 1, 0, 0), Strategy::aggressive) == 1);
  settings = {0.0, 0.0, 0.5};
  CHECK(count(draw_strategies(settings, 10, 1, 0, 0), Strategy::cooperative) == 10);
  CHECK(strategies_problem({0.5, 0.5, 0.5}).empty());
  CHECK(!strategies_problem({0.6, 0.5, 0.5}).empty());
}

TEST_CASE("more deceivers are the same ones and some") {
  const auto few = deceivers(draw_strategies({0.1, 0.1, 0.5}, 200, 7, 2, 3));
  const auto many = deceivers(draw_strategies({0.3, 0.2, 0.5}, 200, 7, 2, 3));
  CHECK(std::includes(many.begin(), many.end(), few.begin(), few.end()));
  CHECK(few != deceivers(draw_strategies({0.1, 0.1, 0.5}, 200, 7, 2, 4)));
}

TEST_CASE("a strategic recipient exaggerates by half the bias, and only after being left short") {
  CHECK(exaggeration_of(Strategy::aggressive, 0.5, false) == 0.5);
  CHECK(exaggeration_of(Strategy::strategic, 0.5, true) == 0.25);
  CHECK(exaggeration_of(Strategy::strategic, 0.5, false) == 0.0);
  CHECK(exaggeration_of(Strategy::cooperative, 0.5, true) == 0.0);
}

TEST_CASE("the amounts of an episode are its own, and episode 0 draws what there is without any") {
  PopulationSettings settings;
  settings.provider_fraction = 0.4;
  const Amounts first = draw_population(settings, 50, 3, 1, 2);
  CHECK(draw_population(settings, 50, 3, 1, 2, 0).need == first.need);
  const Amounts second = draw_population(settings, 50, 3, 1, 2, 1);
  CHECK(second.need != first.need);
  for (std::size_t p = 0; p < 50; ++p) {
    CHECK((second.capacity[0][p] > 0.0) == (first.capacity[0][p] > 0.0));  // roles stay
    if (first.capacity[0][p] > 0.0) CHECK(second.capacity[0][p] != first.capacity[0][p]);
  }
}

TEST_CASE("trust in the honest goes to 21/22 and in a liar to what is left of it") {
  const Recognition recognition = all_to_all(4);
  const TrustNetwork network = trust_network(recognition);
  const std::vector<Strategy> strategies(4, Strategy::cooperative);
  Trust<1> trust = trust_of(network, recognition, strategies);
  CHECK(trust.weights().provider_rows.weights.front() ==
        doctest::Approx(0.5 * std::pow(0.7 * 0.5 + 0.3, 2)).epsilon(1e-15));
  for (std::size_t episode = 0; episode < 1000; ++episode) {
    trust.update(episode, everybody_sees({0.0, 0.0, 0.0, 1.0 / 3.0}));
  }
  CHECK(*trust.received()[0] == doctest::Approx(21.0 / 22.0).epsilon(1e-12));
  // α → 20 · 2/3.
  const double liar = (20.0 * 2.0 / 3.0 + 1.0) / 22.0;
  CHECK(*trust.received()[3] == doctest::Approx(liar).epsilon(1e-12));
  CHECK(trust.mean() == doctest::Approx((3.0 * 21.0 / 22.0 + liar) / 4.0).epsilon(1e-12));
  CHECK(*trust.reputation()[0] == 1.0);
  CHECK(*trust.reputation()[3] < 1.0);
}

TEST_CASE("a weight goes by the mean trust of the recipient's tier, and equals stay together") {
  const Recognition recognition = all_to_all(6);
  const TrustNetwork network = trust_network(recognition);
  const std::vector<Strategy> strategies(6, Strategy::cooperative);
  TrustSettings settings;
  settings.gamma = 1.0;
  settings.tiers = 2;
  Trust<1> trust = trust_of(network, recognition, strategies, settings);
  CHECK(trust.weights().provider_rows.weights[0] == 0.5 * 0.5);
  // T = (2 − δ)/3. By trust: 5 | 4 3 | 0 1 2; the middle of three equals is the fifth of six.
  trust.update(0, everybody_sees({0.0, 0.0, 0.0, 0.3, 0.3, 0.6}));
  const double low = (1.4 + 1.7 + 1.7) / 9.0;
  const auto& w = trust.weights().provider_rows.weights;  // row 0: 1 2 3 4 5
  for (const std::size_t j : {1U, 2U}) {
    CHECK(w[j - 1] == doctest::Approx(0.5 * 2.0 / 3.0).epsilon(1e-14));
  }
  for (const std::size_t j : {3U, 4U, 5U}) {
    CHECK(w[j - 1] == doctest::Approx(0.5 * low).epsilon(1e-14));
  }
}

TEST_CASE("trust that differs by its rounding alone is one tie, whichever tiers it reaches into") {
  const Recognition recognition = all_to_all(6);
  const TrustNetwork network = trust_network(recognition);
  const std::vector<Strategy> strategies(6, Strategy::cooperative);
  TrustSettings settings;
  settings.gamma = 1.0;
  settings.tiers = 2;
  Trust<1> trust = trust_of(network, recognition, strategies, settings);
  // By trust: 5 | 4 | 0 1 2 3, where 0 is behind the others by less than anybody means; third of
  // six by itself, it would fall into the lower tier.
  trust.update(0, everybody_sees({1e-14, 0.0, 0.0, 0.0, 0.3, 0.6}));
  const double low = (1.4 + 1.7) / 6.0;
  const auto& w = trust.weights().provider_rows.weights;  // row 1: 0 2 3 4 5
  for (const std::size_t place : {5U, 6U, 7U}) {
    CHECK(w[place] == doctest::Approx(0.5 * 2.0 / 3.0).epsilon(1e-12));
  }
  for (const std::size_t place : {8U, 9U}) {
    CHECK(w[place] == doctest::Approx(0.5 * low).epsilon(1e-12));
  }
}

TEST_CASE("weights differ with the direction, and both matrices hold the same ones") {
  const Recognition recognition = all_to_all(5);
  const TrustNetwork network = trust_network(recognition);
  const std::vector<Strategy> strategies(5, Strategy::cooperative);
  Trust<1> trust = trust_of(network, recognition, strategies);
  trust.update(0, everybody_sees({0.0, 0.1, 0.2, kNaN, 0.4}));
  const CsrMatrix back = transposed(trust.weights().recipient_rows_if_bipartite);
  CHECK(back.columns == trust.weights().provider_rows.columns);
  CHECK(back.weights == trust.weights().provider_rows.weights);
  const auto& w = trust.weights().provider_rows.weights;
  CHECK(w[0] != w[4]);  // (0, 1) and (1, 0)
}

TEST_CASE("links without recognition carry trust and no weight") {
  CsrMatrix rows;
  rows.column_count = 2;
  rows.offsets = {0, 2, 3};
  rows.columns = {0, 1, 1};
  rows.weights = {0.5, 0.0, 0.25};
  const Recognition recognition = bipartite_recognition(std::move(rows));
  REQUIRE(recognition.unrecognised.size() == 1);
  const TrustNetwork network = trust_network(recognition);
  CHECK(network.nodes() == 4);
  CHECK(network.links.columns == std::vector<Index>{2, 3, 3, 0, 0, 1});
  CHECK(network.links.weights == std::vector<double>{0.5, 0.0, 0.25, 0.5, 0.0, 0.25});
  TrustSettings settings;
  settings.gamma = 0.0;
  const std::vector<Strategy> strategies(2, Strategy::cooperative);
  Trust<1> trust = trust_of(network, recognition, strategies, settings);
  trust.update(0, everybody_sees({kNaN, kNaN, 0.0, 0.0}));
  CHECK(trust.weights().provider_rows.weights == std::vector<double>{0.5, 0.25});
  CHECK(trust.weights().recipient_rows_if_bipartite.weights == std::vector<double>{0.5, 0.25});
  // Of recipient 1's neighbours one sees nothing of it: T = 1/2, the other 2/3.
  CHECK(*trust.received()[3] == doctest::Approx((0.5 + 2.0 / 3.0) / 2.0).epsilon(1e-15));
}

TEST_CASE("two need types with the same amounts teach what one does") {
  const Recognition recognition = all_to_all(6);
  const TrustNetwork network = trust_network(recognition);
  const std::vector<Strategy> strategies(6, Strategy::cooperative);
  TrustSettings settings;
  settings.audit_noise = 0.2;
  settings.audit = 0.6;
  const TrustDraws draws{9, 1, 2};
  Trust<1> one = trust_of(network, recognition, strategies, settings, draws);
  Trust<1> two = trust_of(network, recognition, strategies, settings, draws);
  for (std::size_t episode = 0; episode < 5; ++episode) {
    const std::vector<double> once{0.0, 0.1, 0.3, kNaN, 0.5, 0.0};
    one.update(episode, everybody_sees(once));
    std::vector<double> twice = once;
    twice.insert(twice.end(), once.begin(), once.end());
    EpisodeEvidence<1> seen = everybody_sees(twice);
    seen.types = 2;
    two.update(episode, seen);
  }
  for (std::size_t j = 0; j < 6; ++j) {
    CHECK(*one.received()[j] == *two.received()[j]);
    CHECK(*one.reputation()[j] == *two.reputation()[j]);
    if (j == 3) continue;
    CHECK(*one.observed()[j] == doctest::Approx(*two.observed()[j]).epsilon(1e-14));
  }
}

TEST_CASE("trust holds no more than a plan says") {
  const Recognition recognition = all_to_all(60);
  const TrustNetwork network = trust_network(recognition);
  const std::vector<Strategy> strategies(60, Strategy::cooperative);
  TrustSettings settings;
  settings.pretrusted = 0.5;
  Trust<1> trust = trust_of(network, recognition, strategies, settings);
  trust.update(0, everybody_sees(std::vector<double>(60, 0.0)));
  const auto held = static_cast<std::int64_t>(trust.bytes() + network.bytes());
  const std::int64_t planned = trust_bytes(60, 60, recognition.provider_rows.entries(), true);
  CHECK(held <= planned);
  CHECK(static_cast<double>(held) > 0.9 * static_cast<double>(planned));
}

TEST_CASE("detection flags who stands out often enough in a row, and its quarantine ends") {
  TrustSettings settings;
  settings.hits = 2;
  settings.quarantine = 3;
  Detection detection(settings, 5);
  const auto flagged = [&](std::vector<double> observed) {
    detection.take_in(observed);
    std::vector<int> result(detection.flagged().begin(), detection.flagged().end());
    return result;
  };
  const std::vector<int> nobody(5, 0);
  CHECK(flagged({0.0, 0.0, 0.0, 0.3, 0.009}) == nobody);  // 0.009 is below 0.01
  CHECK(flagged({0.0, 0.0, 0.0, kNaN, 0.2}) == nobody);   // not audited: 3's count stays
  CHECK(flagged({0.0, 0.0, 0.0, 0.3, 0.0}) == std::vector<int>{0, 0, 0, 1, 0});  // 4 starts again
  for (int episode = 0; episode < 3; ++episode) {
    CHECK(detection.shut_out(3));
    CHECK(!detection.shut_out(4));
    CHECK(flagged({0.0, 0.0, 0.0, kNaN, 0.0}) == nobody);
  }
  CHECK(!detection.shut_out(3));
  CHECK(flagged({0.0, 0.0, 0.0, 0.3, 0.0}) == nobody);  // from the start again
  CHECK(detection.ever_flagged()[3] == 1);
}

TEST_CASE("a spread among the honest raises what counts as standing out") {
  TrustSettings settings;
  settings.hits = 1;
  Detection detection(settings, 5);
  // Median 0.2, MAD 0.1: above 0.2 + 3 · 1.4826 · 0.1 = 0.64478.
  detection.take_in(std::vector<double>{0.0, 0.1, 0.2, 0.3, 0.64});
  CHECK(detection.flagged()[4] == 0);
  detection.take_in(std::vector<double>{0.0, 0.1, 0.2, 0.3, 0.65});
  CHECK(detection.flagged()[4] == 1);
}

TEST_CASE("received trust tells the honest from deceivers by pairs, ties half") {
  const Strategy c = Strategy::cooperative;
  const Strategy a = Strategy::aggressive;
  const Strategy s = Strategy::strategic;
  TrustFigures figures;
  // Pairs (0.9, 0.5 / 0.7) win, (0.7, 0.5) wins, (0.7, 0.7) ties: 3.5 of 4.
  measure_received_trust(std::vector{c, a, c, s}, std::vector{0.9, 0.5, 0.7, 0.7}, 0, figures);
  CHECK(figures.trust_auc == 3.5 / 4.0);
  CHECK(figures.trust_gap == doctest::Approx(0.8 - 0.6).epsilon(1e-15));
  CHECK(figures.trust_variance == doctest::Approx(0.02).epsilon(1e-14));
  TrustFigures alone;
  measure_received_trust(std::vector{c, c}, std::vector{0.9, kNaN}, 0, alone);
  CHECK(alone.trust_variance == 0.0);
  CHECK(std::isnan(alone.trust_gap));
}

TEST_CASE("what nobody has is missing, and no need at all is met") {
  TrustFigures figures;
  const std::vector strategies{Strategy::cooperative, Strategy::aggressive};
  measure_strategies(strategies, std::vector{10.0, 0.0}, std::vector{4.0, 0.0}, figures);
  CHECK(figures.satisfied_cooperative == 0.4);
  CHECK(figures.satisfied_aggressive == 1.0);
  CHECK(std::isnan(figures.satisfied_strategic));
  CHECK(figures.deception_gain == 0.6);
}

TEST_CASE("precision and recall go by all flags so far, and exist once there are flags") {
  const std::vector strategies{Strategy::cooperative, Strategy::aggressive, Strategy::strategic};
  const std::vector<std::uint8_t> none(3, 0);
  TrustFigures figures;
  measure_flags(strategies, none, none, 1, -1, figures);
  CHECK(std::isnan(figures.flag_precision));
  CHECK(figures.flag_recall == 0.0);
  CHECK(figures.first_flag_episode == -1);
  const std::vector<std::uint8_t> now{1, 1, 0};
  measure_flags(strategies, now, now, 2, -1, figures);
  CHECK(figures.flag_precision == 0.5);
  CHECK(figures.flag_recall == 0.5);
  CHECK(figures.flagged_count == 2);
  CHECK(figures.first_flag_episode == 2);
  measure_flags(strategies, none, now, 3, 2, figures);
  CHECK(figures.first_flag_episode == 2);
  CHECK(figures.flagged_count == 0);
}
