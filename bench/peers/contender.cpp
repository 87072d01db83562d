#include "bench/peers/contender.hpp"

#include <fstream>
#include <iomanip>

namespace needflow::peers {

namespace {

void write_values(std::ofstream& file, const std::vector<double>& values) {
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(double)));
}

std::string check(Contender& contender, std::istream& words) {
  int rounds = 0;
  std::string path;
  words >> rounds >> path;
  contender.run(rounds);
  const Answer answer = contender.answer();
  if (!contender.speaks()) return {};
  std::ofstream file(path, std::ios::binary);
  write_values(file, answer.satisfied);
  write_values(file, answer.received);
  write_values(file, answer.denominator);
  file.close();
  return file ? R"({"written": true})" : R"({"error": "cannot write the answer"})";
}

std::string time(Contender& contender, std::istream& words) {
  int rounds = 0;
  int runs = 0;
  words >> rounds >> runs;
  contender.barrier();
  const double seconds = seconds_of([&] {
    for (int i = 0; i < runs; ++i) contender.run(rounds);
    contender.barrier();
  });
  std::ostringstream text;
  text << std::setprecision(9) << R"({"seconds_per_round": )"
       << seconds / (static_cast<double>(rounds) * runs) << "}";
  return text.str();
}

}  // namespace

void serve(Contender& contender) {
  const auto say = [&contender](const std::string& line) {
    if (contender.speaks()) std::cout << line << std::endl;
  };
  say("{\"ready\": true, " + contender.description() + "}");
  for (;;) {
    std::istringstream words(contender.next_line());
    std::string name;
    words >> name;
    if (name == "quit") return;
    if (name == "check") {
      say(check(contender, words));
    } else if (name == "time") {
      say(time(contender, words));
    } else {
      const std::string reply = contender.other_command(words, name);
      say(reply.empty() ? R"({"error": "no such command"})" : reply);
    }
  }
}

}  // namespace needflow::peers
