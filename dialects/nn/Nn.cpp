//===- Nn.cpp - the nn dialect: attributes, core operators ---------------------===//
#include "dialects/nn/Nn.h"
#include "dialects/nn/ScalarBuilder.h"
#include "dialects/nn/Shape.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/nn/NnDialect.cpp.inc"
#include "dialects/nn/NnInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/nn/NnTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/nn/NnAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/nn/NnOps.cpp.inc"

using namespace mlir;
namespace ingot::nn {

void NnDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/nn/NnTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/nn/NnAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/NnOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// #nn.shape
//===----------------------------------------------------------------------===//

ShapeAttr ShapeAttr::get(MLIRContext *context, ArrayRef<DimExpr> dims) {
  SmallVector<StringAttr> texts;
  for (const DimExpr &d : dims)
    texts.push_back(StringAttr::get(context, d.str()));
  return get(context, texts);
}

Dims ShapeAttr::exprs() const {
  Dims out;
  for (StringAttr s : getDims())
    out.push_back(*DimExpr::parse(s.getValue()));
  return out;
}

Attribute ShapeAttr::parse(AsmParser &p, Type) {
  SmallVector<StringAttr> dims;
  auto one = [&]() -> ParseResult {
    std::string text;
    auto loc = p.getCurrentLocation();
    if (p.parseString(&text))
      return failure();
    auto e = DimExpr::parse(text);
    if (!e)
      return p.emitError(loc, "'") << text << "' is not a dimension expression";
    dims.push_back(StringAttr::get(p.getContext(), e->str()));
    return success();
  };
  if (p.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, one))
    return {};
  return ShapeAttr::get(p.getContext(), dims);
}

void ShapeAttr::print(AsmPrinter &p) const {
  p << "<";
  llvm::interleaveComma(getDims(), p, [&](StringAttr s) { p << '"' << s.getValue() << '"'; });
  p << ">";
}

LogicalResult ShapeAttr::verify(function_ref<InFlightDiagnostic()> error, ArrayRef<StringAttr> dims) {
  for (StringAttr s : dims) {
    auto e = DimExpr::parse(s.getValue());
    if (!e || e->str() != s.getValue())
      return error() << "'" << s.getValue() << "' is not a canonical dimension expression";
  }
  return success();
}

LogicalResult ShapeAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, function_ref<InFlightDiagnostic()> error) const {
  if (getDims().size() != shape.size())
    return error() << "#nn.shape has " << getDims().size() << " dimensions, the tensor " << shape.size();
  for (auto [e, d] : llvm::zip(exprs(), shape)) {
    auto c = e.constant();
    if (c.value_or(ShapedType::kDynamic) != d)
      return error() << "#nn.shape dimension " << e.str() << " does not match the tensor's";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Core operators
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

std::optional<Dims> ConstantOp::evaluate(ArrayRef<std::optional<Dims>>) {
  auto dense = dyn_cast<DenseIntElementsAttr>(getValue());
  if (!dense)
    return std::nullopt;
  bool isUnsignedElement = isUnsigned(elementOf(getResult()));
  Dims out;
  for (APInt v : dense.getValues<APInt>())
    out.push_back(isUnsignedElement ? int64_t(v.getZExtValue()) : v.getSExtValue());
  return out;
}

std::optional<Dims> DimsOp::evaluate(ArrayRef<std::optional<Dims>>) { return getDims().exprs(); }

LogicalResult RequireOp::verify() {
  for (std::optional<StringRef> text : {std::optional(getLeft()), std::optional(getRight()), getUnit()})
    if (text && !DimExpr::parse(*text))
      return emitOpError() << "'" << *text << "' is not a dimension expression";
  return success();
}

LogicalResult LoopOp::verify() {
  if (getNumResults() < getInits().size())
    return emitOpError("has fewer results than carried values");
  if (getBody().front().getNumArguments() != getInits().size() + 1)
    return emitOpError("body takes the iteration number and one argument per carried value");
  return success();
}

/// Constants materialise here for every nn folder.
Operation *NnDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  if (auto e = dyn_cast<ElementsAttr>(value))
    return ConstantOp::create(b, loc, type, e);
  return nullptr;
}

} // namespace ingot::nn
