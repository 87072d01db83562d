#include "io/point_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "io/csv.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

constexpr const char* kAboutPoints[] = {"point",  "network",      "replicate",
                                        "status", "duplicate_of", "reason"};
constexpr const char* kStatusWords[] = {"run", "duplicate", "invalid", "excluded"};
constexpr double kMostNetworks = 1e6;

CsvColumns known_columns() {
  CsvColumns columns;
  for (const char* name : kAboutPoints) columns.optional.emplace_back(name);
  for (const Option& option : options()) {
    if (!option.apply) continue;
    columns.optional.push_back(option.key());
    if (axis_name(option) != option.key()) columns.optional.push_back(axis_name(option));
  }
  columns.listed_as =
      "keys of options, such as network.agents or agents, and point, network, replicate, status, "
      "duplicate_of, reason";
  return columns;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// A field as the option's type has it: a number where it takes numbers and this is one.
Value value_of(const Option& option, std::string_view text) {
  const char* end = text.data() + text.size();
  const bool whole_only =
      option.type == OptionType::integer || option.type == OptionType::integer_or_word;
  const bool real = option.type == OptionType::real || option.type == OptionType::real_or_word;
  std::int64_t whole = 0;
  const auto as_whole = std::from_chars(text.data(), end, whole);
  if ((whole_only || real) && as_whole.ec == std::errc() && as_whole.ptr == end) return whole;
  double number = 0.0;
  const auto as_real = std::from_chars(text.data(), end, number);
  if ((whole_only || real) && as_real.ec == std::errc() && as_real.ptr == end) {
    // Spreadsheets and data frames write 100 as 100.0.
    const bool fits = whole_only && std::abs(number) < 0x1p53 && std::trunc(number) == number;
    return fits ? Value{static_cast<std::int64_t>(number)} : Value{number};
  }
  if (option.type == OptionType::boolean && (text == "true" || text == "True")) return true;
  if (option.type == OptionType::boolean && (text == "false" || text == "False")) return false;
  return std::string(text);
}

void read_column(const CsvTable& table, std::size_t c, const Option& option, PointList& list,
                 ErrorList& errors) {
  for (const PointList::Column& other : list.columns) {
    if (other.option != &option) continue;
    errors.add(
        fmt::format("{}: two columns hold {}; leave out one of them", table.file(), option.key()));
    return;
  }
  PointList::Column column{&option, {}};
  column.values.reserve(table.rows());
  std::string scratch;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Value value = value_of(option, without_blanks(table.field(row, c, scratch)));
    const std::string problem = value == Value{std::string()}
                                    ? "no value; expected " + expectation(option)
                                    : check_value(option, value);
    if (!problem.empty()) errors.add(fmt::format("{}: {}", table.where(row, c), problem));
    column.values.push_back(std::move(value));
  }
  list.columns.push_back(std::move(column));
}

std::vector<std::int64_t> read_indices(const CsvTable& table, std::size_t c, double most,
                                       ErrorList& errors) {
  Range range{0.0, most, false, true};
  range.rule = fmt::format("a {} is a whole number from 0 to {}", table.columns()[c], most - 1);
  std::vector<std::int64_t> indices;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double number = table.number(row, c, range, errors);
    const bool whole = std::trunc(number) == number;  // NaN was reported
    if (!std::isnan(number) && !whole) {
      errors.add(
          fmt::format("{}: {} is out of range; {}", table.where(row, c), number, range.rule));
    }
    indices.push_back(whole ? static_cast<std::int64_t>(number) : 0);
  }
  return indices;
}

std::vector<bool> read_status(const CsvTable& table, std::size_t c, ErrorList& errors) {
  std::vector<bool> left_out;
  std::string scratch;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string_view word = table.field(row, c, scratch);
    const bool known = word.empty() || std::find(std::begin(kStatusWords), std::end(kStatusWords),
                                                 word) != std::end(kStatusWords);
    if (!known) {
      errors.add(
          fmt::format("{}: {} is not known; expected run, duplicate, invalid, excluded or "
                      "nothing",
                      table.where(row, c), shown(word)));
    }
    left_out.push_back(word == "excluded");
  }
  return left_out;
}

