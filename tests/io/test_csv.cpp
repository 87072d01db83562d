#include "io/csv.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "solver/error.hpp"
#include "tests/io/csv_tables.hpp"

using namespace needflow;
using namespace needflow::test;

namespace {

CsvTable pairs(const std::string& text) {
  return CsvTable("p.csv", text, {.required = {"a", "b"}});
}

/// What a table is refused with.
std::string message_of(const std::string& text, const CsvColumns& columns = edge_columns()) {
  try {
    const CsvTable table("edges.csv", text, columns);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

/// Parses "value" as a number in a table of one column.
double number_of(const std::string& value, const Range& range) {
  return CsvTable("agents.csv", "need\n" + value + "\n", {.required = {"need"}})
      .number(0, 0, range);
}

std::string number_message(const std::string& value, const Range& range) {
  try {
    number_of(value, range);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

const Range& any_number() {
  static const Range kRange;
  return kRange;
}

}  // namespace

// ---- reading ------------------------------------------------------------------------------------

TEST_CASE("a table is read by row and column") {
  const CsvTable table = edges("provider,recipient,mr\nP1,R1,0.25\nP2,R1,1\n");
  CHECK(table.file() == "edges.csv");
  CHECK(table.rows() == 2);
  CHECK(table.column("mr") == 2);
  CHECK_FALSE(table.find_column("desire"));
  CHECK(table.field(0, 0) == "P1");
  CHECK(table.field(1, 1) == "R1");
  CHECK(table.number(0, 2, any_number()) == 0.25);
  CHECK_THROWS_AS(table.column("desire"), std::out_of_range);
}

TEST_CASE("columns may stand in any order, and optional ones may be there") {
  const CsvTable table = edges("desire,mr,provider,recipient\n5,0.25,P1,R1\n");
  CHECK(table.columns().size() == 4);
  CHECK(table.field(0, table.column("provider")) == "P1");
  CHECK(table.field(0, *table.find_column("desire")) == "5");
}

TEST_CASE("LF, CRLF, a byte order mark and a missing last line end read alike") {
  const Rows expected = {{"1", "2"}, {"3", ""}};
  CHECK(all_fields(pairs("a,b\n1,2\n3,\n")) == expected);
  CHECK(all_fields(pairs("a,b\n1,2\n3,")) == expected);
  CHECK(all_fields(pairs("a,b\r\n1,2\r\n3,\r\n")) == expected);
  CHECK(all_fields(pairs("a,b\r\n1,2\r\n3,\r")) == expected);
  CHECK(all_fields(pairs("\xEF\xBB\xBF"
                         "a,b\r\n1,2\n3,\n")) == expected);
  CHECK(all_fields(pairs("\xEF\xBB\xBF\"a\",b\n1,2\n\"3\",\"\"")) == expected);
}

TEST_CASE("blank lines are ignored and lines still count") {
  const CsvTable table = pairs("\n\na,b\n\n1,2\r\n\r\n\r\n3,4\n5,6\n\n\n");
  CHECK(all_fields(table) == Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}});
  CHECK(table.line(0) == 5);
  CHECK(table.line(1) == 8);
  CHECK(table.line(2) == 9);
  CHECK(table.where(1) == "p.csv line 8");
  CHECK(table.where(1, 0) == "p.csv line 8, column a");
}

TEST_CASE("quoted fields hold commas, quotes and line ends, and lines still count") {
  const CsvTable table =
      pairs("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"one\r\ntwo\n\",2\n\"\"\"\",\"\"\n");
  CHECK(all_fields(table) == Rows{{"x,y", "say \"hi\""}, {"one\r\ntwo\n", "2"}, {"\"", ""}});
  CHECK(table.line(1) == 3);
  CHECK(table.line(2) == 6);
}

TEST_CASE("a view of a field is into the table unless quotes were doubled") {
  const CsvTable table = pairs("a,b\nplain,\"a \"\"b\"\"\"\n\"x,y\",\n");
  std::string scratch = "untouched";
  CHECK(table.field(0, 0, scratch) == "plain");
  CHECK(table.field(1, 0, scratch) == "x,y");
  CHECK(scratch == "untouched");
  CHECK(table.field(0, 1, scratch) == "a \"b\"");
  CHECK(scratch == "a \"b\"");
}

TEST_CASE("a table of one column is read, and a table without rows is one") {
  CHECK(CsvTable("x.csv", "id\nA\nB\n", {.required = {"id"}}).rows() == 2);
  CHECK(CsvTable("x.csv", "id\n", {.required = {"id"}}).rows() == 0);
  CHECK(CsvTable("x.csv", "id", {.required = {"id"}}).rows() == 0);
}

TEST_CASE("a table can be moved, also one whose text is short") {
  CsvTable from = CsvTable("x.csv", "id\nA\n", {.required = {"id"}});
  const CsvTable to = std::move(from);
  CHECK(to.field(0, 0) == "A");
}

TEST_CASE("further columns are left out where they are allowed") {
  const CsvTable table("r.csv", "time,source,,target,rating,x,x\n9,1,,2,10,,\n8,3,,4,-1,,\n",
                       {.required = {"source", "target", "rating"}, .allow_others = true});
  CHECK(table.columns().size() == 3);
  CHECK(all_fields(table) == Rows{{"1", "2", "10"}, {"3", "4", "-1"}});
}

TEST_CASE("a numbered column stands for as many as there are") {
  const CsvColumns columns = {.required = {"id"}, .optional = {"need_#", "capacity_#"}};
  const CsvTable table("agents.csv", "id,need_1,need_2,capacity_10\nA,1,2,3\n", columns);
  CHECK(table.columns().size() == 4);
  for (const char* name : {"need_0", "need_", "need_x", "need_1x", "need_01", "xneed_1"})
    CHECK(message_of(std::string("id,") + name + "\n", columns).find("unknown column") !=
          std::string::npos);
}

TEST_CASE("blanks around column names, ids and numbers do not count, fields keep them") {
  const CsvTable table = pairs(" a ,\tb\n A B , 7 \n");
  std::string scratch;
  CHECK(table.id(0, 0, scratch) == "A B");
  CHECK(table.number(0, 1, any_number()) == 7);
  CHECK(table.field(0, 0) == " A B ");
}

TEST_CASE("memory is the text and about four bytes a field") {
  std::string text = "provider,recipient,mr\n";
  for (int i = 0; i < 100000; ++i) text += "P" + std::to_string(i) + ",R1,0.5\n";
  const std::size_t size = text.size();
  CHECK(edges(text).bytes() < size + std::size_t{100000} * (3 * 4 + 1) + 1000);
}

TEST_CASE("a file is read from disk, packed or not, and named as the user named it") {
  const auto path = std::filesystem::temp_directory_path() /
                    ("needflow-csv-" + std::to_string(::getpid()) + ".csv");
  std::ofstream(path) << "a,b\n1,2\n";
  CHECK(read_csv(path, {.required = {"a", "b"}}).where(0) == path.string() + " line 2");
  gzFile packed = gzopen(path.c_str(), "wb");
  REQUIRE(gzputs(packed, "a,b\n3,4\n") == 8);
  REQUIRE(gzclose(packed) == Z_OK);
  CHECK(read_csv(path, {.required = {"a", "b"}}).field(0, 0) == "3");
  std::filesystem::remove(path);
  CHECK_THROWS_AS(read_csv(path, {.required = {"a"}}), IoError);
}

// ---- mistakes in the header ---------------------------------------------------------------------

TEST_CASE("an empty file is told what it should hold") {
  const std::string expected = "edges.csv: empty; expected provider,recipient,mr[,desire]";
  CHECK(message_of("") == expected);
  CHECK(message_of("\xEF\xBB\xBF\r\n\n") == expected);
}

TEST_CASE("all mistakes of a header are listed at once") {
  CHECK(message_of("provder,recipient,recipient,,weight\n") ==
        "edges.csv line 1: unknown column 'provder', perhaps provider; expected "
        "provider,recipient,mr[,desire]\n"
        "edges.csv line 1: column recipient stands there twice\n"
        "edges.csv line 1: column 4 has no name; expected provider,recipient,mr[,desire]\n"
        "edges.csv line 1: unknown column 'weight'; expected provider,recipient,mr[,desire]\n"
        "edges.csv line 1: column provider is missing; expected provider,recipient,mr[,desire]\n"
        "edges.csv line 1: column mr is missing; expected provider,recipient,mr[,desire]");
}

TEST_CASE("a numbered column is explained") {
  CHECK(message_of("id,x\n", {.required = {"id"}, .optional = {"need_#"}}) ==
        "edges.csv line 1: unknown column 'x'; expected id[,need_1…]");
}

TEST_CASE("another separator is recognised") {
  CHECK(message_of("provider;recipient;mr\nP1;R1;0.5\n") ==
        "edges.csv line 1: fields are separated by ';'; expected commas");
  CHECK(message_of("provider\trecipient\tmr\n") ==
        "edges.csv line 1: fields are separated by '\\x09'; expected commas");
}

TEST_CASE("a header with a misplaced quote is refused") {
  CHECK(message_of("provider,\"recipient\n") ==
        "edges.csv line 1: field 2 opens a quote that is never closed");
}

// ---- mistakes in records ------------------------------------------------------------------------

TEST_CASE("a record with too many or too few fields is named by its line") {
  CHECK(message_of("provider,recipient,mr\nP1,R1,0.5\n\nP1,R2,0.5,9\nP1\nP,R,\n") ==
        "edges.csv line 4: 4 fields, expected 3 (provider,recipient,mr)\n"
        "edges.csv line 5: 1 field, expected 3 (provider,recipient,mr)");
}

TEST_CASE("misplaced quotes are named by field") {
  const std::string head = "provider,recipient,mr\n";
  CHECK(message_of(head + "P1,R\"1,1\n") ==
        "edges.csv line 2: field 2 has a quote inside; put it in quotes and double the one inside");
  const std::string after =
      "edges.csv line 2: field 1 goes on after its closing quote; quotes in it are doubled";
  CHECK(message_of(head + "\"P\"1,R1,1\n") == after);
  CHECK(message_of(head + "\"P\" ,R1,1\n") == after);
  CHECK(message_of(head + "\"P\"\r,R1,1\n") == after);
  CHECK(message_of(head + "P,R,\"1\"x") ==
        "edges.csv line 2: field 3 goes on after its closing quote; quotes in it are doubled");
}

TEST_CASE("a quote that is never closed is named by the line it opens on") {
  const std::string head = "provider,recipient,mr\nP0,R0,1\n";
  for (const char* rest : {"\"P1,R1,1\nP2,R2,1\n", "\"", "\"\"\"", "\"P1\"\",R1,1\n"})
    CHECK(message_of(head + rest) ==
          "edges.csv line 3: field 1 opens a quote that is never closed");
}

TEST_CASE("a carriage return alone is no line end") {
  CHECK(message_of("provider,recipient,mr\rP1,R1,1\r") ==
        "edges.csv line 1: field 3 has a carriage return alone; lines end with LF or CRLF");
  CHECK(message_of("provider,recipient,mr\nP1\r,R1,1\n") ==
        "edges.csv line 2: field 1 has a carriage return alone; lines end with LF or CRLF");
}

TEST_CASE("twenty mistakes are listed and the others counted") {
  std::string text = "provider,recipient,mr\n";
  for (int i = 0; i < 32; ++i) text += "P1,R1\n";
  const std::string message = message_of(text);
  CHECK(message.find("edges.csv line 21: 2 fields") != std::string::npos);
  CHECK(message.find("edges.csv line 22: ") == std::string::npos);
  CHECK(message.ends_with("\n… and 12 more"));
}

TEST_CASE("NUL bytes and text that is not UTF-8 are named by line") {
  const std::string head = "provider,recipient,mr\n";
  CHECK(message_of(head + std::string("P\0,R,1\n", 7)) == "edges.csv line 2: a NUL byte");
  CHECK(message_of(head + "P,R,1\nC\xF4te,R,1\n") ==
        "edges.csv line 3: byte 0xF4 is not UTF-8; save the file as UTF-8");
  CHECK(message_of(std::string("\xFF\xFEp\0r\0", 6)) ==
        "edges.csv: the text is UTF-16; save it as UTF-8");
}

TEST_CASE("UTF-8 is held to Unicode's table of well-formed bytes") {
  const auto accepts = [](const std::string& word) {
    // At every distance from the eight-byte steps that skip ASCII.
    int accepted = 0;
    for (std::size_t shift = 0; shift < 8; ++shift)
      accepted += message_of(std::string(shift, 'x') + word, {.required = {}, .allow_others = true})
                      .find("UTF-8") == std::string::npos;
    REQUIRE((accepted == 0 || accepted == 8));
    return accepted == 8;
  };
  for (const char* good :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "Côte d’Ivoire 象"})
    CHECK(accepts(good));
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xE1\x80", "\xE1\x80x", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xF1\x80\x80", "\xF1\x80\x80x", "\xFE", "\xFFx"})
    CHECK_FALSE(accepts(bad));
}

