// A C++17 program with several generated libraries, one pool, and the wrappers.
#include "cnn.hpp"
#include "decoder.hpp"
#include "ingot/pool.h"
#include "mlp.hpp"
#include "tally.hpp"

#include <cstdio>
#include <cstring>
#include <vector>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      std::printf("line %d: %s\n", __LINE__, #condition);                                                              \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

static float weight(size_t i) { return float(int(i * 7 % 17) - 8) / 8; }

int main() {
  ingot::pool pool(3);

  mlp::model m;
  CHECK(m.open().ok());
  std::vector<float> x(64 * 8), serial(64 * 4), threaded(64 * 4);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(int(i * 3 % 13) - 6) / 4;
  for (const ingot_executor *executor : {static_cast<const ingot_executor *>(nullptr), pool.executor()}) {
    mlp::context context;
    CHECK(context.init(m, {}, executor).ok());
    mlp::outputs outputs = {ingot::span(executor ? threaded : serial)};
    CHECK(context.run({64}, {ingot::view(x)}, outputs).ok());
    ingot::status status = context.run({65}, {ingot::view(x)}, outputs);
    CHECK(status.code() == INGOT_LIMIT_EXCEEDED && !std::strcmp(status.text(), "batch: 65, expected 1..64"));
    status = context.run({63}, {ingot::view(x)}, outputs);
    CHECK(!std::strcmp(status.text(), "input: 512 elements, expected batch*8 = 63*8 = 504"));
  }
  CHECK(serial == threaded);
  for (size_t b = 0; b < 64; ++b) {
    float hidden[16];
    for (size_t n = 0; n < 16; ++n) {
      float sum = 0;
      for (size_t k = 0; k < 8; ++k)
        sum += x[b * 8 + k] * weight(k * 16 + n);
      hidden[n] = sum > 0 ? sum : 0;
    }
    for (size_t n = 0; n < 4; ++n) {
      float sum = 0;
      for (size_t k = 0; k < 16; ++k)
        sum += hidden[k] * weight(128 + k * 4 + n);
      CHECK(sum == serial[b * 4 + n]);
    }
  }

  cnn::model c;
  std::vector<float> image(192), first(5), second(5);
  for (size_t i = 0; i < image.size(); ++i)
    image[i] = float(i % 7) - 3;
  for (const char *target : {"x86-64-v3", "x86-64-v2"}) {
    CHECK(c.open({target}).ok());
    cnn::context context;
    CHECK(context.init(c, pool.executor()).ok());
    cnn::outputs outputs = {ingot::span(first)};
    CHECK(context.run({ingot::view(image)}, outputs).ok());
    if (!std::strcmp(target, "x86-64-v3"))
      second = first;
    image.pop_back();
    ingot::status status = context.run({ingot::view(image)}, outputs);
    CHECK(!std::strcmp(status.text(), "image: 191 elements, expected 1*3*8*8 = 192"));
    image.push_back(float(191 % 7) - 3);
  }
  CHECK(first == second);

  tally::model t;
  CHECK(t.open().ok());
  tally::context context;
  ingot::status status = context.init(t);
  CHECK(status.code() == INGOT_LIMIT_EXCEEDED); // n has no compiled bound
  CHECK(context.init(t, {INT64_MAX / 2}).code() == INGOT_LIMIT_EXCEEDED);
  CHECK(context.init(t, {4}).ok());
  tally::state state;
  CHECK(state.init(t, {4}).ok());
  float total[1];
  tally::outputs outputs = {{}, {total, 1}, 0};
  const std::vector<float> values(40, 1.0f);
  CHECK(context.run({2}, {{values.data(), 2}}, state, outputs).ok());
  CHECK(outputs.found == 2 && outputs.indices.count == 2 && outputs.indices.data[1] == 1 && total[0] == 2);
  // 40 indices do not fit; the state stays at 2 and the run says what it needs.
  CHECK(context.init_bytes(t, 192).ok());
  status = context.run({40}, {ingot::view(values)}, state, outputs);
  CHECK(status.code() == INGOT_NEED_WORKSPACE && status.error().expected == 320);
  CHECK(context.init_bytes(t, size_t(status.error().expected)).ok());
  CHECK(context.run({40}, {ingot::view(values)}, state, outputs).ok());
  CHECK(outputs.found == 40 && total[0] == 42);
  state.reset();
  CHECK(context.run({0}, {{nullptr, 0}}, state, outputs).ok());
  CHECK(outputs.found == 0 && total[0] == 0);

  decoder::model d;
  decoder::state cache;
  CHECK(d.open().ok() && cache.init(d).ok() && cache.length() == 0 && !cache.truncate(1).ok());
  std::puts("all ok");
}
