//===- Strings.cpp - operators on text ------------------------------------------------===//
#include "compiler/import/Regex.h"
#include "compiler/import/rules/Common.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

static Value stringList(NodeImport &n, ArrayRef<StringRef> strings) {
  auto type = RankedTensorType::get({int64_t(strings.size())}, StringType::get(n.b.getContext()));
  return ConstantOp::create(n.b, n.loc, type, DenseStringElementsAttr::get(type, strings));
}

static Value numberList(NodeImport &n, ArrayRef<int64_t> numbers) {
  auto type = RankedTensorType::get({int64_t(numbers.size())}, n.b.getI64Type());
  return ConstantOp::create(n.b, n.loc, type, DenseElementsAttr::get(type, numbers));
}

static NamedAttribute param(NodeImport &n, StringRef name, int64_t value) {
  return n.b.getNamedAttr(name, n.b.getI64IntegerAttr(value));
}

static CallOp call(NodeImport &n, StringRef callee, ValueRange operands, TypeRange results, ArrayRef<NamedAttribute> params) {
  return CallOp::create(n.b, n.loc, results, n.b.getStringAttr(callee), operands, n.b.getDictionaryAttr(params));
}

INGOT_IMPORT("StringConcat", 20) {
  auto x = rules::broadcastAll(n, {n.in(0), n.in(1)});
  if (failed(x))
    return failure();
  n.out(0, n.call("concat_strings", *x, (*x)[0].getType()));
  return success();
}

INGOT_IMPORT("StringSplit", 20) {
  Type i64 = n.b.getI64Type();
  NamedAttribute params[] = {n.b.getNamedAttr("delimiter", n.b.getStringAttr(n.s("delimiter"))), param(n, "maxsplit", n.i("maxsplit", -1))};
  Dims dims = n.dims(0);
  Type types[] = {tensorOf(dims, i64), RankedTensorType::get({1}, i64)};
  auto counts = call(n, "count_substrings", n.in(0), types, params);
  dims.push_back(n.bind(counts.getResult(1), 0, "substrings"));
  n.out(0, n.call("split_strings", n.in(0), tensorOf(dims, n.element(0)), n.b.getDictionaryAttr(params)));
  n.out(1, counts.getResult(0));
  return success();
}

INGOT_IMPORT("StringNormalizer", 10) {
  StringRef action = n.s("case_change_action", "NONE");
  Dims out = n.dims(0);
  if (out.size() == 2 && !out[0].isConstant(1))
    return n.refuse("a matrix of strings has one row", "export the model with a vector of strings");
  DimExpr kept = DimExpr::symbol(n.freshSymbol("kept")), most = DimExpr::max(out.back(), 1);
  out.back() = kept;
  Type types[] = {tensorOf(out, n.element(0)), RankedTensorType::get({1}, n.b.getI64Type())};
  NamedAttribute params[] = {param(n, "case_sensitive", n.i("is_case_sensitive")),
                             param(n, "change", action == "LOWER" ? 1 : action == "UPPER" ? 2 : 0)};
  auto normalize = call(n, "normalize_strings", {n.in(0), stringList(n, n.strings("stopwords"))}, types, params);
  n.bindSlot(kept, normalize.getResult(1), most);
  n.out(0, normalize.getResult(0));
  return success();
}

INGOT_IMPORT("RegexFullMatch", 20) {
  std::string problem;
  auto regex = compileRegex(n.s("pattern"), problem);
  if (!regex)
    return n.refuse("the pattern has " + problem, "write it in RE2's syntax");
  Value operands[] = {n.in(0), numberList(n, regex->program), numberList(n, regex->ranges)};
  Value matches = n.call("match_regex", operands, tensorOf(n.dims(0), n.b.getI1Type()), n.b.getDictionaryAttr({param(n, "start", regex->start)}));
  DimExpr states = int64_t(regex->program.size() / 4), list = states * 8;
  n.takes(matches.getDefiningOp(), {list, list, states, list, list, states}); // two sets of states
  n.out(0, matches);
  return success();
}

//===----------------------------------------------------------------------===//
// TfIdfVectorizer
//===----------------------------------------------------------------------===//

