#include "GoldenSpecs.h"

using namespace ingot::package;

namespace ingot::test {

static Target v3() {
  Target target;
  target.name = "x86-64-v3";
  target.id = "x86_64_v3";
  target.features = "INGOT_CPU_X86_64_V3";
  target.flags = {"-mavx2", "-mfma", "-mf16c", "-mbmi", "-mbmi2"};
  return target;
}

static Target v2() {
  Target target;
  target.name = "x86-64-v2";
  target.id = "x86_64_v2";
  target.features = "INGOT_CPU_X86_64_V2";
  target.flags = {"-msse4.2", "-mpopcnt"};
  return target;
}

static BuildInfo build(const std::string &name) {
  return {"0.1.0", name + ".onnx", std::string(64, '0'), std::string(64, '1'), "--target x86-64-v3"};
}

/// Floats 0.5, -0.5 + k/8 …: small numbers whose sums are exact.
static void floats(Weights &weights, size_t count) {
  weights.bytes = count * 4;
  weights.write = [count](llvm::raw_ostream &stream) {
    for (size_t i = 0; i < count; ++i) {
      float value = float(int(i * 7 % 17) - 8) / 8;
      stream.write(reinterpret_cast<const char *>(&value), 4);
    }
  };
}

LibrarySpec mlpSpec() {
  LibrarySpec spec;
  spec.name = "mlp";
  spec.doc = "Two dense layers, 8 to 16 to 4.";
  spec.build = build("mlp");
  Symbol batch;
  batch.name = "batch";
  batch.max = 64;
  spec.symbols = {batch};
  spec.inputs = {{"input", "", INGOT_F32, {"batch", "8"}}};
  spec.outputs = {{"output", "", INGOT_F32, {"batch", "4"}}};
  spec.workspaceBytes = "align(batch*64)";
  floats(spec.weights, 8 * 16 + 16 * 4);
  Target target = v3();
  Kernel fc1;
  fc1.name = "fc1";
  fc1.doc = "fc1, relu: y[b, n] = max(0, sum over k of x[b, k] * w[k, n]); tile: one row b";
  fc1.params = {"const float *x", "const float *w", "float *y"};
  fc1.body = R"(  for (int64_t b = begin; b < end; ++b)
    for (int64_t n = 0; n < 16; ++n) {
      float sum = 0.0f;
      for (int64_t k = 0; k < 8; ++k)
        sum += x[b * 8 + k] * w[k * 16 + n];
      y[b * 16 + n] = sum > 0.0f ? sum : 0.0f;
    }
)";
  Kernel fc2;
  fc2.name = "fc2";
  fc2.doc = "fc2: y[b, n] = sum over k of x[b, k] * w[k, n]; tile: one row b";
  fc2.params = fc1.params;
  fc2.body = R"(  for (int64_t b = begin; b < end; ++b)
    for (int64_t n = 0; n < 4; ++n) {
      float sum = 0.0f;
      for (int64_t k = 0; k < 16; ++k)
        sum += x[b * 16 + k] * w[k * 4 + n];
      y[b * 4 + n] = sum;
    }
)";
  target.kernels = {fc1, fc2};
  target.entryBody = R"(  const float *fc1_w = reinterpret_cast<const float *>(weights + 0);
  const float *fc2_w = reinterpret_cast<const float *>(weights + 512);
  float *hidden = reinterpret_cast<float *>(workspace + 0); // [batch, 16]

  ingot::launch(executor, batch, 1, [=](int64_t begin, int64_t end) {
    mlp_x86_64_v3_fc1(input, fc1_w, hidden, begin, end);
  });
  ingot::launch(executor, batch, 1, [=](int64_t begin, int64_t end) {
    mlp_x86_64_v3_fc2(hidden, fc2_w, output, begin, end);
  });
  return INGOT_OK;
)";
  spec.targets = {target};
  return spec;
}

