#include "solver/app/run_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

#include "io/error_list.hpp"

namespace needflow::app {

namespace {

constexpr std::size_t kAllRecipients = 100;
constexpr std::size_t kNeediest = 20;

/// v_pr of the round just computed, from what the ledger still shows.
double allocation_of(double scale, double weight, double claim, Cap cap) {
  const double allocation = scale * (weight * claim);
  return cap == Cap::active_need ? std::min(allocation, claim) : allocation;
}

std::string name_of(const std::vector<std::string>& names, std::size_t i) {
  constexpr std::size_t kLongestName = 200;
  return i < names.size() ? escaped(names[i], kLongestName) : fmt::format("agent {}", i);
}

/// Characters on the screen: bytes that do not continue a UTF-8 character.
std::size_t screen_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U;
  }));
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t used = screen_width(text);
  return used < width ? text + std::string(width - used, ' ') : text;
}

}  // namespace

std::string amount_text(double amount) {
  std::string text = fmt::format("{:.3f}", amount);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string provider_name(const Instance& instance, std::size_t p) {
  return name_of(instance.provider_ids, p);
}

std::string recipient_name(const Instance& instance, std::size_t r) {
  const bool two_sides = instance.source == Source::bipartite;
  return name_of(two_sides ? instance.recipient_ids : instance.provider_ids, r);
}

void print_full_round(const Sweep& sweep, const Recognition& recognition, Cap cap,
                      std::span<const double> need, const RoundSolver& solver, std::ostream& out) {
  const Instance& instance = *sweep.instance;
  const PublishedNeeds<1> published = solver.ledger();
  out << fmt::format("Round {}\n", solver.round());
  out << fmt::format("  {:<14}{:<14}{:>12}{:>12}{:>12}{:>12}\n", "provider", "recipient",
                     "active need", "numerator", "denominator", "allocation");
  for (std::size_t p = 0; p < recognition.providers(); ++p) {
    const CsrView rows = recognition.by_provider();
    const auto begin = static_cast<std::size_t>(rows.offsets[p]);
    const auto end = static_cast<std::size_t>(rows.offsets[p + 1]);
    for (std::size_t e = begin; e < end; ++e) {
      const auto r = static_cast<std::size_t>(rows.columns[e]);
      const double active = published.active[r][0];
      const double claim = rows.desire.empty() ? active : std::min(rows.desire[e], active);
      const double weight = rows.weight(e);
      out << fmt::format("  {}{}{:>12}{:>12}{:>12}{:>12}\n", padded(provider_name(instance, p), 14),
                         padded(recipient_name(instance, r), 14), amount_text(claim),
                         amount_text(weight * claim), amount_text(solver.denominator()[p]),
                         amount_text(allocation_of(solver.scale()[p], weight, claim, cap)));
    }
  }
  out << fmt::format("  {:<14}{:>12}{:>12}{:>12}{:>12}{:>12}   {}\n", "recipient", "residual",
                     "received", "satisfied", "over", "damping", "converged");
  for (std::size_t r = 0; r < need.size(); ++r) {
    out << fmt::format(
        "  {}{:>12}{:>12}{:>12}{:>12}{:>12}   {}\n", padded(recipient_name(instance, r), 14),
        amount_text(solver.published_residual()[r]), amount_text(solver.received()[r]),
        amount_text(solver.satisfied()[r]), amount_text(solver.over()[r]),
        amount_text(solver.damping()[r]), solver.converged(r) ? "yes" : "no");
  }
  out << '\n';
}

void print_round_header(std::ostream& out) {
  out << fmt::format("{:>5} {:>14} {:>10} {:>14} {:>10} {:>11} {:>8} {:>12} {:>10}\n", "round",
                     "residual", "satisfied", "over", "converged", "d change", "damping",
                     "oscillating", "providers");
}

void print_round_line(const TraceRow& row, std::ostream& out) {
  const std::string change = row.round == 1 ? "–" : fmt::format("{:.3g}", row.denominator_change);
  out << fmt::format(
      "{:>5} {:>14} {:>10.6f} {:>14} {:>10} {} {:>8.4f} {:>12} {:>10}\n", row.round,
      amount_text(row.residual_l1), row.satisfied_fraction, amount_text(row.over), row.converged,
      std::string(11 - std::min<std::size_t>(11, screen_width(change)), ' ') + change,
      row.mean_damping, row.oscillating, row.active_providers);
}

void print_run_header(const Sweep& sweep, const WatchedRun& run, std::ostream& out) {
  std::string text;
  if (sweep.episodes() > 1) text = fmt::format("Episode {}", run.episode + 1);
  if (sweep.types() > 1) {
    text += fmt::format("{}eed type {}", text.empty() ? "N" : ", n", run.type + 1);
  }
  if (!text.empty()) out << text << '\n';
}

void print_episodes(const OutcomeBatch& outcome, std::size_t first, std::size_t end,
                    std::ostream& out) {
  const auto number = [](double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.4f}", value);
  };
  out << fmt::format("{:>7} {:>12} {:>7} {:>10} {:>12} {:>11} {:>10} {:>10} {:>8} {:>8}\n",
                     "episode", "status", "rounds", "satisfied", "cooperative", "aggressive",
                     "strategic", "trust", "gap", "flagged");
  for (std::size_t run = first; run < end; ++run) {
    const Outcome& ended = outcome.outcomes[run];
    const TrustFigures none;
    const TrustFigures& trust = outcome.trust.empty() ? none : outcome.trust[run];
    const std::string flagged =
        trust.flagged_count < 0 ? "-" : fmt::format("{}", trust.flagged_count);
    out << fmt::format("{:>7} {:>12} {:>7} {:>10} {:>12} {:>11} {:>10} {:>10} {:>8} {:>8}\n",
                       run - first + 1, status_name(ended.status), ended.rounds,
                       number(ended.satisfaction.satisfied_fraction),
                       number(trust.satisfied_cooperative), number(trust.satisfied_aggressive),
                       number(trust.satisfied_strategic), number(trust.trust_mean),
                       number(trust.trust_gap), flagged);
  }
  out << '\n';
}

