#include "conversation.hpp"

#include <utility>

conversation::conversation(const tokenizer &words, network &net, sampler &choice, std::string system)
    : words(words), net(net), choice(choice), system(std::move(system)), begin(words.special("<|im_start|>")),
      end(words.special("<|im_end|>")) {}

void conversation::append(const std::string &text) {
  const auto tokens = words.encode(text);
  pending.insert(pending.end(), tokens.begin(), tokens.end());
}

void conversation::append_turn(const std::string &who, const std::string &text) {
  pending.push_back(begin);
  append(who + "\n" + text);
  pending.push_back(end);
  append("\n");
}

std::size_t conversation::ask(const std::string &question) {
  if (is_open) {
    pending.push_back(end);
    append("\n");
  }
  questions.push_back({net.length(), pending});
  if (questions.size() == 1)
    append_turn("system", system);
  append_turn("user", question);
  pending.push_back(begin);
  append("assistant\n");
  is_open = true;
  return pending.size();
}

bool conversation::next() {
  const std::vector<float> *logits = net.read(pending);
  is_full = !logits;
  if (is_full)
    return false;
  last = choice.pick(*logits);
  pending = {last};
  if (last != end)
    return true;
  append("\n");
  is_open = false;
  return false;
}

void conversation::undo() {
  if (questions.empty())
    return;
  net.truncate(questions.back().length);
  pending = std::move(questions.back().pending);
  questions.pop_back();
  is_open = is_full = false;
}

void conversation::reset() {
  while (!questions.empty())
    undo();
}
