// One pass finds where fields start (two nanoseconds a byte); the rest happens on access.
#include "io/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "io/encoding.hpp"
#include "io/suggest.hpp"
#include "io/text_file.hpp"

namespace needflow {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kRowsPerBase = 16;
// Offsets have four bytes. Records this long come from a quote left open, not from data.
constexpr std::size_t kLongestSpan = std::size_t{64} << 20U;

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// ---- fields -------------------------------------------------------------------------------------

/// Length of the line end at `at`, 0 if there is none. A text may end between CR and LF.
std::size_t line_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '\n') return 1;
  if (text[at] != '\r') return 0;
  if (at + 1 == text.size()) return 1;
  return text[at + 1] == '\n' ? 2 : 0;
}

/// Past the quote that closes the one at `open`, npos if none does.
std::size_t past_quoted(std::string_view text, std::size_t open) {
  for (std::size_t at = open + 1;; at += 2) {
    at = text.find('"', at);
    if (at == std::string_view::npos) return at;
    if (at + 1 == text.size() || text[at + 1] != '"') return at + 1;
  }
}

constexpr std::array<bool, 256> stops_at() {
  std::array<bool, 256> stops = {};
  for (const char c : {',', '\n', '\r', '"'}) stops[static_cast<unsigned char>(c)] = true;
  return stops;
}

/// The next comma, line end byte or quote. One table load a byte is twice as fast as comparisons,
/// and fields of six bytes are too short for memchr.
std::size_t past_ordinary(std::string_view text, std::size_t at) {
  static constexpr std::array<bool, 256> kStops = stops_at();
  while (at < text.size() && !kStops[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

bool field_ends(std::string_view text, std::size_t at) {
  return at == text.size() || text[at] == ',' || line_end(text, at) > 0;
}

/// The end of a field that is not in quotes, or of what follows the quotes.
std::size_t past_plain(std::string_view text, std::size_t at) {
  at = past_ordinary(text, at);
  while (!field_ends(text, at)) at = past_ordinary(text, at + 1);
  return at;
}

/// A well-formed field without its quotes, and with single ones inside.
std::string_view resolved(std::string_view raw, std::string& scratch) {
  if (!raw.starts_with('"')) return raw;
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('"') == std::string_view::npos) return raw;
  scratch.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    scratch += raw[i];
    if (raw[i] == '"') ++i;  // its twin
  }
  return scratch;
}

// ---- columns ------------------------------------------------------------------------------------

bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t hole = pattern.find('#');
  if (hole == std::string_view::npos) return pattern == name;
  const std::string_view before = pattern.substr(0, hole);
  const std::string_view after = pattern.substr(hole + 1);
  if (name.size() <= before.size() + after.size()) return false;
  if (!name.starts_with(before) || !name.ends_with(after)) return false;
  name = name.substr(before.size(), name.size() - before.size() - after.size());
  return name.find_first_not_of("0123456789") == std::string_view::npos && name[0] != '0';
}

bool is_known(std::string_view name, const CsvColumns& expected) {
  const auto fits = [&](const std::string& pattern) { return matches(pattern, name); };
  return std::ranges::find(expected.required, name) != expected.required.end() ||
         std::ranges::any_of(expected.optional, fits);
}

/// "provider,recipient,mr[,desire]"
std::string listed(const CsvColumns& expected) {
  if (!expected.listed_as.empty()) return expected.listed_as;
  std::string text = fmt::format("{}", fmt::join(expected.required, ","));
  for (std::string name : expected.optional) {
    if (const std::size_t hole = name.find('#'); hole != std::string::npos)
      name.replace(hole, 1, "1…");
    text += fmt::format("[,{}]", name);
  }
  return text;
}

std::string unknown_column(std::size_t number, const std::string& name,
                           const CsvColumns& expected) {
  if (name.empty())
    return fmt::format("column {} has no name; expected {}", number, listed(expected));
  std::vector<std::string> known = expected.required;
  known.insert(known.end(), expected.optional.begin(), expected.optional.end());
  const std::string near = nearest_word(name, known);
  const bool offer = !near.empty() && near.find('#') == std::string::npos;
  return fmt::format("unknown column {}{}; expected {}", shown(name),
                     offer ? fmt::format(", perhaps {}", near) : "", listed(expected));
}

