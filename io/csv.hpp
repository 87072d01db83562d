// CSV tables as RFC 4180 describes them: a header line, commas, fields in double quotes where they
// hold commas, quotes or line ends, LF or CRLF. Strict, because a table read wrongly gives wrong
// results in silence: every mistake names the file, the line and what would be right.
//
// The table keeps the text and, for each wanted field, the four-byte offset where it starts
// (half a byte a record more for bases), so that millions of edges cost little more than their
// text. Quotes are resolved when a field is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/error_list.hpp"

namespace needflow {

/// The columns a file may have, in any order.
struct CsvColumns {
  std::vector<std::string> required;
  /// May be absent. A '#' stands for a whole number: "need_#" is need_1, need_2, …
  std::vector<std::string> optional = {};
  /// Further columns are left out instead of refused.
  bool allow_others = false;
  /// What messages say instead of a long list of names.
  std::string listed_as = {};
};

/// The numbers a column may hold; made once, used for every row. NaN is never in range.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;                // low itself is not in range
  bool high_open = false;               // high itself is not in range
  bool infinite = false;                // inf and -inf may be in range
  std::optional<double> if_empty = {};  // what an empty field means; without it, a mistake
  std::string rule = {};  // ends messages: "needs are 0 or more"; "" = made from above
};

class CsvScanner;

class CsvTable {
 public:
  /// `file` stands in the messages. Throws ScenarioError, up to 20 mistakes in one: no header,
  /// unknown, missing or repeated columns, wrong field counts, misplaced or unclosed quotes, a
  /// lone carriage return, a NUL byte, text that is not UTF-8.
  CsvTable(std::string file, std::string text, const CsvColumns& expected);

  const std::string& file() const { return file_; }
  /// Records, the header not counted.
  std::size_t rows() const { return rows_; }
  /// The wanted columns that the file has, in its order; a column's number is its place here.
  std::span<const std::string> columns() const { return names_; }
  std::optional<std::size_t> find_column(std::string_view name) const;
  /// As above for a column that is there; throws std::out_of_range otherwise.
  std::size_t column(std::string_view name) const;

  /// The line a record starts on, from 1. It is not row + 2 after blank lines or line ends in
  /// quotes.
  std::uint64_t line(std::size_t row) const;
  /// "edges.csv line 17", "edges.csv line 17, column mr": how messages begin.
  std::string where(std::size_t row) const;
  std::string where(std::size_t row, std::size_t column) const;

  /// A field as it stands, quotes resolved. The view is into the table, or into `scratch` if the
  /// field has doubled quotes.
  std::string_view field(std::size_t row, std::size_t column, std::string& scratch) const;
  std::string field(std::size_t row, std::size_t column) const;

  /// A name: the field without blanks around it, which nobody means. An empty one is a mistake:
  /// ScenarioError, or an entry in `errors` and "".
  std::string_view id(std::size_t row, std::size_t column, std::string& scratch) const;
  std::string_view id(std::size_t row, std::size_t column, std::string& scratch,
                      ErrorList& errors) const;

  /// A number, blanks around it allowed. Anything else, or out of range: ScenarioError, or an entry
  /// in `errors` and NaN.
  double number(std::size_t row, std::size_t column, const Range& range) const;
  double number(std::size_t row, std::size_t column, const Range& range, ErrorList& errors) const;

  /// Memory held, in bytes.
  std::size_t bytes() const;

 private:
  /// From `row` on, records stand on consecutive lines, until the next Run.
  struct Run {
    std::size_t row;
    std::uint64_t line;
  };

  void read_header(CsvScanner& scanner, const CsvColumns& expected);
  void choose_columns(std::uint64_t line, const CsvColumns& expected);
  void index_records(CsvScanner& scanner);
  std::size_t index_record(CsvScanner& scanner);
  std::string_view raw_field(std::size_t row, std::size_t column) const;

  std::string file_;
  std::string text_;
  std::vector<std::string> header_;  // all columns of the file
  std::vector<bool> wanted_;         // which of them are kept
  std::vector<std::string> names_;   // those kept
  std::size_t rows_ = 0;
  std::vector<std::uint64_t> bases_;    // where every 16th record starts in text_
  std::vector<std::uint32_t> offsets_;  // rows × kept columns: where a field starts, from the base
  std::vector<Run> runs_;
};

/// Reads and checks a file, gzip or not. Throws IoError and ScenarioError.
CsvTable read_csv(const std::filesystem::path& path, const CsvColumns& expected);

/// A text as a field of a CSV file: in double quotes where it holds commas, quotes or line ends.
[[nodiscard]] std::string csv_field(const std::string& text);

}  // namespace needflow
