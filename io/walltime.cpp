#include "io/walltime.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace needflow {

namespace {

constexpr double kMinute = 60.0;
constexpr double kHour = 3600.0;
constexpr double kDay = 86400.0;

/// Digits, perhaps with a fraction; nothing else.
std::optional<double> plain_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

/// "a:b:c", one to three parts, all but the first two-digit numbers below 60 in Slurm's habit; any
/// number is taken.
std::optional<std::vector<double>> parts_of(std::string_view text) {
  std::vector<double> parts;
  while (true) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto part = plain_number(text.substr(0, colon));
    if (!part) return {};
    parts.push_back(*part);
    if (colon == text.size()) return parts;
    text.remove_prefix(colon + 1);
  }
}

std::optional<double> with_days(std::string_view days, std::string_view rest) {
  const auto count = plain_number(days);
  const auto parts = parts_of(rest);
  if (!count || !parts || parts->size() > 3) return {};
  double seconds = *count * kDay;
  constexpr double kUnits[] = {kHour, kMinute, 1.0};
  for (std::size_t i = 0; i < parts->size(); ++i) seconds += (*parts)[i] * kUnits[i];
  return seconds;
}

std::optional<double> any_walltime(std::string_view text) {
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    return with_days(text.substr(0, dash), text.substr(dash + 1));
  }
  if (text.find(':') != std::string_view::npos) {
    const auto parts = parts_of(text);
    if (!parts || parts->size() > 3) return {};
    double seconds = 0.0;
    for (const double part : *parts) seconds = seconds * kMinute + part;
    return seconds;
  }
  double unit = 1.0;
  if (!text.empty() && std::string_view("smhd").find(text.back()) != std::string_view::npos) {
    const char letter = text.back();
    unit = letter == 's' ? 1.0 : letter == 'm' ? kMinute : letter == 'h' ? kHour : kDay;
    text.remove_suffix(1);
  }
  const auto value = plain_number(text);
  if (!value) return {};
  return *value * unit;
}

}  // namespace

std::optional<double> parse_walltime(std::string_view text) {
  constexpr double kLongest = 100.0 * 365.0 * kDay;
  const auto seconds = any_walltime(text);
  if (!seconds || !(*seconds > 0.0) || *seconds > kLongest) return {};
  return seconds;
}

std::optional<double> slurm_walltime(const char* end_time, std::int64_t now) {
  if (end_time == nullptr) return {};
  const std::string_view text = end_time;
  std::int64_t end = 0;
  const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), end);
  if (error != std::errc() || last != text.data() + text.size() || end <= now) return {};
  const auto left = static_cast<double>(end - now);
  return left - std::min(kMinute, left / 10.0);
}

}  // namespace needflow