/// A header of one name with the separator of another dialect in it; '\0' if it is none.
char other_separator(const std::vector<std::string>& header) {
  if (header.size() != 1) return '\0';
  const std::size_t found = header[0].find_first_of(";\t|");
  return found == std::string::npos ? '\0' : header[0][found];
}

std::string wrong_count(std::size_t fields, const std::vector<std::string>& header) {
  return fmt::format("{} field{}, expected {} ({})", fields, fields == 1 ? "" : "s", header.size(),
                     escaped(fmt::format("{}", fmt::join(header, ",")), 200));
}

// ---- numbers ------------------------------------------------------------------------------------

std::string rule_of(const Range& range) {
  if (!range.rule.empty()) return range.rule;
  const bool low = std::isfinite(range.low);
  const bool high = std::isfinite(range.high);
  const std::string from = fmt::format("{}{}", range.low_open ? "more than " : "", range.low);
  const std::string to = fmt::format("{}{}", range.high_open ? "less than " : "", range.high);
  if (low && high) return fmt::format("expected {} to {}", from, to);
  if (low) return fmt::format("expected {}{}", from, range.low_open ? "" : " or more");
  if (high) return fmt::format("expected {}{}", to, range.high_open ? "" : " or less");
  return range.infinite ? "expected a number" : "expected a finite number";
}

bool is_word(std::string_view text) { return text.find_first_of("iI") != std::string_view::npos; }

/// The library's releases differ in whether a number too small becomes 0 or an error, and the same
/// file must read the same everywhere: it is an error, like one too large.
bool lost(double value, std::string_view text) {
  if (std::isinf(value)) return !is_word(text);
  if (value != 0) return false;
  const std::string_view digits = text.substr(0, text.find_first_of("eE"));
  return digits.find_first_of("123456789") != std::string_view::npos;
}

std::string range_problem(double value, std::string_view text, const Range& range) {
  if (std::isinf(value) && !range.infinite)
    return fmt::format("{} is not finite; {}", text, rule_of(range));
  if (value < range.low || (range.low_open && value == range.low)) {
    if (range.low == 0 && value < 0) return fmt::format("{} is negative; {}", text, rule_of(range));
    return fmt::format("{} is too small; {}", text, rule_of(range));
  }
  if (value > range.high || (range.high_open && value == range.high))
    return fmt::format("{} is too large; {}", text, rule_of(range));
  return {};
}

/// Reads a number; what is wrong with it, or "".
std::string number_problem(std::string_view field, const Range& range, double& value) {
  field = without_blanks(field);
  if (field.empty()) {
    if (!range.if_empty) return fmt::format("no value; {}", rule_of(range));
    value = *range.if_empty;
    return {};
  }
  std::string_view digits = field;
  // from_chars knows no plus sign; people and spreadsheets write one.
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error == std::errc::invalid_argument || stop != end || std::isnan(value))
    return fmt::format("value {} is not a number; {}", shown(field), rule_of(range));
  if (error == std::errc::result_out_of_range || lost(value, digits))
    return fmt::format("value {} is beyond double precision's range; {}", shown(field),
                       rule_of(range));
  return range_problem(value, digits, range);
}

}  // namespace

/// Walks through a text field by field and notes what is malformed; knows nothing of columns.
class CsvScanner {
 public:
  struct Field {
    std::size_t begin;
    std::size_t end;
    bool last;  // of its record
  };

  explicit CsvScanner(std::string_view text)
      : text_(text), position_(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0) {}

  std::size_t position() const { return position_; }
  std::uint64_t line() const { return line_; }

  /// Steps over blank lines to a record; false at the end of the text.
  bool to_record() {
    number_ = 0;
    mistake_.clear();
    for (; position_ < text_.size(); ++line_) {
      const std::size_t length = line_end(text_, position_);
      if (length == 0) return true;
      position_ += length;
    }
    return false;
  }

  Field next() {
    ++number_;
    const std::size_t begin = position_;
    const bool quoted = begin < text_.size() && text_[begin] == '"';
    const std::size_t inner = quoted ? close_quote(begin) : begin;
    std::size_t end = past_ordinary(text_, inner);
    if ((quoted && end != inner) || !field_ends(text_, end)) {
      note(complaint(quoted, text_.substr(end)));
      end = past_plain(text_, end);
    }
    const std::size_t length = line_end(text_, end);
    const bool last = length > 0 || end == text_.size();
    if (length > 0) ++line_;
    position_ = end + (last ? length : 1);
    return {begin, end, last};
  }

