//===- JitNarrowTypes.cpp ----------------------------------------------------------===//
#include "lowering/JitNarrowTypes.h"
#include "dialects/support/ElementType.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
namespace ingot {
namespace {

Type scalarOf(Type t) {
  auto v = dyn_cast<VectorType>(t);
  return v ? v.getElementType() : t;
}
bool isNarrowFloat(Type t) { return isa<FloatType>(t) && t.getIntOrFloatBitWidth() <= 16; }
bool isPacked(Type element) { return element.isIntOrFloat() && (element.getIntOrFloatBitWidth() == 2 || element.getIntOrFloatBitWidth() == 4); }

/// The same type with integers for narrow floats.
Type asIntegers(Type t) {
  if (isNarrowFloat(t))
    return IntegerType::get(t.getContext(), t.getIntOrFloatBitWidth());
  if (auto v = dyn_cast<VectorType>(t))
    return VectorType::get(v.getShape(), asIntegers(v.getElementType()), v.getScalableDims());
  if (auto m = dyn_cast<MemRefType>(t))
    return MemRefType::get(m.getShape(), asIntegers(m.getElementType()), m.getLayout(), m.getMemorySpace());
  return t;
}

struct NarrowTypes {
  ModuleOp module;
  OpBuilder b{module.getContext()};

  func::FuncOp helper(const std::string &name, Type from, Type to) {
    if (auto f = module.lookupSymbol<func::FuncOp>(name))
      return f;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    auto f = func::FuncOp::create(b, module.getLoc(), name, b.getFunctionType({from}, {to}));
    f.setPrivate();
    return f;
  }

  /// Applies `convert` to a scalar, or to every element of a vector.
  Value perElement(Location loc, Value x, Type resultType, llvm::function_ref<Value(Value)> convert) {
    auto vector = dyn_cast<VectorType>(resultType);
    if (!vector)
      return convert(x);
    Value out = arith::ConstantOp::create(b, loc, b.getZeroAttr(cast<VectorType>(asIntegers(vector))));
    if (isNarrowFloat(vector.getElementType()))
      out = arith::BitcastOp::create(b, loc, vector, out);
    for (int64_t i = 0; i < vector.getNumElements(); ++i)
      out = vector::InsertOp::create(b, loc, convert(vector::ExtractOp::create(b, loc, x, i)), out, i);
    return out;
  }

  void widen(arith::ExtFOp op) {
    b.setInsertionPoint(op);
    Location loc = op.getLoc();
    Type from = scalarOf(op.getIn().getType()), to = scalarOf(op.getType());
    Type i32 = b.getI32Type(), f32 = b.getF32Type(), bits = asIntegers(from);
    auto f = helper(std::string("ingot_widen_") + elementTypeOf(from)->name, i32, f32);
    op.replaceAllUsesWith(perElement(loc, op.getIn(), op.getType(), [&](Value x) {
      Value v = arith::ExtUIOp::create(b, loc, i32, arith::BitcastOp::create(b, loc, bits, x));
      v = func::CallOp::create(b, loc, f, v).getResult(0);
      if (isNarrowFloat(to))
        return narrow(loc, v, to);
      return to == f32 ? v : Value(arith::ExtFOp::create(b, loc, to, v));
    }));
    op.erase();
  }

  Value narrow(Location loc, Value x, Type to) {
    Type f64 = b.getF64Type(), i32 = b.getI32Type();
    auto f = helper(std::string("ingot_narrow_") + elementTypeOf(to)->name, f64, i32);
    Value v = x.getType() == f64 ? x : Value(arith::ExtFOp::create(b, loc, f64, x));
    v = func::CallOp::create(b, loc, f, v).getResult(0);
    return arith::BitcastOp::create(b, loc, to, arith::TruncIOp::create(b, loc, asIntegers(to), v));
  }

  void narrow(arith::TruncFOp op) {
    b.setInsertionPoint(op);
    Location loc = op.getLoc();
    Type from = scalarOf(op.getIn().getType()), to = scalarOf(op.getType());
    op.replaceAllUsesWith(perElement(loc, op.getIn(), op.getType(), [&](Value x) {
      if (isNarrowFloat(from)) // f16 to f8
        x = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
      return narrow(loc, x, to);
    }));
    op.erase();
  }

  void constant(arith::ConstantOp op) {
    b.setInsertionPoint(op);
    TypedAttr value;
    if (auto f = dyn_cast<FloatAttr>(op.getValue())) {
      value = b.getIntegerAttr(asIntegers(op.getType()), f.getValue().bitcastToAPInt());
    } else {
      Type bits = asIntegers(scalarOf(op.getType()));
      value = cast<DenseElementsAttr>(op.getValue()).mapValues(bits, [](const APFloat &f) { return f.bitcastToAPInt(); });
    }
    op.replaceAllUsesWith(arith::BitcastOp::create(b, op.getLoc(), op.getType(), arith::ConstantOp::create(b, op.getLoc(), value)).getResult());
    op.erase();
  }

