// Trust kernels bit for bit (kernels/trust.hpp): against their plain twins for every SIMD target,
// lane width and number of threads, lanes against runs alone, and one copy against the other.
#include <doctest/doctest.h>

#include <string>

#include "tests/kernels/test_trust_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr AuditKind kKinds[] = {AuditKind::every_edge, AuditKind::noisy, AuditKind::sampled};

struct Crowd {
  std::size_t agents;
  std::size_t degree;
};
constexpr Crowd kCrowds[] = {{0, 0}, {1, 0}, {2, 2}, {3, 3}, {20, 20}, {130, 9}, {600, 11}};

template <int L>
void check_against_twin(Crowd crowd, AuditKind kind, std::size_t types) {
  Numbers numbers(crowd.agents + crowd.degree);
  const CsrMatrix network = random_network(numbers, crowd.agents, crowd.degree);
  const TrustCase<L> given = random_case<L>(numbers, network, kind, types);
  const TrustOutcome<L> expected = episode_end(given, Made::plain);
  CAPTURE(L);
  CAPTURE(types);
  CAPTURE(crowd.agents);
  CAPTURE(static_cast<int>(kind));
  for (const Threads threads : {Threads::one, Threads::all}) {
    CHECK(difference(episode_end(given, Made::fast, threads), expected) == "");
  }
}

template <int L>
void check_everywhere() {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const Crowd crowd : kCrowds) {
      for (const AuditKind kind : kKinds) {
        for (const std::size_t types : {1U, 3U}) check_against_twin<L>(crowd, kind, types);
      }
    }
  }
}

/// The same with the parts that may be left out left out.
template <int L>
TrustCase<L> bare(TrustCase<L> given) {
  given.reputation.clear();
  given.open.clear();
  given.auditors.clear();
  given.start.clear();
  return given;
}

/// Without weights everybody recognises everybody.
template <int L>
TrustOutcome<L> all_recognised(const TrustCase<L>& given, Made made) {
  CsrView network = given.network.view();
  network.weights = {};
  TrustOutcome<L> end;
  end.by_target = empty_copy(given, given.good, given.bad);
  end.observed.assign(given.network.rows() * L, kUnwritten);
  end.auditors = end.observed;
  const EvidenceCounts<L> counts{out<L>(end.by_target.good), out<L>(end.by_target.bad)};
  const TrustRows<L> left{out<L>(end.by_target.trust), out<L>(end.by_target.sums)};
  const AuditFindings<L> findings{out<L>(end.observed), out<L>(end.auditors)};
  const auto update = made == Made::fast ? needflow::update_trust<L> : reference::update_trust<L>;
  update(network, TrustRow::target, given.audits(), counts, left, findings, Threads::one);
  return end;
}

template <int L>
void check_bare(std::size_t types) {
  Numbers numbers(5);
  for (const AuditKind kind : kKinds) {
    const CsrMatrix network = random_network(numbers, 200, 8);
    TrustCase<L> given = bare(random_case<L>(numbers, network, kind, types));
    CAPTURE(L);
    CAPTURE(types);
    CAPTURE(static_cast<int>(kind));
    CHECK(difference(episode_end(given, Made::fast), episode_end(given, Made::plain)) == "");
    CHECK(difference(all_recognised(given, Made::fast), all_recognised(given, Made::plain)) == "");
    narrow_weights(given.network);
    CHECK(difference(episode_end(given, Made::fast), episode_end(given, Made::plain)) == "");
  }
}

template <int L>
void check_lanes(AuditKind kind, std::size_t types) {
  Numbers numbers(77);
  const CsrMatrix network = random_network(numbers, 150, 9);
  const TrustCase<L> given = random_case<L>(numbers, network, kind, types);
  const TrustOutcome<L> batch = episode_end(given, Made::fast);
  for (std::size_t l = 0; l < L; ++l) {
    CAPTURE(l);
    const TrustOutcome<1> alone = episode_end(lane_of(given, l), Made::fast);
    CHECK(difference(lane_of(batch, l), alone) == "");
  }
}

template <int L>
void check_fused(TrustRow rows, AuditKind kind) {
  Numbers numbers(8);
  const CsrMatrix network = random_network(numbers, 300, 7);
  const TrustCase<L> given = random_case<L>(numbers, network, kind);
  TrustOutcome<L> apart;
  TrustOutcome<L> fused;
  apart.by_source = empty_copy(given, given.good, given.bad);
  fused.by_source = empty_copy(given, given.good, given.bad);
  update_copy(given, rows, Made::plain, Threads::one, apart.by_source, apart);
  TrustCopy& copy = fused.by_source;
  AuditFindings<L> findings;
  fused.observed.assign(apart.observed.size(), kUnwritten);
  fused.auditors.assign(apart.auditors.size(), kUnwritten);
  if (rows == TrustRow::target) findings = {out<L>(fused.observed), out<L>(fused.auditors)};
  needflow::update_and_weigh<L>(network.view(), rows, given.audits(), given.weighting(),
                                {out<L>(copy.good), out<L>(copy.bad)},
                                {out<L>(copy.trust), out<L>(copy.sums)}, findings, Threads::one);
  copy.weights = copy.trust;
  copy.trust = apart.by_source.trust;  // the fused pass leaves none
  CAPTURE(L);
  CHECK(difference(fused, apart) == "");
}

}  // namespace

TEST_CASE(
    "An episode's end has the bits of its plain twin on every SIMD target, alone and in lanes") {
  const ManyThreads threads(3);
  check_everywhere<1>();
  check_everywhere<8>();
  check_everywhere<16>();
}

TEST_CASE(
    "Trust without reputation, quarantine, idle agents or a chosen start has its twin's bits") {
  for (const std::size_t types : {1U, 2U}) {
    check_bare<1>(types);
    check_bare<8>(types);
    check_bare<16>(types);
  }
}

TEST_CASE("A lane of trust has the bits of a run alone, whatever its neighbours' rules are") {
  for (const AuditKind kind : kKinds) {
    for (const std::size_t types : {1U, 2U}) {
      check_lanes<8>(kind, types);
      check_lanes<16>(kind, types);
    }
  }
}

TEST_CASE("Updating and weighing in one pass gives the bits of one after the other") {
  for (const AuditKind kind : kKinds) {
    for (const TrustRow rows : {TrustRow::source, TrustRow::target}) {
      check_fused<1>(rows, kind);
      check_fused<8>(rows, kind);
      check_fused<16>(rows, kind);
    }
  }
}

TEST_CASE(
    "Both copies of trust hold the same bits of every edge, and so do both copies of weights") {
  Numbers numbers(12);
  for (const AuditKind kind : kKinds) {
    const CsrMatrix network = random_network(numbers, 260, 9);
    const auto end = episode_end(random_case<8>(numbers, network, kind), Made::fast);
    CHECK(tests::first_difference(end.by_target.good, reversed(network, end.by_source.good)) ==
          kNone);
    CHECK(tests::first_difference(end.by_target.bad, reversed(network, end.by_source.bad)) ==
          kNone);
    CHECK(tests::first_difference(end.by_target.trust, reversed(network, end.by_source.trust)) ==
          kNone);
    CHECK(tests::first_difference(end.by_target.weights,
                                  reversed(network, end.by_source.weights)) == kNone);
  }
}