  /// The record's first mistake, "" if it has none.
  const std::string& mistake() const { return mistake_; }

 private:
  std::size_t close_quote(std::size_t open) {
    std::size_t end = past_quoted(text_, open);
    if (end == std::string_view::npos) {
      note("opens a quote that is never closed");
      end = text_.size();
    }
    const std::string_view inside = text_.substr(open, end - open);
    line_ += static_cast<std::uint64_t>(std::count(inside.begin(), inside.end(), '\n'));
    return end;
  }

  static std::string_view complaint(bool quoted, std::string_view rest) {
    if (quoted) return "goes on after its closing quote; quotes in it are doubled";
    if (rest.starts_with('"'))
      return "has a quote inside; put it in quotes and double the one inside";
    return "has a carriage return alone; lines end with LF or CRLF";
  }

  void note(std::string_view what) {
    if (mistake_.empty()) mistake_ = fmt::format("field {} {}", number_, what);
  }

  std::string_view text_;
  std::size_t position_;
  std::uint64_t line_ = 1;
  std::size_t number_ = 0;
  std::string mistake_;
};

CsvTable::CsvTable(std::string file, std::string text, const CsvColumns& expected)
    : file_(std::move(file)), text_(std::move(text)) {
  check_encoding(file_, text_);
  CsvScanner scanner(text_);
  read_header(scanner, expected);
  index_records(scanner);
}

void CsvTable::read_header(CsvScanner& scanner, const CsvColumns& expected) {
  if (!scanner.to_record())
    throw ScenarioError(fmt::format("{}: empty; expected {}", file_, listed(expected)));
  const std::uint64_t line = scanner.line();
  std::vector<CsvScanner::Field> fields;
  do fields.push_back(scanner.next());
  while (!fields.back().last);
  if (!scanner.mistake().empty())
    throw ScenarioError(fmt::format("{} line {}: {}", file_, line, scanner.mistake()));
  std::string scratch;
  for (const auto& [begin, end, last] : fields)
    header_.emplace_back(
        without_blanks(resolved(std::string_view(text_).substr(begin, end - begin), scratch)));
  choose_columns(line, expected);
}

void CsvTable::choose_columns(std::uint64_t line, const CsvColumns& expected) {
  if (const char separator = other_separator(header_); separator != '\0')
    throw ScenarioError(fmt::format("{} line {}: fields are separated by {}; expected commas",
                                    file_, line, shown(std::string_view(&separator, 1))));
  ErrorList errors;
  const auto mistake = [&](const std::string& text) {
    errors.add(fmt::format("{} line {}: {}", file_, line, text));
  };
  for (std::size_t i = 0; i < header_.size(); ++i) {
    const std::string& name = header_[i];
    wanted_.push_back(is_known(name, expected));
    if (!wanted_[i] && !expected.allow_others) mistake(unknown_column(i + 1, name, expected));
    if (!wanted_[i]) continue;
    if (find_column(name)) mistake(fmt::format("column {} stands there twice", name));
    names_.push_back(name);
  }
  for (const std::string& name : expected.required)
    if (!find_column(name))
      mistake(fmt::format("column {} is missing; expected {}", name, listed(expected)));
  errors.throw_if_any();
}

void CsvTable::index_records(CsvScanner& scanner) {
  // As many rows as lines, and a row has a byte for each comma and its end: growing by doubling
  // would need three times the memory at its peak.
  const auto lines = static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n')) + 1;
  const std::size_t most = std::min(lines, text_.size() / header_.size());
  offsets_.reserve(most * names_.size());
  bases_.reserve(most / kRowsPerBase + 1);
  ErrorList errors;
  while (scanner.to_record()) {
    const std::uint64_t line = scanner.line();
    if (rows_ % kRowsPerBase == 0) bases_.push_back(scanner.position());
    if (runs_.empty() || runs_.back().line + (rows_ - runs_.back().row) != line)
      runs_.push_back({rows_, line});
    const std::size_t fields = index_record(scanner);
    ++rows_;  // after a mistake, too: the index is then wrong, but nobody will see it
    if (scanner.mistake().empty() && fields == header_.size()) continue;
    errors.add(
        fmt::format("{} line {}: {}", file_, line,
                    scanner.mistake().empty() ? wrong_count(fields, header_) : scanner.mistake()));
  }
  errors.throw_if_any();
}