  void retype(Operation *op) {
    for (Value v : op->getResults())
      v.setType(asIntegers(v.getType()));
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument a : block.getArguments())
          a.setType(asIntegers(a.getType()));
    if (auto cast = dyn_cast<arith::BitcastOp>(op); cast && cast.getIn().getType() == cast.getType()) {
      cast.replaceAllUsesWith(cast.getIn());
      cast.erase();
    }
  }

  // ---- buffers of 2- and 4-bit elements

  /// The byte that holds element `index` and the bit at which it starts.
  std::pair<Value, Value> locate(Location loc, Value index, unsigned bits) {
    auto number = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(b, loc, v); };
    Value perByte = number(8 / bits);
    Value byte = arith::DivUIOp::create(b, loc, index, perByte);
    Value shift = arith::MulIOp::create(b, loc, arith::RemUIOp::create(b, loc, index, perByte), number(bits));
    return {byte, arith::IndexCastOp::create(b, loc, b.getI8Type(), shift)};
  }
  static MemRefType bytesOf(MemRefType m) {
    return MemRefType::get(m.getShape(), IntegerType::get(m.getContext(), 8), m.getLayout(), m.getMemorySpace());
  }

  LogicalResult packed(func::FuncOp f) {
    SmallVector<Operation *> accesses;
    auto result = f.walk([&](Operation *op) {
      for (Value v : op->getOperands()) {
        auto m = dyn_cast<MemRefType>(v.getType());
        if (!m || !isPacked(m.getElementType()))
          continue;
        if (m.getRank() != 1 || !isa<memref::LoadOp, memref::StoreOp>(op))
          return op->emitOpError("reaches a buffer of packed elements, which only scalar loads and stores may"), WalkResult::interrupt();
        accesses.push_back(op);
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
    auto toBytes = [](Value v) {
      if (auto m = dyn_cast<MemRefType>(v.getType()); m && isPacked(m.getElementType()))
        v.setType(bytesOf(m));
    };
    llvm::for_each(f.getArguments(), toBytes);
    f.walk([&](memref::AllocaOp a) { toBytes(a.getResult()); });
    Type i8 = b.getI8Type();
    for (Operation *op : accesses) {
      b.setInsertionPoint(op);
      Location loc = op->getLoc();
      if (auto load = dyn_cast<memref::LoadOp>(op)) {
        auto [byte, shift] = locate(loc, load.getIndices()[0], load.getType().getIntOrFloatBitWidth());
        Value v = memref::LoadOp::create(b, loc, i8, load.getMemRef(), byte);
        v = arith::TruncIOp::create(b, loc, load.getType(), arith::ShRUIOp::create(b, loc, v, shift));
        load.replaceAllUsesWith(v);
      } else {
        auto store = cast<memref::StoreOp>(op);
        unsigned bits = store.getValueToStore().getType().getIntOrFloatBitWidth();
        auto [byte, shift] = locate(loc, store.getIndices()[0], bits);
        auto number = [&](int64_t v) -> Value { return arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(v)); };
        Value mask = arith::ShLIOp::create(b, loc, number((1 << bits) - 1), shift);
        Value keep = arith::XOrIOp::create(b, loc, mask, number(-1));
        Value old = arith::AndIOp::create(b, loc, memref::LoadOp::create(b, loc, i8, store.getMemRef(), byte), keep);
        Value fresh = arith::ShLIOp::create(b, loc, arith::ExtUIOp::create(b, loc, i8, store.getValueToStore()), shift);
        memref::StoreOp::create(b, loc, arith::OrIOp::create(b, loc, old, fresh), store.getMemRef(), byte);
      }
      op->erase();
    }
    f.setFunctionType(b.getFunctionType(f.getBody().getArgumentTypes(), {}));
    return success();
  }

  LogicalResult run() {
    SmallVector<Operation *> work;
    module.walk([&](Operation *op) {
      if (auto ext = dyn_cast<arith::ExtFOp>(op); ext && isNarrowFloat(scalarOf(ext.getIn().getType())))
        work.push_back(op);
      if (auto trunc = dyn_cast<arith::TruncFOp>(op); trunc && isNarrowFloat(scalarOf(trunc.getType())))
        work.push_back(op);
      if (auto c = dyn_cast<arith::ConstantOp>(op); c && isNarrowFloat(scalarOf(c.getType())))
        work.push_back(op);
    });
    for (Operation *op : work) {
      if (auto ext = dyn_cast<arith::ExtFOp>(op))
        widen(ext);
      else if (auto trunc = dyn_cast<arith::TruncFOp>(op))
        narrow(trunc);
      else
        constant(cast<arith::ConstantOp>(op));
    }
    // f16 to f8 left widenings of f16 behind.
    work.clear();
    module.walk([&](arith::ExtFOp op) {
      if (isNarrowFloat(scalarOf(op.getIn().getType())))
        work.push_back(op);
    });
    for (Operation *op : work)
      widen(cast<arith::ExtFOp>(op));
    module.walk([&](Operation *op) { retype(op); });
    for (auto f : module.getOps<func::FuncOp>())
      if (!f.isDeclaration() && failed(packed(f)))
        return failure();
    return success();
  }
};
} // namespace

LogicalResult lowerNarrowTypes(ModuleOp module) { return NarrowTypes{module}.run(); }

} // namespace ingot