INGOT_IMPORT("TfIdfVectorizer", 9) {
  SmallVector<int64_t> begins = n.ints("ngram_counts"), columns = n.ints("ngram_indexes"), numbers = n.ints("pool_int64s");
  SmallVector<StringRef> words = n.strings("pool_strings");
  SmallVector<double> weights = n.floats("weights");
  bool text = !words.empty();
  int64_t items = text ? words.size() : numbers.size();
  // The n-grams of one length in ascending order, so that a row's can be looked up.
  SmallVector<int64_t> order, lengths, sortedColumns;
  int64_t gram = 0;
  for (size_t k = 0; k < begins.size(); ++k) {
    int64_t length = k + 1, begin = begins[k], end = k + 1 < begins.size() ? begins[k + 1] : items;
    if (begin < 0 || end < begin || end > items || (end - begin) % length || gram + (end - begin) / length > int64_t(columns.size()))
      return n.refuse("ngram_counts and ngram_indexes do not fit the pool");
    SmallVector<int64_t> grams((end - begin) / length);
    std::iota(grams.begin(), grams.end(), 0);
    auto less = [&](int64_t a, int64_t b) {
      a = begin + a * length, b = begin + b * length;
      return text ? std::lexicographical_compare(&words[a], &words[a] + length, &words[b], &words[b] + length)
                  : std::lexicographical_compare(&numbers[a], &numbers[a] + length, &numbers[b], &numbers[b] + length);
    };
    llvm::sort(grams, less);
    lengths.push_back(grams.size());
    for (int64_t g : grams) {
      sortedColumns.push_back(columns[gram + g]);
      for (int64_t j = 0; j < length; ++j)
        order.push_back(begin + g * length + j);
    }
    gram += grams.size();
  }
  int64_t width = columns.empty() ? 0 : *llvm::max_element(columns) + 1;
  if (width <= 0 || *llvm::min_element(columns) < 0)
    return n.refuse("ngram_indexes names no column");
  SmallVector<StringRef> sortedWords;
  SmallVector<int64_t> sortedNumbers;
  for (int64_t i : order)
    text ? sortedWords.push_back(words[i]) : sortedNumbers.push_back(numbers[i]);
  Value pool = text ? stringList(n, sortedWords) : numberList(n, sortedNumbers), x = n.in(0);
  if (!text)
    x = castTo(n.b, n.loc, x, n.b.getI64Type());
  Dims out = n.dims(0);
  out.back() = width;
  Type f32 = n.b.getF32Type();
  NamedAttribute params[] = {param(n, "max_length", n.i("max_gram_length")), param(n, "max_skip", n.i("max_skip_count")),
                             param(n, "min_length", n.i("min_gram_length"))};
  Value counts = n.call("count_ngrams", {x, pool, numberList(n, lengths), numberList(n, sortedColumns)}, tensorOf(out, f32),
                        n.b.getDictionaryAttr(params));
  StringRef mode = n.s("mode");
  if (mode == "TF") {
    n.out(0, counts);
    return success();
  }
  // IDF: 1 where the n-gram occurs; times its weight, which belongs to its place in the pool.
  SmallVector<float> byColumn(width, 1.0f);
  for (auto [i, w] : llvm::enumerate(weights))
    if (i < columns.size())
      byColumn[columns[i]] = w;
  auto vector = RankedTensorType::get({width}, f32);
  Value factor = ConstantOp::create(n.b, n.loc, vector, DenseElementsAttr::get(vector, ArrayRef<float>(byColumn)));
  if (mode == "IDF")
    counts = rules::elementwise<MinOp>(n, ValueRange{counts, splat(n.b, n.loc, 1, f32, out)});
  n.out(0, rules::elementwise<MulOp>(n, ValueRange{counts, n.broadcastTo(factor, out)}));
  return success();
}

//===----------------------------------------------------------------------===//
// LabelEncoder
//===----------------------------------------------------------------------===//

/// A list that is an attribute of one of these names, whichever is there: tensor, strings, ints or floats.
static Value attributeList(NodeImport &n, StringRef prefix) {
  auto named = [&](StringRef suffix) { return (prefix + suffix).str(); };
  if (n.hasAttr(named("_tensor")))
    return n.tensor(named("_tensor"));
  if (n.hasAttr(named("_strings")))
    return stringList(n, n.strings(named("_strings")));
  if (n.hasAttr(named("_int64s")))
    return numberList(n, n.ints(named("_int64s")));
  if (!n.hasAttr(named("_floats")))
    return {};
  SmallVector<float> floats;
  for (double v : n.floats(named("_floats")))
    floats.push_back(v);
  auto type = RankedTensorType::get({int64_t(floats.size())}, n.b.getF32Type());
  return ConstantOp::create(n.b, n.loc, type, DenseElementsAttr::get(type, ArrayRef<float>(floats)));
}