/// Appends a record's offsets; the number of its fields.
std::size_t CsvTable::index_record(CsvScanner& scanner) {
  const std::uint64_t line = scanner.line();
  for (std::size_t fields = 0;; ++fields) {
    const CsvScanner::Field field = scanner.next();
    const std::size_t offset = field.begin - bases_.back();
    if (offset > kLongestSpan)
      throw ScenarioError(fmt::format("{} line {}: records of more than {}; is a quote missing?",
                                      file_, line, readable_size(kLongestSpan / kRowsPerBase)));
    if (fields < wanted_.size() && wanted_[fields])
      offsets_.push_back(static_cast<std::uint32_t>(offset));
    if (field.last) return fields + 1;
  }
}

std::optional<std::size_t> CsvTable::find_column(std::string_view name) const {
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

std::size_t CsvTable::column(std::string_view name) const {
  if (const auto found = find_column(name)) return *found;
  throw std::out_of_range(fmt::format("{} has no column {}", file_, name));
}

std::uint64_t CsvTable::line(std::size_t row) const {
  const auto after = std::ranges::upper_bound(runs_, row, {}, &Run::row);
  const Run& run = *std::prev(after);
  return run.line + (row - run.row);
}

std::string CsvTable::where(std::size_t row) const {
  return fmt::format("{} line {}", file_, line(row));
}

std::string CsvTable::where(std::size_t row, std::size_t column) const {
  return fmt::format("{} line {}, column {}", file_, line(row), names_[column]);
}

std::string_view CsvTable::raw_field(std::size_t row, std::size_t column) const {
  const std::string_view text = text_;
  const std::size_t begin = bases_[row / kRowsPerBase] + offsets_[row * names_.size() + column];
  const bool quoted = begin < text.size() && text[begin] == '"';
  const std::size_t end = quoted ? past_quoted(text, begin) : past_plain(text, begin);
  return text.substr(begin, end - begin);
}

std::string_view CsvTable::field(std::size_t row, std::size_t column, std::string& scratch) const {
  return resolved(raw_field(row, column), scratch);
}

std::string CsvTable::field(std::size_t row, std::size_t column) const {
  std::string scratch;
  return std::string(field(row, column, scratch));
}

std::string_view CsvTable::id(std::size_t row, std::size_t column, std::string& scratch,
                              ErrorList& errors) const {
  const std::string_view name = without_blanks(field(row, column, scratch));
  if (name.empty()) errors.add(fmt::format("{}: no value; expected an id", where(row, column)));
  return name;
}

std::string_view CsvTable::id(std::size_t row, std::size_t column, std::string& scratch) const {
  ErrorList errors;
  const std::string_view name = id(row, column, scratch, errors);
  errors.throw_if_any();
  return name;
}

double CsvTable::number(std::size_t row, std::size_t column, const Range& range,
                        ErrorList& errors) const {
  std::string scratch;
  double value = 0;
  const std::string problem = number_problem(field(row, column, scratch), range, value);
  if (problem.empty()) return value;
  errors.add(fmt::format("{}: {}", where(row, column), problem));
  return std::numeric_limits<double>::quiet_NaN();
}

double CsvTable::number(std::size_t row, std::size_t column, const Range& range) const {
  ErrorList errors;
  const double value = number(row, column, range, errors);
  errors.throw_if_any();
  return value;
}

std::size_t CsvTable::bytes() const {
  return text_.capacity() + offsets_.capacity() * sizeof offsets_[0] +
         bases_.capacity() * sizeof bases_[0] + runs_.capacity() * sizeof runs_[0];
}

CsvTable read_csv(const std::filesystem::path& path, const CsvColumns& expected) {
  return CsvTable(path.string(), read_text_file(path), expected);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"') result += '"';
    result += letter;
  }
  return result + '"';
}

}  // namespace needflow
