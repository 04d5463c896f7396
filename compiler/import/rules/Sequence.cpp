//===- Sequence.cpp - sequences and optionals ---------------------------------------------===//
#include "compiler/import/rules/Sequence.h"
#include "compiler/import/Compose.h"
#include "compiler/import/rules/Common.h"

using namespace mlir;
using namespace ingot;
using namespace ingot::nn;

static Type sequenceOf(Type item) { return SequenceType::get(item.getContext(), itemType(item)); }

/// The call of a template that made the value, if it is one of `callee`.
static CallOp madeBy(Value v, StringRef callee) {
  auto call = v.getDefiningOp<CallOp>();
  return call && call.getCallee() == callee ? call : CallOp();
}

static DictionaryAttr params(NodeImport &n, ArrayRef<std::pair<StringRef, int64_t>> list) {
  SmallVector<NamedAttribute> out;
  for (auto [name, value] : list)
    out.push_back(n.b.getNamedAttr(name, n.b.getI64IntegerAttr(value)));
  return n.b.getDictionaryAttr(out);
}

//===----------------------------------------------------------------------===//
// Sequences whose items are known
//===----------------------------------------------------------------------===//

/// The sizes of the parts of a SplitToSequence, if its operands tell.
static std::optional<Dims> splitSizes(CallOp split) {
  Value x = split.getInputs()[0], given = split.getInputs()[1];
  auto sizes = knownInts(given);
  if (!sizes || rankOf(given) == 1)
    return sizes;
  auto size = (*sizes)[0].constant(), all = dimsOf(x)[cast<IntegerAttr>(split.getParams().get("axis")).getInt()].constant();
  if (!size || !all || *size <= 0)
    return std::nullopt;
  Dims out;
  for (int64_t left = *all; left > 0; left -= *size)
    out.push_back(std::min(left, *size));
  return out;
}

std::optional<int64_t> rules::knownLength(Value sequence) {
  if (auto list = madeBy(sequence, "sequence_construct"))
    return list.getInputs().size();
  if (auto split = madeBy(sequence, "split_to_sequence"))
    if (auto sizes = splitSizes(split))
      return sizes->size();
  return std::nullopt;
}

Value rules::knownItem(NodeImport &n, Value sequence, int64_t k) {
  if (auto list = madeBy(sequence, "sequence_construct"))
    return list.getInputs()[k];
  auto split = madeBy(sequence, "split_to_sequence");
  Compose c(n);
  Dims sizes = *splitSizes(split);
  DimExpr begin(0);
  for (int64_t i = 0; i < k; ++i)
    begin = begin + sizes[i];
  int64_t axis = cast<IntegerAttr>(split.getParams().get("axis")).getInt();
  Value part = c.slice(split.getInputs()[0], axis, begin, sizes[k]);
  if (cast<IntegerAttr>(split.getParams().get("keepdims")).getInt())
    return part;
  Dims dims = dimsOf(part);
  dims.erase(dims.begin() + axis);
  return c.reshape(part, dims);
}

static std::optional<SmallVector<Value>> knownItems(NodeImport &n, Value sequence) {
  auto length = rules::knownLength(sequence);
  if (!length)
    return std::nullopt;
  SmallVector<Value> out;
  for (int64_t k = 0; k < *length; ++k)
    out.push_back(rules::knownItem(n, sequence, k));
  return out;
}

/// The place that a position names, if both it and the length are known; refused if there is none. `end` may be named too.
static FailureOr<std::optional<int64_t>> knownPlace(NodeImport &n, Value sequence, Value position, bool end) {
  auto length = rules::knownLength(sequence);
  auto at = knownConstants(position);
  if (!length || !at)
    return std::optional<int64_t>();
  int64_t place = (*at)[0] < 0 ? (*at)[0] + *length : (*at)[0];
  if (place < 0 || place >= *length + end) {
    (void)n.refuse("position " + Twine((*at)[0]) + " is outside a sequence of " + Twine(*length));
    return failure();
  }
  return std::optional<int64_t>(place);
}

/// A sequence of these items. `stated` types one without items.
static Value construct(NodeImport &n, ArrayRef<Value> items, Type stated = {}) {
  Type item = stated;
  for (Value v : items)
    item = item ? commonItemType(item, itemType(v.getType())) : itemType(v.getType());
  if (!item) {
    (void)n.refuse("the items of a sequence have different element types");
    return {};
  }
  return n.call("sequence_construct", items, sequenceOf(item));
}

