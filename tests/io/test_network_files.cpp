// Networks from files: what each form means, what is repaired, what is refused, and garbage.
#include <doctest/doctest.h>
#include <zlib.h>

#include <fstream>
#include <functional>
#include <random>

#include "io/network_files.hpp"
#include "io/scenario.hpp"
#include "solver/error.hpp"
#include "solver/sweep/plan.hpp"
#include "tests/io/folder.hpp"

using namespace needflow;
using needflow::test::Folder;

namespace {

using Rows = std::vector<std::vector<Index>>;

Rows rows_of(const Network& network) {
  Rows rows;
  for (std::size_t i = 0; i < network.agents(); ++i) {
    rows.emplace_back(network.columns.begin() + network.offsets[i],
                      network.columns.begin() + network.offsets[i + 1]);
  }
  return rows;
}

NetworkFile from_text(const std::string& name, std::string_view text) {
  const Folder folder;
  return read_network(folder.put(name, text));
}

/// What a file is refused with, without its folder.
std::string refusal(const std::string& name, std::string_view text) {
  const Folder folder;
  try {
    (void)read_network(folder.put(name, text));
  } catch (const ScenarioError& error) {
    std::string message = error.what();
    const std::string prefix = folder.path().string() + "/";
    for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
      message.erase(at, prefix.size());
    }
    return message;
  }
  return "not refused";
}

void put_h5(const std::filesystem::path& path, const std::function<void(const H5Builder&)>& fill) {
  const H5Builder builder;
  fill(builder);
  const std::span<const std::byte> bytes = builder.image();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

NetworkSettings geometric_settings() {
  NetworkSettings settings;
  settings.kind = NetworkKind::geometric;
  settings.agents = 300;
  settings.neighbors = 6;
  return settings;
}

const char* kPath =
    "%%MatrixMarket matrix coordinate pattern symmetric\n% a path\n3 3 2\n2 1\n3 2\n";

}  // namespace

TEST_CASE("a list of links: agents are its ids, ascending, as numbers if all are") {
  const NetworkFile file = from_text("x.csv", "a,b\n10,9\n9,-3\n");
  CHECK(file.ids == std::vector<std::string>{"-3", "9", "10"});
  CHECK(rows_of(file.network) == Rows{{1}, {0, 2}, {1}});
  CHECK(file.network.latency.empty());
  CHECK(file.repairs == NetworkRepairs{});
  const NetworkFile words = from_text("x.csv", "source,kind,target\n10,new,9\n\"9\",old,Ann\n");
  CHECK(words.ids == std::vector<std::string>{"10", "9", "Ann"});
  CHECK(rows_of(words.network) == Rows{{1}, {0, 2}, {1}});
}

TEST_CASE("latencies belong to both ends of a link") {
  const NetworkFile file = from_text("x.csv", "latency,a,b\n2.5,1,3\n0,2,1\n");
  CHECK(rows_of(file.network) == Rows{{1, 2}, {0}, {0}});
  CHECK(file.network.latency == std::vector<float>{0.0F, 2.5F, 0.0F, 2.5F});
}

TEST_CASE("self-loops and links given again are left out and counted") {
  const NetworkFile file = from_text("x.csv", "a,b\n1,2\n2,2\n1,2\n2,3\n3,2\n3,4\n4,5\n1,1\n");
  CHECK(rows_of(file.network) == Rows{{1}, {0, 2}, {1, 3}, {2, 4}, {3}});
  CHECK(file.repairs == NetworkRepairs{2, 2, 0});
}

TEST_CASE("a list of both directions has no duplicates, and what lacks one is counted") {
  CHECK(from_text("x.csv", "a,b\n1,2\n2,1\n2,3\n3,2\n").repairs == NetworkRepairs{});
  const NetworkFile file = from_text("x.csv", "a,b\n1,2\n2,1\n2,3\n3,2\n1,3\n1,2\n");
  CHECK(rows_of(file.network) == Rows{{1, 2}, {0, 2}, {0, 1}});
  CHECK(file.repairs == NetworkRepairs{0, 1, 1});
}

TEST_CASE("Matrix Market: agents are rows, also those without a link; values do not matter") {
  CHECK(rows_of(from_text("x.mtx", kPath).network) == Rows{{1}, {0, 2}, {1}});
  CHECK(from_text("x.mtx", kPath).ids.empty());
  const NetworkFile general = from_text(
      "x.mtx",
      "%%MatrixMarket MATRIX Coordinate Real general\r\n4 4 3\r\n1 2 0.5\r\n2 1 -1e3\r\n\r\n"
      "4\t4 2\r\n");
  CHECK(rows_of(general.network) == Rows{{1}, {0}, {}, {}});
  CHECK(general.repairs == NetworkRepairs{1, 0, 0});
}