/// The order of a constant's elements; NaN comes last.
static std::optional<SmallVector<int64_t>> ascending(Value list) {
  auto c = list.getDefiningOp<ConstantOp>();
  auto dense = c ? dyn_cast<DenseElementsAttr>(c.getValue()) : DenseElementsAttr();
  if (!dense)
    return std::nullopt;
  SmallVector<int64_t> order(dense.getNumElements());
  std::iota(order.begin(), order.end(), 0);
  auto sortBy = [&](auto values, auto less) {
    llvm::sort(order, [&](int64_t a, int64_t b) { return less(values[a], values[b]) || (a < b && !less(values[b], values[a])); });
    return order;
  };
  if (auto strings = dyn_cast<DenseStringElementsAttr>(dense))
    return sortBy(llvm::to_vector(strings.getValues<StringRef>()), [](StringRef a, StringRef b) { return a < b; });
  if (isa<FloatType>(dense.getElementType()))
    return sortBy(llvm::to_vector(dense.getValues<APFloat>()), [](const APFloat &a, const APFloat &b) {
      return a.isNaN() || b.isNaN() ? b.isNaN() && !a.isNaN() : a < b;
    });
  bool noSign = isUnsigned(elementOf(list));
  return sortBy(llvm::to_vector(dense.getValues<APInt>()),
                [&](const APInt &a, const APInt &b) { return noSign ? a.ult(b) : a.slt(b); });
}

/// The constant's elements in that order.
static Value reordered(NodeImport &n, Value list, ArrayRef<int64_t> order) {
  auto dense = cast<DenseElementsAttr>(list.getDefiningOp<ConstantOp>().getValue());
  auto type = RankedTensorType::get({int64_t(order.size())}, elementOf(list));
  if (auto strings = dyn_cast<DenseStringElementsAttr>(dense)) {
    auto values = llvm::to_vector(strings.getValues<StringRef>());
    return stringList(n, llvm::map_to_vector(order, [&](int64_t i) { return values[i]; }));
  }
  auto values = llvm::to_vector(dense.getValues<Attribute>());
  auto storage = RankedTensorType::get(type.getShape(), storageType(type.getElementType()));
  return ConstantOp::create(n.b, n.loc, type,
                            DenseElementsAttr::get(storage, llvm::map_to_vector(order, [&](int64_t i) { return values[i]; })));
}

static LogicalResult lookUp(NodeImport &n, Value keys, Value values, Value fallback) {
  if (elementOf(keys) != n.element(0))
    return n.refuse("the keys have another element type than the input");
  auto order = ascending(keys);
  if (!order || !values.getDefiningOp<ConstantOp>())
    return n.refuse("a table of more than 256 numbers is not supported", "look the numbers up with Gather");
  if (order->size() != dimsOf(values)[0].constant())
    return n.refuse("there are not as many values as keys");
  Value operands[] = {n.in(0), reordered(n, keys, *order), reordered(n, values, *order), fallback};
  n.out(0, n.call("look_up", operands, tensorOf(n.dims(0), elementOf(values))));
  return success();
}

/// Classes: strings to their numbers, or the reverse.
INGOT_IMPORT_IN("ai.onnx.ml", "LabelEncoder", 1) {
  SmallVector<StringRef> classes = n.strings("classes_strings");
  Value strings = stringList(n, classes), numbers = numberList(n, llvm::to_vector(llvm::seq<int64_t>(0, classes.size())));
  bool encodes = isa<StringType>(n.element(0));
  Value fallback = encodes ? numberList(n, {n.i("default_int64", -1)}) : stringList(n, {n.s("default_string", "_Unused")});
  return lookUp(n, encodes ? strings : numbers, encodes ? numbers : strings, fallback);
}

INGOT_IMPORT_IN("ai.onnx.ml", "LabelEncoder", 2) {
  Value keys = attributeList(n, "keys"), values = attributeList(n, "values"), fallback;
  if (!keys || !values)
    return n.refuse("the table has no keys or no values");
  Type element = elementOf(values);
  if (n.hasAttr("default_tensor"))
    fallback = n.tensor("default_tensor");
  else if (isa<StringType>(element))
    fallback = stringList(n, {n.s("default_string", "_Unused")});
  else
    fallback = splat(n.b, n.loc, isa<FloatType>(element) ? n.f("default_float", -0.0) : n.i("default_int64", -1), element);
  if (elementOf(fallback) != element)
    return n.refuse("the default has another element type than the values");
  return lookUp(n, keys, values, fallback);
}
