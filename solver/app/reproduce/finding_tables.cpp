#include "solver/app/reproduce/finding_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "io/csv.hpp"

namespace needflow::app {

namespace {

std::string number(double value) {
  if (std::isnan(value)) return "–";
  return fmt::format("{:.5g}", value);
}

std::string ours_text(const Measured& ours) {
  if (ours.count == 0) return "–";
  // Values that differ by their rounding alone have no spread to show.
  if (ours.most - ours.least <= 1e-12 * std::abs(ours.mean)) return number(ours.mean);
  return fmt::format("{} ± {:.2g} [{} … {}]", number(ours.mean), ours.high - ours.mean,
                     number(ours.least), number(ours.most));
}

/// Columns that a terminal shows: code points, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string csv_number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

}  // namespace

void print_findings(const FindingTable& table, std::ostream& out) {
  out << table.title << "\n\n";
  std::size_t quantity = 8;
  std::size_t seed = 6;
  std::size_t ours = 8;
  for (const Finding& row : table.findings) {
    quantity = std::max(quantity, width_of(row.quantity));
    seed = std::max(seed, width_of(row.seed));
    ours = std::max(ours, width_of(ours_text(row.ours)));
  }
  const auto line = [&](const std::string& a, const std::string& b, const std::string& c,
                        const std::string& d, const std::string& e) {
    std::string text = fmt::format("  {}  {}  {}  {}  {}", padded(a, quantity), padded(b, seed),
                                   padded(c, ours), padded(d, 9), e);
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  };
  line("quantity", "seed", "measured", "verdict", "unit");
  for (const Finding& row : table.findings) {
    line(row.quantity, row.seed.empty() ? "–" : row.seed, ours_text(row.ours),
         verdict_text(row.verdict), row.unit);
  }
  for (const Finding& row : table.findings) {
    if (!row.reason.empty()) out << fmt::format("  {}: {}\n", row.quantity, row.reason);
  }
  for (const std::string& remark : table.remarks) out << "  " << remark << '\n';
  out << '\n';
}

std::string findings_csv(const FindingTable& table) {
  std::string text =
      "quantity,seed,figure,mean,deviation,least,most,count,error,low,high,reach,unit,verdict,"
      "reason"
      "\n";
  for (const Finding& row : table.findings) {
    text += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(row.quantity),
        csv_field(row.seed), csv_number(row.figure), csv_number(row.ours.mean),
        csv_number(row.ours.deviation), csv_number(row.ours.least), csv_number(row.ours.most),
        row.ours.count, csv_number(row.ours.error), csv_number(row.ours.low),
        csv_number(row.ours.high), csv_number(row.ours.reach), csv_field(row.unit),
        row.verdict == Verdict::none ? "" : verdict_text(row.verdict), csv_field(row.reason));
  }
  return text;
}

}  // namespace needflow::app