TEST_CASE("the same file packed is the same network, and its name does not matter") {
  const Folder folder;
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"x.mtx", kPath},
                                   {"x.csv", "a,b,latency\n1,2,3\n2,3,4\n"}}) {
    const NetworkFile plain = read_network(folder.put(name, text));
    const std::string packed = (folder / (name + ".gz")).string();
    gzFile out = gzopen(packed.c_str(), "wb");
    gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
    gzclose(out);
    CHECK(read_network(packed).content_hash == plain.content_hash);
    CHECK(read_network(folder.put("other" + name, text)).content_hash == plain.content_hash);
  }
  CHECK(from_text("x.csv", "a,b\n1,2\n2,3\n").content_hash ==
        from_text("x.mtx", kPath).content_hash);
  CHECK(from_text("x.csv", "a,b,latency\n1,2,1\n2,3,1\n").content_hash !=
        from_text("x.csv", "a,b,latency\n1,2,1\n2,3,2\n").content_hash);
}

TEST_CASE("a network that was written is read back, latencies, ids and all") {
  const Folder folder;
  const Network network = build_network(geometric_settings(), 1, 0);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < network.agents(); ++i) ids.push_back("n" + std::to_string(i));
  put_h5(folder / "root.h5",
         [&](const H5Builder& file) { write_network(file.root(), network, ids); });
  put_h5(folder / "group.h5",
         [&](const H5Builder& file) { write_network(file.group("network").get(), network); });
  for (const char* name : {"root.h5", "group.h5"}) {
    const NetworkFile file = read_network(folder / name);
    CHECK(file.network.offsets == network.offsets);
    CHECK(file.network.columns == network.columns);
    CHECK(file.network.latency == network.latency);
  }
  CHECK(read_network(folder / "root.h5").ids == ids);
  CHECK(read_network(folder / "group.h5").ids.empty());
}

TEST_CASE("what is wrong with a list is said with its line and what would be right") {
  CHECK(refusal("x.csv", "a,b\n") == "x.csv: no links, so no network");
  CHECK(refusal("x.csv", "a,b\n1,2\n,3\n").find("x.csv line 3, column a") == 0);
  CHECK(refusal("x.csv", "a,c\n1,2\n").find("x.csv") == 0);
  const std::string latency = refusal("x.csv", "a,b,latency\n1,2,nan\n2,3,-1\n3,4,x\n4,5,inf\n");
  for (const char* line : {"line 2", "line 3", "line 4", "line 5"}) {
    CHECK(latency.find(line) != std::string::npos);
  }
  CHECK(refusal("x.csv", "a,b,latency\n1,2,3\n2,1,4\n") ==
        "x.csv line 3: latency 4 differs from 3 in x.csv line 2; a link has one latency");
  CHECK(refusal("x.txt", "a,b\n1,2\n").find("expected it to end in .csv") != std::string::npos);
}

TEST_CASE("what is wrong with a Matrix Market file is said with its line") {
  const std::string banner = "%%MatrixMarket matrix coordinate pattern general\n";
  const auto says = [](const std::string& message, const char* part) {
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  };
  says(refusal("x.mtx", ""), "x.mtx line 1: expected %%MatrixMarket");
  says(refusal("x.mtx", "1 2\n"), "found '1 2'");
  says(refusal("x.mtx", "%%MatrixMarket matrix array real general\n2 2\n"),
       "line 1: 'matrix array'");
  says(refusal("x.mtx", "%%MatrixMarket matrix coordinate complex general\n"), "'complex'");
  says(refusal("x.mtx", "%%MatrixMarket matrix coordinate real skew-symmetric\n"),
       "skew-symmetric");
  says(refusal("x.mtx", banner), "the line of sizes is missing");
  says(refusal("x.mtx", banner + "2 3 1\n1 2\n"), "line 2: a matrix of 2 rows and 3 columns");
  says(refusal("x.mtx", banner + "2 2 0\n"), "no links");
  says(refusal("x.mtx", banner + "2 2\n"), "'2 2' are not rows, columns and entries");
  says(refusal("x.mtx", banner + "9999999999 9999999999 1\n1 2\n"), "at most 2147483647 fit");
  says(refusal("x.mtx", banner + "2 2 1\n1 3\n"),
       "line 3: '3' is no agent; expected a whole number from 1 to 2");
  says(refusal("x.mtx", banner + "2 2 1\n0 1\n"), "'0' is no agent");
  says(refusal("x.mtx", banner + "2 2 1\n1\n"), "'' is no agent");
  says(refusal("x.mtx", banner + "2 2 1\n1 2 3\n"), "'3' is more than");
  says(refusal("x.mtx", banner + "2 2 2\n1 2\n"), "1 entries where line 2 announces 2");
  says(refusal("x.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 nan\n"),
       "'nan' is no value");
}