void print_outcome(const Outcome& outcome, std::ostream& out) {
  const Satisfaction& s = outcome.satisfaction;
  const auto line = [&out](const char* name, const std::string& text) {
    out << fmt::format("{:<22} {}\n", name, text);
  };
  std::string end = fmt::format("{} after {} rounds", status_name(outcome.status), outcome.rounds);
  if (outcome.cycle_period > 0) end += fmt::format(", period {}", outcome.cycle_period);
  line("status", end);
  line("satisfied fraction", fmt::format("{:.6f}", s.satisfied_fraction));
  line("fully met fraction", fmt::format("{:.6f}", s.fully_met_fraction));
  line("over, wasted fraction", fmt::format("{:.6f}, {:.6f}", s.over_fraction, s.wasted_fraction));
  line("residual sum, largest",
       fmt::format("{}, {}", amount_text(s.residual_l1), amount_text(s.residual_max)));
  line("satisfaction min, P5",
       fmt::format("{:.6f}, {:.6f}", s.satisfaction_min, s.satisfaction_p05));
  line("Jain index, Gini", fmt::format("{:.6f}, {:.6f}", s.jain_index, s.gini));
  if (!std::isnan(outcome.max_flow)) {
    line("maximum flow", fmt::format("{}", amount_text(outcome.max_flow)) +
                             (std::isnan(outcome.efficiency)
                                  ? std::string()
                                  : fmt::format(", efficiency {:.6f}", outcome.efficiency)));
  }
  if (!std::isnan(outcome.fairest_jain)) {
    line("fairest optimum",
         fmt::format("min {:.6f}, Jain index {:.6f}", outcome.fairest_min, outcome.fairest_jain));
  }
  line("messages", fmt::format("{} published, {} read, {} allocated", outcome.messages.published,
                               outcome.messages.read, outcome.messages.allocated));
  line("network",
       fmt::format("{} links, {} with mutual recognition, mean degree {:.2f}",
                   outcome.network_edges, outcome.recognised_pairs, outcome.network_mean_degree));
}

void print_recipients(const Instance& instance, const AgentRows& rows, std::size_t runs,
                      std::size_t run, std::ostream& out) {
  std::vector<std::size_t> shown;
  for (std::size_t r = 0; r < rows.need.size() / runs; ++r) {
    if (rows.need[r * runs + run] > 0.0) shown.push_back(r);
  }
  const std::size_t all = shown.size();
  if (all > kAllRecipients) {
    const auto residual = [&](std::size_t r) { return rows.residual[r * runs + run]; };
    std::stable_sort(shown.begin(), shown.end(),
                     [&](std::size_t a, std::size_t b) { return residual(a) > residual(b); });
    shown.resize(kNeediest);
  }
  out << fmt::format("{}{:>14} {:>14} {:>10} {:>8}\n", padded("recipient", 34), "need", "satisfied",
                     "share", "links");
  for (const std::size_t r : shown) {
    const std::size_t row = r * runs + run;
    const auto links =
        instance.source == Source::bipartite ? rows.recipient_degree[r] : rows.provider_degree[r];
    out << fmt::format("{}{:>14} {:>14} {:>9.1f}% {:>8}\n", padded(recipient_name(instance, r), 34),
                       amount_text(rows.need[row]), amount_text(rows.satisfied[row]),
                       100.0 * rows.satisfied[row] / rows.need[row], links);
  }
  if (all > shown.size()) {
    out << fmt::format("the {} with the largest unmet need of {}; -o FILE --agents keeps all\n",
                       shown.size(), all);
  }
}

}  // namespace needflow::app