TEST_CASE("a record of many megabytes comes from a quote left open") {
  std::string text = "provider,recipient,mr\nP1,R1,1\n\"P2,R1,1\n";
  text.append(std::size_t{70} << 20U, 'x');
  text += "\",R1,1\n";
  CHECK(message_of(text) == "edges.csv line 3: records of more than 4.0 MiB; is a quote missing?");
}

TEST_CASE("a hundred megabytes of mistakes are counted to the end") {
  std::string text = "provider,recipient,mr\n";
  const std::string line = "P1," + std::string(std::size_t{1} << 20U, 'x') + "\n";
  for (int i = 0; i < 100; ++i) text += line;
  CHECK(message_of(text).ends_with("… and 80 more"));
}

TEST_CASE("values in messages stay on their line, short and harmless") {
  CHECK(shown("abc") == "'abc'");
  CHECK(shown("a\nb\x1b[31m") == "'a\\x0ab\\x1b[31m'");
  CHECK(shown(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(shown(std::string(61, 'x')) == "'" + std::string(60, 'x') + "…'");
  CHECK(shown(std::string(59, 'x') + "é!") == "'" + std::string(59, 'x') + "…'");
}

// ---- ids and numbers ----------------------------------------------------------------------------

TEST_CASE("an id may not be empty") {
  const CsvTable table = pairs("a,b\n,1\n \t,2\n\"\",3\nA,4\n");
  std::string scratch;
  CHECK_THROWS_WITH_AS(table.id(0, 0, scratch), "p.csv line 2, column a: no value; expected an id",
                       ScenarioError);
  ErrorList errors;
  for (std::size_t row = 0; row < table.rows(); ++row) table.id(row, 0, scratch, errors);
  CHECK(errors.count() == 3);
}

TEST_CASE("numbers are read to the nearest double") {
  const std::vector<std::pair<std::string, double>> expected = {
      {"0", 0.0},
      {"-0", -0.0},
      {"7", 7.0},
      {"1.5", 1.5},
      {".5", 0.5},
      {"5.", 5.0},
      {"+3", 3.0},
      {"1e3", 1000.0},
      {"-2.5E-3", -0.0025},
      {" 4\t", 4.0},
      {"\"6\"", 6.0},
      {"0.1", 0.1},
      {"0e99", 0.0},
      {"0.000e-999", 0.0},
      {"9007199254740993", 9007199254740992.0},
      {"5e-324", 5e-324},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"2.2250738585072011e-308", 2.2250738585072011e-308}};
  for (const auto& [text, value] : expected) {
    const std::string& written = text;  // clang 14 cannot capture the binding itself
    CAPTURE(written);
    CHECK(number_of(text, any_number()) == value);
  }
  CHECK(std::signbit(number_of("-0", any_number())));
}

TEST_CASE("what is not a number is refused with its line, column and value") {
  CHECK(number_message("abc", needs()) ==
        "agents.csv line 2, column need: value 'abc' is not a number; needs are 0 or more");
  for (const char* text : {"abc",   "1x",  "1 2", "--1",  "+-1",    "-+1",   "++1",     "+",
                           "-",     ".",   "e5",  "1e",   "0x10",   "1_000", "\"1,5\"", "\"1\"\"\"",
                           "1.5.2", "nan", "NaN", "-nan", "nan(1)", "infx",  "١"}) {
    CAPTURE(text);
    CHECK(number_message(text, any_number()).find("is not a number; expected a finite number") !=
          std::string::npos);
  }
}

TEST_CASE("a number too large or too small for a double is refused") {
  for (const char* text : {"1e309", "-1e309", "1e999999999999", "1e-400", "-0.01e-999", "+1e400"}) {
    CAPTURE(text);
    CHECK(number_message(text, any_number()).find("is beyond double precision's range") !=
          std::string::npos);
  }
}

TEST_CASE("a number out of range is told the range") {
  const std::string at = "agents.csv line 2, column need: ";
  CHECK(number_message("-3", needs()) == at + "-3 is negative; needs are 0 or more");
  CHECK(number_of("0", needs()) == 0);
  CHECK(number_of("-0", needs()) == 0);
  const Range share = {.low = 0, .high = 1, .low_open = true};
  CHECK(number_message("0", share) == at + "0 is too small; expected more than 0 to 1");
  CHECK(number_message("1.01", share) == at + "1.01 is too large; expected more than 0 to 1");
  CHECK(number_of("1", share) == 1);
  CHECK(number_of("5e-324", share) == 5e-324);
  const Range below = {.high = 1, .high_open = true};
  CHECK(number_message("1", below) == at + "1 is too large; expected less than 1");
  CHECK(number_message("-inf", below) == at + "-inf is not finite; expected less than 1");
  CHECK(number_message("1", {.low = 2}) == at + "1 is too small; expected 2 or more");
}

TEST_CASE("infinity is a number only where it is allowed, and then has its range, too") {
  const Range open = {.low = 0, .infinite = true};
  CHECK(number_message("inf", needs()) ==
        "agents.csv line 2, column need: inf is not finite; needs are 0 or more");
  for (const char* text : {"inf", "INF", "Infinity", "+inf"})
    CHECK(number_of(text, open) == std::numeric_limits<double>::infinity());
  CHECK(number_message("-inf", open) ==
        "agents.csv line 2, column need: -inf is negative; expected 0 or more");
  CHECK(number_message("nan", open).find("is not a number") != std::string::npos);
  CHECK(number_message("1e999", open).find("is beyond") != std::string::npos);
}

TEST_CASE("an empty field is a mistake or what the range says it means") {
  const CsvTable table = pairs("a,b\n,1\n\"\",2\n  ,3\n");
  const Range desire = {.low = 0, .if_empty = 12.0};
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK(table.number(row, 0, desire) == 12.0);
    CHECK_THROWS_AS(table.number(row, 0, needs()), ScenarioError);
  }
  CHECK_THROWS_WITH_AS(table.number(0, 0, needs()),
                       "p.csv line 2, column a: no value; needs are 0 or more", ScenarioError);
}

TEST_CASE("mistakes in numbers can be collected") {
  const CsvTable table = pairs("a,b\n1,-1\n2,x\n3,7\n");
  ErrorList errors;
  double sum = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double value = table.number(row, 1, needs(), errors);
    if (!std::isnan(value)) sum += value;
  }
  CHECK(sum == 7);
  CHECK(errors.count() == 2);
  CHECK_THROWS_WITH_AS(errors.throw_if_any(),
                       "p.csv line 2, column b: -1 is negative; needs are 0 or more\n"
                       "p.csv line 3, column b: value 'x' is not a number; needs are 0 or more",
                       ScenarioError);
}

TEST_CASE("a list without mistakes throws nothing, and one with 21 says that there is one more") {
  ErrorList errors;
  CHECK_NOTHROW(errors.throw_if_any());
  for (int i = 0; i < 20; ++i) errors.add("x");
  const auto text = [&] {
    try {
      errors.throw_if_any();
    } catch (const ScenarioError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(text().size() == 39);
  errors.add("x");
  CHECK(text().ends_with("x\n… and 1 more"));
}
