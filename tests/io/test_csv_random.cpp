// The CSV reader on random and on mutilated tables.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "solver/error.hpp"
#include "tests/io/csv_tables.hpp"

using namespace needflow;
using namespace needflow::test;

namespace {

/// A field of letters that matter to a parser; never "" in the first column of one-column tables.
std::string random_field(std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 10> kPieces = {"a",  "1",    ",", "\"", "\n",
                                                               "\r", "\r\n", " ", "é",  "-0.5"};
  std::string field;
  for (std::uint64_t i = random() % 6; i > 0; --i) field += kPieces[random() % kPieces.size()];
  return field;
}

/// As RFC 4180 writes it; quotes where they must be and sometimes where they may be.
std::string written(const std::string& field, bool quote_anyway) {
  if (!quote_anyway && field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

}  // namespace

TEST_CASE("what is written by RFC 4180 is read back as it was") {
  std::mt19937_64 random(4180);
  for (int round = 0; round < 500; ++round) {
    const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
    std::string text = "a,b,c" + end;
    std::uint64_t line = 2;
    Rows rows(random() % 50);
    std::vector<std::uint64_t> lines;
    for (auto& row : rows) {
      for (; random() % 8 == 0; ++line) text += end;
      lines.push_back(line);
      for (int column = 0; column < 3; ++column) {
        row.push_back(random_field(random));
        for (const char c : row.back()) line += c == '\n' ? 1 : 0;
        text += (column == 0 ? "" : ",") + written(row.back(), random() % 4 == 0);
      }
      text += end;
      ++line;
    }
    if (random() % 2 == 0 && !rows.empty()) text.resize(text.size() - end.size());
    const CsvTable table("x.csv", text, {.required = {"a", "b", "c"}});
    REQUIRE(all_fields(table) == rows);
    for (std::size_t row = 0; row < rows.size(); ++row) REQUIRE(table.line(row) == lines[row]);
  }
}

TEST_CASE("ten thousand mutated tables are read or refused") {
  std::mt19937_64 random(20240602);
  const std::vector<std::string> seeds = {
      "provider,recipient,mr\nP1,R1,0.5\nP2,R2,1e-3\n",
      "\xEF\xBB\xBFprovider,recipient,mr,desire\r\n\"P,1\",R1,0.5,\r\nP2,\"R \"\"2\"\"\",1,inf\r\n",
      "mr,provider,recipient\n\n0.25,\"line\nend\",Côte d’Ivoire\n1,A,B"};
  const std::string spice = std::string(1, '\0') + "\",\n\r;'x0-+.eE\xff\xc3\xa9 \t";
  int read = 0;
  int refused = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    if (i % 10 == 0) {
      text = i % 20 == 0 ? "provider,recipient,mr\n" : "";
      for (std::uint64_t n = random() % 64; n > 0; --n)
        text += i % 40 == 0 ? static_cast<char>(random()) : spice[random() % spice.size()];
    }
    for (std::uint64_t edits = random() % 4; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      const std::uint64_t kind = random() % 5;
      if (kind == 0) text[at] = spice[random() % spice.size()];
      if (kind == 1) text.insert(at, 1, spice[random() % spice.size()]);
      if (kind == 2) text.erase(at, 1 + random() % 3);
      if (kind == 3) text.resize(at);
      if (kind == 4) text += text.substr(at);
    }
    try {
      const CsvTable table = edges(text);
      ErrorList errors;
      std::string scratch;
      for (std::size_t row = 0; row < table.rows(); ++row) {
        REQUIRE(table.line(row) >= 2);
        for (std::size_t column = 0; column < table.columns().size(); ++column) {
          table.id(row, column, scratch, errors);
          table.number(row, column, needs(), errors);
        }
      }
      ++read;
    } catch (const ScenarioError&) {
      ++refused;
    }
  }
  CHECK(read + refused == 10000);
  CHECK(read > 1000);
  CHECK(refused > 1000);
}