LibrarySpec decoderSpec() {
  LibrarySpec spec;
  spec.name = "decoder";
  spec.build = build("decoder");
  Symbol batch, seq, length;
  batch.name = "batch";
  batch.max = 2;
  seq.name = "seq";
  seq.max = 16;
  length.name = "length";
  length.kind = SymbolKind::Length;
  length.min = 0;
  length.max = 48;
  length.next = "length + seq";
  spec.symbols = {batch, seq, length};
  spec.inputs = {{"hidden_in", "hidden.in", INGOT_F32, {"batch", "seq", "8"}},
                 {"attention_mask", "", INGOT_I64, {"batch", "length + seq"}}};
  spec.states = {{"past_key", "past.key", "present.key", INGOT_F32, {"batch", "48", "8"}},
                 {"past_value", "past.value", "present.value", INGOT_F32, {"batch", "48", "8"}}};
  spec.outputs = {{"hidden_out", "hidden.out", INGOT_F32, {"batch", "seq", "8"}}};
  spec.workspaceBytes = "align(batch*seq*(length + seq)*4)";
  floats(spec.weights, 2 * 64);
  Target target = v3();
  Kernel append;
  append.name = "append";
  append.doc = "k_proj, v_proj: cache[b, length + s] = x[b, s] · w, appended in place; tile: one (b, s)";
  append.params = {"int64_t seq", "int64_t length", "const float *x", "const float *w", "float *cache"};
  append.body = R"(  for (int64_t t = begin; t < end; ++t) {
    const float *row = x + t * 8;
    float *out = cache + (t / seq * 48 + length + t % seq) * 8;
    for (int64_t n = 0; n < 8; ++n) {
      float sum = 0.0f;
      for (int64_t k = 0; k < 8; ++k)
        sum += row[k] * w[k * 8 + n];
      out[n] = sum;
    }
  }
)";
  Kernel attend;
  attend.name = "attend";
  attend.doc = "attention: y[b, s] = softmax over t <= length + s of x[b, s] · key[b, t] / sqrt(8), times value; "
               "tile: one (b, s)";
  attend.params = {"int64_t seq",       "int64_t length",     "const float *x", "const int64_t *mask", "const float *key",
                   "const float *value", "float *scores", "float *y"};
  attend.body = R"(  const int64_t total = length + seq;
  for (int64_t t = begin; t < end; ++t) {
    const int64_t b = t / seq, last = length + t % seq;
    float *score = scores + t * total;
    float largest = -3.0e38f;
    for (int64_t p = 0; p <= last; ++p) {
      float sum = 0.0f;
      for (int64_t k = 0; k < 8; ++k)
        sum += x[t * 8 + k] * key[(b * 48 + p) * 8 + k];
      score[p] = mask[b * total + p] ? sum * 0.35355339f : -3.0e38f;
      largest = score[p] > largest ? score[p] : largest;
    }
    float norm = 0.0f, out[8] = {};
    for (int64_t p = 0; p <= last; ++p) {
      const float weight = __builtin_expf(score[p] - largest);
      norm += weight;
      for (int64_t k = 0; k < 8; ++k)
        out[k] += weight * value[(b * 48 + p) * 8 + k];
    }
    for (int64_t k = 0; k < 8; ++k)
      y[t * 8 + k] = out[k] / norm;
  }
)";
  target.kernels = {append, attend};
  target.entryBody = R"(  const float *k_proj = reinterpret_cast<const float *>(weights + 0);
  const float *v_proj = reinterpret_cast<const float *>(weights + 256);
  float *scores = reinterpret_cast<float *>(workspace + 0); // [batch, seq, length + seq]

  ingot::launch(executor, batch * seq, 1, [=](int64_t begin, int64_t end) {
    decoder_x86_64_v3_append(seq, length, hidden_in, k_proj, past_key, begin, end);
  });
  ingot::launch(executor, batch * seq, 1, [=](int64_t begin, int64_t end) {
    decoder_x86_64_v3_append(seq, length, hidden_in, v_proj, past_value, begin, end);
  });
  ingot::launch(executor, batch * seq, 1, [=](int64_t begin, int64_t end) {
    decoder_x86_64_v3_attend(seq, length, hidden_in, attention_mask, past_key, past_value, scores, hidden_out, begin,
                             end);
  });
  return INGOT_OK;
)";
  spec.targets = {target};
  return spec;
}

