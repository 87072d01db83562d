// Matrix Market's coordinate format (R. F. Boisvert, R. Pozo and K. A. Remington, NIST 1996): a
// banner, comments, "rows columns entries", then a line an entry, numbered from 1.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "io/listed_links.hpp"

namespace needflow {

namespace {

/// The words of one line at a time.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  /// False at the end of the text.
  bool next() {
    if (text_.empty()) return false;
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    line_ = text_.substr(0, end);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    rest_ = line_;
    ++number_;
    return true;
  }

  /// The next word of the line, "" when there is none.
  std::string_view word() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(word.size());
    return word;
  }

  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] bool blank() const {
    return line_.find_first_not_of(" \t") == std::string_view::npos;
  }

 private:
  std::string_view text_;
  std::string_view line_;
  std::string_view rest_;
  std::size_t number_ = 0;
};

template <class T>
std::optional<T> number_from(std::string_view word) {
  T value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return {};
  return value;
}

std::string lower(std::string_view word) {
  std::string result(word);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  for (const char* known : words) {
    if (word == known) return true;
  }
  return false;
}

class MatrixMarket {
 public:
  MatrixMarket(std::string_view text, const std::string& name) : lines_(text), name_(name) {}

  NetworkFile network() {
    read_banner();
    read_size();
    std::vector<ListedLink> links;
    while (lines_.next()) {
      if (!lines_.blank()) read_entry(links);
    }
    if (seen_ != entries_) {
      errors_.add(fmt::format("{}: {} entries where line {} announces {}", name_, seen_, size_line_,
                              entries_));
    }
    errors_.throw_if_any();
    const auto where_line = [this](std::size_t line) { return where(line); };
    return network_from_list(static_cast<std::size_t>(agents_), std::move(links), false, where_line,
                             errors_);
  }

 private:
  [[nodiscard]] std::string where(std::size_t line) const {
    return fmt::format("{} line {}", name_, line);
  }

  [[noreturn]] void refuse(const std::string& text) const {
    throw ScenarioError(fmt::format("{}: {}", where(lines_.number()), text));
  }

  void read_banner() {
    if (!lines_.next() || lower(lines_.word()) != "%%matrixmarket") {
      throw ScenarioError(
          fmt::format("{} line 1: expected %%MatrixMarket matrix coordinate pattern|integer|real "
                      "general|symmetric, found {}",
                      name_, shown(lines_.line())));
    }
    const std::string object = lower(lines_.word());
    const std::string format = lower(lines_.word());
    const std::string field = lower(lines_.word());
    const std::string symmetry = lower(lines_.word());
    if (object != "matrix" || format != "coordinate") {
      refuse(fmt::format("{} is not a sparse matrix; expected matrix coordinate",
                         shown(object + " " + format)));
    }
    if (!is_one_of(field, {"pattern", "integer", "real", "double"})) {
      refuse(fmt::format("entries of type {} are not read; expected pattern, integer or real",
                         shown(field)));
    }
    if (!is_one_of(symmetry, {"general", "symmetric"})) {
      refuse(fmt::format("a matrix that is {} is no network; expected general or symmetric",
                         shown(symmetry)));
    }
    has_values_ = field != "pattern";
  }

  void read_size() {
    do {
      if (!lines_.next()) {
        throw ScenarioError(
            fmt::format("{}: the line of sizes is missing; expected rows, columns "
                        "and entries after the comments",
                        name_));
      }
    } while (lines_.blank() || lines_.line().starts_with('%'));
    const auto rows = number_from<std::int64_t>(lines_.word());
    const auto columns = number_from<std::int64_t>(lines_.word());
    const auto entries = number_from<std::int64_t>(lines_.word());
    if (!rows || !columns || !entries || !lines_.word().empty() || *rows < 0 || *columns < 0 ||
        *entries < 0) {
      refuse(fmt::format("{} are not rows, columns and entries", shown(lines_.line())));
    }
    if (*rows != *columns) {
      refuse(fmt::format("a matrix of {} rows and {} columns; a network's is square", *rows,
                         *columns));
    }
    if (*rows == 0 || *entries == 0) refuse("no links, so no network");
    if (*rows > kMaxAgents) {
      refuse(fmt::format("{} agents; at most {} fit", *rows, kMaxAgents));
    }
    agents_ = *rows;
    entries_ = *entries;
    size_line_ = lines_.number();
  }

  void read_entry(std::vector<ListedLink>& links) {
    ++seen_;
    const std::array<std::string_view, 2> words = {lines_.word(), lines_.word()};
    std::array<Index, 2> agents{};
    for (std::size_t i = 0; i < 2; ++i) {
      const auto number = number_from<std::int64_t>(words[i]);
      if (!number || *number < 1 || *number > agents_) {
        errors_.add(fmt::format("{}: {} is no agent; expected a whole number from 1 to {}",
                                where(lines_.number()), shown(words[i]), agents_));
        return;
      }
      agents[i] = static_cast<Index>(*number - 1);
    }
    if (has_values_) {
      const std::string_view word = lines_.word();
      const auto value = number_from<double>(word);
      if (!value || !std::isfinite(*value)) {
        errors_.add(fmt::format("{}: {} is no value; expected a finite number",
                                where(lines_.number()), shown(word)));
        return;
      }
    }
    if (const std::string_view more = lines_.word(); !more.empty()) {
      errors_.add(fmt::format("{}: {} is more than an entry of this matrix has",
                              where(lines_.number()), shown(more)));
      return;
    }
    links.push_back({agents[0], agents[1], 0.0F, lines_.number()});
  }

  Lines lines_;
  std::string name_;
  ErrorList errors_;
  bool has_values_ = false;
  std::int64_t agents_ = 0;
  std::int64_t entries_ = 0;
  std::int64_t seen_ = 0;
  std::size_t size_line_ = 0;
};

}  // namespace

NetworkFile read_matrix_market(std::string_view text, const std::string& name) {
  return MatrixMarket(text, name).network();
}

}  // namespace needflow