TEST_CASE("an HDF5 file that is no network of ours is refused") {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Folder folder;
  const auto refused = [&folder](const char* part, const std::vector<std::int64_t>& offsets,
                                 const std::vector<std::int64_t>& columns,
                                 const std::vector<double>& latency = {}) {
    put_h5(folder / "x.h5", [&](const H5Builder& file) {
      (void)write_dataset(file.root(), {"offsets", "", ""}, {offsets.size()},
                          std::span<const std::int64_t>(offsets));
      (void)write_dataset(file.root(), {"columns", "", ""}, {columns.size()},
                          std::span<const std::int64_t>(columns));
      if (latency.empty()) return;
      (void)write_dataset(file.root(), {"latency", "", ""}, {latency.size()},
                          std::span<const double>(latency));
    });
    CHECK_THROWS_WITH_AS(read_network(folder / "x.h5"), doctest::Contains(part), ScenarioError);
  };
  refused("1 offsets", {0}, {});
  refused("ascend from 0", {0, 1, 3}, {1, 0});
  refused("ascend from 0", {0, 2, 1, 2}, {1, 0});
  refused("column 2 is none", {0, 1, 2}, {1, 2});
  refused("column -1 is none", {0, 1, 2}, {-1, 0});
  refused("must ascend without itself", {0, 1, 2}, {0, 1});
  refused("must ascend without itself", {0, 2, 3, 4}, {2, 1, 0, 0});
  refused("lacks its way back", {0, 1, 2, 3}, {1, 2, 0});
  refused("from agent 0 to 1 lacks its way back", {0, 1, 2, 3}, {1, 2, 1});
  refused("latency 2", {0, 1, 2}, {1, 0}, {1.0, 2.0});
  refused("latency -1", {0, 1, 2}, {1, 0}, {-1.0, -1.0});
  refused("latency nan", {0, 1, 2}, {1, 0}, {std::nan(""), std::nan("")});
  refused("1 latencies", {0, 1, 2}, {1, 0}, {1.0});
  put_h5(folder / "x.h5", [](const H5Builder& file) { (void)file.group("network"); });
  CHECK_THROWS_WITH_AS(read_network(folder / "x.h5"), doctest::Contains("no dataset offsets"),
                       ScenarioError);
  CHECK_THROWS_AS(read_network(folder.put("y.h5", "no HDF5")), ScenarioError);
  CHECK_THROWS_AS(read_network(folder / "missing.h5"), IoError);
  CHECK_THROWS_AS(read_network(folder / "missing.mtx"), IoError);
}

TEST_CASE("garbled files are refused or read as some network, never worse") {
  std::mt19937_64 random(5);
  const auto draw = [&random](std::size_t bound) {
    return static_cast<std::size_t>(random() % bound);
  };
  const std::string alphabet = "0123456789,.-+eE \t\r\n\"%abnfi";
  const std::pair<std::string, std::string> starts[] = {
      {"x.csv", "a,b,latency\n1,2,3\n2,3,4.5\n3,1,0\n7,2,1e3\n"},
      {"x.csv", "source,target\nx,y\ny,z\nx,x\n"},
      {"x.mtx",
       "%%MatrixMarket matrix coordinate real symmetric\n%c\n4 4 3\n2 1 1.0\n3 1 2\n4 4 1\n"}};
  const Folder folder;
  int read = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    auto [name, text] = starts[draw(3)];
    for (std::size_t changes = 1 + draw(4); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = draw(text.size());
      const char letter =
          draw(8) == 0 ? static_cast<char>(draw(256)) : alphabet[draw(alphabet.size())];
      switch (draw(4)) {
        case 0:
          text[at] = letter;
          break;
        case 1:
          text.insert(at, 1, letter);
          break;
        case 2:
          text.erase(at, 1 + draw(5));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    // A header that announces millions of agents is as good as any other.
    if (text.find("00000") != std::string::npos) continue;
    const std::filesystem::path file = folder.put(name, text);
    try {
      const NetworkFile found = read_network(file);
      ++read;
      const Rows rows = rows_of(found.network);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK(std::is_sorted(rows[i].begin(), rows[i].end(), std::less_equal<>()));
        for (const Index j : rows[i]) {
          CHECK(std::binary_search(rows[static_cast<std::size_t>(j)].begin(),
                                   rows[static_cast<std::size_t>(j)].end(), static_cast<Index>(i)));
        }
      }
    } catch (const ScenarioError&) {
    } catch (const IoError&) {
    }
  }
  CHECK(read > 200);
}

