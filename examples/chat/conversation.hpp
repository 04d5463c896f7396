// Questions and answers in the form in which the model was trained, all in one cache.
#pragma once

#include "network.hpp"
#include "sampler.hpp"
#include "tokenizer.hpp"

#include <string>
#include <vector>

class conversation {
public:
  // `system` is what the model is told before the first question.
  conversation(const tokenizer &words, network &net, sampler &choice, std::string system);

  // Puts a question behind all that was said; the number of tokens that the network has to read for it.
  std::size_t ask(const std::string &question);

  // Makes the next token of the answer; false at its end, or when the cache is full.
  bool next();
  tokenizer::token token() const { return last; }
  const std::string &text() const { return words.text(last); }
  bool full() const { return is_full; }

  void undo();  // forgets the last question and its answer, if there is one
  void reset(); // forgets all of them

private:
  struct point {
    std::int64_t length;                   // of the cache
    std::vector<tokenizer::token> pending; // what comes behind it and is not read yet
  };
  void append(const std::string &text);
  void append_turn(const std::string &who, const std::string &text);

  const tokenizer &words;
  network &net;
  sampler &choice;
  const std::string system;
  const tokenizer::token begin, end; // of a turn
  tokenizer::token last = -1;
  bool is_open = false, is_full = false; // the answer has no end yet; the cache has no room
  std::vector<tokenizer::token> pending;
  std::vector<point> questions; // where each began
};
