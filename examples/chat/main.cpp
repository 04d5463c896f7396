// Talks with SmolLM2:  chat FOLDER [options]
//
// FOLDER holds tokens.txt, merges.txt and the library's folder smollm2 with its weights. Without --prompt
// every line of standard input is a question; /undo takes the last one and its answer back, /reset forgets
// everything. Answers go to standard output as they are made, all else to standard error.
#include "conversation.hpp"
#include "network.hpp"
#include "sampler.hpp"
#include "tokenizer.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

namespace {

struct settings {
  std::string folder, prompt, system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
  double temperature = 0, top_p = 0.9;
  std::uint64_t seed = 1;
  std::size_t most = 512;
  int threads = 0;
  bool numbers = false;
};

void answer(conversation &talk, const std::string &question, const settings &chosen) {
  using clock = std::chrono::steady_clock;
  const auto since = [](clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
  };
  const auto begin = clock::now();
  auto first = begin;
  const std::size_t asked = talk.ask(question);
  std::size_t made = 0;
  while (made < chosen.most && talk.next()) {
    if (made++ == 0)
      first = clock::now();
    if (chosen.numbers)
      std::printf("%lld ", static_cast<long long>(talk.token()));
    else
      std::fputs(talk.text().c_str(), stdout);
    std::fflush(stdout);
  }
  std::putchar('\n');
  std::fflush(stdout);
  std::fprintf(stderr, "[%zu tokens read", asked);
  if (made > 0)
    std::fprintf(stderr, ", first of %zu after %.0f ms", made,
                 std::chrono::duration<double, std::milli>(first - begin).count());
  if (made > 1)
    std::fprintf(stderr, ", then %.1f a second", double(made - 1) / since(first));
  std::fprintf(stderr, "%s]\n", talk.full() ? "; the cache is full, /reset begins anew" : "");
}

int run(const settings &chosen) {
  const tokenizer words((chosen.folder + "/tokens.txt").c_str(), (chosen.folder + "/merges.txt").c_str());
  network net((chosen.folder + "/smollm2/weights/smollm2.weights").c_str(), chosen.threads, words.size());
  sampler choice(chosen.temperature, chosen.top_p, chosen.seed);
  conversation talk(words, net, choice, chosen.system);
  if (!chosen.prompt.empty()) {
    answer(talk, chosen.prompt, chosen);
    return 0;
  }
  const bool person = isatty(STDIN_FILENO);
  for (std::string line; person && std::fputs("> ", stderr), std::getline(std::cin, line);) {
    if (line == "/reset")
      talk.reset();
    else if (line == "/undo")
      talk.undo();
    else if (!line.empty())
      answer(talk, line, chosen);
  }
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  settings chosen;
  CLI::App app("Talks with SmolLM2-135M-Instruct.");
  app.add_option("folder", chosen.folder, "holds tokens.txt, merges.txt and smollm2/weights")->required();
  app.add_option("--prompt", chosen.prompt, "one question; without it each line of standard input is one");
  app.add_option("--system", chosen.system, "what the model is told first");
  app.add_option("--temperature", chosen.temperature, "0 takes the likeliest token")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--top-p", chosen.top_p, "draw among the likeliest with this probability")
      ->capture_default_str()
      ->check(CLI::Range(1e-9, 1.0));
  app.add_option("--seed", chosen.seed, "of the draws")->capture_default_str();
  app.add_option("--most", chosen.most, "tokens of an answer at most")->capture_default_str();
  app.add_option("--threads", chosen.threads, "0 for one per processor")->capture_default_str();
  app.add_flag("--numbers", chosen.numbers, "print the numbers of the tokens instead of their text");
  CLI11_PARSE(app, count, arguments);
  try {
    return run(chosen);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "chat: %s\n", error.what());
    return 1;
  }
}