TEST_CASE("an HDF5 network that was cut short is refused") {
  // Bytes changed in the middle are the library's own affair: HDF5 1.10 survives them in the file,
  // but not always in its memory of it.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Folder folder;
  put_h5(folder / "x.h5", [](const H5Builder& file) {
    write_network(file.root(), build_network(geometric_settings(), 1, 0), {});
  });
  std::ifstream in(folder / "x.h5", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (std::size_t length = 0; length < whole.size(); length += whole.size() / 40) {
    CAPTURE(length);
    bool refused = false;
    try {
      (void)read_network(folder.put("y.h5", whole.substr(0, length)));
    } catch (const ScenarioError&) {
      refused = true;
    } catch (const IoError&) {
      refused = true;
    }
    CHECK(refused);
  }
}

// ---- in a scenario ------------------------------------------------------------------------------

TEST_CASE("a scenario's network file brings its agents; an axis of files is one of networks") {
  const Folder folder;
  folder.put("one.csv", "a,b\n1,2\n2,3\n");
  folder.put("two.mtx", kPath);
  folder.put("three.csv", "a,b\n1,2\n2,3\n3,4\n");
  const auto parse = [&folder](const std::string& text) {
    return parse_scenario(text, "test.toml", folder.path(), {});
  };
  const Scenario one = parse("[network]\nkind = \"file\"\nfile = \"three.csv\"\n");
  const Plan plan = make_plan(one.sweep);
  REQUIRE(plan.tasks.size() == 1);
  CHECK(plan.tasks[0].recipients == 4);
  CHECK(plan.tasks[0].entries == 6);
  CHECK(one.text.find("agents = 100") == std::string::npos);
  CHECK(one.files.front().filename() == "three.csv");
  CHECK(network_of(one.sweep, one.sweep.point(0), Threads::one).columns ==
        std::vector<Index>{1, 0, 2, 1, 3, 2});
  const Scenario axis =
      parse("[network]\nkind = \"file\"\nfile = [\"one.csv\", \"two.mtx\", \"three.csv\"]\n");
  CHECK(axis.sweep.points() == 3);
  CHECK(make_plan(axis.sweep).tasks.size() == 2);  // the first two hold the same network
  CHECK(make_plan(axis.sweep).duplicates == 1);
  const Scenario mixed =
      parse("[network]\nkind = [\"file\", \"ring\"]\nagents = 7\nfile = \"one.csv\"\n");
  CHECK(network_agents(mixed.sweep.point(0).settings.network) == 3);
  CHECK(network_agents(mixed.sweep.point(1).settings.network) == 7);
  folder.put("star.csv", "a,b\n1,2\n1,3\n");  // as many agents and links as one.csv
  CHECK(make_plan(parse("[network]\nkind = \"file\"\nfile = [\"one.csv\", \"star.csv\"]\n").sweep)
            .duplicates == 0);
  CHECK(one.plan_hash != parse("[network]\nkind = \"file\"\nfile = \"one.csv\"\n").plan_hash);
  folder.put("three.csv", "a,b\n1,2\n2,3\n2,4\n");
  CHECK(one.plan_hash != parse("[network]\nkind = \"file\"\nfile = \"three.csv\"\n").plan_hash);
}

TEST_CASE("options that a network file leaves nothing to say are refused, as is a file too few") {
  const Folder folder;
  folder.put("one.csv", "a,b\n1,2\n");
  const auto refused = [&folder](const std::string& text, const char* part) {
    CHECK_THROWS_WITH_AS(parse_scenario("[network]\n" + text, "test.toml", folder.path(), {}),
                         doctest::Contains(part), ScenarioError);
  };
  refused("kind = \"file\"\n", "give network.file");
  refused("file = \"one.csv\"\n", "network.file means nothing without");
  for (const char* option :
       {"agents = 4", "neighbors = 3", "hub = 1", "beta = 0.5", "shard_size = 3"}) {
    refused(std::string("kind = \"file\"\nfile = \"one.csv\"\n") + option + "\n",
            "which brings its own");
  }
  CHECK_THROWS_AS(parse_scenario("[network]\nkind = \"file\"\nfile = \"none.csv\"\n", "test.toml",
                                 folder.path(), {}),
                  IoError);
}