// ---- writing
// --------------------------------------------------------------------------------------

/// The fields of an axis for each of its positions: its options, comma after comma.
std::vector<std::string> fields_of(const Axis& axis) {
  std::vector<std::string> fields(axis.values.size());
  const auto add = [&fields](const Axis& option) {
    if (option.key.empty()) return;  // the numbers of samples follow from the point's
    for (std::size_t i = 0; i < fields.size(); ++i) {
      fields[i] += "," + csv_field(plain_text(option.values[i]));
    }
  };
  add(axis);
  for (const Axis& other : axis.along) add(other);
  return fields;
}

std::string header_of(const Sweep& sweep) {
  std::string text = "point";
  for_each_option(sweep.axes, [&text](const Axis& option) {
    if (!option.key.empty()) text += "," + option.key;
  });
  if (sweep.networks > 1) text += ",network";
  if (sweep.replicates > 1) text += ",replicate";
  return text + ",status,duplicate_of,reason\n";
}

}  // namespace

PointList read_points(const std::filesystem::path& file, ErrorList& errors) {
  PointList list;
  std::optional<CsvTable> read;
  try {
    read.emplace(read_csv(file, known_columns()));
  } catch (const ScenarioError& mistakes) {
    errors.add(mistakes.what());
    return list;
  }
  const CsvTable& table = *read;
  list.rows = table.rows();
  if (list.rows == 0) {
    errors.add(fmt::format("{} holds no points; expected a line each", table.file()));
  }
  for (std::size_t c = 0; c < table.columns().size(); ++c) {
    const std::string& name = table.columns()[c];
    if (name == "network") {
      list.networks = read_indices(table, c, kMostNetworks, errors);
    } else if (name == "replicate") {
      list.replicates = read_indices(table, c, kReplicateLimit, errors);
    } else if (name == "status") {
      list.left_out = read_status(table, c, errors);
    } else if (const Option* option = find_axis_option(name); option != nullptr) {
      read_column(table, c, *option, list, errors);
    }
  }
  return list;
}

void write_points(AtomicFile& file, const Sweep& sweep, const Plan& plan) {
  constexpr std::size_t kBlock = std::size_t{1} << 20U;
  std::vector<std::vector<std::string>> fields;
  for (const Axis& axis : sweep.axes) fields.push_back(fields_of(axis));
  const auto counted = [&fields](std::int64_t length) {
    if (length == 1) return;
    std::vector<std::string>& numbers = fields.emplace_back();
    for (std::int64_t i = 0; i < length; ++i) numbers.push_back(fmt::format(",{}", i));
  };
  counted(sweep.networks);
  counted(sweep.replicates);
  const std::vector<std::size_t> first = first_of_same(sweep, plan);
  auto invalid = plan.invalid.begin();
  std::string text = header_of(sweep);
  std::vector<std::size_t> at(fields.size(), 0);
  for (std::size_t i = 0; i < plan.points; ++i) {
    text += fmt::format("{}", i);
    for (std::size_t d = 0; d < fields.size(); ++d) text += fields[d][at[d]];
    if (sweep.excludes(i)) {
      text += ",excluded,,\n";
    } else if (invalid != plan.invalid.end() && invalid->point == i) {
      text += fmt::format(",invalid,,{}\n", csv_field((invalid++)->reason));
    } else if (first[i] != i) {
      text += fmt::format(",duplicate,{},\n", first[i]);
    } else {
      text += ",run,,\n";
    }
    for (std::size_t d = fields.size(); d-- > 0 && ++at[d] == fields[d].size();) at[d] = 0;
    if (text.size() < kBlock) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
}

}  // namespace needflow
