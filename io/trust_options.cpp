// The records of [strategies] and [trust] (M6).
#include <iterator>

#include "io/option_setters.hpp"

namespace needflow {

namespace {

Option real(const char* section, const char* name, OptionRange range, double fallback,
            const char* help) {
  return {section, name, OptionType::real, "1", range, {}, Value{fallback}, kAlways, help, {}};
}

void add_strategies(std::vector<Option>& table) {
  const auto part = &Settings::strategies;
  using S = StrategySettings;
  const auto add = [&](const char* name, OptionRange range, double fallback, double S::*field,
                       const char* help) {
    table.push_back(real("strategies", name, range, fallback, help));
    table.back().apply = put_real(part, field);
  };
  add("aggressive_fraction", {0, 1}, 0.0, &S::aggressive_fraction,
      "Share of recipients that overstate what they still need by the factor 1 + bias, in every "
      "episode; above 0 at least one.");
  add("strategic_fraction", {0, 1}, 0.0, &S::strategic_fraction,
      "Share of recipients that overstate it by the factor 1 + bias/2, and only in an episode "
      "after one that left them short; above 0 at least one, and never an aggressive one.");
  add("bias", {0, 1e6}, 0.5, &S::bias,
      "By how much deceivers exaggerate: with 0.5 aggressive ones ask for half as much again as "
      "they need.");
}

class TrustTable {
 public:
  explicit TrustTable(std::vector<Option>& table) : table_(table) {}

  Option& add_real(const char* name, OptionRange range, double fallback,
                   double TrustSettings::*field, const char* help) {
    Option& option = table_.emplace_back(real("trust", name, range, fallback, help));
    option.apply = put_real(&Settings::trust, field);
    return option;
  }
  void add_count(const char* name, std::int64_t fallback, std::int64_t TrustSettings::*field,
                 const char* help) {
    table_.push_back({"trust",
                      name,
                      OptionType::integer,
                      "episodes",
                      {1, 1e9},
                      {},
                      Value{fallback},
                      kAlways,
                      help,
                      put_integer(&Settings::trust, field)});
  }
  void add_tiers() {
    table_.push_back({"trust",
                      "tiers",
                      OptionType::integer,
                      "1",
                      {0, 1e9},
                      {},
                      Value{std::int64_t{0}},
                      kAlways,
                      "Agents are sorted by the trust they receive and cut into so many tiers of "
                      "equal size; the mean trust of the recipient's tier then weighs in place of "
                      "own and global trust. 0: no tiers.",
                      put_integer(&Settings::trust, &TrustSettings::tiers)});
  }
  template <class Enum>
  void add_word(const char* name, const Words& words, unsigned applies, Enum TrustSettings::*field,
                const char* help) {
    table_.push_back({"trust",
                      name,
                      OptionType::word,
                      "",
                      {},
                      words,
                      Value{words.front()},
                      applies,
                      help,
                      put_word(words, &Settings::trust, field)});
  }

 private:
  std::vector<Option>& table_;
};

void add_learning(TrustTable& table) {
  using T = TrustSettings;
  table.add_word("mode", {"off", "on"}, kAlways, &T::mode,
                 "on: trust is learnt from episode to episode and weighs allocations; off: weights "
                 "are mutual recognition alone.");
  table.add_real("decay", {0, 1}, 0.95, &T::decay,
                 "Factor on earlier evidence in every episode: 1 forgets nothing, 0 all but the "
                 "last episode.");
  Option& gamma = table.add_real("gamma", {0, 4}, 2.0, &T::gamma,
                                 "Weights are mutual recognition times this power of trust; 0: "
                                 "trust is learnt and changes no allocation.");
  gamma.numbers.assign(std::begin(kTrustExponents), std::end(kTrustExponents));
  table.add_real("global_share", {0, 1}, 0.3, &T::global_share,
                 "Share of an agent's global reputation (EigenTrust) in the trust that weighs; the "
                 "rest is the provider's own trust in it.");
  table.add_tiers();
  table.add_real("restart", {0, 1}, 0.15, &T::restart,
                 "Share of every EigenTrust step that starts again from the pretrusted, or from "
                 "everybody alike; 1 leaves nothing else.");
  table.add_real("pretrusted", {0, 1}, 0.0, &T::pretrusted,
                 "Share of agents, all of them cooperative, that EigenTrust restarts from; 0: from "
                 "everybody alike.");
  table.add_word("initial", {"neutral", "ratings"}, kRatings, &T::initial,
                 "What trust starts from: 0.5 everywhere, or the ratings, negative ones included.");
  table.add_real("prior_strength", {0, 1e6}, 2.0, &T::prior_strength,
                 "initial = ratings: how many episodes of evidence a rating counts as.");
}

void add_audits(std::vector<Option>& options, TrustTable& table) {
  using T = TrustSettings;
  table.add_real("audit", {0, 1}, 1.0, &T::audit,
                 "Probability that a provider looks, after an episode, at what a recipient it "
                 "recognises claimed and what it needed.");
  table.add_real("audit_noise", {0, 1e6}, 0.0, &T::audit_noise,
                 "Standard deviation of an audit's error; what it sees is the exaggerated share of "
                 "a claim, from 0 to 1.");
  options.push_back({"trust",
                     "detection",
                     OptionType::boolean,
                     "",
                     {},
                     {},
                     Value{false},
                     kAlways,
                     "Whether agents are flagged whose exaggeration, as audits see it, stands out "
                     "from the others'; who is flagged is served by nobody for a while.",
                     put_boolean(&Settings::trust, &T::detection)});
  table.add_count("hits", 2, &T::hits,
                  "detection: audited episodes in a row in which an agent must stand out.");
  table.add_count("quarantine", 3, &T::quarantine,
                  "detection: for how many episodes a flagged agent is served by nobody.");
}

}  // namespace

void add_trust_options(std::vector<Option>& table) {
  add_strategies(table);
  TrustTable trust(table);
  add_learning(trust);
  add_audits(table, trust);
}

}  // namespace needflow