/// Output i as `v`; fails where `v` was refused.
static LogicalResult give(NodeImport &n, Value v) {
  n.out(0, v);
  return success(bool(v));
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

/// A tensor whose rank `item` states, read from the handle. Its sizes are bound first, where they are not stated.
static Value readItem(NodeImport &n, Value sequence, Value position, TensorType item) {
  auto hint = n.hint(0);
  auto type = dyn_cast<RankedTensorType>(item);
  if (!type && hint && hint.getElementType() == item.getElementType())
    type = hint;
  if (!type) {
    (void)n.refuse("the rank of the items of this sequence is not known", "state the type of this output in the model (value_info)");
    return {};
  }
  Dims dims;
  if (!type.hasStaticShape()) {
    Value shape = n.call("sequence_shape", {sequence, position}, RankedTensorType::get({type.getRank()}, n.b.getI64Type()));
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      dims.push_back(ShapedType::isDynamic(size) ? n.bind(shape, i, "item_size") : DimExpr(size));
  } else {
    dims = dimsOf(Type(type));
  }
  return n.call("sequence_at", {sequence, position}, tensorOf(dims, type.getElementType()));
}

Value rules::itemAt(NodeImport &n, Value sequence, Value position) {
  auto place = knownPlace(n, sequence, position, false);
  if (failed(place))
    return {};
  if (*place)
    return knownItem(n, sequence, **place);
  auto item = dyn_cast<TensorType>(cast<SequenceType>(sequence.getType()).getElement());
  if (!item) {
    (void)n.refuse("a sequence of sequences is not supported", "keep the tensors in one sequence");
    return {};
  }
  return readItem(n, sequence, position, item);
}

INGOT_IMPORT("SequenceEmpty", 11) {
  const ElementType *element = elementTypeOfOnnx(n.i("dtype", 1));
  if (!element)
    return n.refuse("a sequence of an unknown element type");
  return give(n, construct(n, {}, UnrankedTensorType::get(irType(n.b.getContext(), *element))));
}

INGOT_IMPORT("SequenceConstruct", 11) { return give(n, construct(n, n.inputs)); }

INGOT_IMPORT("SequenceLength", 11) {
  if (auto length = rules::knownLength(n.in(0)))
    n.out(0, intTensor(n.b, n.loc, {DimExpr(*length)}, 0));
  else
    n.out(0, n.call("sequence_length", n.in(0), RankedTensorType::get({}, n.b.getI64Type())));
  return success();
}

INGOT_IMPORT("SequenceAt", 11) { return give(n, rules::itemAt(n, n.in(0), n.in(1))); }

INGOT_IMPORT("SequenceInsert", 11) {
  Value sequence = n.in(0), x = n.in(1);
  std::optional<int64_t> place = rules::knownLength(sequence); // the end
  if (n.has(2)) {
    auto named = knownPlace(n, sequence, n.in(2), true);
    if (failed(named))
      return failure();
    place = *named;
  }
  Type item = commonItemType(cast<SequenceType>(sequence.getType()).getElement(), itemType(x.getType()));
  if (!item)
    return n.refuse("a tensor of another element type than the sequence's");
  if (place) {
    auto items = *knownItems(n, sequence);
    items.insert(items.begin() + *place, x);
    return give(n, construct(n, items));
  }
  return give(n, n.has(2) ? n.call("sequence_insert", {sequence, x, n.in(2)}, sequenceOf(item))
                          : n.call("sequence_append", {sequence, x}, sequenceOf(item)));
}

INGOT_IMPORT("SequenceErase", 11) {
  Value sequence = n.in(0), position = n.has(1) ? n.in(1) : intTensor(n.b, n.loc, {DimExpr(-1)}, 0);
  auto place = knownPlace(n, sequence, position, false);
  if (failed(place))
    return failure();
  if (!*place)
    return give(n, n.call("sequence_erase", {sequence, position}, sequence.getType()));
  auto items = *knownItems(n, sequence);
  items.erase(items.begin() + **place);
  return give(n, construct(n, items, cast<SequenceType>(sequence.getType()).getElement()));
}

INGOT_IMPORT("SplitToSequence", 11) {
  Value x = n.in(0), split = n.has(1) ? n.in(1) : intTensor(n.b, n.loc, {DimExpr(1)}, 0);
  if (const ElementType *e = elementTypeOf(elementOf(x)); !e || e->bits < 8)
    return n.refuse("packed elements cannot be split", "cast to an 8-bit type first");
  auto along = n.axis("axis", 0, n.rank(0));
  if (!along)
    return failure();
  int64_t axis = *along, keep = n.has(1) || n.i("keepdims", 1);
  auto size = rankOf(split) == 0 ? knownInts(split) : std::nullopt;
  auto each = size ? (*size)[0].constant() : std::nullopt, all = dimsOf(x)[axis].constant();
  SmallVector<int64_t> shape(cast<RankedTensorType>(x.getType()).getShape());
  shape[axis] = each && all && *each > 0 && *all % *each == 0 ? *each : ShapedType::kDynamic;
  if (!keep)
    shape.erase(shape.begin() + axis);
  return give(n, n.call("split_to_sequence", {x, split}, sequenceOf(RankedTensorType::get(shape, elementOf(x))),
                        params(n, {{"axis", axis}, {"keepdims", keep}})));
}

INGOT_IMPORT("ConcatFromSequence", 11) {
  Compose c(n);
  Value sequence = n.in(0);
  bool stack = n.i("new_axis");
  if (auto items = knownItems(n, sequence)) {
    if (items->empty())
      return n.refuse("a sequence without items has nothing to concatenate");
    int64_t rank = rankOf((*items)[0]);
    auto axis = n.axis("axis", 0, rank + stack);
    if (!axis)
      return failure();
    for (Value &v : *items) {
      if (rankOf(v) != rank)
        return n.refuse("items of different rank", "make the items of one rank");
      if (stack) {
        Dims d = dimsOf(v);
        d.insert(d.begin() + *axis, DimExpr(1));
        v = c.reshape(v, d);
      }
    }
    n.out(0, c.concat(*items, *axis));
    return c.done();
  }
  auto item = dyn_cast<TensorType>(cast<SequenceType>(sequence.getType()).getElement());
  auto hint = n.hint(0);
  if (!item || (!item.hasRank() && !hint))
    return n.refuse("the rank of the items of this sequence is not known", "state the type of this output in the model (value_info)");
  if (const ElementType *e = elementTypeOf(item.getElementType()); !e || e->bits < 8)
    return n.refuse("packed elements cannot be concatenated", "cast to an 8-bit type first");
  int64_t rank = item.hasRank() ? item.getRank() + stack : hint.getRank();
  auto axis = n.axis("axis", 0, rank);
  if (!axis)
    return failure();
  DictionaryAttr how = params(n, {{"axis", *axis}, {"new_axis", stack}});
  Value shape = n.call("concat_shape", sequence, RankedTensorType::get({rank}, n.b.getI64Type()), how);
  return give(n, n.call("concat_from_sequence", sequence, tensorOf(rules::bindAll(n, shape, "size"), item.getElementType()), how));
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

static Value optionalOf(NodeImport &n, Value v) {
  return n.call("optional_of", v, OptionalType::get(n.b.getContext(), itemType(v.getType())));
}

/// The value that an optional has; a run without one fails.
static Value valueOf(NodeImport &n, Value optional) {
  if (auto made = madeBy(optional, "optional_of"))
    return made.getInputs()[0];
  Type element = cast<OptionalType>(optional.getType()).getElement();
  auto item = dyn_cast<TensorType>(element);
  Value sequence = n.call("optional_value", optional, item ? sequenceOf(item) : element);
  return item ? readItem(n, sequence, intTensor(n.b, n.loc, {DimExpr(0)}, 0), item) : sequence;
}

Value rules::asKind(NodeImport &n, Value v, Type type) {
  if (isa<OptionalType>(type) && !isa<OptionalType>(v.getType()))
    v = optionalOf(n, v);
  else if (isa<OptionalType>(v.getType()) && isa<SequenceType, TensorType>(type))
    v = valueOf(n, v);
  if (!v || !isHandle(type))
    return v;
  return commonItemType(v.getType(), type) ? v : Value();
}

INGOT_IMPORT("Optional", 15) {
  if (n.has(0))
    return give(n, optionalOf(n, n.in(0)));
  Type element = n.type("type");
  if (!element)
    return n.refuse("an optional without a value and without a type", "give the node's attribute 'type'");
  return give(n, n.call("optional_empty", {}, OptionalType::get(n.b.getContext(), itemType(element))));
}

INGOT_IMPORT("OptionalHasElement", 15) {
  Value x = n.in(0);
  Type i1 = n.b.getI1Type();
  std::optional<bool> has;
  if (!x || madeBy(x, "optional_empty"))
    has = false;
  else if (!isa<OptionalType>(x.getType()) || madeBy(x, "optional_of"))
    has = true;
  return give(n, has ? splat(n.b, n.loc, *has, i1) : n.call("optional_has", x, RankedTensorType::get({}, i1)));
}

INGOT_IMPORT("OptionalGetElement", 15) {
  Value x = n.in(0);
  if (!isa<OptionalType>(x.getType()))
    return give(n, x);
  if (madeBy(x, "optional_empty"))
    return n.refuse("the optional has no value");
  return give(n, valueOf(n, x));
}