LibrarySpec cnnSpec() {
  LibrarySpec spec;
  spec.name = "cnn";
  spec.build = build("cnn");
  spec.build.options = "--target x86-64-v3,x86-64-v2";
  spec.inputs = {{"image", "", INGOT_F32, {"1", "3", "8", "8"}}};
  spec.outputs = {{"logits", "", INGOT_F32, {"1", "5"}}};
  spec.workspaceBytes = "512";
  floats(spec.weights, 3 * 9 * 2 + 2 * 5);
  for (Target target : {v3(), v2()}) {
    Kernel conv;
    conv.name = "conv";
    conv.doc = "conv, relu: 3x3 over 3 channels without padding; tile: one row of one output channel";
    conv.params = {"const float *x", "const float *w", "float *y"};
    conv.body = R"(  for (int64_t t = begin; t < end; ++t) {
    const int64_t channel = t / 6, row = t % 6;
    for (int64_t column = 0; column < 6; ++column) {
      float sum = 0.0f;
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t i = 0; i < 3; ++i)
          for (int64_t j = 0; j < 3; ++j)
            sum += x[(c * 8 + row + i) * 8 + column + j] * w[((channel * 3 + c) * 3 + i) * 3 + j];
      y[(channel * 6 + row) * 6 + column] = sum > 0.0f ? sum : 0.0f;
    }
  }
)";
    Kernel head;
    head.name = "head";
    head.doc = "mean, fc: logits[n] = sum over c of mean(x[c]) * w[c, n]; tile: one n";
    head.params = conv.params;
    head.body = R"(  for (int64_t n = begin; n < end; ++n) {
    float logit = 0.0f;
    for (int64_t c = 0; c < 2; ++c) {
      float sum = 0.0f;
      for (int64_t i = 0; i < 36; ++i)
        sum += x[c * 36 + i];
      logit += sum * (1.0f / 36.0f) * w[c * 5 + n];
    }
    y[n] = logit;
  }
)";
    target.kernels = {conv, head};
    std::string prefix = "cnn_" + target.id;
    target.entryBody = R"(  const float *conv_w = reinterpret_cast<const float *>(weights + 0);
  const float *fc_w = reinterpret_cast<const float *>(weights + 216);
  float *features = reinterpret_cast<float *>(workspace + 0); // [2, 6, 6]

  ingot::launch(executor, 12, 1, [=](int64_t begin, int64_t end) {
    )" + prefix + R"(_conv(image, conv_w, features, begin, end);
  });
  ingot::launch(executor, 5, 8, [=](int64_t begin, int64_t end) {
    )" + prefix + R"(_head(features, fc_w, logits, begin, end);
  });
  return INGOT_OK;
)";
    spec.targets.push_back(target);
  }
  return spec;
}

LibrarySpec tallySpec() {
  LibrarySpec spec;
  spec.name = "tally";
  spec.build = build("tally");
  Symbol count, found;
  count.name = "n";
  count.min = 0;
  found.name = "found";
  found.kind = SymbolKind::Result;
  spec.symbols = {count, found};
  spec.inputs = {{"x", "", INGOT_F32, {"n"}}};
  Value indices = {"indices", "", INGOT_I64, {"found"}};
  indices.inWorkspace = true;
  spec.outputs = {indices, {"total", "", INGOT_F32, {}}};
  State sum = {"sum", "sum.in", "sum.out", INGOT_F32, {"1"}};
  sum.replaced = true;
  spec.states = {sum};
  spec.workspaceBytes = "align(n*4)";
  spec.plannedBytes = "0";
  Target target = v2();
  target.entryBody = R"(  // indices of the positive elements; how many there are is known at the end
  float running = sum[0];
  int64_t positive = 0;
  for (int64_t i = 0; i < n; ++i) {
    running += x[i];
    positive += x[i] > 0.0f;
  }
  sum_next[0] = running;
  int64_t *found = static_cast<int64_t *>(ingot_arena_take(&frame->arena, ingot_bytes(positive, INGOT_I64)));
  if (!found)
    return ingot::need_workspace(frame->error, int64_t(frame->arena.needed), frame->arena.size);
  for (int64_t i = 0, k = 0; i < n; ++i)
    if (x[i] > 0.0f)
      found[k++] = i;
  total[0] = running;
  frame->indices = {found, size_t(positive)};
  frame->found = positive;
  return INGOT_OK;
)";
  spec.targets = {target};
  return spec;
}

} // namespace ingot::test
